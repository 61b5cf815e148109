/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of one's own, and what bounds them: ports, memory, rewrites on their way, fragments. */
#include "frag_rig.h"
#include "ftp_rig.h"
#include "helper/seq.h"

static const unsigned families[] = {LVS_INET, LVS_INET6};

/* Puts four times n '>' in place of "@n" at a segment's begin; refuses one that begins with '!'. */
static int grow(void *state, const struct lvs_helper_segment *segment,
		struct lvs_helper_answer *answer)
{
	uint8_t *seen = state;

	++*seen;
	if (segment->data[0] != '@')
		return segment->data[0] != '!';
	answer->flags = LVS_HELPER_REWRITE;
	answer->cut_len = 2;
	answer->text_len = (uint32_t)(segment->data[1] - '0') * 4;
	memset(answer->text, '>', answer->text_len);
	return 1;
}

static const struct lvs_helper_ops growing = {
	.size = sizeof(growing), .name = "grow", .state_size = LVS_HELPER_STATE, .segment = grow};

static void open_growing(struct ftp *ftp, unsigned family, const struct lvs_settings *settings)
{
	ftp_open(ftp, family, LVS_METHOD_NAT, settings);
	ck_assert_int_eq(lvs_director_unbind_helper(ftp->director, LVS_TCP, rig_port(21)), 0);
	ck_assert_int_eq(lvs_director_bind_helper(ftp->director, &growing, LVS_TCP, rig_port(21)),
			 0);
	ftp_connect(ftp);
}

/* --- Binding --- */

static const struct lvs_helper_ops short_ops = {.size = 8, .name = "short", .segment = grow};
static const struct lvs_helper_ops nameless = {.size = sizeof(nameless), .segment = grow};
static const struct lvs_helper_ops idle = {.size = sizeof(idle), .name = "idle"};
static const struct lvs_helper_ops large = {.size = sizeof(large),
					    .name = "large",
					    .state_size = LVS_HELPER_STATE + 1,
					    .segment = grow};

static const struct {
	const struct lvs_helper_ops *ops;
	uint8_t protocol;
	uint16_t port;
	int err;
} bind_rows[] = {
	{&growing, LVS_TCP, 2121, 0},
	{&growing, LVS_TCP, 21, LVS_ERR_EXISTS}, /* FTP has it */
	{&growing, LVS_TCP, 0, LVS_ERR_INVALID},
	{NULL, LVS_TCP, 2121, LVS_ERR_INVALID},
	{&short_ops, LVS_TCP, 2121, LVS_ERR_INVALID},
	{&nameless, LVS_TCP, 2121, LVS_ERR_INVALID},
	{&idle, LVS_TCP, 2121, LVS_ERR_INVALID},
	{&large, LVS_TCP, 2121, LVS_ERR_RANGE},
	{&growing, LVS_UDP, 2121, LVS_ERR_UNSUPPORTED},
};

START_TEST(test_bind)
{
	struct lvs_txn *txn;
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ck_assert_int_eq(lvs_director_bind_helper(ftp.director, bind_rows[_i].ops,
						  bind_rows[_i].protocol,
						  rig_port(bind_rows[_i].port)),
			 bind_rows[_i].err);
	ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(2121)),
			 bind_rows[_i].err ? LVS_ERR_NO_ENTRY : 0);
	ck_assert_int_eq(lvs_txn_begin(ftp.director, &txn), 0);
	ck_assert_int_eq(lvs_director_bind_helper(ftp.director, &growing, LVS_TCP, rig_port(1)),
			 LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21)),
			 LVS_ERR_BUSY);
	lvs_txn_abort(txn);
	ftp_close(&ftp);
}
END_TEST

/* Eight ports each; each can be taken back, whichever place it has. */
START_TEST(test_ports)
{
	struct ftp ftp;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	for (unsigned i = 1; i <= LVS_HELPER_PORTS; i++)
		ck_assert_int_eq(lvs_director_bind_helper(ftp.director, &growing, LVS_TCP,
							  rig_port(1000 + i)),
				 0);
	ck_assert_int_eq(lvs_director_bind_helper(ftp.director, &growing, LVS_TCP, rig_port(1000)),
			 LVS_ERR_FULL);
	ck_assert_int_eq(lvs_director_bind_helper(ftp.director, lvs_helper_find("ftp"), LVS_TCP,
						  rig_port(1000)),
			 0);
	for (unsigned i = 0; i <= LVS_HELPER_PORTS; i++) {
		unsigned port = 1000 + (i * 4 + 3) % 9;

		ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(port)),
				 0);
		ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(port)),
				 LVS_ERR_NO_ENTRY);
	}
	ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21)), 0);
	ftp_close(&ftp);
}
END_TEST

/* Connections keep the helper that they began with. */
START_TEST(test_unbind)
{
	struct ftp ftp;

	open_growing(&ftp, LVS_INET, NULL);
	ck_assert_int_eq(lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21)), 0);
	ftp_say(&ftp, CLIENT, "@2a", ">>>>>>>>a");
	ftp_close(&ftp);
}
END_TEST

/* --- Memory --- */

/* All of a conversation while the k-th allocation fails; whether one has. */
static bool converse(uint64_t k)
{
	static const uint8_t flags[] = {LVS_TCP_SYN, LVS_TCP_SYN | LVS_TCP_ACK, LVS_TCP_ACK};
	static const char *const lines[] = {"PASV\r\n", "227 (10,0,0,1,156,64)\r\n",
					    "PORT 198,51,100,7,195,80\r\n"};
	struct ftp ftp;
	bool failed;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp.alloc.fail_at = k;
	lvs_director_bind_helper(ftp.director, &growing, LVS_TCP, rig_port(2121));
	for (unsigned i = 0; i < 3; i++)
		ftp_send(&ftp, i & 1, flags[i], "");
	for (unsigned i = 0; i < 3; i++) {
		ftp_make(&ftp, i & 1, LVS_TCP_ACK, lines[i]);
		lvs_worker_process(ftp.worker, &ftp.rig.packet, 1, ftp.now);
	}
	lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21));
	failed = ftp.alloc.failed > 0;
	ftp.alloc.fail_at = 0;
	ftp_close(&ftp);
	return failed;
}

START_TEST(test_no_memory)
{
	uint64_t k = 1;

	while (converse(k))
		k++;
	/* binding, the connection, its company, two more of them */
	ck_assert_uint_gt(k, 5);
}
END_TEST

/* --- Rewrites --- */

START_TEST(test_refuse)
{
	struct ftp ftp;

	open_growing(&ftp, LVS_INET, NULL);
	check_reason(ftp_send(&ftp, CLIENT, LVS_TCP_ACK, "!"), LVS_REASON_HELPER_REFUSED);
	check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, "!"), LVS_REASON_HELPER_REFUSED);
	ftp_say(&ftp, CLIENT, "ok", "ok");
	ftp_close(&ftp);
}
END_TEST

/* Both directions at once, and no more on their way than can be remembered. */
START_TEST(test_busy)
{
	struct ftp ftp;

	open_growing(&ftp, families[_i], NULL);
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < LVS_SEQ_EDITS; i++)
			ftp_say(&ftp, SERVER, "@2b", ">>>>>>>>b");
		check_reason(ftp_send(&ftp, SERVER, LVS_TCP_ACK, "@0b"), LVS_REASON_HELPER_BUSY);
		/* what acknowledges them is rewritten itself */
		ftp_say(&ftp, CLIENT, "@1c", ">>>>c");
		ftp_say(&ftp, SERVER, "@0b", "b");
		ftp_say(&ftp, CLIENT, "@0", "");
	}
	ftp_close(&ftp);
}
END_TEST

/* Beyond the MTU, in either family and direction. */
START_TEST(test_mtu)
{
	struct lvs_settings settings = {.size = sizeof(settings), .default_mtu = 1280};
	unsigned from = (unsigned)_i >> 1, ip_len = _i & 1 ? 40 : 20;
	char line[1300];
	struct ftp ftp;

	open_growing(&ftp, families[_i & 1], &settings);
	memset(line, '9', sizeof(line));
	line[0] = '@';
	line[1280 - ip_len - 20] = 0;
	check_reason(ftp_send(&ftp, from, LVS_TCP_ACK, line),
		     from == CLIENT ? LVS_REASON_ESTABLISHED : LVS_REASON_REPLY);
	ck_assert_uint_eq(ftp.rig.packet.len, 1280 + 34);
	ck_assert_uint_eq(ftp.rig.packet.cut, LVS_CUT_FRAGMENT);
	ck_assert_uint_eq(ftp.rig.packet.cut_len, 1280);
	ftp_close(&ftp);
}
END_TEST

/* --- Fragments: gathered, looked at as one --- */

static void cut_and_send(struct ftp *ftp, unsigned from, const char *text, bool spoil,
			 enum lvs_reason *first, struct lvs_packet *out, unsigned *out_n)
{
	static struct frag_whole whole;
	static struct frag_part part;
	static struct frag_buffer buffer;
	unsigned ip_len = ftp->family == LVS_INET6 ? 40 : 20;
	uint32_t total;

	ftp_make(ftp, from, LVS_TCP_ACK, text);
	memset(&whole, 0, sizeof(whole));
	whole.len = ftp->rig.packet.len;
	whole.fixed = ip_len;
	whole.first_min = 20;
	whole.id = ftp->end[from].seq & 0xffff;
	memcpy(whole.data, ftp->rig.packet.data, whole.len);
	if (spoil)
		whole.data[whole.len - 1] ^= 1;
	total = whole.len - ip_len;
	frag_cut(&whole, 24, total, &part);
	check_reason(frag_send(ftp->worker, &buffer, &part, ftp->now), LVS_REASON_FRAGMENT_HELD);
	frag_cut(&whole, 0, 24, &part);
	*first = frag_send(ftp->worker, &buffer, &part, ftp->now);
	*out_n = lvs_worker_outbox(ftp->worker, out, 4);
}

START_TEST(test_fragments)
{
	struct lvs_packet out[4];
	enum lvs_reason first;
	union lvs_addr server;
	struct ftp ftp;
	unsigned n;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	/* so that numbers differ */
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	ftp_say(&ftp, SERVER, ftp_227(&server), ftp_227(&ftp.vip));
	cut_and_send(&ftp, CLIENT, "PORT 198,51,100,7,195,80\r\n", true, &first, out, &n);
	check_reason(first, LVS_REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 2);
	ftp.now += 40 * SECOND;
	cut_and_send(&ftp, CLIENT, "PORT 198,51,100,7,195,80\r\n", false, &first, out, &n);
	check_reason(first, LVS_REASON_FRAGMENT_HELD);
	ck_assert_uint_eq(n, 2);
	check_reason(out[0].reason, LVS_REASON_ESTABLISHED);
	check_reason(out[1].reason, LVS_REASON_ESTABLISHED);
	ck_assert_uint_eq(lvs_director_conn_n(ftp.director), 3);
	/* what it acknowledges is in the server's numbers */
	ck_assert_uint_eq(lvs_load32(out[0].data + 28), ftp.end[SERVER].seq);
	ftp.end[CLIENT].seq += 26;
	ftp.end[SERVER].ack += 26;
	ftp_close(&ftp);
}
END_TEST

/* What would be rewritten is not sent in parts. */
START_TEST(test_fragments_rewritten)
{
	uint64_t reasons[LVS_REASON_N];
	struct lvs_packet out[4];
	enum lvs_reason first;
	union lvs_addr server;
	struct ftp ftp;
	unsigned n;

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, NULL);
	ftp_connect(&ftp);
	server = ftp_server(&ftp);
	ftp_say(&ftp, CLIENT, "PASV\r\n", "PASV\r\n");
	cut_and_send(&ftp, SERVER, ftp_227(&server), false, &first, out, &n);
	ck_assert_uint_eq(n, 0);
	lvs_director_reasons(ftp.director, reasons, LVS_REASON_N);
	ck_assert_uint_eq(reasons[LVS_REASON_HELPER_FRAGMENT], 1);
	ftp_say(&ftp, SERVER, ftp_227(&server), ftp_227(&ftp.vip));
	ftp_close(&ftp);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("helper_ops");

	tcase_add_loop_test(tcase, test_bind, 0, (int)(sizeof(bind_rows) / sizeof(bind_rows[0])));
	tcase_add_test(tcase, test_ports);
	tcase_add_test(tcase, test_unbind);
	tcase_add_test(tcase, test_no_memory);
	tcase_add_test(tcase, test_refuse);
	tcase_add_loop_test(tcase, test_busy, 0, 2);
	tcase_add_loop_test(tcase, test_mtu, 0, 4);
	tcase_add_test(tcase, test_fragments);
	tcase_add_test(tcase, test_fragments_rewritten);
	return unit_run("helper_ops", tcase);
}
