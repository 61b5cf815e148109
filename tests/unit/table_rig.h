/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table under test: flows made from small numbers, an allocator that can fail,
 * one reader, and what gone() was told.
 */
#ifndef LVS_TESTS_TABLE_RIG_H
#define LVS_TESTS_TABLE_RIG_H

#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/memory.h"
#include "conn/state.h"
#include "conn/table.h"

#define RIG_STATE LVS_TCP_SYN_RECV_STATE /* may be evicted */

/* What a connection of the test is, all in one number: unique by construction. */
struct rig_flow {
	uint32_t client;  /* which client address and port */
	uint32_t service; /* which service address and port */
	uint32_t dest;
	unsigned kind; /* LVS_CONN_INET6, LVS_CONN_DEST6, LVS_CONN_TWO_WAY */
	uint8_t protocol;
};

struct rig {
	struct lvs_alloc alloc;
	size_t fail_in;        /* the so-manieth allocation from now fails; 0: none */
	bool no_memory;        /* all fail */
	_Atomic uint64_t held; /* bytes */
	struct lvs_epoch epoch;
	struct lvs_epoch_reader reader;
	struct lvs_table *table;
	_Atomic uint64_t gone_n;
	_Atomic uint64_t gone_word;
	struct lvs_conn *_Atomic gone;
};

static inline void *rig_alloc(void *user, size_t size, size_t align)
{
	struct rig *rig = user;
	void *memory;

	if (rig->no_memory || (rig->fail_in && --rig->fail_in == 0))
		return NULL;
	memory = lvs_alloc_libc.alloc(NULL, size, align);
	if (memory && size < LVS_CACHE_LINE * 65536u)
		memset(memory, 0xa5, size < 8192 ? size : 8192); /* contents are undefined */
	rig->held += size;
	return memory;
}

static inline void rig_free(void *user, void *memory, size_t size, size_t align)
{
	struct rig *rig = user;

	rig->held -= size;
	lvs_alloc_libc.free(NULL, memory, size, align);
}

static inline void rig_gone(void *user, struct lvs_conn *conn, uint64_t word, uint32_t at, void *by)
{
	struct rig *rig = user;

	(void)at;
	(void)by;
	atomic_fetch_add_explicit(&rig->gone_n, 1, memory_order_relaxed);
	rig->gone = conn;
	rig->gone_word = word;
}

static inline void rig_conf(struct rig *rig, struct lvs_table_conf *conf, uint32_t shards,
			    uint32_t max_conns)
{
	memset(rig, 0, sizeof(*rig));
	rig->alloc = (struct lvs_alloc){rig_alloc, rig_free, rig};
	lvs_epoch_init(&rig->epoch);
	lvs_epoch_join(&rig->epoch, &rig->reader);
	memset(conf, 0, sizeof(*conf));
	conf->alloc = &rig->alloc;
	conf->epoch = &rig->epoch;
	conf->max_conns = max_conns;
	conf->shards = shards;
	memcpy(conf->key, "0123456789abcdef", 16);
	conf->gone = rig_gone;
	conf->user = rig;
}

static inline int rig_init(struct rig *rig, uint32_t shards, uint32_t max_conns)
{
	struct lvs_table_conf conf;

	rig_conf(rig, &conf, shards, max_conns);
	return lvs_table_new(&conf, &rig->table);
}

static inline void rig_fini(struct rig *rig)
{
	lvs_table_del(rig->table);
	lvs_epoch_leave(&rig->epoch, &rig->reader);
}

static inline void rig_addr(union lvs_addr *addr, uint32_t net, uint32_t host, bool inet6)
{
	memset(addr, 0, sizeof(*addr));
	if (inet6) {
		addr->word[0] = 0x20010db8;
		addr->word[1] = net;
		addr->word[3] = host;
	} else {
		addr->word[0] = net << 24 | (host & 0xffffff);
	}
}

/* The flow as side @p side has it. */
static inline void rig_flow(const struct rig_flow *of, unsigned side, struct lvs_flow *flow)
{
	bool to_dest = side & (LVS_SIDE_DEST_REPLY | LVS_SIDE_DEST_REQUEST);
	bool inet6 = of->kind & LVS_CONN_INET6;
	union lvs_addr client, other;
	lvs_be16 client_port = (lvs_be16)(of->client * 7 + 1);
	lvs_be16 port = (lvs_be16)(to_dest ? of->dest + 8000 : of->service + 80);
	bool reply = side & (LVS_SIDE_SERVICE_REPLY | LVS_SIDE_DEST_REPLY);

	rig_addr(&client, 10, of->client, inet6);
	rig_addr(&other, to_dest ? 30 : 20, to_dest ? of->dest : of->service, inet6);
	memset(flow, 0, sizeof(*flow));
	flow->src = reply ? other : client;
	flow->dst = reply ? client : other;
	flow->src_port = reply ? port : client_port;
	flow->dst_port = reply ? client_port : port;
	flow->family = inet6 ? LVS_INET6 : LVS_INET;
	flow->protocol = of->protocol;
}

static inline void rig_fill(struct lvs_conn *conn, const struct rig_flow *of, uint32_t timeout,
			    uint32_t tick)
{
	struct lvs_flow flow;
	union lvs_addr dest;

	rig_flow(of, LVS_SIDE_REQUEST, &flow);
	rig_addr(&dest, 30, of->dest, of->kind & LVS_CONN_DEST6);
	conn->kind |= (uint8_t)of->kind;
	conn->protocol = of->protocol;
	conn->client_port = flow.src_port;
	conn->service_port = flow.dst_port;
	conn->dest_port = (lvs_be16)(of->dest + 8000);
	if (conn->kind & LVS_CONN_LARGE) {
		conn->u.v6.client = flow.src;
		conn->u.v6.service = flow.dst;
		conn->u.v6.dest = dest;
	} else {
		conn->u.v4.client = flow.src.word[0];
		conn->u.v4.service = flow.dst.word[0];
		conn->u.v4.dest = dest.word[0];
	}
	atomic_store_explicit(&conn->word, (uint64_t)timeout << 32 | RIG_STATE,
			      memory_order_relaxed);
	atomic_store_explicit(&conn->seen, tick, memory_order_relaxed);
}

/* Makes a connection; 0 or an error. Its record in @p conn. */
static inline int rig_make(struct rig *rig, const struct lvs_epoch_reader *self,
			   const struct rig_flow *of, bool evict, uint32_t timeout, uint32_t tick,
			   struct lvs_conn **conn)
{
	bool large = of->kind & (LVS_CONN_INET6 | LVS_CONN_DEST6);
	struct lvs_flow flow;
	enum lvs_side side;
	uint64_t hash;
	int err = 0;

	rig_flow(of, LVS_SIDE_REQUEST, &flow);
	hash = lvs_table_hash(rig->table, &flow);
	*conn = lvs_table_alloc(rig->table, self, large, evict, NULL, &err);
	if (!*conn)
		return err;
	rig_fill(*conn, of, timeout, tick);
	lvs_table_lock(rig->table, hash);
	err = LVS_ERR_EXISTS;
	if (!lvs_table_find_locked(rig->table, &flow, hash, LVS_SIDE_REQUEST, &side))
		err = lvs_table_insert(rig->table, *conn, hash, tick);
	if (err < 0)
		lvs_table_unalloc(rig->table, *conn);
	lvs_table_unlock(rig->table, hash);
	return err;
}

static inline struct lvs_conn *rig_find(const struct rig *rig, const struct rig_flow *of,
					unsigned as, unsigned sides, enum lvs_side *side)
{
	struct lvs_flow flow;

	rig_flow(of, as, &flow);
	return lvs_table_find(rig->table, &flow, lvs_table_hash(rig->table, &flow), sides, side);
}

/* xorshift64*: reproducible. */
static inline uint32_t rig_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * UINT64_C(2685821657736338717) >> 32);
}

#endif
