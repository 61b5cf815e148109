/* SPDX-License-Identifier: BSD-2-Clause */
/* A scheduler of one's own, in a director fed with synthetic clients: a new connection goes where
 * the server's measured latency, times the connections it would then have, is least. */
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* By a server's last byte. Probes write while workers pick, each number for itself: relaxed. */
static _Atomic uint32_t latency_us[256];

/* Keeps no state of its own: nothing to build, and nothing that a peek must not move. */
static uint32_t pick(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
		     unsigned flags)
{
	uint64_t least = UINT64_MAX;
	uint32_t best = LVS_SCHED_NONE;

	(void)state, (void)flow, (void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		const struct lvs_sched_dest *dest = &set->dest[i];
		uint64_t load = lvs_gauge_load(dest->gauge), wait = lvs_gauge_total(load) + 1;

		wait *= atomic_load_explicit(&latency_us[dest->addr.byte[3]], memory_order_relaxed);
		if (dest->weight > 0 && !lvs_gauge_overloaded(load) && wait < least) {
			least = wait;
			best = i;
		}
	}
	return best;
}

static const struct lvs_sched_ops quickest = {
	.size = sizeof(struct lvs_sched_ops), .name = "quickest", .pick = pick};

/* A TCP SYN from a client of 10.0.0.0/16 to 198.51.100.80:80. */
static struct lvs_packet make_syn(uint8_t bytes[40], uint16_t client)
{
	static const uint8_t syn[40] = {
		[0] = 0x45,  [3] = 40,   [6] = 0x40,  [8] = 64,          [9] = 6,
		[12] = 10,   [16] = 198, [17] = 51,   [18] = 100,        [19] = 80,
		[20] = 0x9c, [23] = 80,  [32] = 0x50, [33] = LVS_TCP_SYN};
	lvs_be16 client_be = htons(client), check_be;
	uint32_t sum = client;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)syn[i] << 8 | syn[i + 1];
	check_be = htons((uint16_t) ~(sum % 0xffff)); /* RFC 1071 */
	memcpy(bytes, syn, sizeof(syn));
	memcpy(bytes + 10, &check_be, 2);
	memcpy(bytes + 14, &client_be, 2);
	return (struct lvs_packet){.data = bytes, .len = 40, .linear_len = 40};
}

/* Servers 192.0.2.1 to .4 with weight 1, the last drained, by direct routing. */
static int setup(struct lvs_director *director)
{
	struct lvs_service_key key = {
		{{198, 51, 100, 80}}, .port = htons(80), .family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = &quickest};
	struct lvs_dest_key dest = {{{192, 0, 2, 0}}, .port = htons(80), .family = LVS_INET};
	struct lvs_dest_conf how = {.size = sizeof(how), .method = LVS_METHOD_DR};
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn) || lvs_txn_set_service(txn, &key, &conf);

	for (uint8_t i = 1; i <= 4 && !err; i++) {
		atomic_store_explicit(&latency_us[i], 100u << i, memory_order_relaxed);
		dest.addr.byte[3] = i;
		how.weight = i < 4;
		err = lvs_txn_set_dest(txn, &key, &dest, &how);
	}
	return err || lvs_txn_commit(txn);
}

int main(void)
{
	struct lvs_director *director;
	struct lvs_worker *worker;
	unsigned got[5] = {0};
	uint8_t bytes[40];

	if (lvs_director_new(NULL, &director) || lvs_worker_new(director, &worker) ||
	    setup(director))
		return 1;
	for (uint16_t client = 0; client < 7000; client++) {
		struct lvs_packet packet = make_syn(bytes, client);

		lvs_worker_process(worker, &packet, 1, client * 1000000ull);
		got[packet.verdict == LVS_FORWARD ? packet.next_hop.byte[3] : 0]++;
	}
	for (unsigned i = 1; i <= 4; i++)
		printf("192.0.2.%u, %u us: %u clients\n", i, 100u << i, got[i]);
	lvs_worker_del(worker);
	lvs_director_del(director);
	return got[0] || got[4];
}
