/* SPDX-License-Identifier: BSD-2-Clause */
/* An embedder's own forwarding method: what it is told, by its flags, and what its answers become.
 */
#include "director_rig.h"

#include "unit.h"

enum { MTU = 600, OVERHEAD = 28 };

/* What the last out() was told; as much of it as the flags say. */
static uint32_t flags;
static struct lvs_binding told;
static struct lvs_path_conf told_path;

static enum lvs_reason own_out(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding)
{
	(void)packet;
	told_path = *binding->path;
	if (!(flags & LVS_FORWARD_PATH_ALONE))
		told = *binding;
	return headers->len + OVERHEAD > binding->path->mtu ? LVS_REASON_MTU : LVS_REASON_NONE;
}

static uint32_t own_overhead(const struct lvs_binding *binding)
{
	(void)binding;
	return OVERHEAD;
}

static const struct lvs_forward_ops own[] = {
	{.size = sizeof(*own), .name = "own", .out = own_out, .overhead = own_overhead},
	{.size = sizeof(*own),
	 .flags = LVS_FORWARD_PATH_ALONE,
	 .name = "own",
	 .out = own_out,
	 .overhead = own_overhead},
	{.size = sizeof(*own),
	 .flags = LVS_FORWARD_ONE_END,
	 .name = "own",
	 .out = own_out,
	 .overhead = own_overhead},
};

static void set_dest(struct lvs_director *director, const struct lvs_service_key *service,
		     const struct lvs_dest_key *key, const struct lvs_forward_ops *ops)
{
	struct lvs_dest_conf conf = {
		.size = sizeof(conf), .method = LVS_METHOD_CUSTOM, .weight = 1, .forward = ops};
	struct lvs_path_conf path = {.size = sizeof(path), .mtu = MTU, .handle = 7};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_director_set_path(director, LVS_INET, &key->addr, &path), 0);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_msg(lvs_txn_set_dest(txn, service, key, &conf) == 0, "%s", lvs_txn_error(txn));
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static void check_told(const struct lvs_flow *flow, const struct lvs_dest_key *dest)
{
	ck_assert_uint_eq(told_path.mtu, MTU);
	ck_assert_uint_eq(told_path.handle, 7);
	if (flags & LVS_FORWARD_PATH_ALONE)
		return;
	if (!(flags & LVS_FORWARD_ONE_END)) {
		ck_assert_mem_eq(&told.client, &flow->src, sizeof(told.client));
		ck_assert_mem_eq(&told.service, &flow->dst, sizeof(told.service));
		ck_assert_uint_eq(told.client_port, flow->src_port);
		ck_assert_uint_eq(told.service_port, flow->dst_port);
	}
	ck_assert_mem_eq(&told.dest, &dest->addr, sizeof(told.dest));
	ck_assert_uint_eq(told.dest_port, dest->port);
	ck_assert_uint_eq(told.family, LVS_INET);
	ck_assert_uint_eq(told.dest_family, LVS_INET);
	ck_assert_uint_eq(told.protocol, LVS_TCP);
	ck_assert_uint_eq(told.pmtu_disc, 1);
}

/* A first packet, one of a known connection, and one that is refused, which its sender is told. */
START_TEST(test_told)
{
	const struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	const struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 8080);
	const struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 7), 4000,
					      rig_addr4(192, 0, 2, 1), 80);
	struct lvs_settings settings = {.size = sizeof(settings)};
	static struct rig_packet rig;
	struct lvs_director *director;
	struct lvs_worker *worker;

	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	rig_set_service(director, &service, "rr");
	set_dest(director, &service, &dest, &own[_i]);
	flags = own[_i].flags;
	ck_assert_uint_eq(rig_send(worker, &rig, &flow, LVS_TCP_SYN, SECOND), LVS_REASON_SCHEDULED);
	check_told(&flow, &dest);
	memset(&told, 0, sizeof(told));
	memset(&told_path, 0, sizeof(told_path));
	ck_assert_uint_eq(rig_send(worker, &rig, &flow, LVS_TCP_ACK, SECOND),
			  LVS_REASON_ESTABLISHED);
	check_told(&flow, &dest);
	rig_make(&rig, &flow, LVS_TCP_ACK, MTU);
	rig.packet.data[6] |= 0x40; /* don't fragment */
	rig_fix(&rig);
	lvs_worker_process(worker, &rig.packet, 1, SECOND);
	ck_assert_uint_eq(rig.packet.reason, LVS_REASON_REPLY_MTU);
	/* fragmentation needed, and to what (RFC 1191) */
	ck_assert_uint_eq(rig.packet.data[20], 3);
	ck_assert_uint_eq(rig.packet.data[21], 4);
	ck_assert_uint_eq(rig_get16(rig.packet.data + 26), MTU - OVERHEAD);
	lvs_worker_del(worker);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("forward_own");

	tcase_add_loop_test(tcase, test_told, 0, 3);
	return unit_run("forward_own", tcase);
}
