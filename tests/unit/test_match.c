/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker remembers of services: always what it would be told if it asked anew. */
#include "service/match.h"
#include "service_rig.h"

#define SERVICES 100 /* several share a place */

static void agrees(struct service_rig *rig, struct lvs_matches *matches,
		   const struct lvs_flow *flow, uint32_t mark)
{
	const struct lvs_service_set *set = lvs_services_match(rig->services, flow, mark);

	for (unsigned i = 0; i < 2; i++)
		ck_assert_ptr_eq(lvs_matches_ask(matches, rig->services, flow, mark), set);
}

static void all_agree(struct service_rig *rig, struct lvs_matches *matches)
{
	for (uint32_t i = 0; i <= SERVICES; i++) {
		struct lvs_service_key key = tcp4(i);
		struct lvs_flow flow = flow_to(&key);

		agrees(rig, matches, &flow, 0);
		agrees(rig, matches, &flow, 7);
		flow.protocol = LVS_UDP;
		agrees(rig, matches, &flow, 0);
		flow.protocol = LVS_TCP;
		flow.dst_port = lvs_htons(81);
		agrees(rig, matches, &flow, 0);
		/* What lies behind an address of four bytes is no part of it. */
		flow.dst.word[3] = i;
		agrees(rig, matches, &flow, 0);
		flow.family = LVS_INET6;
		agrees(rig, matches, &flow, 0);
	}
}

START_TEST(is_as_if_asked_anew)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_matches matches = {0};
	struct lvs_txn *txn;

	all_agree(rig, &matches);
	for (uint32_t i = 0; i < SERVICES; i++)
		set_dest(rig, tcp4(i), dest4(i), dest_conf(1));
	all_agree(rig, &matches);
	set_dest(rig, mark4(7), dest4(2), dest_conf(2));
	all_agree(rig, &matches);
	for (uint32_t i = 0; i < SERVICES; i += 3) {
		struct lvs_service_key key = tcp4(i);

		txn = txn_begin(rig);
		ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
		txn_commit(txn);
		all_agree(rig, &matches);
	}
	service_rig_del(rig);
}
END_TEST

START_TEST(addresses_of_sixteen_bytes_are_compared_whole)
{
	struct service_rig *rig = service_rig_new();
	struct lvs_matches matches = {0};
	struct lvs_service_key key = tcp4(1);
	struct lvs_dest_key dest = dest4(1);

	key.family = dest.family = LVS_INET6;
	key.addr.word[0] = dest.addr.word[0] = lvs_htonl(0x20010db8);
	key.addr.word[3] = dest.addr.word[3] = lvs_htonl(1);
	set_dest(rig, key, dest, dest_conf(1));
	for (unsigned word = 0; word < 4; word++) {
		struct lvs_flow flow = flow_to(&key);

		agrees(rig, &matches, &flow, 0);
		ck_assert_ptr_nonnull(lvs_matches_ask(&matches, rig->services, &flow, 0));
		flow.dst.word[word] ^= 1;
		agrees(rig, &matches, &flow, 0);
		ck_assert_ptr_null(lvs_matches_ask(&matches, rig->services, &flow, 0));
	}
	service_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("match");

	tcase_add_test(tcase, is_as_if_asked_anew);
	tcase_add_test(tcase, addresses_of_sixteen_bytes_are_compared_whole);
	return unit_run("match", tcase);
}
