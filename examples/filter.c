/* SPDX-License-Identifier: BSD-2-Clause */
/* A filter of one's own: no client opens more than 20 connections a second, and one network is
 * left to the host. Fed with synthetic clients. */
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define LIMIT 20u

/* By a client's last byte: {second, connections in it}. One word, moved by compare-and-swap as
 * workers ask side by side; it guards no other memory: relaxed. */
struct limiter {
	_Atomic uint64_t opened[256];
};

static int accept_client(void *user, const struct lvs_filter_query *query)
{
	struct limiter *limiter = user;
	_Atomic uint64_t *opened = &limiter->opened[query->flow->src.byte[3]];
	uint64_t word = atomic_load_explicit(opened, memory_order_relaxed), next;
	uint64_t second = query->now_ns / 1000000000;

	if (query->flow->src.byte[2] == 99) /* 10.0.99.0/24 */
		return LVS_FILTER_PASS;
	do {
		next = word >> 32 == second ? word + 1 : second << 32 | 1;
		if ((uint32_t)next > LIMIT)
			return LVS_FILTER_DROP;
		if (query->flags & LVS_FILTER_PEEK)
			return LVS_FILTER_ACCEPT;
	} while (!atomic_compare_exchange_weak_explicit(opened, &word, next, memory_order_relaxed,
							memory_order_relaxed));
	return LVS_FILTER_ACCEPT;
}

static const struct lvs_filter_ops limit = {
	.size = sizeof(struct lvs_filter_ops), .name = "limit", .accept = accept_client};

/* A TCP SYN from 10.0.0.0/16 to 198.51.100.80:80. */
static struct lvs_packet make_syn(uint8_t bytes[40], uint16_t client, unsigned port)
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
	bytes[21] = (uint8_t)port;
	return (struct lvs_packet){.data = bytes, .len = 40, .linear_len = 40};
}

static int setup(struct lvs_director *director, struct limiter *limiter)
{
	struct lvs_service_key key = {
		{{198, 51, 100, 80}}, .port = htons(80), .family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_service_conf conf = {.size = sizeof(conf)};
	struct lvs_dest_key dest = {{{192, 0, 2, 1}}, .port = htons(80), .family = LVS_INET};
	struct lvs_dest_conf how = {.size = sizeof(how), .method = LVS_METHOD_DR, .weight = 1};
	struct lvs_txn *txn;

	return lvs_director_set_filter(director, &limit, limiter) ||
	       lvs_txn_begin(director, &txn) || lvs_txn_set_service(txn, &key, &conf) ||
	       lvs_txn_set_dest(txn, &key, &dest, &how) || lvs_txn_commit(txn);
}

int main(void)
{
	static struct limiter limiter;
	uint64_t count[LVS_REASON_N];
	struct lvs_director *director;
	struct lvs_worker *worker;
	uint8_t bytes[40];

	if (lvs_director_new(NULL, &director) || lvs_worker_new(director, &worker) ||
	    setup(director, &limiter))
		return 1;
	for (uint16_t n = 1; n <= 10; n++) /* within a second client n opens n * 10 */
		for (unsigned i = 0; i < n * 10u; i++) {
			struct lvs_packet packet = make_syn(bytes, n == 7 ? 99 << 8 : n, i);

			lvs_worker_process(worker, &packet, 1, i * 10000000ull);
		}
	lvs_director_reasons(director, count, LVS_REASON_N);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		if (count[i])
			printf("%4llu %s\n", (unsigned long long)count[i], lvs_reason_text(i));
	lvs_worker_del(worker);
	lvs_director_del(director);
	return count[LVS_REASON_SCHEDULED] != 10 + 8 * LIMIT;
}
