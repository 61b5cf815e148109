/* SPDX-License-Identifier: BSD-2-Clause */
/* To the next hop: at once, once the neighbour has answered, or not at all; and what is due when.
 */
#include "io/io_hop.h"
#include "io/io_verdict.h"
#include "io/io_wake.h"

#include <liblvs/host.h>

#include "unit.h"

#include <poll.h>
#include <string.h>

struct rig {
	struct lvs_io_conf conf;
	struct lvs_io_count count;
	struct lvs_io_hop hop;
	int answer; /* the resolver's */
	unsigned sent, flushed, passed;
};

static int resolve(void *user, uint32_t path, enum lvs_family family,
		   const union lvs_addr *next_hop, struct lvs_host_link *link)
{
	const struct rig *rig = user;

	(void)path, (void)family, (void)next_hop;
	link->ifindex = 7;
	return rig->answer;
}

static void send_to(void *state, const struct lvs_packet *packet, const struct lvs_host_link *link)
{
	struct rig *rig = state;

	ck_assert_uint_eq(link->ifindex, 7);
	ck_assert_uint_eq(packet->len, 20);
	rig->sent++;
}

static void flush(void *state)
{
	struct rig *rig = state;

	rig->flushed++;
}

static int carry(void *state, const struct lvs_packet *packet)
{
	struct rig *rig = state;

	lvs_io_hop_send(&rig->hop, packet);
	return rig->answer == LVS_ERR_IO ? LVS_ERR_IO : 0;
}

static void pass(void *state, const struct lvs_packet *packet)
{
	struct rig *rig = state;

	ck_assert_int_eq(packet->verdict, LVS_PASS);
	rig->passed++;
}

static void rig_init(struct rig *rig)
{
	memset(rig, 0, sizeof(*rig));
	rig->conf.wait_n = 2;
	rig->conf.wait_len = 1000;
	rig->conf.resolve = resolve;
	rig->conf.resolve_user = rig;
	lvs_io_hop_init(&rig->hop, &rig->conf, &rig->count);
	rig->hop.send = send_to;
	rig->hop.flush = flush;
	rig->hop.state = rig;
}

static struct lvs_packet packet_of(uint8_t verdict)
{
	static uint8_t bytes[20] = {0x45};

	return (struct lvs_packet){.data = bytes, .len = 20, .linear_len = 20, .verdict = verdict};
}

static uint64_t counted(const struct rig *rig, unsigned counter)
{
	return lvs_io_count_get(&rig->count, counter);
}

START_TEST(test_send)
{
	struct lvs_packet packet = packet_of(LVS_FORWARD);
	struct rig rig;

	rig_init(&rig);
	lvs_io_hop_send(&rig.hop, &packet);
	ck_assert_uint_eq(rig.sent, 1);
	rig.answer = LVS_ERR_NO_ENTRY;
	lvs_io_hop_send(&rig.hop, &packet);
	ck_assert_uint_eq(rig.sent, 1);
	ck_assert_uint_eq(counted(&rig, LVS_IO_COUNT_unreachable), 1);
	ck_assert_uint_eq(rig.hop.wait.n, 0);
	lvs_io_hop_fini(&rig.hop);
}
END_TEST

/* Two wait, the third takes the first's place; what leaves late is flushed, as its copy goes. */
START_TEST(test_wait)
{
	struct lvs_packet packet = packet_of(LVS_FORWARD);
	struct rig rig;

	rig_init(&rig);
	rig.answer = LVS_ERR_BUSY;
	for (unsigned i = 0; i < 3; i++)
		lvs_io_hop_send(&rig.hop, &packet);
	ck_assert_uint_eq(rig.hop.wait.n, 2);
	ck_assert_uint_eq(counted(&rig, LVS_IO_COUNT_wait_lost), 1);
	lvs_io_hop_retry(&rig.hop, 1);
	ck_assert_uint_eq(rig.sent, 0);
	rig.answer = 0;
	lvs_io_hop_retry(&rig.hop, 2);
	ck_assert_uint_eq(rig.sent, 2);
	ck_assert_uint_eq(rig.flushed, 2);
	ck_assert_uint_eq(rig.hop.wait.n, 0);
	lvs_io_hop_fini(&rig.hop);
}
END_TEST

START_TEST(test_verdicts)
{
	struct lvs_packet packets[] = {packet_of(LVS_FORWARD), packet_of(LVS_REPLY),
				       packet_of(LVS_PASS), packet_of(LVS_HELD),
				       packet_of(LVS_DROP)};
	struct rig rig;

	rig_init(&rig);
	ck_assert_int_eq(lvs_io_carry_out(packets, 5, &rig.count, carry, pass, &rig), 0);
	ck_assert_uint_eq(rig.sent, 2);
	ck_assert_uint_eq(rig.passed, 1);
	ck_assert_uint_eq(counted(&rig, LVS_IO_COUNT_held), 1);
	ck_assert_uint_eq(counted(&rig, LVS_IO_COUNT_dropped), 1);
	/* An error ends it. */
	rig.answer = LVS_ERR_IO;
	ck_assert_int_eq(lvs_io_carry_out(packets, 5, &rig.count, carry, pass, &rig), LVS_ERR_IO);
	ck_assert_uint_eq(rig.passed, 1);
	lvs_io_hop_fini(&rig.hop);
}
END_TEST

static bool is_readable(const struct lvs_io_wake *wake, int ms)
{
	struct pollfd wait = {.fd = wake->epoll, .events = POLLIN};

	return poll(&wait, 1, ms) > 0;
}

START_TEST(test_wake)
{
	struct lvs_io_wake wake;
	uint64_t now = 0;

	lvs_io_wake_init(&wake);
	ck_assert_int_eq(lvs_io_wake_open(&wake, "test", NULL), 0);
	ck_assert(!lvs_io_wake_due(&wake, &now));
	lvs_io_wake_run(&wake, 1000000);
	ck_assert(is_readable(&wake, 5000));
	ck_assert(lvs_io_wake_due(&wake, &now));
	ck_assert_uint_gt(now, 0);
	/* Not again at once, whatever the timer says. */
	ck_assert(!lvs_io_wake_due(&wake, &now));
	lvs_io_wake_run(&wake, 0);
	ck_assert(!is_readable(&wake, 0));
	lvs_io_wake_close(&wake);
	lvs_io_wake_close(&wake);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_hop");

	tcase_add_test(tcase, test_send);
	tcase_add_test(tcase, test_wait);
	tcase_add_test(tcase, test_verdicts);
	tcase_add_test(tcase, test_wake);
	return unit_run("io_hop", tcase);
}
