/* SPDX-License-Identifier: BSD-2-Clause */
/* attack/...: what somebody can send to do harm, beside the same load without it. */
#ifndef LVS_TESTS_BENCH_ATTACK_H
#define LVS_TESTS_BENCH_ATTACK_H

#include "site.h"

/* A line of output: what it cost, what was held, what must not be passed. */
struct attack_line {
	const char *name;
	double ns;          /* a packet of the attack */
	double without;     /* the like without attack; 0: nothing is like it */
	double longest_us;  /* of its batches */
	uint64_t bytes;     /* held at the most */
	uint64_t bound;     /* of them */
	const char *broken; /* another bound that was passed; NULL: none */
	char note[160];
};

/* Prints it; 1 when a bound was broken, else 0. */
unsigned attack_print(const struct bench_options *options, const struct attack_line *line);

/* What a table of @p room connections may hold in all; @p base is what its director held when new.
 */
uint64_t attack_bound(const struct site *site, uint64_t base, uint32_t room);

/* Packets of the pool as one batch: the ns that it took this thread. */
uint64_t attack_process(struct site *site, unsigned first, unsigned n);

/* The first @p n packets of the pool in batches: ns a packet, the longest batch in us. */
double attack_run(struct site *site, unsigned n, double *longest_us);

/* Packet i of the pool becomes these bytes. */
void attack_bytes(struct site *site, unsigned i, const uint8_t *bytes, uint32_t len);

/* A secret key, the same in every run. */
const uint8_t *attack_key(void);

/* The attacks; each the number of bounds that were broken. */
unsigned attack_tuples(const struct bench_options *options);
unsigned attack_floods(const struct bench_options *options);
unsigned attack_icmp(const struct bench_options *options);
unsigned attack_fragments(const struct bench_options *options);
unsigned attack_malformed(const struct bench_options *options);

#endif
