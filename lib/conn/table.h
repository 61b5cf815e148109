/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection table: an arena of records, a sharded index over them, timers.
 *
 * Readers take no lock: they hold an epoch (base/epoch.h), and what they find
 * stays whole until they leave it. Writers take the locks of the shards they
 * change, two in the order of their numbers. docs/adr/0001, 0003, 0004.
 *
 * Knows no services: what a connection's end means to its destination is the
 * callback's business.
 */
#ifndef LVS_CONN_TABLE_H
#define LVS_CONN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <liblvs/packet.h>
#include <liblvs/types.h>

#include "base/epoch.h"
#include "conn/conn.h"

struct lvs_table;

/* One record of so many makes a sample, see lvs_table_sample(). */
#define LVS_TABLE_SAMPLE 32

struct lvs_table_conf {
	const struct lvs_alloc *alloc;
	struct lvs_epoch *epoch;
	uint32_t max_conns; /* a promise: records in use and awaiting their end */
	uint32_t shards;    /* power of two, 1 to 65536 */
	uint8_t key[16];    /* secret of the hash */
	/* A connection has ended (expired, evicted, removed); @p word is its last. Called once
	 * for each, the shard's lock held: moves gauges, no more. @p by is what the call that
	 * ended it was given: who, and why. */
	void (*gone)(void *user, struct lvs_conn *conn, uint64_t word, uint32_t at, void *by);
	void *user;
};

/* Whose packet it is: how the flow compares with a record. */
enum lvs_side {
	LVS_SIDE_REQUEST = 0x1,       /* client to service */
	LVS_SIDE_SERVICE_REPLY = 0x2, /* service to client */
	LVS_SIDE_DEST_REPLY = 0x4,    /* destination to client, LVS_CONN_TWO_WAY only */
	LVS_SIDE_DEST_REQUEST = 0x8,  /* client to destination, LVS_CONN_TWO_WAY only: quoted */
};

/* What an ordinary packet may be. With these (a set with DEST_REPLY and without DEST_REQUEST)
 * SERVICE_REPLY never matches a two-way connection: its replies come from the destination's
 * address. In quoted packets it may. */
#define LVS_SIDES_PACKET (LVS_SIDE_REQUEST | LVS_SIDE_SERVICE_REPLY | LVS_SIDE_DEST_REPLY)

/* What is known of a flow's connection before it is looked for: conn/fetch.h. */
struct lvs_index_line;
struct lvs_shard;
struct lvs_fetch {
	uint64_t hash;
	const struct lvs_index_line *line;
	struct lvs_conn *conn; /* or NULL */
	uint32_t number;       /* of that record */
	uint32_t adds;         /* entries that the shard ever had then: lvs_fetch_lacks() */
	uint32_t template;     /* where there is no record: number of its client's, 0 none */
	/* Where there is no record: the shard in which surely none was there, or NULL. */
	const struct lvs_shard *lacking;
};

/* 0, LVS_ERR_NO_MEMORY or LVS_ERR_INVALID. */
int lvs_table_new(const struct lvs_table_conf *conf, struct lvs_table **table);
/* Nobody reads any more; calls gone() for no one. NULL is fine. */
void lvs_table_del(struct lvs_table *table);

/*
 * Memory that will be needed soon is made ready, at most one piece of it a call: where pages are
 * large its first touch takes as long as hundreds of packets. A worker, outside an epoch, when no
 * packet waits. @p expecting: there may be connections soon, though there were none yet.
 */
void lvs_table_prepare(struct lvs_table *table, bool expecting);
/* Whether there is any to be made ready. Any thread. */
bool lvs_table_wants(const struct lvs_table *table);

/* --- Workers, inside an epoch --- */

/* The hash of a flow, the same from either side: keyed, strongly universal. Lookup in steps, for a
 * batch of packets: conn/fetch.h. */
uint64_t lvs_table_hash(const struct lvs_table *table, const struct lvs_flow *flow);

/*
 * Finds the connection of a flow among @p sides (a set of enum lvs_side).
 * A record that is there throughout is never missed; NULL is confirmed by the
 * shard's change count. Takes no lock. A request has one connection; of several for
 * another side (two services share a server and its port) the youngest is found.
 */
struct lvs_conn *lvs_table_find(const struct lvs_table *table, const struct lvs_flow *flow,
				uint64_t hash, unsigned sides, enum lvs_side *side);

/* Whether surely no connection has this hash: less than lvs_table_find(). False: perhaps not. */
bool lvs_table_lacks(const struct lvs_table *table, uint64_t hash);

/*
 * Takes a record, kind = LVS_CONN_LARGE or 0, zeroed but for its number. No
 * shard's lock is held. When max_conns is reached and @p evict, an embryonic or
 * closing connection, or a template that nobody needs yet, is ended to make room, by a hand that
 * sweeps the arena, and what controlled it alone, as lvs_table_drop() has it.
 * @p self is the caller's reader: what only it may still see is given out again (else
 * a batch of n would not equal n batches of one). So a record that was found before
 * this call may be the one that it returns; who needs one beside it finds it after.
 * NULL: @p err is LVS_ERR_FULL or LVS_ERR_NO_MEMORY.
 */
struct lvs_conn *lvs_table_alloc(struct lvs_table *table, const struct lvs_epoch_reader *self,
				 bool large, bool evict, void *by, int *err);

/* The same in two halves: what is there; and where that failed, its error in @p err, the rest. */
struct lvs_conn *lvs_table_take(struct lvs_table *table, const struct lvs_epoch_reader *self,
				bool large, int *err);
struct lvs_conn *lvs_table_make_room(struct lvs_table *table, const struct lvs_epoch_reader *self,
				     bool large, bool evict, void *by, int *err);

/* Gives back a record that was never inserted, its company too, and lets go what controls it. */
void lvs_table_unalloc(struct lvs_table *table, struct lvs_conn *conn);

/*
 * Gives @p conn, which was not inserted yet, @p size bytes of company (conn/company.h), header
 * included, zeroed, which it takes along when it ends. NULL: no memory.
 */
void *lvs_table_add_company(struct lvs_table *table, struct lvs_conn *conn, size_t size);

/* The company of a record that has one, as long as the record is the caller's to look at. */
void *lvs_table_company(const struct lvs_table *table, const struct lvs_conn *conn);

/*
 * Makes @p controller the one that controls @p conn, which was not inserted yet and has none: it
 * will not end by itself before @p conn does (conn/control.c). No shard's lock is held. False:
 * it has ended, or controls as many as can be counted.
 */
bool lvs_table_control(struct lvs_table *table, struct lvs_conn *conn, struct lvs_conn *controller);

/* The same, the lock of the controller's home being held. */
bool lvs_table_control_locked(struct lvs_conn *conn, struct lvs_conn *controller);

/*
 * The clock of a record that had one to control up to @p tick, that tick included: where its time
 * was over it lingers. And when such a record looks at its clock next after @p tick, moving
 * nothing.
 */
void lvs_conn_linger(struct lvs_conn *conn, uint32_t tick);
uint32_t lvs_conn_lingers_until(const struct lvs_conn *conn, uint32_t tick);

/* Makes the template that controls @p conn, if one does, an assured one. */
void lvs_table_assure(const struct lvs_table *table, const struct lvs_conn *conn);

/* The record that controls @p conn, NULL: none. It may have ended (DEAD); its fields are whole as
 * long as @p conn is the caller's to look at. */
struct lvs_conn *lvs_table_controller(const struct lvs_table *table, const struct lvs_conn *conn);

/* The writers' lock of the shard of a hash. */
void lvs_table_lock(struct lvs_table *table, uint64_t hash);
void lvs_table_unlock(struct lvs_table *table, uint64_t hash);

/* As lvs_table_find(), the shard's lock held: final. */
struct lvs_conn *lvs_table_find_locked(const struct lvs_table *table, const struct lvs_flow *flow,
				       uint64_t hash, unsigned sides, enum lvs_side *side);

/*
 * Publishes a record whose fixed fields, word and seen are filled in, under
 * {client, service}, whose hash is @p hash and whose shard's lock is held, and
 * for LVS_CONN_TWO_WAY under {client, dest}. The lock may be let go and taken
 * again in between: then who came first wins, and LVS_ERR_EXISTS tells.
 * Returns 0, LVS_ERR_EXISTS or LVS_ERR_NO_MEMORY; the lock is held again.
 */
int lvs_table_insert(struct lvs_table *table, struct lvs_conn *conn, uint64_t hash, uint32_t tick);

/*
 * The same for one that another table had: @p created is its creation number, which new ones come
 * after. LVS_ERR_EXISTS where its flow, or its client's network, has one here that is found. No
 * lock is held.
 */
int lvs_table_adopt(struct lvs_table *table, struct lvs_conn *conn, uint32_t created,
		    uint32_t tick);

/* The creation number that was given last. */
uint32_t lvs_table_created(const struct lvs_table *table);

/* Ends a connection now, whatever it controls. False when it had ended already. No lock is held. */
bool lvs_table_remove(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick, void *by);

/* The same unless it controls others. */
bool lvs_table_remove_unused(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick,
			     void *by);

/*
 * Ends a connection before its time as a defence or a sweep does: not one that controls others;
 * and what controls it ends too where that controls nothing else, unless that is an assured
 * template. How many have ended. No lock is held.
 */
unsigned lvs_table_drop(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick, void *by);

/*
 * The connection of a flow's request that waits for its first packet, the client's port unknown
 * (LVS_CONN_NO_CPORT); NULL: none. To be asked when lvs_table_find() knows none.
 */
struct lvs_conn *lvs_table_find_waiting(const struct lvs_table *table, const struct lvs_flow *flow);

/*
 * The oldest of the connections that requests of @p flow, from port 0, have made, where there are
 * @p most of them; NULL: there are less. Each makes another, as in the kernel, which has no bound.
 */
struct lvs_conn *lvs_table_find_crowd(const struct lvs_table *table, const struct lvs_flow *flow,
				      uint64_t hash, unsigned most);

/*
 * The client's port of such a connection has become known: it is found under it from now on. No
 * lock is held. 0; LVS_ERR_EXISTS, when another one has this port or the port was known already;
 * LVS_ERR_NO_ENTRY, when it has ended; LVS_ERR_NO_MEMORY.
 */
int lvs_table_set_client_port(struct lvs_table *table, struct lvs_conn *conn, lvs_be16 port,
			      uint32_t tick);

/* The deadline moved nearer: puts the timer right. No lock is held. */
void lvs_table_rearm(struct lvs_table *table, struct lvs_conn *conn, uint32_t tick);

/*
 * Ends connections whose deadline was reached at @p tick; looks at about
 * @p budget of them (0: all). Side by side with everything. How many ended.
 */
unsigned lvs_table_expire(struct lvs_table *table, uint32_t tick, unsigned budget, void *by,
			  bool *more);

/* --- Any thread inside an epoch --- */

uint32_t lvs_table_number(const struct lvs_table *table, const struct lvs_conn *conn);

/* The first connection in use whose number is at least *number, which is then set to the number
 * behind it; NULL at the end. Numbers never move, so a walk sees what is there throughout once. */
struct lvs_conn *lvs_table_next(const struct lvs_table *table, uint32_t *number);

/* The same, *looks records at the most, which is counted down: NULL and none left is no end. So a
 * walk of many idle records need not hold its epoch for long. */
struct lvs_conn *lvs_table_walk(const struct lvs_table *table, uint32_t *number, unsigned *looks);

/* The same of every so manieth record: @p place below LVS_TABLE_SAMPLE says which. All places
 * together are all records, each once; which record has which place hangs on nothing but what was
 * in use when it was taken. */
struct lvs_conn *lvs_table_sample(const struct lvs_table *table, unsigned place, uint32_t *number,
				  unsigned *looks);

uint32_t lvs_table_conn_n(const struct lvs_table *table);

/* At most so many from now on, up to what the table was made for. More than that stay. */
void lvs_table_set_max(struct lvs_table *table, uint32_t max_conns);
uint32_t lvs_table_capacity(const struct lvs_table *table);

struct lvs_table_figures {
	uint64_t bytes;
	uint64_t evicted;
	uint64_t refused;
	uint64_t expired;
	uint64_t grown;
	uint64_t longest_growth_step; /* index lines touched by one insert at the most */
};
void lvs_table_figures(const struct lvs_table *table, struct lvs_table_figures *figures);

/*
 * Whether the table agrees with itself: NULL when all is well, else a static sentence. In parts,
 * each exact beside running workers, inside an epoch, and short:
 *
 *	a shard     its entries name records in use by keys that these have, its timers are those
 *	            of the records at home here; its lock is held meanwhile
 *	records     as lvs_table_walk(): each is reachable by all its keys; *conns counts them
 *	a part of the arena: which records are idle; its lock is held meanwhile
 *	the count   of the connections, which is @p conns; between two calls of every worker
 */
uint32_t lvs_table_shard_n(const struct lvs_table *table);
uint32_t lvs_table_part_n(const struct lvs_table *table);
const char *lvs_table_check_shard(struct lvs_table *table, uint32_t shard);
const char *lvs_table_check_records(const struct lvs_table *table, uint32_t *number,
				    unsigned *looks, uint32_t *conns);
const char *lvs_table_check_arena(struct lvs_table *table, uint32_t part);
const char *lvs_table_check_n(struct lvs_table *table, uint32_t conns);
/* Whether controllers and controlled agree, records and company; between two calls of every worker.
 */
const char *lvs_table_check_links(const struct lvs_table *table);

/* All parts; nobody else is there. */
const char *lvs_table_check(struct lvs_table *table);

#endif
