/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistence against a plain model that knows no shards, no laziness and no locks: it goes from
 * tick to tick, ends connections whose time is over, then templates, which linger while they have
 * any. Random packets, time, destinations that go, come and drain, edits; after each step
 * everything that is listed must be what the model has, to the tick.
 */
#include "base/tick.h"
#include "persist_rig.h"

#define STEPS 3000
#define CLIENTS 40 /* of networks of four */
#define PORTS 3
#define MAX 4000

struct model_template {
	bool live, valid;
	unsigned net, dest, children;
	uint32_t deadline, timeout;
};

struct model_conn {
	bool live;
	unsigned client, port, dest;
	struct model_template *of;
	uint32_t deadline;
};

struct model {
	struct world w;
	struct lvs_service_key service;
	struct model_template template[MAX];
	struct model_conn conn[CLIENTS * PORTS];
	unsigned template_n;
	bool there[DESTS];
	unsigned weight[DESTS];
	uint32_t timeout_s; /* of persistence */
	uint32_t udp_s;
	bool quiescent;
	uint32_t tick;
	uint64_t random;
};

static unsigned draw(struct model *m, unsigned n)
{
	return (unsigned)(rig_random(&m->random) % n);
}

/* --- The model --- */

static void model_tick(struct model *m)
{
	m->tick++;
	for (unsigned i = 0; i < CLIENTS * PORTS; i++)
		if (m->conn[i].live && m->conn[i].deadline == m->tick) {
			m->conn[i].live = false;
			m->conn[i].of->children--;
		}
	for (unsigned i = 0; i < m->template_n; i++) {
		struct model_template *template = &m->template[i];

		if (!template->live || template->deadline != m->tick)
			continue;
		template->live = template->children > 0;
		template->timeout = LVS_TICKS_OF_S(60);
		template->deadline = m->tick + template->timeout + 1;
	}
}

static struct model_template *model_find(struct model *m, unsigned net)
{
	for (unsigned i = 0; i < m->template_n; i++)
		if (m->template[i].live && m->template[i].valid && m->template[i].net == net)
			return &m->template[i];
	return NULL;
}

static bool any_to_pick(const struct model *m)
{
	for (unsigned i = 0; i < DESTS; i++)
		if (m->there[i] && m->weight[i])
			return true;
	return false;
}

/* The packet is a new connection's: which template, and what it says of the destination. */
static struct model_template *model_use(struct model *m, unsigned net)
{
	struct model_template *template = model_find(m, net);

	if (template &&
	    (!m->there[template->dest] || (m->quiescent && m->weight[template->dest] == 0))) {
		template->valid = false;
		template = NULL;
	}
	if (template)
		template->deadline = m->tick + template->timeout + 1;
	return template;
}

static struct model_template *model_make(struct model *m, unsigned net, unsigned dest)
{
	struct model_template *template = &m->template[m->template_n++];

	ck_assert_uint_le(m->template_n, MAX);
	*template = (struct model_template){.live = true, .valid = true, .net = net, .dest = dest};
	template->timeout = LVS_TICKS_OF_S(m->timeout_s);
	template->deadline = m->tick + template->timeout + 1;
	return template;
}

/* --- Both --- */

static void send(struct model *m)
{
	unsigned client = draw(m, CLIENTS), port = draw(m, PORTS);
	struct model_conn *conn = &m->conn[client * PORTS + port];
	struct lvs_flow flow = flow_of(LVS_INET, LVS_UDP, client, 1000 + port, 80);
	enum lvs_reason reason = push(&m->w, &flow, 0);
	unsigned dest = m->w.rig.packet.next_hop.byte[3] - 1u;
	struct model_template *template;

	if (conn->live && !m->there[conn->dest]) {
		ck_assert_int_eq(reason, LVS_REASON_DEST_GONE);
		return;
	}
	if (conn->live) {
		ck_assert_int_eq(reason, LVS_REASON_ESTABLISHED);
		ck_assert_uint_eq(dest, conn->dest);
		conn->deadline = m->tick + LVS_TICKS_OF_S(m->udp_s) + 1;
		return;
	}
	template = model_use(m, client / 4);
	if (!template && !any_to_pick(m)) {
		ck_assert(reason == LVS_REASON_REPLY_NO_DEST || reason == LVS_REASON_NO_DEST);
		return;
	}
	ck_assert_int_eq(reason, LVS_REASON_SCHEDULED);
	if (template)
		ck_assert_uint_eq(dest, template->dest);
	else
		template = model_make(m, client / 4, dest);
	ck_assert(m->there[dest]);
	template->children++;
	*conn = (struct model_conn){true, client,   port,
				    dest, template, m->tick + LVS_TICKS_OF_S(m->udp_s) + 1};
}

static void wait_some(struct model *m)
{
	static const unsigned ticks[] = {1, 1, 7, 40, 80, 300, 450, 2500};
	unsigned n = ticks[draw(m, 8)];

	for (unsigned i = 0; i < n; i++) {
		model_tick(m);
		m->w.now += UINT64_C(1) << LVS_TICK_SHIFT;
		if (draw(m, 200) == 0)
			lvs_worker_handle_expiry(m->w.worker, m->w.now, 0);
	}
	lvs_worker_handle_expiry(m->w.worker, m->w.now, 0);
}

static void change_dest(struct model *m)
{
	unsigned i = draw(m, DESTS);
	struct lvs_dest_key key = dest_of(LVS_INET, i, 80);

	if (m->there[i] && draw(m, 2)) {
		rig_del_dest(m->w.director, &m->service, &key);
		m->there[i] = false;
		return;
	}
	m->weight[i] = draw(m, 3);
	m->there[i] = true;
	rig_set_dest(m->w.director, &m->service, &key, LVS_METHOD_DR, (int)m->weight[i]);
}

static void change_times(struct model *m)
{
	static const uint32_t times[] = {5, 20, 100, 300};
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts)};

	m->timeout_s = times[draw(m, 4)];
	m->udp_s = times[draw(m, 4)];
	timeouts.udp_s = m->udp_s;
	ck_assert_int_eq(lvs_director_set_timeouts(m->w.director, &timeouts), 0);
	rig_set_persistent(m->w.director, &m->service, draw(m, 2) ? "rr" : "wlc", 0, m->timeout_s,
			   lvs_htonl(0xfffffffc));
}

static struct model_template *listed_as(struct model *m, const struct lvs_conn_info *info)
{
	bool valid = !(info->flags & LVS_CONN_INFO_INVALID);
	uint32_t deadline = (uint32_t)(info->expires_ns >> LVS_TICK_SHIFT);

	for (unsigned i = 0; i < m->template_n; i++) {
		struct model_template *template = &m->template[i];

		if (template->live && template->valid == valid &&
		    template->net == info->client.byte[3] / 4 &&
		    template->dest == info->dest.byte[3] - 1u &&
		    template->children == info->control_n && template->deadline == deadline)
			return template;
	}
	ck_abort_msg("a template is listed that the model does not have");
	return NULL;
}

static void compare(struct model *m)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	unsigned templates = 0, conns = 0;

	for (unsigned i = 0; i < m->template_n; i++)
		templates += m->template[i].live;
	for (unsigned i = 0; i < CLIENTS * PORTS; i++)
		conns += m->conn[i].live;
	while (lvs_director_next_conn(m->w.director, NULL, &cursor, &info) == 1) {
		if (info.flags & LVS_CONN_INFO_TEMPLATE) {
			listed_as(m, &info);
			templates--;
		} else {
			const struct model_conn *conn =
				&m->conn[info.client.byte[3] * PORTS + lvs_ntohs(info.client_port) -
					 1000];

			ck_assert(conn->live);
			ck_assert_uint_eq(conn->dest, info.dest.byte[3] - 1u);
			ck_assert_uint_eq(conn->deadline,
					  (uint32_t)(info.expires_ns >> LVS_TICK_SHIFT));
			conns--;
		}
	}
	ck_assert_uint_eq(templates, 0);
	ck_assert_uint_eq(conns, 0);
}

static void open_model(struct model *m, int seed)
{
	struct lvs_settings settings = {
		.size = sizeof(settings),
		.shards = 1u << seed % 5 * 2,
		.flags = seed & 1 ? LVS_SET_EXPIRE_QUIESCENT : 0,
	};

	m->random = (uint64_t)seed + 1;
	m->quiescent = seed & 1;
	open_world(&m->w, &settings);
	m->tick = LVS_TICKS(m->w.now);
	m->service = service_of(LVS_INET, LVS_UDP, 80, 0);
	change_times(m);
	for (unsigned i = 0; i < DESTS; i++) {
		struct lvs_dest_key key = dest_of(LVS_INET, i, 80);

		m->there[i] = true;
		m->weight[i] = 1;
		rig_set_dest(m->w.director, &m->service, &key, LVS_METHOD_DR, 1);
	}
}

START_TEST(test_model)
{
	struct model *m = calloc(1, sizeof(*m));

	ck_assert_ptr_nonnull(m);
	open_model(m, _i);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned what = draw(m, 100);

		if (what < 75)
			send(m);
		else if (what < 93)
			wait_some(m);
		else if (what < 98)
			change_dest(m);
		else
			change_times(m);
		compare(m);
		if (i % 64 == 0)
			rig_check(m->w.director);
	}
	ck_assert_uint_gt(m->template_n, 50);
	close_world(&m->w);
	free(m);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("persist_model");

	tcase_add_loop_test(tcase, test_model, 0, 20);
	return unit_run("persist_model", tcase);
}
