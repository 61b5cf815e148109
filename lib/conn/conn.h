/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection's record: one cache line for IPv4, two for what has an IPv6
 * address in it (docs/adr/0001). It lies in the table's arena, is found by its
 * number and never moves.
 *
 *   byte  small and large record
 *      0  word      state, forwarder, flags, timeout     compare-and-swap
 *      8  seen      tick of the last packet              any worker, relaxed
 *     12  counts    packets, saturating; controlled ones any worker
 *     16  dest      number of the destination, 0 none    fixed
 *     20  company   number of what few have (company.h)  fixed
 *     24  next      timer list                           shard's lock
 *     28  prev      timer list                           shard's lock
 *     32  due       tick in whose timer slot it lies     shard's lock
 *     36  created   creation number                      fixed
 *     40  client_port                                    all its shards' locks
 *     42  service_port, kind, protocol, dest_port        fixed
 *     48  small:  client, service, dest: 4 bytes each    fixed
 *         60      controller                             fixed
 *     48  large:  client, service, dest: 16 bytes each   fixed
 *         96      controller, mark; 24 bytes free        fixed
 *
 * "Fixed": written before the record is published in the index, never after. When
 * it has ended, prev and due hold the tag of its epoch (conn/arena.h).
 *
 * The client's port changes once where it was not known at first (conn/port.c).
 * A connection may have a controller, by number: a persistence template, the control
 * connection of a protocol (conn/control.c).
 */
#ifndef LVS_CONN_CONN_H
#define LVS_CONN_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/packet.h>

#include "base/compiler.h"
#include "base/tick.h"

/* What a record is. Of one that is used, USED and INET6 are the family of its client, as a flow has
 * it: see lvs_key_ends_differ(). */
enum lvs_conn_kind {
	LVS_CONN_LARGE = 0x1,        /* two cache lines, addresses as union lvs_addr */
	LVS_CONN_USED = 0x2,         /* holds a connection (or one that awaits its end) */
	LVS_CONN_DEST6 = 0x4,        /* the destination is IPv6 */
	LVS_CONN_INET6 = 0x8,        /* client and service are IPv6 */
	LVS_CONN_IS_TEMPLATE = 0x10, /* a template: a key of its own kind (conn/template.h) */
	LVS_CONN_FROM_PORT_0 = 0x20, /* its client's: no later request is found to be of it */
	LVS_CONN_TWO_WAY = 0x40,     /* also indexed under {client, destination}: NAT */
};

_Static_assert(LVS_CONN_USED == (int)LVS_INET && (LVS_CONN_USED | LVS_CONN_INET6) == (int)LVS_INET6,
	       "families");

/* The word: bits 0..7 state, 8..15 forwarder's number, 16..31 flags, 32..63 timeout in ticks. */
enum lvs_conn_flag {
	LVS_CONN_INACTIVE = 1 << 16, /* counts as inactive */
	LVS_CONN_NOOUTPUT = 1 << 17, /* no reply has been seen, none is expected */
	LVS_CONN_TEMPLATE = 1 << 18, /* a persistence entry */
	LVS_CONN_NO_CPORT = 1 << 19, /* the client's port is not known yet */
	LVS_CONN_ONE_PACKET = 1 << 20,
	LVS_CONN_SYNC = 1 << 21,
	LVS_CONN_MSS_CLAMP = 1 << 22, /* its service lowers the MSS of SYN and SYN/ACK */
	LVS_CONN_UNASSURED = 1 << 23, /* UDP: its first reply makes its template assured */
	LVS_CONN_HELPED = 1 << 24,    /* a helper looks into its packets; its company is theirs */
	LVS_CONN_INVALID = 1 << 25,   /* a template that is not found any more */
	LVS_CONN_LIVE = 1 << 29,      /* published; the table's own: lvs_table_insert() sets it */
	LVS_CONN_DEAD = 1 << 30,      /* unlinked; whoever set it moved the gauges */
};

/* A template's state. */
enum lvs_template_state {
	LVS_TEMPLATE_NONE,
	LVS_TEMPLATE_ASSURED, /* a connection that it steered was answered */
};

#define LVS_CONN_STATE(word) ((unsigned)((word)&0xff))
#define LVS_CONN_FORWARDER(word) ((unsigned)((word) >> 8 & 0xff))
#define LVS_CONN_TIMEOUT(word) ((uint32_t)((word) >> 32))

/*
 * counts: bits 0..24 the records that it controls, 25 ENDED, 26..27 packets of its server's, 28..31
 * of its client's: beyond three and fifteen they say nothing that anybody asks for.
 */
#define LVS_CONN_CONTROL_MAX ((UINT32_C(1) << 25) - 1)
#define LVS_CONN_ENDED (UINT32_C(1) << 25) /* DEAD, and the count of controlled ones is judged */
#define LVS_CONN_REPLY (UINT32_C(1) << 26)
#define LVS_CONN_REPLIES (3 * LVS_CONN_REPLY)
#define LVS_CONN_REQUEST (UINT32_C(1) << 28)
#define LVS_CONN_REQUESTS (15 * LVS_CONN_REQUEST)

struct lvs_conn_small {
	lvs_be32 client;
	lvs_be32 service;
	lvs_be32 dest;
	uint32_t controller;
};

struct lvs_conn_large {
	union lvs_addr client;
	union lvs_addr service;
	union lvs_addr dest;
	uint32_t controller;
	uint32_t mark;
	uint8_t reserved[24];
};

struct lvs_conn {
	_Atomic uint64_t word;
	_Atomic uint32_t seen;
	_Atomic uint32_t counts;
	uint32_t dest;
	uint32_t company;
	_Atomic uint32_t next;
	_Atomic uint32_t prev;
	uint32_t due;
	uint32_t created;
	union {
		struct {
			_Atomic lvs_be16 client_port;
			lvs_be16 service_port;
			uint8_t kind;
			uint8_t protocol;
			lvs_be16 dest_port;
		};
		_Atomic uint64_t ends; /* all of these: a flow's from src_port on, of a request */
	};
	union {
		struct lvs_conn_small v4;
		struct lvs_conn_large v6; /* only where kind has LVS_CONN_LARGE */
	} u;
};

#define LVS_CONN_SMALL_SIZE 64
#define LVS_CONN_LARGE_SIZE 128

_Static_assert(sizeof(struct lvs_conn) == LVS_CONN_LARGE_SIZE, "two lines");
#define LVS_CONN_AS_IN_FLOW(field, flow_field)                                                     \
	(offsetof(struct lvs_conn, field) - offsetof(struct lvs_conn, client_port) ==              \
	 offsetof(struct lvs_flow, flow_field) - offsetof(struct lvs_flow, src_port))

_Static_assert(LVS_CONN_AS_IN_FLOW(service_port, dst_port) && LVS_CONN_AS_IN_FLOW(kind, family) &&
		       LVS_CONN_AS_IN_FLOW(protocol, protocol) && sizeof(struct lvs_flow) == 40,
	       "lvs_key_ends_differ()");
_Static_assert(offsetof(struct lvs_conn, u) + sizeof(struct lvs_conn_small) == LVS_CONN_SMALL_SIZE,
	       "one line");

/* Family of client and service. */
LVS_INLINE unsigned lvs_conn_family(const struct lvs_conn *conn)
{
	return conn->kind & LVS_CONN_INET6 ? LVS_INET6 : LVS_INET;
}

LVS_INLINE unsigned lvs_conn_dest_family(const struct lvs_conn *conn)
{
	return conn->kind & LVS_CONN_DEST6 ? LVS_INET6 : LVS_INET;
}

LVS_INLINE lvs_be16 lvs_conn_client_port(const struct lvs_conn *conn)
{
	/* relaxed: who finds the record by the new port saw it through the index */
	return atomic_load_explicit(&conn->client_port, memory_order_relaxed);
}

LVS_INLINE void lvs_conn_set_client_port(struct lvs_conn *conn, lvs_be16 port)
{
	atomic_store_explicit(&conn->client_port, port, memory_order_relaxed);
}

/* How many packets it has had from its client, and from both, as far as that is counted. */
LVS_INLINE uint32_t lvs_conn_requests(const struct lvs_conn *conn)
{
	return atomic_load_explicit(&conn->counts, memory_order_relaxed) / LVS_CONN_REQUEST;
}

LVS_INLINE uint32_t lvs_conn_packets(const struct lvs_conn *conn)
{
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);

	return counts / LVS_CONN_REQUEST + (counts & LVS_CONN_REPLIES) / LVS_CONN_REPLY;
}

/* One packet more. Of two workers at once one may count for both: it only tells few from many. */
LVS_INLINE void lvs_conn_count(struct lvs_conn *conn, uint32_t counts, uint32_t one)
{
	atomic_compare_exchange_strong_explicit(&conn->counts, &counts, counts + one,
						memory_order_relaxed, memory_order_relaxed);
}

LVS_INLINE void lvs_conn_count_request(struct lvs_conn *conn)
{
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);

	/* They are the highest bits: what is not less has all of them. */
	if (lvs_unlikely(counts < LVS_CONN_REQUESTS))
		lvs_conn_count(conn, counts, LVS_CONN_REQUEST);
}

LVS_INLINE void lvs_conn_count_reply(struct lvs_conn *conn)
{
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);

	if (lvs_unlikely(~counts & LVS_CONN_REPLIES))
		lvs_conn_count(conn, counts, LVS_CONN_REPLY);
}

/* How many records it controls. */
LVS_INLINE uint32_t lvs_conn_control_n(const struct lvs_conn *conn)
{
	/* acquire: what their ends did to its clock; pairs with the release in lvs_table_let_go()
	 */
	return atomic_load_explicit(&conn->counts, memory_order_acquire) & LVS_CONN_CONTROL_MAX;
}

/* The number of the record that controls it; 0: none does. */
LVS_INLINE uint32_t lvs_conn_controller(const struct lvs_conn *conn)
{
	return lvs_unlikely(conn->kind & LVS_CONN_LARGE) ? conn->u.v6.controller
							 : conn->u.v4.controller;
}

/* When it ends unless a packet comes, in ticks: at the start of this one it is over. */
LVS_INLINE uint32_t lvs_conn_deadline(uint32_t seen, uint64_t word)
{
	return seen + LVS_CONN_TIMEOUT(word) + 1;
}

#endif
