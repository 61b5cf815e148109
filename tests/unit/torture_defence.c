/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defences and settings change under running workers:
 *
 *   worker 0, 1   packets of connections that begin, live and end, fragments, errors; and expiry,
 * at times that leap, so that rounds are due again and again control       every setting that may
 * change, at random; listings; now and then a check in parts the measure   says plenty and little
 * in turn
 *
 * In the end all agrees, and every packet had a reason. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "director_rig.h"
#include "unit.h"

#define WORKERS 2

static const uint8_t protocols[] = {LVS_TCP, LVS_UDP, LVS_SCTP};

static struct lvs_director *director;
static _Atomic bool over;
static _Atomic unsigned measured;

static uint64_t measure(void *user)
{
	(void)user;
	return atomic_fetch_add(&measured, 1) % 3 ? 10 : 100000;
}

static void add_service(uint8_t protocol)
{
	struct lvs_service_key service =
		rig_service_key(LVS_INET, protocol, rig_addr4(192, 0, 2, 1), 80);

	rig_set_service(director, &service, protocol == LVS_UDP ? "lblc" : "wlc");
	for (unsigned i = 1; i < 4; i++) {
		struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, i), 8080);

		rig_set_dest(director, &service, &dest, i == 3 ? LVS_METHOD_DR : LVS_METHOD_NAT, 1);
	}
}

/* Makes some packet; a part of one, now and then. */
static void make(struct rig_packet *rig, uint64_t *random)
{
	static const uint8_t what[] = {1, 2, 2, 2, 6, 10, 16, 16, 16, 17, 4, 20};
	uint64_t bits = rig_random(random);
	struct lvs_flow flow = rig_flow(
		protocols[bits % 3], LVS_INET, rig_addr4(198, 51, bits >> 8 & 3, bits >> 12),
		1000 + (bits >> 24 & 3), rig_addr4(192, 0, 2, 1), bits & 0x1000000 ? 80 : 81);

	rig_make(rig, &flow, what[(bits >> 32) % sizeof(what)], 40);
	if (bits >> 40 & 7)
		return;
	rig_put16(rig->packet.data + 4, bits >> 48);
	rig_put16(rig->packet.data + 6, bits >> 43 & 1 ? 0x2000 : 4);
	rig_fix_ip(rig->packet.data);
}

static void take_all(struct lvs_worker *worker)
{
	struct lvs_packet out[4];
	struct lvs_event event[4];

	while (lvs_worker_outbox(worker, out, 4))
		;
	while (lvs_worker_events(worker, event, 4))
		;
}

static void *work(void *arg)
{
	unsigned self = *(unsigned *)arg;
	uint64_t random = self, now = 1000 * SECOND;
	struct lvs_worker *worker;

	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	while (!atomic_load(&over)) {
		struct rig_packet rig[8];
		struct lvs_packet packets[8];

		for (unsigned i = 0; i < 8; i++) {
			make(&rig[i], &random);
			packets[i] = rig[i].packet;
		}
		lvs_worker_process(worker, packets, 8, now);
		for (unsigned i = 0; i < 8; i++)
			ck_assert_uint_ne(packets[i].reason, LVS_REASON_NONE);
		lvs_worker_handle_expiry(worker, now, (unsigned)(rig_random(&random) % 64));
		if (lvs_worker_expiry(worker) > now)
			now += SECOND / 4;
		take_all(worker);
	}
	/* So that all that is due is done. */
	lvs_worker_handle_expiry(worker, now + 1000 * SECOND, 0);
	take_all(worker);
	lvs_worker_del(worker);
	return NULL;
}

/* Most of what may change, at random. */
static void shake(uint64_t *random)
{
	struct lvs_settings settings = {.size = sizeof(settings)};
	uint64_t bits = rig_random(random);
	const char *fault;
	int err;

	lvs_director_get_settings(director, &settings);
	settings.flags = bits & 0x3f;
	settings.drop_entry = bits >> 8 & 3;
	settings.drop_packet = bits >> 10 & 3;
	settings.secure_tcp = bits >> 12 & 3;
	settings.am_droprate = 1 + (bits >> 14 & 7);
	settings.full_policy = 1 + (uint32_t)(bits >> 17) % 3;
	settings.reuse = 1 + (uint32_t)(bits >> 20) % 3;
	settings.max_conns = 200 + (uint32_t)(bits >> 24) % 300;
	settings.fragment_datagrams = 1 + (bits >> 32 & 15);
	settings.fragment_bytes = 2000 + (uint32_t)(bits >> 36 & 0xfff);
	settings.fragment_time_s = 1 + (bits >> 48 & 3);
	settings.icmp_ratelimit_ms = bits >> 50 & 1 ? LVS_UNLIMITED : 1;
	settings.icmp_msgs_burst = 1 + (bits >> 51 & 7);
	settings.lblc_expiration_s = 1 + (bits >> 54 & 63);
	settings.nearly_full = 1 + (uint32_t)(bits >> 60) * 6;
	err = lvs_director_change(director, &settings, &fault);
	ck_assert_msg(err == 0, "%s", fault);
}

static void look(unsigned turn)
{
	struct lvs_check check = {.size = sizeof(check)};
	struct lvs_table_stats stats = {.size = sizeof(stats)};
	uint64_t reasons[LVS_REASON_N];

	lvs_director_reasons(director, reasons, LVS_REASON_N);
	lvs_director_table_stats(director, &stats);
	if (turn % 64)
		return;
	while (lvs_director_check_part(director, &check) > 0)
		;
	ck_assert_msg(check.findings == 0, "%s", check.fault);
}

START_TEST(test_defence)
{
	const char *length = getenv("LVS_TORTURE_SECONDS");
	time_t end = time(NULL) + (length ? atoi(length) : 3);
	struct lvs_settings settings = {.size = sizeof(settings),
					.max_conns = 500,
					.events = 64,
					.memory = {measure, NULL}};
	struct lvs_table_stats stats = {.size = sizeof(stats)};
	uint64_t reasons[LVS_REASON_N], random = 77;
	unsigned self[WORKERS] = {0, 1};
	pthread_t thread[WORKERS];

	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	for (unsigned i = 0; i < sizeof(protocols); i++)
		add_service(protocols[i]);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, work, &self[i]);
	for (unsigned turn = 0; time(NULL) < end || turn < 200; turn++) {
		shake(&random);
		look(turn);
	}
	atomic_store(&over, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	rig_check(director);
	lvs_director_reasons(director, reasons, LVS_REASON_N);
	lvs_director_table_stats(director, &stats);
	/* Each defence had its turn, and the measure too. */
	ck_assert(atomic_load(&measured) > 0);
	ck_assert(reasons[LVS_REASON_DROP_PACKET] > 0);
	ck_assert(stats.dropped > 0);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_defence");

	tcase_add_test(tcase, test_defence);
	return unit_run("torture_defence", tcase);
}
