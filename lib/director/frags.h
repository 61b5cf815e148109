/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams that come in fragments: one table for the whole director, so that any fragment may
 * come to any worker, under one lock: fragments are rare, and what becomes of one must not depend
 * on shards or workers. docs/adr/0012.
 *
 * Datagrams stand in the order of their creation, which is that of their deadlines. Where a bound
 * is reached the oldest goes.
 *
 * The lock is never held for as many steps as somebody has sent fragments: a datagram's pieces come
 * and go as one list, memory is given back behind the lock, and expiry goes in steps.
 */
#ifndef LVS_DIRECTOR_FRAGS_H
#define LVS_DIRECTOR_FRAGS_H

#include <stdatomic.h>

#include "base/spin.h"
#include "director/piece.h"
#include "service/map.h"

/* Whose fragments belong together (RFC 791; RFC 8200 without the protocol). */
struct lvs_datagram_key {
	union lvs_addr src;
	union lvs_addr dst;
	uint32_t id;
	uint8_t family;
	uint8_t protocol; /* IPv4 */
	uint16_t zero;
};

enum lvs_datagram_state {
	LVS_DATAGRAM_WAITING,   /* the first fragment has not come */
	LVS_DATAGRAM_GATHERING, /* it has, and all others are needed before it is decided about */
	LVS_DATAGRAM_DECIDING,  /* a worker decides about it */
	LVS_DATAGRAM_DECIDED,
};

/* What the other fragments of a datagram get. */
enum lvs_fate_kind {
	LVS_FATE_SAME,      /* the reason in it */
	LVS_FATE_FOLLOW,    /* the connection of the flow */
	LVS_FATE_UNTRACKED, /* the destination that the scheduler picks for the flow again */
	LVS_FATE_ONCE,      /* the destination that the first one was scheduled to for itself, or
			     * for a connection that is not found again */
	LVS_FATE_ERROR,     /* ICMP: the connection of the quoted flow */
};

struct lvs_fate {
	enum lvs_fate_kind kind;
	enum lvs_reason reason;
	struct lvs_flow flow; /* with ports */
	uint32_t mark;        /* of the first fragment */
	uint32_t dest;        /* number of the destination, where UNTRACKED or ONCE */
};

/* Ranges that a datagram has room for without memory of their own. */
#define LVS_DATAGRAM_RANGES 2

struct lvs_datagram {
	struct lvs_map_link link;
	struct lvs_datagram *next; /* younger */
	struct lvs_datagram *prev;
	struct lvs_datagram_key key;
	enum lvs_datagram_state state;
	uint64_t number;   /* of its creation */
	uint64_t deadline; /* ns */
	struct lvs_parts parts;
	bool closed; /* it was refused: what has come is not kept track of any more */
	uint32_t range_cap;
	uint32_t bytes; /* all its memory */
	struct lvs_range few[LVS_DATAGRAM_RANGES];
	struct lvs_pieces held;
	struct lvs_fate fate;
};

/* Datagrams that end at most while the lock is held for their expiry. */
#define LVS_FRAGS_STEP 64

struct lvs_frags_conf {
	const struct lvs_alloc *alloc;
	uint64_t bytes;
	uint64_t time_ns;
	uint32_t datagrams;
	uint32_t ranges;
	uint8_t key[16]; /* of the hash */
};

struct lvs_frags {
	const struct lvs_alloc *alloc;
	uint8_t key[16];          /* of the hash */
	_Atomic uint64_t next_ns; /* the first deadline; UINT64_MAX: none. relaxed: a hint */
	LVS_ALIGNED struct lvs_spin lock; /* all that follows */
	struct lvs_frags_conf conf;       /* its bounds */
	struct lvs_map map;
	struct lvs_datagram *first; /* the oldest */
	struct lvs_datagram *last;
	uint64_t created;    /* the last number given */
	uint64_t bytes_most; /* the highest bounds that there were */
	uint32_t ranges_most;
	uint64_t bytes;            /* of datagrams, with what they hold */
	uint64_t out;              /* of pieces in workers' outboxes */
	uint64_t now_ns;           /* the latest that expiry was asked with */
	struct lvs_pieces dropped; /* to be freed behind the lock; they count no more */
};

/* By reason, of the worker that is at it. */
typedef _Atomic uint64_t lvs_reason_counts;

/* 0 or LVS_ERR_NO_MEMORY. */
int lvs_frags_new(const struct lvs_frags_conf *conf, struct lvs_frags **frags);
/* Other bounds from now on; what is beyond them goes, each piece counted in @p counts. Allocator
 * and key stay. Beside running workers; takes the lock, for steps. */
void lvs_frags_change(struct lvs_frags *frags, const struct lvs_frags_conf *conf,
		      lvs_reason_counts *counts);
/* Frees all. NULL is fine. */
void lvs_frags_del(struct lvs_frags *frags);

uint32_t lvs_frags_hash(const struct lvs_frags *frags, const struct lvs_datagram_key *key);

void lvs_frags_lock(struct lvs_frags *frags);
void lvs_frags_unlock(struct lvs_frags *frags);

/* --- The lock is held; @p counts gets one for each held piece that goes --- */

struct lvs_datagram *lvs_frags_find(const struct lvs_frags *frags,
				    const struct lvs_datagram_key *key, uint32_t hash);

/* A new one, to be ended in time. NULL: no room, or no memory. */
struct lvs_datagram *lvs_frags_add(struct lvs_frags *frags, const struct lvs_datagram_key *key,
				   uint32_t hash, uint64_t now_ns, lvs_reason_counts *counts);

/* Notes a part. LVS_REASON_NONE, why it does not fit, or FRAGMENT_FULL. */
enum lvs_reason lvs_frags_place(struct lvs_frags *frags, struct lvs_datagram *datagram,
				const struct lvs_part *part, lvs_reason_counts *counts);

/* Keeps a copy of a packet. False: no room, or no memory. */
bool lvs_frags_hold(struct lvs_frags *frags, struct lvs_datagram *datagram,
		    const struct lvs_packet *packet, const struct lvs_headers *headers,
		    const struct lvs_part *part, lvs_reason_counts *counts);

/* Hands what it holds over to an outbox, where it counts until lvs_frags_let_go(). */
struct lvs_pieces lvs_frags_hand_over(struct lvs_frags *frags, struct lvs_datagram *datagram);

/* Drops what it holds for @p reason, which all further fragments get. */
void lvs_frags_refuse(struct lvs_frags *frags, struct lvs_datagram *datagram,
		      enum lvs_reason reason, lvs_reason_counts *counts);

/* Ends it; what it holds is dropped for @p reason. */
void lvs_frags_end(struct lvs_frags *frags, struct lvs_datagram *datagram, enum lvs_reason reason,
		   lvs_reason_counts *counts);

/* Ends those whose time is up, the oldest first, at most @p n; how many it were. */
unsigned lvs_frags_expire(struct lvs_frags *frags, uint64_t now_ns, unsigned n,
			  lvs_reason_counts *counts);

/* --- No lock is held --- */

/* Frees a piece that was handed over. */
void lvs_frags_let_go(struct lvs_frags *frags, struct lvs_piece *piece);

/* NULL when all is well, else a static sentence. */
const char *lvs_frags_check(struct lvs_frags *frags);

#endif
