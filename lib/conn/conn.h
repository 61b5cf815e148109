/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection's record: one cache line for IPv4, two for what has an IPv6
 * address in it (docs/adr/0001). It lies in the table's arena, is found by its
 * number and never moves.
 *
 *   byte  small and large record
 *      0  word      state, forwarder, flags, timeout     compare-and-swap
 *      8  seen      tick of the last packet              any worker, relaxed
 *     12  packets   count of packets, saturating         any worker, relaxed
 *     16  dest      number of the destination, 0 none    fixed
 *     20  company   what few flows need, 0 none          shard's lock
 *     24  next      timer list                           shard's lock
 *     28  prev      timer list                           shard's lock
 *     32  due       tick in whose timer slot it lies     shard's lock
 *     36  created   creation number                      fixed
 *     40  client_port, service_port                      fixed
 *     44  dest_port, protocol, kind                      fixed
 *     48  small:  client, service, dest: 4 bytes each    fixed
 *         60      controller                             shard's lock
 *     48  large:  client, service, dest: 16 bytes each   fixed
 *         96      controller, mark; 24 bytes free        shard's lock, fixed
 *
 * "Fixed": written before the record is published in the index, never after. When
 * it has ended, prev and due hold the tag of its epoch (conn/arena.h).
 */
#ifndef LVS_CONN_CONN_H
#define LVS_CONN_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/packet.h>

#include "base/compiler.h"
#include "base/tick.h"

/* What a record is. */
enum lvs_conn_kind {
	LVS_CONN_LARGE = 0x1,   /* two cache lines, addresses as union lvs_addr */
	LVS_CONN_INET6 = 0x2,   /* client and service are IPv6 */
	LVS_CONN_DEST6 = 0x4,   /* the destination is IPv6 */
	LVS_CONN_TWO_WAY = 0x8, /* also indexed under {client, destination}: NAT */
	LVS_CONN_USED = 0x80,   /* holds a connection (or one that awaits its end) */
};

/* The word: bits 0..7 state, 8..15 forwarder's number, 16..31 flags, 32..63 timeout in ticks. */
enum lvs_conn_flag {
	LVS_CONN_INACTIVE = 1 << 16, /* counts as inactive */
	LVS_CONN_NOOUTPUT = 1 << 17, /* no reply has been seen, none is expected */
	LVS_CONN_TEMPLATE = 1 << 18, /* a persistence entry */
	LVS_CONN_NO_CPORT = 1 << 19, /* the client's port is not known yet */
	LVS_CONN_ONE_PACKET = 1 << 20,
	LVS_CONN_SYNC = 1 << 21,
	LVS_CONN_MSS_CLAMP = 1 << 22, /* its service lowers the MSS of SYN and SYN/ACK */
	LVS_CONN_LIVE = 1 << 29,      /* published; the table's own: lvs_table_insert() sets it */
	LVS_CONN_DEAD = 1 << 30,      /* unlinked; whoever set it moved the gauges */
};

#define LVS_CONN_STATE(word) ((unsigned)((word)&0xff))
#define LVS_CONN_FORWARDER(word) ((unsigned)((word) >> 8 & 0xff))
#define LVS_CONN_TIMEOUT(word) ((uint32_t)((word) >> 32))

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
	_Atomic uint32_t packets;
	uint32_t dest;
	uint32_t company;
	_Atomic uint32_t next;
	_Atomic uint32_t prev;
	uint32_t due;
	uint32_t created;
	lvs_be16 client_port;
	lvs_be16 service_port;
	lvs_be16 dest_port;
	uint8_t protocol;
	uint8_t kind;
	union {
		struct lvs_conn_small v4;
		struct lvs_conn_large v6; /* only where kind has LVS_CONN_LARGE */
	} u;
};

#define LVS_CONN_SMALL_SIZE 64
#define LVS_CONN_LARGE_SIZE 128

_Static_assert(sizeof(struct lvs_conn) == LVS_CONN_LARGE_SIZE, "two lines");
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

/* When it ends unless a packet comes, in ticks: at the start of this one it is over. */
LVS_INLINE uint32_t lvs_conn_deadline(uint32_t seen, uint64_t word)
{
	return seen + LVS_CONN_TIMEOUT(word) + 1;
}

#endif
