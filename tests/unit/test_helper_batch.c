/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conversations with a helper, side by side: the same packets give the same output, bit for bit,
 * however they are cut into batches, and for any number of shards and workers.
 */
#include "ftp_rig.h"

#define SESSIONS 24
#define EVENTS 6000
#define SIZE 192

struct event {
	uint8_t bytes[SIZE];
	uint32_t len;
	struct lvs_packet out;
	uint8_t out_bytes[SIZE];
};

/* A step of a session. */
enum what { SAY_CLIENT, SAY_SERVER, DATA_CLIENT, DATA_SERVER };

static const struct {
	enum what what;
	const char *text; /* of the control connection */
} script[] = {
	{SAY_CLIENT, "PASV\r\n"},
	{SAY_SERVER, "227 Passive (10,0,0,1,156,64)\r\n"},
	{SAY_CLIENT, ""},
	{DATA_CLIENT, NULL},
	{SAY_SERVER, "150 Here it comes.\r\n"},
	{DATA_SERVER, NULL},
	{SAY_CLIENT, "PORT 198,51,100,7,195,80\r\n"},
	{SAY_SERVER, "200 Fine.\r\n"},
	{SAY_CLIENT, "EPSV\r\n"},
	{SAY_SERVER, "229 Extended (|||40001|)\r\n"},
	{SAY_SERVER, "226 Done.\r\n"},
};
#define STEPS (sizeof(script) / sizeof(script[0]))

struct session {
	struct ftp ftp; /* the director is shared */
	unsigned step;
};

static struct event trace[EVENTS];

static void note_in(const struct ftp *ftp, struct event *event)
{
	event->len = ftp->rig.packet.len;
	ck_assert_uint_le(event->len, SIZE);
	memcpy(event->bytes, ftp->rig.packet.data, event->len);
}

static void note_out(const struct lvs_packet *packet, struct event *event)
{
	event->out = *packet;
	event->out.data = NULL;
	memset(event->out_bytes, 0, SIZE);
	memcpy(event->out_bytes, packet->data, packet->len);
}

static void send_data(struct session *session, unsigned from, struct event *event)
{
	struct ftp *ftp = &session->ftp;
	unsigned port = 51000 + session->step / STEPS % 8;
	struct lvs_flow flow =
		from == CLIENT
			? rig_flow(LVS_TCP, LVS_INET, ftp->client, port, ftp->vip, 40000)
			: rig_flow(LVS_TCP, LVS_INET, ftp_server(ftp), 40000, ftp->client, port);

	rig_make(&ftp->rig, &flow, from == CLIENT ? LVS_TCP_SYN : LVS_TCP_SYN | LVS_TCP_ACK, 4);
	note_in(ftp, event);
	lvs_worker_process(ftp->worker, &ftp->rig.packet, 1, ftp->now);
}

/* One packet of a session, as the reference has it. Some come twice. */
static void take_step(struct session *session, uint64_t *random, struct event *event)
{
	struct ftp *ftp = &session->ftp;
	unsigned at = session->step % STEPS;
	unsigned from = script[at].what & 1;
	struct ftp_end before[2] = {ftp->end[0], ftp->end[1]};

	if (script[at].what >= DATA_CLIENT) {
		send_data(session, from, event);
	} else {
		ftp_make(ftp, from, LVS_TCP_ACK, script[at].text);
		note_in(ftp, event);
		ftp_hand_in(ftp, from, (unsigned)strlen(script[at].text));
	}
	note_out(&ftp->rig.packet, event);
	if (rig_random(random) % 5)
		session->step++;
	else
		memcpy(ftp->end, before, sizeof(before));
}

/* A handshake and its greeting, which is in the trace too. */
static unsigned begin(struct session *session, const struct ftp *all, unsigned i,
		      struct event *event)
{
	static const uint8_t flags[] = {LVS_TCP_SYN, LVS_TCP_SYN | LVS_TCP_ACK, LVS_TCP_ACK};
	struct ftp *ftp = &session->ftp;

	*ftp = *all;
	ftp->client = rig_addr4(198, 51, 100, 10 + i);
	ftp->end[CLIENT].seq = i * 77777777;
	ftp->end[SERVER].seq = 0u - i * 13;
	for (unsigned n = 0; n < 3; n++) {
		ftp_make(ftp, n & 1, flags[n], "");
		note_in(ftp, &event[n]);
		ftp_hand_in(ftp, n & 1, 0);
		note_out(&ftp->rig.packet, &event[n]);
		if (n == 0)
			ftp->server = !memcmp(&ftp->rig.packet.next_hop, &ftp->dest[1].addr, 16);
	}
	return 3;
}

static void make_trace(uint64_t seed)
{
	static struct session session[SESSIONS];
	static struct ftp all;
	unsigned n = 0, grown = 0;

	ftp_open(&all, LVS_INET, LVS_METHOD_NAT, NULL);
	for (unsigned i = 0; i < SESSIONS; i++)
		n += begin(&session[i], &all, i, &trace[n]);
	for (; n < EVENTS; n++) {
		take_step(&session[rig_random(&seed) % SESSIONS], &seed, &trace[n]);
		grown += trace[n].out.len > trace[n].len;
	}
	ck_assert_uint_gt(grown, EVENTS / 50);
	ck_assert_uint_gt(lvs_director_conn_n(all.director), 4 * SESSIONS);
	ftp_close(&all);
}

static void load(const struct event *event, uint8_t *memory, struct lvs_packet *packet)
{
	memset(packet, 0, sizeof(*packet));
	memcpy(memory + RIG_HEADROOM, event->bytes, event->len);
	packet->data = memory + RIG_HEADROOM;
	packet->len = packet->linear_len = event->len;
	packet->headroom = RIG_HEADROOM;
	packet->tailroom = FTP_TAILROOM;
}

static void compare(const struct event *event, const struct lvs_packet *packet, unsigned number)
{
	struct lvs_packet out = *packet;

	out.data = NULL;
	out.tailroom = event->out.tailroom;
	ck_assert_msg(!memcmp(&out, &event->out, sizeof(out)),
		      "packet %u: reason %s conn %u, expected %s conn %u", number,
		      lvs_reason_name(out.reason), out.conn, lvs_reason_name(event->out.reason),
		      event->out.conn);
	ck_assert_mem_eq(packet->data, event->out_bytes, packet->len);
}

static void replay(uint32_t shards, unsigned workers, unsigned longest, uint64_t seed)
{
	static uint8_t memory[100][RIG_HEADROOM + SIZE + FTP_TAILROOM];
	struct lvs_settings settings = {.size = sizeof(settings), .shards = shards};
	struct lvs_worker *worker[4] = {NULL};
	struct lvs_packet packet[100];
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, &settings);
	for (unsigned i = 1; i < workers; i++)
		ck_assert_int_eq(lvs_worker_new(ftp.director, &worker[i]), 0);
	worker[0] = ftp.worker;
	for (unsigned at = 0, n; at < EVENTS; at += n) {
		n = 1 + (unsigned)(rig_random(&seed) % longest);
		n = n < EVENTS - at ? n : EVENTS - at;
		for (unsigned i = 0; i < n; i++)
			load(&trace[at + i], memory[i], &packet[i]);
		lvs_worker_process(worker[rig_random(&seed) % workers], packet, n, ftp.now);
		for (unsigned i = 0; i < n; i++)
			compare(&trace[at + i], &packet[i], at + i);
	}
	for (unsigned i = 1; i < workers; i++)
		lvs_worker_del(worker[i]);
	ftp_close(&ftp);
}

START_TEST(test_equal)
{
	make_trace((uint64_t)_i + 1);
	replay(1, 1, 1, 1);
	replay(1, 1, 100, 2);
	replay(16, 1, 33, 3);
	replay(1024, 4, 7, 4);
	replay(256, 3, 100, 5);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("helper_batch");

	tcase_add_loop_test(tcase, test_equal, 0, 3);
	return unit_run("helper_batch", tcase);
}
