/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of few clients, with few Call-IDs, while everything about them changes:
 *
 *   worker 0, 1   clients that call, servers that call, calls without an ID; and expiry, at times
 *                 that leap, so that templates end and their data with them
 *   control       the engine comes, goes, and is another; destinations come and go; listings, of
 *                 which every text is one that was sent; now and then a check in parts
 *
 * In the end all agrees. LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "alloc_rig.h"
#include "pe_rig.h"

#define WORKERS 2

static struct lvs_director *director;
static _Atomic bool over;

/* The same calls whatever their case, so that data meet that are not the same bytes. */
static int match_any_case(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	return a_len == b_len && a_len && (a[0] | 0x20) == (b[0] | 0x20);
}

static uint64_t hash_any_case(const uint8_t *data, uint32_t len, const uint8_t key[16])
{
	return (data[0] | 0x20u) * (uint64_t)(1 + key[0]) + len;
}

static struct lvs_pe_ops loose;

static void make_call(struct rig_packet *rig, uint64_t *random)
{
	static const char *const ids[] = {"a", "A", "b", "B", "c", "d", "e", "f"};
	uint64_t bits = rig_random(random);
	unsigned server = bits >> 4 & 3, port = 1000 + (bits >> 8 & 7);
	struct lvs_flow flow = flow_of(LVS_INET, LVS_UDP, bits >> 12 & 1, port, SIP_PORT);
	char text[128];

	if (bits & 1)
		flow = rig_flow(LVS_UDP, LVS_INET, dest_of(LVS_INET, server, 0).addr, SIP_PORT,
				client_of(LVS_INET, bits >> 12 & 1), port);
	make_text(rig, &flow, bits & 0xe ? call(ids[bits >> 16 & 7], text) : "none");
}

static void *work(void *arg)
{
	unsigned self = *(unsigned *)arg;
	uint64_t random = self + 1, now = 1000 * SECOND;
	struct lvs_worker *worker;

	must(lvs_worker_new(director, &worker) == 0);
	while (!atomic_load(&over)) {
		struct rig_packet rig;

		make_call(&rig, &random);
		lvs_worker_process(worker, &rig.packet, 1, now);
		if (rig_random(&random) % 64 == 0)
			now += rig_random(&random) % 8 * SECOND;
		if (rig_random(&random) % 16 == 0)
			lvs_worker_handle_expiry(worker, now, 8);
	}
	lvs_worker_del(worker);
	return NULL;
}

static void change(uint64_t *random)
{
	static const uint32_t flags[] = {LVS_SERVICE_PERSISTENT, LVS_SERVICE_PERSISTENT,
					 LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET, 0};
	const struct lvs_pe_ops *engines[] = {lvs_pe_find("sip"), &loose, lvs_pe_find("sip"), NULL};
	struct lvs_service_key key = service_of(LVS_INET, LVS_UDP, SIP_PORT, 0);
	uint64_t bits = rig_random(random);
	struct lvs_dest_key dest = dest_of(LVS_INET, bits >> 8 & 1, SIP_PORT);
	struct lvs_txn *txn;

	must(set_engine(director, &key, engines[bits & 3], flags[bits >> 2 & 3], HOST_MASK) == 0);
	if (bits & 0x10) {
		must(lvs_txn_begin(director, &txn) == 0);
		lvs_txn_del_dest(txn, &key, &dest);
		must(lvs_txn_commit(txn) == 0);
	} else {
		rig_set_dest(director, &key, &dest, bits & 0x20 ? LVS_METHOD_DR : LVS_METHOD_NAT,
			     1);
	}
}

static void list(void)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	while (lvs_director_next_conn(director, NULL, &cursor, &info) == 1) {
		must(!info.pe == !info.pe_data[0]);
		must(!info.pe || (strchr("abcdefAB", info.pe_data[0]) && !info.pe_data[1]));
	}
}

static void check_part(struct lvs_check *check)
{
	if (lvs_director_check_part(director, check) == 0)
		*check = (struct lvs_check){.size = sizeof(*check)};
	must(!check->fault);
}

static unsigned seconds(void)
{
	const char *text = getenv("LVS_TORTURE_SECONDS");

	return text ? (unsigned)strtoul(text, NULL, 10) : 1;
}

START_TEST(test_calls)
{
	struct lvs_settings settings = {.size = sizeof(settings), .max_conns = 60};
	unsigned number[WORKERS] = {0, 1};
	struct lvs_check check = {.size = sizeof(check)};
	time_t end = time(NULL) + (time_t)seconds() + 1;
	uint64_t random = 99;
	pthread_t thread[WORKERS];

	loose = *lvs_pe_find("sip");
	loose.name = "loose";
	loose.match = match_any_case;
	loose.hash = hash_any_case;
	settings.full_policy = LVS_FULL_EVICT;
	ck_assert_int_eq(lvs_director_new(&settings, &director), 0);
	change(&random);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_create(&thread[i], NULL, work, &number[i]);
	while (time(NULL) < end) {
		change(&random);
		list();
		check_part(&check);
	}
	atomic_store(&over, true);
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(thread[i], NULL);
	rig_check(director);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pe");

	tcase_add_test(tcase, test_calls);
	return unit_run("pe", tcase);
}
