/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of packets whose next hop is not known yet. */
#include "io/packet/wait.h"

#include "unit.h"

enum {
	LEN = 100, /* bytes of a packet */
};

struct rig {
	struct lvs_io_count count;
	struct lvs_afp_wait wait;
	uint32_t known;   /* paths whose bit is set have their neighbour */
	uint8_t sent[64]; /* first bytes, in order */
	unsigned sent_n;
};

static void rig_init(struct rig *rig, uint32_t n_max, uint32_t len_max)
{
	memset(rig, 0, sizeof(*rig));
	lvs_afp_wait_init(&rig->wait, n_max, len_max, &rig->count);
}

/* Packet @number goes by path @path; its buffer is used again at once. */
static void add(struct rig *rig, uint8_t number, uint32_t path, uint64_t now)
{
	uint8_t bytes[LEN];
	struct lvs_packet packet = {.data = bytes, .len = LEN, .linear_len = LEN, .path = path};

	memset(bytes, number, LEN);
	lvs_afp_wait_add(&rig->wait, &packet, now);
	memset(bytes, 0xff, LEN);
}

static bool send_if_known(void *user, const struct lvs_packet *packet)
{
	struct rig *rig = user;

	if (!(rig->known >> packet->path & 1))
		return true;
	ck_assert_uint_eq(packet->data[LEN - 1], packet->data[0]);
	rig->sent[rig->sent_n++] = packet->data[0];
	return false;
}

static void retry(struct rig *rig, uint64_t now)
{
	lvs_afp_wait_retry(&rig->wait, now, send_if_known, rig);
}

/* In order, each path by itself, and the end of the queue stays usable. */
START_TEST(test_order)
{
	struct rig rig;

	rig_init(&rig, 10, 10000);
	for (uint8_t i = 1; i <= 6; i++)
		add(&rig, i, i % 2, 0);
	rig.known = 1;
	retry(&rig, 1);
	ck_assert_uint_eq(rig.sent_n, 3);
	ck_assert_mem_eq(rig.sent, "\2\4\6", 3);
	add(&rig, 7, 1, 1);
	rig.known = 2;
	retry(&rig, 2);
	ck_assert_mem_eq(rig.sent + 3, "\1\3\5\7", 4);
	ck_assert_uint_eq(rig.wait.n, 0);
	ck_assert_uint_eq(rig.wait.len, 0);
	add(&rig, 8, 1, 2);
	retry(&rig, 2);
	ck_assert_uint_eq(rig.sent[7], 8);
	ck_assert_uint_eq(lvs_io_count_get(&rig.count, LVS_IO_COUNT_waited), 8);
	ck_assert_uint_eq(lvs_io_count_get(&rig.count, LVS_IO_COUNT_wait_lost), 0);
	lvs_afp_wait_fini(&rig.wait);
}
END_TEST

/* The oldest make room, by number or by bytes. */
static const struct {
	uint32_t n_max, len_max;
	unsigned stay;
} bounds[] = {{3, 10000, 3}, {100, 350, 3}, {100, 300, 3}, {1, 10000, 1}, {100, 99, 0}};

START_TEST(test_bounds)
{
	struct rig rig;

	rig_init(&rig, bounds[_i].n_max, bounds[_i].len_max);
	for (uint8_t i = 0; i < 10; i++)
		add(&rig, i, 0, 0);
	ck_assert_uint_eq(rig.wait.n, bounds[_i].stay);
	ck_assert_uint_eq(rig.wait.len, bounds[_i].stay * LEN);
	ck_assert_uint_eq(lvs_io_count_get(&rig.count, LVS_IO_COUNT_wait_lost),
			  10 - bounds[_i].stay);
	rig.known = 1;
	retry(&rig, 0);
	ck_assert_uint_eq(rig.sent_n, bounds[_i].stay);
	for (unsigned i = 0; i < rig.sent_n; i++)
		ck_assert_uint_eq(rig.sent[i], 10 - bounds[_i].stay + i);
	lvs_afp_wait_fini(&rig.wait);
}
END_TEST

START_TEST(test_deadline)
{
	struct rig rig;

	rig_init(&rig, 10, 10000);
	add(&rig, 1, 0, 0);
	add(&rig, 2, 0, 1);
	retry(&rig, LVS_AFP_WAIT_NS - 1);
	ck_assert_uint_eq(rig.wait.n, 2);
	retry(&rig, LVS_AFP_WAIT_NS);
	ck_assert_uint_eq(rig.wait.n, 1);
	retry(&rig, LVS_AFP_WAIT_NS + 1);
	ck_assert_uint_eq(rig.wait.n, 0);
	ck_assert_uint_eq(lvs_io_count_get(&rig.count, LVS_IO_COUNT_wait_lost), 2);
	add(&rig, 3, 0, 5);
	lvs_afp_wait_fini(&rig.wait);
	ck_assert_uint_eq(rig.wait.n, 0);
}
END_TEST

/* Only whole packets can be copied. */
START_TEST(test_not_linear)
{
	uint8_t bytes[LEN] = {0};
	struct lvs_packet packet = {.data = bytes, .len = LEN + 1, .linear_len = LEN};
	struct rig rig;

	rig_init(&rig, 10, 10000);
	lvs_afp_wait_add(&rig.wait, &packet, 0);
	ck_assert_uint_eq(rig.wait.n, 0);
	ck_assert_uint_eq(lvs_io_count_get(&rig.count, LVS_IO_COUNT_wait_lost), 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_wait");

	tcase_add_test(tcase, test_order);
	tcase_add_loop_test(tcase, test_bounds, 0, sizeof(bounds) / sizeof(bounds[0]));
	tcase_add_test(tcase, test_deadline);
	tcase_add_test(tcase, test_not_linear);
	return unit_run("io_wait", tcase);
}
