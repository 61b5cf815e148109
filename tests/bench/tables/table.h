/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables side by side: the library's connection table and others', with the same keys.
 *
 * A key is what tells a flow: addresses, ports, protocol; 16 bytes of IPv4 or 40 of IPv6, the
 * rest zero. Its value is its number, from 1.
 */
#ifndef LVS_TESTS_BENCH_TABLE_H
#define LVS_TESTS_BENCH_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define TABLE_BATCH 32
#define TABLE_KEY4 16
#define TABLE_KEY6 40
#define TABLE_QUERY 64 /* bytes that a question takes, aligned to them */

struct table_ops {
	const char *name;

	/* An empty table for @p n keys of this length; NULL: it cannot be had. */
	void *(*open)(uint32_t n, unsigned key_len);
	void (*close)(void *table);

	/* @p key lives as long as the table. */
	void (*add)(void *table, const uint8_t *key, uint32_t value);

	/* Makes a key the question that find() takes: what a parser would have written. NULL: it is
	 * the key. */
	void (*ask)(const uint8_t *key, unsigned key_len, void *query);

	/* The sum of the values of @p n questions, at most TABLE_BATCH, all of which are there. */
	uint64_t (*find)(void *table, const void *const *query, unsigned n);
};

extern const struct table_ops table_lvs;     /* fetched ahead in batches, as the worker does */
extern const struct table_ops table_lvs_one; /* lvs_table_find(), one by one */
extern const struct table_ops table_dpdk;    /* rte_hash, in bulk */
extern const struct table_ops table_dpdk_lf; /* the same, with readers that take no lock */
extern const struct table_ops table_urcu;    /* cds_lfht */
extern const struct table_ops table_ck;      /* ck_ht */

/* The number-th key. */
void table_key(uint8_t *key, unsigned key_len, uint32_t number);

/* A hash for those that leave it to the caller: the library's own. */
uint64_t table_hash(const uint8_t *key, unsigned key_len);

#endif
