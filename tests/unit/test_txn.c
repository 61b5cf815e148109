/* SPDX-License-Identifier: BSD-2-Clause */
/* Transactions: what they refuse and say, and what they keep. */
#include "service_rig.h"

static enum lvs_reason out_never(struct lvs_packet *packet, struct lvs_headers *headers,
				 const struct lvs_binding *binding)
{
	(void)packet;
	(void)headers;
	(void)binding;
	return LVS_REASON_NONE;
}

/* Some addresses, as the rows below name them. */
enum where {
	HOST,
	ANY,
	GROUP,
	BROADCAST,
	HOST6,
	ANY6,
	GROUP6,
	LINK6,
};

static union lvs_addr addr_at(enum where where)
{
	union lvs_addr addr = {{0}};

	switch (where) {
	case HOST:
		return addr4(0x0a000001);
	case ANY:
	case ANY6:
		return addr;
	case GROUP:
		return addr4(0xe0000001);
	case BROADCAST:
		return addr4(0xffffffff);
	case HOST6:
		memcpy(addr.byte, "\x20\x01\x0d\xb8", 4);
		addr.byte[15] = 1;
		return addr;
	case GROUP6:
		addr.byte[0] = 0xff;
		addr.byte[1] = 2;
		return addr;
	case LINK6:
		addr.byte[0] = 0xfe;
		addr.byte[1] = 0x80;
		addr.byte[15] = 1;
		return addr;
	}
	return addr;
}

static const struct service_row {
	enum where where;
	uint8_t family;
	uint8_t protocol;
	uint16_t port;
	uint32_t mark;
	uint32_t flags;
	uint32_t netmask;
	int err;
	const char *sentence;
} service_rows[] = {
	{HOST, 2, 6, 80, 0, 0, 0, 0, ""},
	{HOST, 2, 17, 80, 0, 0x38, 0xffffff, 0, ""},
	{HOST6, 10, 6, 80, 0, 0, 128, 0, ""},
	{ANY, 2, 0, 0, 9, 0, 0, 0, ""},
	{HOST, 3, 6, 80, 0, 0, 0, LVS_ERR_FAMILY,
	 "service: address family 3, expected 2 (IPv4) or 10 (IPv6)"},
	{HOST, 2, 132, 80, 0, 0, 0, 0, ""},
	{HOST6, 10, 132, 80, 0, 0, 128, 0, ""},
	{HOST, 2, 50, 80, 0, 0, 0, LVS_ERR_UNSUPPORTED,
	 "service protocol 50 10.0.0.1:80: not supported, expected TCP, UDP or SCTP"},
	{ANY, 2, 6, 80, 0, 0, 0, LVS_ERR_INVALID,
	 "service TCP 0.0.0.0:80: expected the address of a host"},
	{GROUP, 2, 17, 80, 0, 0, 0, LVS_ERR_INVALID,
	 "service UDP 224.0.0.1:80: expected the address of a host"},
	{ANY6, 10, 6, 80, 0, 0, 0, LVS_ERR_INVALID,
	 "service TCP [::]:80: expected the address of a host"},
	{GROUP6, 10, 6, 80, 0, 0, 0, LVS_ERR_INVALID,
	 "service TCP [ff02::]:80: expected the address of a host"},
	{HOST, 2, 6, 0, 0, 0, 0, 0, ""},
	{HOST, 2, 6, 0, 0, 0x1, 0, 0, ""},
	{HOST, 2, 6, 80, 0, 0x1, 0, 0, ""},
	{HOST, 2, 6, 80, 0, 0x1, 0xff00ff00, 0, ""},
	{HOST6, 10, 6, 80, 0, 0x1, 1, 0, ""},
	{HOST6, 10, 6, 80, 0, 0x1, 0, LVS_ERR_INVALID,
	 "service TCP [2001:db8::1]:80: prefix length 0, expected 1 to 128"},
	{HOST6, 10, 0, 0, 5, 0x1, 0, LVS_ERR_INVALID,
	 "service IPv6 mark 5: prefix length 0, expected 1 to 128"},
	{HOST, 2, 17, 80, 0, 0x4, 0, 0, ""},
	{HOST, 2, 6, 80, 0, 0x4, 0, 0, ""},
	{HOST, 2, 6, 80, 0, 0x200, 0, LVS_ERR_INVALID,
	 "service TCP 10.0.0.1:80: unknown flags 0x200"},
	{HOST6, 10, 6, 80, 0, 0, 129, LVS_ERR_INVALID,
	 "service TCP [2001:db8::1]:80: prefix length 129, expected 1 to 128"},
	{HOST6, 10, 0, 0, 5, 0x1, 128, 0, ""},
};

START_TEST(refuses_services)
{
	const struct service_row *row = &service_rows[_i];
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = {.addr = addr_at(row->where),
				      .fwmark = row->mark,
				      .port = lvs_htons(row->port),
				      .family = row->family,
				      .protocol = row->protocol};
	struct lvs_service_conf conf = service_conf();
	struct lvs_txn *txn = txn_begin(rig);

	conf.flags = row->flags;
	conf.netmask = row->netmask;
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), row->err);
	ck_assert_str_eq(lvs_txn_error(txn), row->sentence);
	txn_commit(txn);
	ck_assert_int_eq(match(rig, key) != NULL, row->err == 0);
	service_rig_del(rig);
}
END_TEST

/* What is no engine. */
START_TEST(refuses_engine)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = {.addr = addr_at(HOST),
				      .port = lvs_htons(5060),
				      .family = LVS_INET,
				      .protocol = LVS_UDP};
	struct lvs_service_conf conf = service_conf();
	const struct lvs_pe_ops empty = {.size = sizeof(empty), .name = "empty"};
	struct lvs_txn *txn = txn_begin(rig);

	conf.pe = &empty;
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), LVS_ERR_INVALID);
	ck_assert_str_eq(
		lvs_txn_error(txn),
		"service UDP 10.0.0.1:5060: persistence engine without size, name or fill()");
	conf.pe = lvs_pe_find("sip");
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), 0);
	txn_commit(txn);
	service_rig_del(rig);
}
END_TEST

static const struct dest_row {
	enum where where;
	uint8_t family;
	uint32_t method;
	bool own; /* with ops of one's own */
	int32_t weight;
	uint32_t upper;
	uint32_t lower;
	int err;
	const char *sentence;
} dest_rows[] = {
	{HOST, 2, 0, false, 1, 0, 0, 0, ""},
	{HOST, 2, 1, false, 0, 10, 10, 0, ""},
	{HOST, 2, 3, false, INT32_MAX, INT32_MAX, 0, 0, ""},
	{HOST, 2, 8, true, 1, 0, 0, 0, ""},
	{HOST6, 10, 2, false, 1, 0, 0, 0, ""}, /* tunnels may change the family */
	{HOST, 2, 3, false, -1, 0, 0, LVS_ERR_RANGE,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: weight -1, expected 0 or more"},
	{HOST, 2, 3, false, 1, 5, 6, LVS_ERR_RANGE,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: lower threshold 6, expected the upper, 5, "
	 "or less"},
	{HOST, 2, 3, false, 1, 0x80000000, 0, LVS_ERR_INVALID,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: upper threshold 2147483648, expected "
	 "2147483647 or less"},
	{HOST, 2, 4, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: forwarding method 4, expected 0 to 3, or 8 "
	 "with ops"},
	{HOST, 2, 3, true, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: forwarding method 3 with ops, expected 0 to "
	 "3, or 8 with ops"},
	{HOST, 2, 8, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 10.0.0.1:80 of TCP 192.0.2.1:80: own forwarding method without size, name or "
	 "out()"},
	{ANY, 2, 3, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 0.0.0.0:80 of TCP 192.0.2.1:80: expected the address of a host, not "
	 "link-local"},
	{GROUP, 2, 3, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 224.0.0.1:80 of TCP 192.0.2.1:80: expected the address of a host, not "
	 "link-local"},
	{BROADCAST, 2, 3, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination 255.255.255.255:80 of TCP 192.0.2.1:80: expected the address of a host, not "
	 "link-local"},
	{LINK6, 10, 2, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination [fe80::1]:80 of TCP 192.0.2.1:80: expected the address of a host, not "
	 "link-local"},
	{GROUP6, 10, 2, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination [ff02::]:80 of TCP 192.0.2.1:80: expected the address of a host, not "
	 "link-local"},
	/* of two errors the one that the kernel tells */
	{GROUP, 2, 3, false, -1, 0, 0, LVS_ERR_RANGE,
	 "destination 224.0.0.1:80 of TCP 192.0.2.1:80: weight -1, expected 0 or more"},
	{HOST6, 10, 3, false, -1, 5, 6, LVS_ERR_INVALID,
	 "destination [2001:db8::1]:80 of TCP 192.0.2.1:80: its forwarding method needs a "
	 "destination of the service's family"},
	{HOST6, 10, 3, false, 1, 0, 0, LVS_ERR_INVALID,
	 "destination [2001:db8::1]:80 of TCP 192.0.2.1:80: its forwarding method needs a "
	 "destination of the service's family"},
	{HOST, 7, 3, false, 1, 0, 0, LVS_ERR_FAMILY,
	 "destination: address family 7 of a service of family 2, expected 2 (IPv4) or 10 (IPv6)"},
};

static const struct lvs_forward_ops own_ops = {
	.size = sizeof(own_ops), .name = "own", .method = LVS_METHOD_CUSTOM, .out = out_never};

/* Tunnels: what the kernel answers, whatever the method: a port for GUE is all that it asks. */
static const struct tunnel_row {
	uint32_t method;
	uint8_t type, flags;
	unsigned port;
	bool old; /* settings that end before the tunnel's */
	int err;
} tunnel_rows[] = {
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_IPIP, 0, 0, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_IPIP, LVS_TUNNEL_CSUM, 6080, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GUE, 0, 6080, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GUE, LVS_TUNNEL_REMCSUM, 6080, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GUE, 0xff, 6080, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GUE, 0, 0, false, LVS_ERR_INVALID},
	{LVS_METHOD_DR, LVS_TUNNEL_GUE, 0, 0, false, LVS_ERR_INVALID},
	{LVS_METHOD_NAT, LVS_TUNNEL_GUE, 0, 0, false, LVS_ERR_INVALID},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GUE, 0, 0, true, 0},
	{LVS_METHOD_DR, LVS_TUNNEL_GUE, 0, 6080, false, 0},
	{LVS_METHOD_NAT, LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM, 7, false, 0},
	{LVS_METHOD_TUNNEL, LVS_TUNNEL_GRE, LVS_TUNNEL_REMCSUM, 7, false, 0},
	{LVS_METHOD_TUNNEL, 3, 0, 0, false, 0},
	{LVS_METHOD_TUNNEL, 255, 3, 6080, false, 0},
};

START_TEST(refuses_tunnels)
{
	const struct tunnel_row *row = &tunnel_rows[_i];
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key service = tcp4(1);
	struct lvs_dest_key key = dest4(1);
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_service_conf settings = service_conf();
	struct lvs_txn *txn = txn_begin(rig);

	conf.size = row->old ? offsetof(struct lvs_dest_conf, tun_type) : sizeof(conf);
	conf.method = row->method;
	conf.tun_type = row->type;
	conf.tun_flags = row->flags;
	conf.tun_port = lvs_htons((uint16_t)row->port);
	ck_assert_int_eq(lvs_txn_add_service(txn, &service, &settings), 0);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), row->err);
	ck_assert_str_eq(lvs_txn_error(txn),
			 row->err ? "destination 10.0.0.1:80 of TCP 192.0.2.1:80: tunnel port 0, "
				    "expected the UDP port of the GUE tunnel's end"
				  : "");
	txn_commit(txn);
	ck_assert_uint_eq(match(rig, service)->sched_set.dest_n, row->err == 0);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(refuses_destinations)
{
	const struct dest_row *row = &dest_rows[_i];
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key service = tcp4(1);
	struct lvs_dest_key key = {
		.addr = addr_at(row->where), .port = lvs_htons(80), .family = row->family};
	struct lvs_dest_conf conf = dest_conf(row->weight);
	struct lvs_service_conf settings = service_conf();
	struct lvs_txn *txn = txn_begin(rig);

	conf.method = row->method;
	conf.forward = row->own ? &own_ops : NULL;
	conf.upper = row->upper;
	conf.lower = row->lower;
	ck_assert_int_eq(lvs_txn_add_service(txn, &service, &settings), 0);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &service, &key, &conf), row->err);
	ck_assert_str_eq(lvs_txn_error(txn), row->sentence);
	txn_commit(txn);
	ck_assert_uint_eq(match(rig, service)->sched_set.dest_n, row->err == 0);
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* What is there and what is not. */
START_TEST(tells_what_is_missing)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key here = tcp4(1);
	struct lvs_service_key away = tcp4(2);
	struct lvs_dest_key dest = dest4(1);
	struct lvs_dest_key no_dest = dest4(2);
	struct lvs_service_conf settings = service_conf();
	struct lvs_dest_conf conf = dest_conf(1);
	struct lvs_txn *txn;

	set_dest(rig, here, dest, conf);
	txn = txn_begin(rig);
	ck_assert_str_eq(lvs_txn_error(txn), "");
	ck_assert_int_eq(lvs_txn_add_service(txn, &here, &settings), LVS_ERR_EXISTS);
	ck_assert_str_eq(lvs_txn_error(txn), "service TCP 192.0.2.1:80: exists already");
	ck_assert_int_eq(lvs_txn_edit_service(txn, &away, &settings), LVS_ERR_NO_SERVICE);
	ck_assert_int_eq(lvs_txn_del_service(txn, &away), LVS_ERR_NO_SERVICE);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &here, &dest, &conf), LVS_ERR_EXISTS);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &away, &dest, &conf), LVS_ERR_NO_SERVICE);
	ck_assert_int_eq(lvs_txn_edit_dest(txn, &here, &no_dest, &conf), LVS_ERR_NO_ENTRY);
	ck_assert_int_eq(lvs_txn_del_dest(txn, &here, &no_dest), LVS_ERR_NO_ENTRY);
	ck_assert_str_eq(lvs_txn_error(txn),
			 "destination 10.0.0.2:80 of TCP 192.0.2.1:80: no such destination");
	ck_assert_int_eq(lvs_txn_del_service(txn, &here), 0);
	ck_assert_int_eq(lvs_txn_del_dest(txn, &here, &dest), LVS_ERR_NO_SERVICE);
	lvs_txn_abort(txn);
	lvs_txn_abort(NULL);
	ck_assert_uint_eq(match(rig, here)->sched_set.dest_n, 1);
	service_rig_del(rig);
}
END_TEST

static const struct lvs_sched_ops sched_second = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "second",
	.state_size = first_state_size,
	.build = first_build,
	.pick = first_pick,
};

static uint32_t builds(struct service_rig *rig)
{
	const struct first_state *state = match(rig, tcp4(1))->sched_state;

	return state->builds;
}

START_TEST(carries_scheduler_state)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_conf conf = service_conf();
	struct lvs_txn *txn;

	set_dest(rig, key, dest4(1), dest_conf(1));
	set_dest(rig, key, dest4(1), dest_conf(2));
	ck_assert_uint_eq(builds(rig), 1);
	conf.flags = LVS_SCHED_FLAG1;
	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_edit_service(txn, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_uint_eq(builds(rig), 2);
	ck_assert_uint_eq(match(rig, key)->sched_set.flags, LVS_SCHED_FLAG1);

	conf.sched = &sched_second;
	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_edit_service(txn, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_uint_eq(builds(rig), 0);

	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_uint_eq(builds(rig), 0);
	service_rig_del(rig);
}
END_TEST

/* ipvs-behaviour 1.1: the weight on addition, then the last that was not 0. */
START_TEST(keeps_the_last_weight)
{
	static const int32_t weights[][2] = {{0, 0}, {5, 5}, {0, 5}, {7, 7}, {0, 7}, {0, 7}};
	struct service_rig *rig = service_rig_new();

	for (unsigned i = 0; i < LVS_ARRAY_N(weights); i++) {
		const struct lvs_sched_dest *dest;

		set_dest(rig, tcp4(1), dest4(1), dest_conf(weights[i][0]));
		dest = match(rig, tcp4(1))->sched_set.dest;
		ck_assert_int_eq(dest->weight, weights[i][0]);
		ck_assert_int_eq(dest->last_weight, weights[i][1]);
		ck_assert_uint_eq(dest->edits, i);
	}
	service_rig_del(rig);
}
END_TEST

static int refusing_build(void *state, const struct lvs_sched_set *set, const void *old,
			  const struct lvs_sched_set *old_set)
{
	(void)state;
	(void)old;
	(void)old_set;
	return set->dest_n > 1 ? LVS_ERR_RANGE : 0;
}

static const struct lvs_sched_ops sched_refusing = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "refusing",
	.state_size = first_state_size,
	.build = refusing_build,
	.pick = first_pick,
};

START_TEST(refused_by_a_scheduler)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_conf conf = service_conf();
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_key other = tcp4(2);
	struct lvs_dest_conf dest = dest_conf(1);
	struct lvs_dest_key dests[2] = {dest4(1), dest4(2)};
	struct listing before;
	struct lvs_txn *txn;

	set_dest(rig, other, dests[0], dest);
	before = listing_take(rig);
	conf.sched = &sched_refusing;
	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_del_service(txn, &other), 0);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), 0);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &key, &dests[0], &dest), 0);
	ck_assert_int_eq(lvs_txn_add_dest(txn, &key, &dests[1], &dest), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), LVS_ERR_RANGE);
	listing_same(before, listing_take(rig));
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

START_TEST(flushes)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_service_key key = tcp4(1);
	struct lvs_service_conf conf = service_conf();
	struct lvs_txn *txn;

	for (uint32_t i = 1; i <= 3; i++)
		set_dest(rig, tcp4(i), dest4(i), dest_conf(1));
	txn = txn_begin(rig);
	ck_assert_int_eq(lvs_txn_flush(txn), 0);
	ck_assert_int_eq(lvs_txn_add_service(txn, &key, &conf), 0);
	txn_commit(txn);
	ck_assert_uint_eq(match(rig, key)->sched_set.dest_n, 0);
	ck_assert_ptr_null(match(rig, tcp4(2)));
	ck_assert_ptr_null(match(rig, tcp4(3)));
	check_ok(rig);
	service_rig_del(rig);
}
END_TEST

/* A control call inside one's own transaction is refused, not waited for. */
START_TEST(test_busy)
{
	union lvs_addr addr = {.byte = {10, 0, 0, 1}};
	struct lvs_director *director;
	struct lvs_worker *worker, *second;
	struct lvs_txn *txn, *other;

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_int_eq(lvs_txn_begin(director, &other), LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_director_set_path(director, LVS_INET, &addr, NULL), LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_worker_new(director, &second), LVS_ERR_BUSY);
	ck_assert_int_eq(lvs_director_kill_conns(director, NULL), LVS_ERR_BUSY);
	lvs_worker_del(worker);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	lvs_txn_abort(txn);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("txn");

	tcase_add_test(tcase, refuses_engine);
	tcase_add_loop_test(tcase, refuses_services, 0, LVS_ARRAY_N(service_rows));
	tcase_add_loop_test(tcase, refuses_destinations, 0, LVS_ARRAY_N(dest_rows));
	tcase_add_loop_test(tcase, refuses_tunnels, 0, LVS_ARRAY_N(tunnel_rows));
	tcase_add_test(tcase, tells_what_is_missing);
	tcase_add_test(tcase, carries_scheduler_state);
	tcase_add_test(tcase, keeps_the_last_weight);
	tcase_add_test(tcase, refused_by_a_scheduler);
	tcase_add_test(tcase, flushes);
	tcase_add_test(tcase, test_busy);
	return unit_run("txn", tcase);
}
