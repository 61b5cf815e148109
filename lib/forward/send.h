/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps that forwarding methods share: may it go, TTL, next hop. */
#ifndef LVS_FORWARD_SEND_H
#define LVS_FORWARD_SEND_H

#include <stdbool.h>

#include <liblvs/forward.h>

#include "base/byteorder.h"
#include "base/compiler.h"

/* Bytes of the longest piece in which a packet will travel: a super-packet's segments. */
LVS_INLINE uint32_t lvs_send_piece_len(const struct lvs_packet *packet,
				       const struct lvs_headers *headers)
{
	uint32_t piece = (uint32_t)headers->payload_offset + packet->gso_size;

	if (lvs_likely(!packet->gso_size) || piece > headers->len)
		return headers->len;
	return piece;
}

/* Whether the path is up and TTL is left. LOCAL: it does not lead anywhere, and neither is asked.
 */
LVS_INLINE enum lvs_reason lvs_send_is_open(const struct lvs_headers *headers,
					    const struct lvs_path_conf *path)
{
	if (lvs_unlikely(path->flags & (LVS_PATH_LOCAL | LVS_PATH_UNREACHABLE)))
		return path->flags & LVS_PATH_LOCAL ? LVS_REASON_LOCAL : LVS_REASON_UNREACHABLE;
	if (lvs_unlikely(headers->ttl <= 1))
		return LVS_REASON_TTL;
	return LVS_REASON_NONE;
}

/* Whether it fits with @p overhead bytes more in front; of a super-packet, each of its segments. */
LVS_INLINE bool lvs_send_fits(const struct lvs_packet *packet, const struct lvs_headers *headers,
			      const struct lvs_path_conf *path, uint32_t overhead)
{
	return lvs_send_piece_len(packet, headers) + overhead <= path->mtu;
}

/* It does not fit: the outputs cut and cut_len say so, or it is refused. */
LVS_INLINE enum lvs_reason lvs_send_too_long(struct lvs_packet *packet,
					     const struct lvs_path_conf *path, bool may_fragment)
{
	if (!may_fragment)
		return LVS_REASON_MTU;
	packet->cut = LVS_CUT_FRAGMENT;
	packet->cut_len = path->mtu;
	return LVS_REASON_NONE;
}

/* Whether nothing stands in the way of a packet with @p overhead bytes more in front. False: a
 * reason, or it is longer than others and may go all the same. */
LVS_INLINE bool lvs_send_passes(const struct lvs_headers *headers, const struct lvs_path_conf *path,
				uint32_t overhead)
{
	return lvs_likely(!(path->flags & (LVS_PATH_LOCAL | LVS_PATH_UNREACHABLE))) &&
	       lvs_likely(headers->ttl > 1) && lvs_likely(headers->len + overhead <= path->mtu);
}

/*
 * Whether a packet may take a path as it is: the path is up, TTL is left, the length fits or may
 * be cut (its DF bit tells). LOCAL: there is nothing to be asked. Changes nothing but the packet's
 * outputs cut and cut_len.
 */
LVS_INLINE enum lvs_reason lvs_send_check(struct lvs_packet *packet,
					  const struct lvs_headers *headers,
					  const struct lvs_path_conf *path)
{
	enum lvs_reason reason = lvs_send_is_open(headers, path);

	if (reason != LVS_REASON_NONE || lvs_send_fits(packet, headers, path, 0))
		return reason;
	return lvs_send_too_long(packet, path, !(headers->flags & LVS_HEADERS_DF));
}

/* What one hop less adds to the sum that the IPv4 header's checksum is the complement of: 0x0100
 * less in the word of which TTL is the upper byte. For who changes more than that. */
#define LVS_SEND_HOP lvs_htons(0xfeff)

/*
 * One less, the IPv4 header's checksum kept right. TTL is the upper byte of its word, so the
 * checksum grows by 0x0100 (RFC 1141); all ones become zero, as they do when it is computed anew
 * (RFC 1624).
 */
LVS_INLINE void lvs_send_decrement_ttl_of(struct lvs_packet *packet, struct lvs_headers *headers,
					  unsigned family)
{
	uint8_t *ip = packet->data;
	uint8_t ttl = (uint8_t)(headers->ttl - 1);
	uint32_t sum;

	headers->ttl = ttl;
	if (family == LVS_INET6) {
		ip[7] = ttl;
		return;
	}
	sum = (uint32_t)lvs_load_be16(ip + 10) + lvs_htons(0x0100);
	/* One more where it is 0xffff or above. */
	lvs_store_be16(ip + 10, (lvs_be16)(sum + ((sum + 1) >> 16)));
	ip[8] = ttl;
}

LVS_INLINE void lvs_send_decrement_ttl(struct lvs_packet *packet, struct lvs_headers *headers)
{
	lvs_send_decrement_ttl_of(packet, headers, headers->flow.family);
}

/* Where the packet goes, and that padding behind the IP packet stays here; with @p overhead bytes
 * in front, which are yet to be written. */
LVS_INLINE void lvs_send_to_with(struct lvs_packet *packet, const struct lvs_headers *headers,
				 const struct lvs_path_conf *path, uint32_t overhead)
{
	uint32_t len = headers->len;
	uint32_t linear_len = packet->linear_len < len ? packet->linear_len : len;

	packet->data -= overhead;
	packet->headroom = (uint16_t)(packet->headroom - overhead);
	packet->len = len + overhead;
	packet->linear_len = linear_len + overhead;
	packet->path = path->handle;
	packet->next_hop = path->next_hop;
	packet->next_hop_family = path->next_hop_family;
}

/* The same, nothing in front. */
LVS_INLINE void lvs_send_to(struct lvs_packet *packet, const struct lvs_headers *headers,
			    const struct lvs_path_conf *path)
{
	uint32_t len = headers->len;

	packet->path = path->handle;
	packet->next_hop = path->next_hop;
	packet->len = len;
	if (lvs_unlikely(packet->linear_len > len))
		packet->linear_len = len;
	packet->next_hop_family = path->next_hop_family;
}

#endif
