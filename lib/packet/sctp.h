/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP's chunks (RFC 9260), as far as they say what becomes of an association. */
#ifndef LVS_PACKET_SCTP_H
#define LVS_PACKET_SCTP_H

#include "base/byteorder.h"
#include "base/compiler.h"

enum {
	LVS_SCTP_LEN = 12,  /* common header */
	LVS_SCTP_CHUNK = 4, /* header of a chunk */
	LVS_SCTP_CSUM = 8,  /* place of the checksum, a CRC32c of 4 bytes */
};

/* Types of chunks. */
enum lvs_sctp_chunk {
	LVS_SCTP_DATA = 0,
	LVS_SCTP_INIT = 1,
	LVS_SCTP_INIT_ACK = 2,
	LVS_SCTP_ABORT = 6,
	LVS_SCTP_SHUTDOWN = 7,
	LVS_SCTP_SHUTDOWN_ACK = 8,
	LVS_SCTP_ERROR = 9,
	LVS_SCTP_COOKIE_ECHO = 10,
	LVS_SCTP_COOKIE_ACK = 11,
	LVS_SCTP_SHUTDOWN_COMPLETE = 14,
};

/*
 * The type of the chunk that counts, at @p chunk with @p left bytes from there, 4 at least: the
 * first. But who echoes a cookie, or acknowledges one, may refuse in the same packet: an ABORT
 * behind it counts. The chunk's length is believed for that alone; one that cannot be is not.
 */
LVS_INLINE uint8_t lvs_sctp_chunk_that_counts(const uint8_t *chunk, uint32_t left)
{
	uint32_t len, next;

	if (chunk[0] != LVS_SCTP_COOKIE_ECHO && chunk[0] != LVS_SCTP_COOKIE_ACK)
		return chunk[0];
	len = lvs_load16(chunk + 2);
	next = (len + 3) & ~UINT32_C(3);
	if (len < LVS_SCTP_CHUNK || next + LVS_SCTP_CHUNK > left)
		return chunk[0];
	return chunk[next] == LVS_SCTP_ABORT ? LVS_SCTP_ABORT : chunk[0];
}

#endif
