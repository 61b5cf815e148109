/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and stores of packet bytes: by memcpy, never by a cast. */
#ifndef LVS_BASE_BYTEORDER_H
#define LVS_BASE_BYTEORDER_H

#include <string.h>

#include <liblvs/types.h>

#include "base/compiler.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define lvs_htons(x) ((lvs_be16)__builtin_bswap16((uint16_t)(x)))
#define lvs_htonl(x) ((lvs_be32)__builtin_bswap32((uint32_t)(x)))
#define lvs_htonll(x) ((uint64_t)__builtin_bswap64((uint64_t)(x)))
#else
#define lvs_htons(x) ((lvs_be16)(x))
#define lvs_htonl(x) ((lvs_be32)(x))
#define lvs_htonll(x) ((uint64_t)(x))
#endif
#define lvs_ntohs(x) ((uint16_t)lvs_htons(x))
#define lvs_ntohl(x) ((uint32_t)lvs_htonl(x))

/* Host order from network bytes. */
LVS_INLINE uint16_t lvs_load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return lvs_ntohs(v);
}

LVS_INLINE uint32_t lvs_load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return lvs_ntohl(v);
}

/* Host order from bytes whose lowest comes first. */
LVS_INLINE uint32_t lvs_load_le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

LVS_INLINE void lvs_store16(uint8_t *p, uint16_t host)
{
	uint16_t v = lvs_htons(host);

	memcpy(p, &v, sizeof(v));
}

LVS_INLINE void lvs_store32(uint8_t *p, uint32_t host)
{
	uint32_t v = lvs_htonl(host);

	memcpy(p, &v, sizeof(v));
}

/* Network order, as it lies there. */
LVS_INLINE lvs_be16 lvs_load_be16(const uint8_t *p)
{
	lvs_be16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

LVS_INLINE lvs_be32 lvs_load_be32(const uint8_t *p)
{
	lvs_be32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Eight bytes as they lie there, for a sum that does not care for their order. */
LVS_INLINE uint64_t lvs_load_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

LVS_INLINE void lvs_store_be16(uint8_t *p, lvs_be16 v)
{
	memcpy(p, &v, sizeof(v));
}

LVS_INLINE void lvs_store_be32(uint8_t *p, lvs_be32 v)
{
	memcpy(p, &v, sizeof(v));
}

LVS_INLINE void lvs_store_be64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

/* Bytes of an address of a family. */
LVS_INLINE unsigned lvs_addr_len(unsigned family)
{
	return family == LVS_INET6 ? 16 : 4;
}

/*
 * Copies an address of a family. An IPv4 address is four bytes that are loaded: sixteen, of which
 * four have just been written, would wait until those are in the cache.
 */
LVS_INLINE void lvs_addr_set(union lvs_addr *to, const union lvs_addr *from, unsigned family)
{
	if (lvs_likely(family == LVS_INET))
		*to = (union lvs_addr){.word = {from->word[0]}};
	else
		*to = *from;
}

LVS_INLINE int lvs_addr_equal(const union lvs_addr *a, const union lvs_addr *b, unsigned family)
{
	return memcmp(a, b, lvs_addr_len(family)) == 0;
}

/* 127.0.0.0/8 and ::1: never seen outside of a host (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
LVS_INLINE int lvs_addr_is_loopback(const union lvs_addr *addr, unsigned family)
{
	static const union lvs_addr loopback6 = {.byte = {[15] = 1}};

	return family == LVS_INET ? addr->byte[0] == 127
				  : lvs_addr_equal(addr, &loopback6, LVS_INET6);
}

#endif
