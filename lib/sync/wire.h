/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of exported connections, version 1. All numbers are in network order. A stream is
 * frames, one behind the other:
 *
 *	 0        1        2        3        4
 *	+--------+--------+--------+--------+-----------
 *	| length, with these| type   | 0      | body ...
 *	+--------+--------+--------+--------+-----------
 *
 *	BEGIN   magic "LVSX", version:2, 0:2, byte order mark:4 (the writer's own order), ns a
 *tick:4, tick at the beginning:8, creation number given last:4, connections about:4 DEST number:4,
 *flags:4, service: family:1, protocol:1, port:2, mark:4, address:16 destination: family:1, 0:1,
 *port:2, address:16 CONN    number:4, created:4, destination's number:4, controller's number:4,
 *	        last packet's tick less that of BEGIN:4, timeout in ticks:4, flags:4,
 *	        state:1, protocol:1, method:1, packets:1 (client's * 16 + server's),
 *	        client's port:2, service's port:2, destination's port:2, 0:2,
 *	        client, service, destination: 4 or 16 bytes each, as flags say
 *	        DATA:   name:16, length:2, bytes
 *	        HELPED: name:16, length:2, bytes of state (the writer's order),
 *	                twice (of the client's data, the server's): base:4, next:4, known:1, n:1,
 *	                n times: at:4, cut length:2, text length:2, text
 *	SAME    number:4, created:4, and more of them
 *	PASS    number of the pass that begins:4
 *	END     frames of CONN in all:4
 *
 * BEGIN is the first, END the last. A DEST comes before the first CONN that names it, and may come
 * again. A CONN's controller comes before it.
 */
#ifndef LVS_SYNC_WIRE_H
#define LVS_SYNC_WIRE_H

#include <stdbool.h>
#include <string.h>

#include "base/byteorder.h"
#include "conn/conn.h"

#define LVS_WIRE_MAGIC "LVSX"
#define LVS_WIRE_VERSION 1
#define LVS_WIRE_ORDER 0x01020304u
#define LVS_WIRE_HEAD 4
#define LVS_WIRE_NAME 16
#define LVS_WIRE_MAX UINT16_MAX

enum lvs_wire_type {
	LVS_WIRE_BEGIN = 1,
	LVS_WIRE_DEST = 2,
	LVS_WIRE_CONN = 3,
	LVS_WIRE_SAME = 4,
	LVS_WIRE_PASS = 5,
	LVS_WIRE_END = 6,
};

enum lvs_wire_dest_flag {
	LVS_WIRE_OVERLOADED = 0x1,
};

/* Of a CONN. The first ten are those of a record's word. */
enum lvs_wire_conn_flag {
	LVS_WIRE_INACTIVE = 0x1,
	LVS_WIRE_NOOUTPUT = 0x2,
	LVS_WIRE_TEMPLATE = 0x4,
	LVS_WIRE_NO_CPORT = 0x8,
	LVS_WIRE_ONE_PACKET = 0x10,
	LVS_WIRE_SYNC = 0x20,
	LVS_WIRE_MSS_CLAMP = 0x40,
	LVS_WIRE_UNASSURED = 0x80,
	LVS_WIRE_HELPED = 0x100, /* HELPED follows */
	LVS_WIRE_INVALID = 0x200,
	LVS_WIRE_INET6 = 0x10000,       /* client and service */
	LVS_WIRE_DEST6 = 0x20000,       /* destination */
	LVS_WIRE_FROM_PORT_0 = 0x40000, /* its client's */
	LVS_WIRE_DATA = 0x80000,        /* DATA follows */
	LVS_WIRE_FLAGS = 0xf03ff,       /* all of them */
};

#define LVS_WIRE_WORD_SHIFT 16
#define LVS_WIRE_WORD_FLAGS 0x3ffu

_Static_assert(LVS_CONN_INACTIVE >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_INACTIVE &&
		       LVS_CONN_NOOUTPUT >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_NOOUTPUT &&
		       LVS_CONN_TEMPLATE >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_TEMPLATE &&
		       LVS_CONN_NO_CPORT >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_NO_CPORT &&
		       LVS_CONN_ONE_PACKET >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_ONE_PACKET &&
		       LVS_CONN_SYNC >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_SYNC &&
		       LVS_CONN_MSS_CLAMP >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_MSS_CLAMP &&
		       LVS_CONN_UNASSURED >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_UNASSURED &&
		       LVS_CONN_HELPED >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_HELPED &&
		       LVS_CONN_INVALID >> LVS_WIRE_WORD_SHIFT == LVS_WIRE_INVALID,
	       "a record's flags are the format's");

/* --- Writing --- */

struct lvs_wire_out {
	uint8_t *data;
	size_t size;
	size_t len;
	bool over; /* it did not fit, and nothing more is written */
};

LVS_INLINE uint8_t *lvs_wire_room(struct lvs_wire_out *out, size_t len)
{
	uint8_t *at = out->data + out->len;

	if (out->over || out->size - out->len < len) {
		out->over = true;
		return NULL;
	}
	out->len += len;
	return at;
}

LVS_INLINE void lvs_wire_put(struct lvs_wire_out *out, const void *bytes, size_t len)
{
	uint8_t *at = lvs_wire_room(out, len);

	if (at && len)
		memcpy(at, bytes, len);
}

LVS_INLINE void lvs_wire_put8(struct lvs_wire_out *out, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	lvs_wire_put(out, &byte, 1);
}

LVS_INLINE void lvs_wire_put16(struct lvs_wire_out *out, unsigned value)
{
	uint8_t *at = lvs_wire_room(out, 2);

	if (at)
		lvs_store16(at, (uint16_t)value);
}

LVS_INLINE void lvs_wire_put32(struct lvs_wire_out *out, uint32_t value)
{
	uint8_t *at = lvs_wire_room(out, 4);
	lvs_be32 be = lvs_htonl(value);

	if (at)
		memcpy(at, &be, 4);
}

LVS_INLINE void lvs_wire_put64(struct lvs_wire_out *out, uint64_t value)
{
	lvs_wire_put32(out, (uint32_t)(value >> 32));
	lvs_wire_put32(out, (uint32_t)value);
}

/* A name of at most 15 characters, filled up with zeroes. */
LVS_INLINE void lvs_wire_put_name(struct lvs_wire_out *out, const char *name)
{
	uint8_t *at = lvs_wire_room(out, LVS_WIRE_NAME);
	size_t len = strlen(name);

	if (!at)
		return;
	memset(at, 0, LVS_WIRE_NAME);
	memcpy(at, name, len < LVS_WIRE_NAME ? len : LVS_WIRE_NAME - 1);
}

/* Where the frame began; lvs_wire_end() fills its length in. */
LVS_INLINE size_t lvs_wire_begin(struct lvs_wire_out *out, enum lvs_wire_type type)
{
	size_t start = out->len;

	lvs_wire_put16(out, 0);
	lvs_wire_put8(out, type);
	lvs_wire_put8(out, 0);
	return start;
}

LVS_INLINE void lvs_wire_end(struct lvs_wire_out *out, size_t start)
{
	if (!out->over)
		lvs_store16(out->data + start, (uint16_t)(out->len - start));
}

/* --- Reading --- */

struct lvs_wire_in {
	const uint8_t *data;
	size_t len;
	size_t at;
	bool over; /* more was read than there is: what was read then is zero */
};

LVS_INLINE const uint8_t *lvs_wire_take(struct lvs_wire_in *in, size_t len)
{
	const uint8_t *at = in->data + in->at;

	if (in->over || in->len - in->at < len) {
		in->over = true;
		return NULL;
	}
	in->at += len;
	return at;
}

LVS_INLINE void lvs_wire_get(struct lvs_wire_in *in, void *bytes, size_t len)
{
	const uint8_t *at = lvs_wire_take(in, len);

	if (at)
		memcpy(bytes, at, len);
	else
		memset(bytes, 0, len);
}

LVS_INLINE uint8_t lvs_wire_get8(struct lvs_wire_in *in)
{
	uint8_t byte;

	lvs_wire_get(in, &byte, 1);
	return byte;
}

LVS_INLINE lvs_be16 lvs_wire_get_be16(struct lvs_wire_in *in)
{
	lvs_be16 be;

	lvs_wire_get(in, &be, 2);
	return be;
}

LVS_INLINE uint16_t lvs_wire_get16(struct lvs_wire_in *in)
{
	return lvs_ntohs(lvs_wire_get_be16(in));
}

LVS_INLINE uint32_t lvs_wire_get32(struct lvs_wire_in *in)
{
	lvs_be32 be;

	lvs_wire_get(in, &be, 4);
	return lvs_ntohl(be);
}

LVS_INLINE uint64_t lvs_wire_get64(struct lvs_wire_in *in)
{
	uint64_t high = lvs_wire_get32(in);

	return high << 32 | lvs_wire_get32(in);
}

#endif
