/* SPDX-License-Identifier: BSD-2-Clause */
/* A director full of connections, and packets of them in random order. */
#ifndef LVS_TESTS_BENCH_SITE_H
#define LVS_TESTS_BENCH_SITE_H

#include <liblvs/liblvs.h>

#include "bench.h"

#define SITE_SERVERS 10
#define SITE_BATCH 32
#define SITE_HEADROOM 64
#define SITE_STRIDE 256 /* of packet buffers: headroom, packet, room */
#define SITE_POOL 4096  /* packets made ahead */

struct site {
	struct lvs_director *director;
	struct lvs_worker *worker;
	enum lvs_family family;
	enum lvs_method method;
	uint32_t flows;
	lvs_be32 *server; /* by flow: NAT's pick, last word of its address */
	uint8_t *pool;
	struct lvs_packet *packets;
	uint64_t now;
	uint64_t random;
	uint64_t allocations; /* counted by the director's allocator */
	uint64_t held;        /* bytes, by the same */
	uint64_t peak;        /* the most that were held */
};

struct site_conf {
	enum lvs_family family;
	enum lvs_method method;
	const char *sched;
	uint32_t flows;
	uint32_t room; /* max_conns; 0: a tenth more than flows */
	uint32_t full_policy;
	uint32_t fragment_bytes;     /* 0: the default */
	uint32_t fragment_datagrams; /* the same */
	const uint8_t *key;          /* 16 bytes; NULL: zeroes */
	const char *udp_service;     /* its scheduler: UDP port 80 beside TCP's; NULL: none */
};

void site_open(struct site *site, const struct site_conf *conf);
void site_close(struct site *site);

/* Opens every flow: SYN, and ACK where @p established. */
void site_fill(struct site *site, uint32_t first, uint32_t n, bool established);

/* Ends all connections, as time does. */
void site_expire(struct site *site);

/* What packet i of the pool is to be. */
enum site_packet {
	SITE_SYN,
	SITE_ACK,
	SITE_REPLY, /* of the server that was picked for the flow */
};
void site_make(struct site *site, unsigned i, uint32_t flow, enum site_packet kind);

/* The same with a packet of the caller's own: TCP with these flags, or UDP. */
void site_put(struct site *site, unsigned i, const struct lvs_flow *flow, uint8_t tcp_flags);

/* Client @p host to the service. */
struct lvs_flow site_flow(const struct site *site, uint32_t host, unsigned port);

/* The pool through the worker in batches; ns a packet. */
double site_run(struct site *site, unsigned n, unsigned batch);

#endif
