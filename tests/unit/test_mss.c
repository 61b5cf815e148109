/* SPDX-License-Identifier: BSD-2-Clause */
/* The MSS of SYN and SYN/ACK: found wherever it stands, lowered only, the checksum right after. */
#include <string.h>

#include "director_rig.h"
#include "packet/mss.h"
#include "unit.h"

#define SYN LVS_TCP_SYN
#define ACK LVS_TCP_ACK

/* A SYN with these options, padded to a multiple of four by ends of the list. */
static void make_syn(struct rig_packet *rig, const struct lvs_flow *flow, uint8_t flags,
		     const uint8_t *options, unsigned n)
{
	unsigned header = flow->family == LVS_INET6 ? 40 : 20;
	unsigned len = (n + 3) / 4 * 4;
	uint8_t *tcp;

	rig_make(rig, flow, flags, len);
	tcp = rig->packet.data + header;
	tcp[12] = (uint8_t)((20 + len) / 4 << 4);
	memset(tcp + 20, 0, len);
	memcpy(tcp + 20, options, n);
	rig_fix(rig);
}

static struct lvs_flow flow_of(unsigned family)
{
	if (family == LVS_INET6)
		return rig_flow(LVS_TCP, family, rig_addr6(3, 7), 40000, rig_addr6(1, 1), 80);
	return rig_flow(LVS_TCP, family, rig_addr4(198, 51, 100, 7), 40000, rig_addr4(192, 0, 2, 1),
			80);
}

static const struct {
	uint8_t n;
	uint8_t option[40];
	uint8_t at; /* of the value, 0: it is not to be found */
} rows[] = {
	{4, {2, 4, 0x05, 0xb4}, 2},
	{5, {1, 2, 4, 0x05, 0xb4}, 3},
	{6, {1, 1, 2, 4, 0x05, 0xb4}, 4},
	{7, {1, 1, 1, 2, 4, 0x05, 0xb4}, 5},
	{9, {3, 3, 7, 4, 2, 2, 4, 0x05, 0xb4}, 7},
	{14, {8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 2, 4, 0x05, 0xb4}, 12},
	{40, {254, 36, [36] = 2, 4, 0x05, 0xb4}, 38},
	{8, {3, 3, 7, 0, 2, 4, 0x05, 0xb4}, 0},  /* behind the end of the list */
	{4, {2, 3, 0x05, 0xb4}, 0},              /* of a wrong length */
	{8, {2, 8, 0x05, 0xb4, 0, 0, 0, 0}, 0},  /* the same */
	{8, {8, 0, 2, 4, 0x05, 0xb4, 0, 0}, 0},  /* an option without length */
	{8, {8, 1, 2, 4, 0x05, 0xb4, 0, 0}, 0},  /* shorter than itself */
	{8, {8, 60, 2, 4, 0x05, 0xb4, 0, 0}, 0}, /* ends behind the header */
	{4, {1, 1, 2, 4}, 0},                    /* cut off */
	{4, {1, 1, 1, 2}, 0},                    /* the same */
	{0, {0}, 0},
};

START_TEST(test_places)
{
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	unsigned header = family == LVS_INET6 ? 40 : 20;
	struct lvs_flow flow = flow_of(family);
	unsigned at = rows[_i / 2].at;

	for (unsigned mtu = 0; mtu < 1600; mtu += 7) {
		struct rig_packet rig, before;
		struct lvs_headers headers;
		uint8_t *options;
		unsigned mss = mtu - header - 20;

		make_syn(&rig, &flow, SYN, rows[_i / 2].option, rows[_i / 2].n);
		ck_assert_int_eq(lvs_packet_parse(&rig.packet, &headers), LVS_REASON_NONE);
		before = rig;
		options = rig.packet.data + header + 20;
		lvs_mss_clamp(&rig.packet, &headers, mtu);
		ck_assert(rig_sums_right(rig.packet.data, rig.packet.len));
		if (at && mtu > header + 20 && mss < 1460) {
			ck_assert_uint_eq(rig_get16(options + at), mss);
			rig_put16(options + at, 1460);
			rig_fix(&rig);
		}
		ck_assert_mem_eq(rig.buffer, before.buffer, sizeof(rig.buffer));
	}
}
END_TEST

/* A partial checksum is the pseudo-header's: nothing of it changes. */
START_TEST(test_partial)
{
	struct lvs_flow flow = flow_of(LVS_INET);
	const uint8_t option[] = {2, 4, 0x05, 0xb4};
	struct lvs_headers headers;
	struct rig_packet rig;

	make_syn(&rig, &flow, SYN, option, sizeof(option));
	rig_put16(rig_l4_csum(rig.packet.data), 0x1234);
	rig.packet.flags = LVS_PACKET_CSUM_PARTIAL;
	rig.packet.csum_start = 20;
	rig.packet.csum_offset = 16;
	ck_assert_int_eq(lvs_packet_parse(&rig.packet, &headers), LVS_REASON_NONE);
	lvs_mss_clamp(&rig.packet, &headers, 1000);
	ck_assert_uint_eq(rig_get16(rig.packet.data + 42), 960);
	ck_assert_uint_eq(rig_get16(rig_l4_csum(rig.packet.data)), 0x1234);
}
END_TEST

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_flow out, back;
	struct rig_packet rig;
};

static void set_flags(struct world *w, const struct lvs_service_key *key, uint32_t flags)
{
	struct lvs_service_conf conf = {
		.size = sizeof(conf), .sched = lvs_sched_find("rr"), .flags = flags};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(w->director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_service(txn, key, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static int lookup_short(void *user, enum lvs_family family, const union lvs_addr *addr,
			struct lvs_path_conf *path)
{
	(void)family;
	(void)addr;
	path->mtu = *(uint32_t *)user;
	return 0;
}

/* The MSS that a packet of the flow, offering 1460, leaves with. */
static unsigned mss_after(struct world *w, const struct lvs_flow *flow, uint8_t flags)
{
	const uint8_t option[] = {2, 4, 0x05, 0xb4};

	make_syn(&w->rig, flow, flags, option, sizeof(option));
	lvs_worker_process(w->worker, &w->rig.packet, 1, 1000 * SECOND);
	ck_assert_int_eq(w->rig.packet.verdict, LVS_FORWARD);
	return rig_get16(w->rig.packet.data + w->rig.packet.len - 2);
}

START_TEST(test_director)
{
	static const enum lvs_method methods[] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL};
	enum lvs_method method = methods[_i / 2];
	unsigned family = _i % 2 ? LVS_INET6 : LVS_INET;
	unsigned header = family == LVS_INET6 ? 40 : 20;
	unsigned offered = 1500 - header - 20; /* at the default MTU; 1460 if less */
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	uint32_t back_mtu = 1300;
	struct world w = {0};

	if (offered > 1460)
		offered = 1460;
	ck_assert_int_eq(lvs_director_new(NULL, &w.director), 0);
	ck_assert_int_eq(lvs_worker_new(w.director, &w.worker), 0);
	lvs_director_set_path_lookup(w.director, lookup_short, &back_mtu);
	w.out = flow_of(family);
	service = rig_service_key(family, LVS_TCP, w.out.dst, 80);
	dest = rig_dest_key(family, family == LVS_INET6 ? rig_addr6(2, 1) : rig_addr4(10, 0, 0, 1),
			    80);
	rig_set_service(w.director, &service, "rr");
	rig_set_dest(w.director, &service, &dest, method, 1);
	w.back = rig_flow(LVS_TCP, family, dest.addr, 80, w.out.src, 40000);

	ck_assert_uint_eq(mss_after(&w, &w.out, SYN), 1460);
	set_flags(&w, &service, LVS_SERVICE_MSS_CLAMP);
	/* The connection is the same, which was made before. */
	ck_assert_uint_eq(mss_after(&w, &w.out, SYN), 1460);
	w.out.src_port = w.back.dst_port = rig_port(40001);
	for (unsigned i = 0; i < 2; i++) { /* the first SYN, and the same again */
		if (method == LVS_METHOD_NAT)
			ck_assert_uint_eq(mss_after(&w, &w.out, SYN), 1300 - header - 20);
		else if (method == LVS_METHOD_TUNNEL)
			ck_assert_uint_eq(mss_after(&w, &w.out, SYN), offered - header);
		else
			ck_assert_uint_eq(mss_after(&w, &w.out, SYN), offered);
	}
	if (method == LVS_METHOD_NAT) {
		ck_assert_uint_eq(mss_after(&w, &w.back, SYN | ACK), 1300 - header - 20);
		back_mtu = 9000;
		ck_assert_uint_eq(mss_after(&w, &w.back, SYN | ACK), offered);
		/* Without SYN the same bytes are no offer. */
		ck_assert_uint_eq(mss_after(&w, &w.back, ACK), 1460);
	}
	lvs_worker_del(w.worker);
	lvs_director_del(w.director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mss");

	tcase_add_loop_test(tcase, test_places, 0, 2 * (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, test_partial);
	tcase_add_loop_test(tcase, test_director, 0, 6);
	return unit_run("mss", tcase);
}
