/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random packets of TCP and SCTP through a director, against a model that goes by the tables of a
 * text: each connection's state, its time, what its server counts, and when it is over. NAT and DR,
 * the secure table switched now and then, either worker.
 */
#include "director_rig.h"
#include "state_text.h"
#include "unit.h"

enum {
	FLOWS = 24,
	STEPS = 4000,
	TICK_NS = 1 << 27, /* by which the library's times may be late, twice */
};

/* --- The tables, as numbers --- */

static struct state states[3][LVS_STATE_MAX];
/* By machine, direction, packet, state; LVS_STATE_MAX: TCP without any flag, which closes. */
static uint8_t next[3][LVS_DIRECTIONS][256][LVS_STATE_MAX];

static unsigned direction_of(const char *head)
{
	if (!strcmp(head, "OUTPUT"))
		return LVS_OUTPUT;
	return strcmp(head, "INPUT") ? LVS_INPUT_ONLY : LVS_INPUT;
}

static void read_table(unsigned m)
{
	char heads[COLUMNS][CELL], cells[COLUMNS][CELL];
	const char *text = machines[m].table;
	unsigned n;

	read_states(&machines[m], states[m]);
	memset(next[m], state_of(&machines[m], states[m], "CL"), sizeof(next[m]));
	while ((n = read_line(&text, cells))) {
		const struct row *row;

		if (strstr(cells[0], "PUT")) {
			memcpy(heads, cells, sizeof(heads));
			continue;
		}
		row = row_of(cells[0]);
		for (unsigned i = 1; i < n; i++)
			for (const int *what = row->what; *what >= 0; what++)
				next[m][direction_of(heads[0])][*what]
				    [state_of(&machines[m], states[m], heads[i])] =
					    (uint8_t)state_of(&machines[m], states[m], cells[i]);
	}
}

/* --- The world --- */

struct flow {
	uint8_t protocol;
	bool nat;
	struct lvs_flow out, back;
	/* the model's */
	bool is_there, only; /* only: no reply has been seen */
	unsigned state;
	uint64_t over; /* when it ends, at the earliest */
};

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker[2];
	struct flow flow[FLOWS];
	bool secure;
	uint64_t now, random;
};

static unsigned machine_of(const struct world *w, const struct flow *flow)
{
	return flow->protocol == LVS_SCTP ? 2 : w->secure;
}

static struct lvs_service_key service_of(const struct flow *flow)
{
	return rig_service_key(LVS_INET, flow->protocol, rig_addr4(192, 0, 2, flow->nat), 80);
}

static struct lvs_dest_key dest_of(const struct flow *flow)
{
	return rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), flow->nat ? 8080 : 80);
}

static void add_flow(struct world *w, unsigned i)
{
	struct flow *flow = &w->flow[i];
	union lvs_addr client = rig_addr4(198, 51, 100, i);
	struct lvs_service_key service;
	struct lvs_dest_key dest;

	flow->protocol = i & 1 ? LVS_SCTP : LVS_TCP;
	flow->nat = i >> 1 & 1;
	service = service_of(flow);
	dest = dest_of(flow);
	if (i < 4) {
		rig_set_service(w->director, &service, "rr");
		rig_set_dest(w->director, &service, &dest,
			     flow->nat ? LVS_METHOD_NAT : LVS_METHOD_DR, 1);
	}
	flow->out = rig_flow(flow->protocol, LVS_INET, client, 4000, service.addr, 80);
	flow->back = rig_flow(flow->protocol, LVS_INET, flow->nat ? dest.addr : service.addr,
			      flow->nat ? 8080 : 80, client, 4000);
}

static void build(struct world *w, uint64_t seed)
{
	struct lvs_settings settings = {.size = sizeof(settings), .reuse = LVS_REUSE_NEVER};

	memset(w, 0, sizeof(*w));
	w->now = 1000 * SECOND;
	w->random = seed;
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(lvs_worker_new(w->director, &w->worker[i]), 0);
	for (unsigned i = 0; i < FLOWS; i++)
		add_flow(w, i);
}

/* --- A packet --- */

static uint8_t any_packet(struct world *w, const struct flow *flow)
{
	static const uint8_t flags[] = {SYN, SYN, ACK, ACK, ACK, FIN | ACK, RST, SYN | ACK, 0};
	static const uint8_t chunks[] = {1, 1, 2, 10, 11, 0, 7, 8, 14, 9, 6, 3, 0x80};
	uint64_t bits = rig_random(&w->random);

	if (flow->protocol == LVS_TCP)
		return flags[bits % sizeof(flags)];
	return chunks[bits % sizeof(chunks)];
}

static bool opens(const struct flow *flow, uint8_t what)
{
	return flow->protocol == LVS_TCP ? what & SYN && !(what & RST) : what == 1;
}

static void model(struct world *w, struct flow *flow, bool reply, uint8_t what)
{
	unsigned m = machine_of(w, flow);
	unsigned direction = LVS_OUTPUT;

	if (!flow->is_there) {
		flow->state = 0;
		flow->only = !flow->nat;
	}
	flow->is_there = true;
	flow->only &= !reply;
	if (!reply)
		direction = flow->only ? LVS_INPUT_ONLY : LVS_INPUT;
	flow->state = next[m][direction][what][flow->state];
	flow->over = w->now + states[m][flow->state].timeout_s * SECOND;
}

static void send_some(struct world *w)
{
	struct flow *flow = &w->flow[rig_random(&w->random) % FLOWS];
	bool reply = rig_random(&w->random) % 3 == 0;
	uint8_t what = any_packet(w, flow);
	bool known = flow->is_there;
	enum lvs_reason want = LVS_REASON_NOT_NEW, got;
	struct rig_packet rig;

	got = rig_send(w->worker[rig_random(&w->random) & 1], &rig,
		       reply ? &flow->back : &flow->out, what, w->now);
	if (known && !reply)
		want = LVS_REASON_ESTABLISHED;
	else if (known)
		want = flow->nat ? LVS_REASON_REPLY : LVS_REASON_REPLY_SEEN;
	else if (reply && opens(flow, what))
		want = LVS_REASON_NO_SERVICE;
	else if (opens(flow, what))
		want = LVS_REASON_SCHEDULED;
	ck_assert_msg(got == want, "got %s, expected %s", lvs_reason_name(got),
		      lvs_reason_name(want));
	if (known || want == LVS_REASON_SCHEDULED)
		model(w, flow, reply, what);
}

/* Time passes, but not to where something may just be ending: that is a matter of ticks. */
static void wait_some(struct world *w)
{
	static const unsigned steps[] = {1, 2, 5, 9, 30, 61, 130, 1000};
	uint64_t to = w->now + steps[rig_random(&w->random) % 8] * SECOND / 2;

	for (unsigned i = 0; i < FLOWS; i++)
		if (w->flow[i].is_there && to + SECOND > w->flow[i].over &&
		    to < w->flow[i].over + SECOND) {
			to = w->flow[i].over + SECOND;
			i = UINT32_MAX;
		}
	w->now = to;
	for (unsigned i = 0; i < FLOWS; i++)
		w->flow[i].is_there &= w->flow[i].over > to;
	if (rig_random(&w->random) & 1)
		lvs_worker_handle_expiry(w->worker[rig_random(&w->random) & 1], w->now, 0);
}

static void switch_table(struct world *w)
{
	struct lvs_settings settings = {.size = sizeof(settings)};

	w->secure = !w->secure;
	lvs_director_get_settings(w->director, &settings);
	settings.secure_tcp = w->secure ? LVS_DEFENCE_ON : LVS_DEFENCE_OFF;
	ck_assert_int_eq(lvs_director_change(w->director, &settings, NULL), 0);
}

/* --- What must agree --- */

static struct flow *flow_of(struct world *w, const struct lvs_conn_info *info)
{
	struct flow *flow = &w->flow[info->client.byte[3]];

	ck_assert_uint_eq(info->protocol, flow->protocol);
	return flow;
}

static void compare(struct world *w)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	unsigned active[4] = {0}, total[4] = {0}, n = 0;

	lvs_worker_handle_expiry(w->worker[0], w->now, 0);
	while (lvs_director_next_conn(w->director, NULL, &cursor, &info) == 1) {
		struct flow *flow = flow_of(w, &info);
		const struct state *state = &states[machine_of(w, flow)][flow->state];

		ck_assert(flow->is_there);
		ck_assert_str_eq(info.state, state->shown);
		ck_assert_uint_eq(info.active, state->active);
		ck_assert(info.expires_ns >= flow->over &&
			  info.expires_ns < flow->over + 3 * TICK_NS);
		total[(flow - w->flow) & 3]++;
		active[(flow - w->flow) & 3] += state->active;
		n++;
	}
	for (unsigned i = 0; i < FLOWS; i++)
		n -= w->flow[i].is_there;
	ck_assert_uint_eq(n, 0);
	for (unsigned i = 0; i < 4; i++) {
		struct lvs_service_key service = service_of(&w->flow[i]);
		struct lvs_dest_key key = dest_of(&w->flow[i]);
		struct lvs_dest_info dest;

		rig_get_dest(w->director, &service, &key, &dest);
		ck_assert_uint_eq(dest.active, active[i]);
		ck_assert_uint_eq(dest.active + dest.inactive, total[i]);
	}
}

START_TEST(test_model)
{
	struct world w;

	for (unsigned m = 0; m < 3; m++)
		read_table(m);
	build(&w, (uint64_t)_i + 1);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned kind = (unsigned)(rig_random(&w.random) % 32);

		if (kind == 0)
			switch_table(&w);
		else if (kind < 3)
			wait_some(&w);
		else
			send_some(&w);
		if (i % 8 == 0)
			compare(&w);
	}
	rig_check(w.director);
	for (unsigned i = 0; i < 2; i++)
		lvs_worker_del(w.worker[i]);
	lvs_director_del(w.director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("state_model");

	tcase_add_loop_test(tcase, test_model, 0, 8);
	return unit_run("state_model", tcase);
}
