/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is done to a TCP segment of a connection in whose data bytes are replaced: data, sequence
 * number, acknowledgement, SACK blocks (RFC 2018), lengths and checksums. Pure but for the packet.
 */
#ifndef LVS_HELPER_MANGLE_H
#define LVS_HELPER_MANGLE_H

#include <liblvs/packet.h>

#include "base/byteorder.h"
#include "helper/seq.h"
#include "packet/parse.h"

/* Bytes of data. */
LVS_INLINE uint32_t lvs_mangle_data_len(const struct lvs_headers *headers)
{
	return headers->len - headers->payload_offset;
}

/* The number of the first byte of data. */
LVS_INLINE uint32_t lvs_mangle_data_seq(const struct lvs_packet *packet,
					const struct lvs_headers *headers)
{
	uint32_t seq = lvs_load32(packet->data + headers->l4_offset + 4);

	return headers->tcp_flags & LVS_TCP_SYN ? seq + 1 : seq;
}

/* The acknowledgement number; LVS_TCP_ACK is set. */
LVS_INLINE uint32_t lvs_mangle_ack(const struct lvs_packet *packet,
				   const struct lvs_headers *headers)
{
	return lvs_load32(packet->data + headers->l4_offset + 8);
}

/* Whether the checksum is right, or who handed the packet in answers for it. It is linear. */
bool lvs_mangle_valid(const struct lvs_packet *packet, const struct lvs_headers *headers);

/* Whether the data will be changed by lvs_mangle(). */
bool lvs_mangle_touches(const struct lvs_packet *packet, const struct lvs_headers *headers,
			const struct lvs_seq *own);

/*
 * Makes the segment what its receiver is to get: @p own is the sender's direction, @p other the
 * receiver's. Where data changes, the packet is linear and whole; else its headers alone are
 * touched. LVS_REASON_NONE, or with nothing changed LVS_REASON_TAILROOM or LVS_REASON_TOO_LONG.
 */
enum lvs_reason lvs_mangle(struct lvs_packet *packet, struct lvs_headers *headers,
			   const struct lvs_seq *own, const struct lvs_seq *other);

#endif
