/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP's checksum: made anew where a port changes, else left as it came. */
#include <string.h>

#include "sctp_rig.h"

static void spoil(struct world *w)
{
	w->rig.packet.data[rig_header(w->rig.packet.data) + 8] ^= 0x40;
}

/* It is made anew where a port changes, else left: right or wrong. */
START_TEST(test_wrong)
{
	bool anew = setups[_i].port != 80;
	struct world w;

	build(&w, &setups[_i], NULL);
	rig_make(&w.rig, &w.out, INIT, 33);
	spoil(&w);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_FORWARD);
	ck_assert_int_eq(is_right(&w), anew);
	if (_i >= NATS) {
		tear_down(&w);
		return;
	}
	rig_make(&w.rig, &w.back, LVS_SCTP_INIT_ACK, 33);
	spoil(&w);
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.verdict, LVS_FORWARD);
	ck_assert_int_eq(is_right(&w), anew);
	tear_down(&w);
}
END_TEST

/* Who sends a packet with a partial one makes it. */
START_TEST(test_partial)
{
	uint8_t buffer[RIG_SIZE];
	struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
	struct world w;
	unsigned outer;

	build(&w, &setups[_i], NULL);
	rig_make(&w.rig, &w.out, INIT, 33);
	memset(w.rig.packet.data + rig_header(w.rig.packet.data) + 8, 0, 4);
	w.rig.packet.flags = LVS_PACKET_CSUM_PARTIAL;
	w.rig.packet.csum_start = (uint16_t)rig_header(w.rig.packet.data);
	w.rig.packet.csum_offset = 8;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.rig.packet.flags, LVS_PACKET_CSUM_PARTIAL);
	ck_assert_int_eq(lvs_packet_segment(&w.rig.packet, 0, &out), 1);
	outer = rig_protocol(out.data) == LVS_SCTP ? 0 : rig_header(out.data);
	ck_assert(rig_sums_right(out.data + outer, out.len - outer));
	tear_down(&w);
}
END_TEST

/* The payload is elsewhere: the CRC is left to who sends it, where there is one to be made. */
START_TEST(test_not_linear)
{
	bool anew = setups[_i].port != 80;
	uint8_t buffer[RIG_SIZE];
	struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
	uint32_t linear;
	struct world w;

	build(&w, &setups[_i], NULL);
	rig_make(&w.rig, &w.out, INIT, 333);
	linear = rig_header(w.rig.packet.data) + 16;
	w.rig.packet.linear_len = linear;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(w.rig.packet.flags, anew ? LVS_PACKET_CSUM_PARTIAL : 0);
	w.rig.packet.linear_len = w.rig.packet.len;
	if (anew) {
		ck_assert_int_eq(lvs_packet_segment(&w.rig.packet, 0, &out), 1);
		ck_assert(rig_sums_right(out.data, out.len));
	} else {
		ck_assert(is_right(&w));
	}
	tear_down(&w);
}
END_TEST

/* Offload requests that SCTP has not. */
START_TEST(test_bad_offload)
{
	static const struct {
		uint8_t flags;
		uint16_t start, offset, gso_size;
	} rows[] = {
		{LVS_PACKET_CSUM_PARTIAL, 0, 16, 0},  {LVS_PACKET_CSUM_PARTIAL, 0, 6, 0},
		{LVS_PACKET_CSUM_PARTIAL, 4, 8, 0},   {0, 0, 0, 100},
		{LVS_PACKET_CSUM_PARTIAL, 0, 8, 100},
	};
	struct world w;

	build(&w, &setups[_i], NULL);
	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++)
		for (unsigned type = LVS_GSO_TCP; type <= LVS_GSO_UDP; type++) {
			rig_make(&w.rig, &w.out, INIT, 333);
			w.rig.packet.flags = rows[i].flags;
			w.rig.packet.csum_start =
				(uint16_t)(rig_header(w.rig.packet.data) + rows[i].start);
			w.rig.packet.csum_offset = rows[i].offset;
			w.rig.packet.gso_size = rows[i].gso_size;
			w.rig.packet.gso_type = (uint8_t)(rows[i].gso_size ? type : 0);
			lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
			ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_BAD_OFFLOAD);
		}
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sctp_csum");

	tcase_add_loop_test(tcase, test_wrong, 0, SETUPS);
	tcase_add_loop_test(tcase, test_partial, 0, SETUPS);
	tcase_add_loop_test(tcase, test_not_linear, 0, SETUPS);
	tcase_add_loop_test(tcase, test_bad_offload, 0, SETUPS);
	return unit_run("sctp_csum", tcase);
}
