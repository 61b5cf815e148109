/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071) and its repair after a change (RFC 1624).
 *
 * A sum is a uint64_t that collects words as they lie in memory: one's complement sums do not
 * care for the byte order, so neither loads nor stores swap. 2^16 - 1 divides 2^32 - 1 and
 * 2^64 - 1, therefore wider words may be added as they are.
 *
 * Repair: collect what changed as a delta, once, and apply it to each checksum that covers it:
 *
 *	uint64_t addr = lvs_csum_delta32(0, old_addr, new_addr);
 *
 *	lvs_csum_apply(ip + 10, addr);
 *	lvs_csum_apply(tcp + 16, lvs_csum_delta16(addr, old_port, new_port));
 *
 * The result is bit for bit that of a full computation. Left to the caller are the two rules
 * of UDP (RFC 768): a field of 0 means "no checksum" and must not be repaired, and a sum that
 * comes out as 0 is sent as 0xffff. lvs_csum_apply_udp() follows both.
 *
 * A partial checksum (LVS_PACKET_CSUM_PARTIAL) is the folded sum of the pseudo-header alone,
 * not complemented: only addresses count, and lvs_csum_apply_partial() is the way.
 */
#ifndef LVS_PACKET_CHECKSUM_H
#define LVS_PACKET_CHECKSUM_H

#include <stdbool.h>

#include "base/byteorder.h"
#include "base/compiler.h"

/* One's complement addition: what is carried out at the top comes in at the bottom. */
LVS_INLINE uint64_t lvs_csum_add(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

/* The 16 bits of a sum, 0 only for a sum of 0. */
LVS_INLINE uint16_t lvs_csum_fold(uint64_t sum)
{
	uint32_t half;

	/* Adding a value to itself rotated leaves, in the upper half, upper + lower + carry. */
	sum += sum >> 32 | sum << 32;
	half = (uint32_t)(sum >> 32);
	half += half >> 16 | half << 16;
	return (uint16_t)(half >> 16);
}

/* Adds @p len bytes at any address, the first of which is an even one of what is summed. */
uint64_t lvs_csum_sum(uint64_t sum, const void *data, size_t len);

/* The pseudo-header (RFC 9293, 8200): addresses of a family, protocol, bytes of transport
 * header and payload. */
uint64_t lvs_csum_pseudo(const uint8_t *src, const uint8_t *dst, unsigned family, uint8_t protocol,
			 uint32_t len);

/* The checksum field of an IPv4 header from its other fields; the field itself is skipped. */
lvs_be16 lvs_csum_ipv4(const uint8_t *ip, unsigned header_len);

/* Whether an IPv4 header's checksum is right. The version is not 0; @p header_len is a multiple
 * of 4, at least 20. */
LVS_INLINE bool lvs_csum_ipv4_valid(const uint8_t *ip, unsigned header_len)
{
	uint64_t words[2];
	uint32_t last;
	uint64_t sum;

	memcpy(words, ip, sizeof(words));
	memcpy(&last, ip + sizeof(words), sizeof(last));
	sum = lvs_csum_add(lvs_csum_add(words[0], words[1]), last);
	if (lvs_unlikely(header_len != 20))
		sum = lvs_csum_sum(sum, ip + 20, header_len - 20);
	/* The same as folding to 0xffff, in fewer steps; the sum is not 0, the version is in it. */
	return sum % 0xffff == 0;
}

/* A delta grown by the change of 16 bits at an even place. A delta takes 2^30 changes. */
LVS_INLINE uint64_t lvs_csum_delta16(uint64_t delta, lvs_be16 from, lvs_be16 to)
{
	return delta + (0xffffu - from) + to;
}

/* The same for 32 bits. */
LVS_INLINE uint64_t lvs_csum_delta32(uint64_t delta, lvs_be32 from, lvs_be32 to)
{
	return delta + (uint32_t)~from + to;
}

/* The same for 128 bits. */
LVS_INLINE uint64_t lvs_csum_delta128(uint64_t delta, const lvs_be32 from[4], const lvs_be32 to[4])
{
	for (unsigned i = 0; i < 4; i++)
		delta = lvs_csum_delta32(delta, from[i], to[i]);
	return delta;
}

/* The same for an address of a family. */
LVS_INLINE uint64_t lvs_csum_delta_addr(uint64_t delta, const union lvs_addr *from,
					const union lvs_addr *to, unsigned family)
{
	if (family == LVS_INET6)
		return lvs_csum_delta128(delta, from->word, to->word);
	return lvs_csum_delta32(delta, from->word[0], to->word[0]);
}

/* Repairs a complete checksum. RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
LVS_INLINE void lvs_csum_apply(uint8_t *field, uint64_t delta)
{
	uint32_t sum = 0xffffu - lvs_load_be16(field);

	lvs_store_be16(field, (lvs_be16)~lvs_csum_fold(delta + sum));
}

/* Repairs a complete checksum of UDP: none stays none, and none comes of a sum. */
LVS_INLINE void lvs_csum_apply_udp(uint8_t *field, uint64_t delta)
{
	if (lvs_load_be16(field) == 0)
		return;
	lvs_csum_apply(field, delta);
	if (lvs_load_be16(field) == 0)
		lvs_store_be16(field, 0xffff);
}

/* Repairs a partial checksum; @p delta holds address changes only. */
LVS_INLINE void lvs_csum_apply_partial(uint8_t *field, uint64_t delta)
{
	lvs_store_be16(field, lvs_csum_fold(delta + lvs_load_be16(field)));
}

/* Writes the complete checksum that follows from a sum over everything it covers. */
LVS_INLINE void lvs_csum_finish(uint8_t *field, uint64_t sum, bool is_udp)
{
	lvs_be16 check = (lvs_be16)~lvs_csum_fold(sum);

	lvs_store_be16(field, is_udp && check == 0 ? 0xffff : check);
}

/* One field by itself, for who has no delta to share. */
LVS_INLINE void lvs_csum_update16(uint8_t *field, lvs_be16 from, lvs_be16 to)
{
	lvs_csum_apply(field, lvs_csum_delta16(0, from, to));
}

LVS_INLINE void lvs_csum_update32(uint8_t *field, lvs_be32 from, lvs_be32 to)
{
	lvs_csum_apply(field, lvs_csum_delta32(0, from, to));
}

LVS_INLINE void lvs_csum_update128(uint8_t *field, const lvs_be32 from[4], const lvs_be32 to[4])
{
	lvs_csum_apply(field, lvs_csum_delta128(0, from, to));
}

#endif
