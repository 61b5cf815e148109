/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/siphash.h"

#include "base/compiler.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

LVS_INLINE uint64_t rotl(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

/* Byte by byte: the same on every byte order; keys and configuration only, so speed is no matter.
 */
static uint64_t load_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static void sip_init(struct sip *s, uint64_t k0, uint64_t k1)
{
	s->v0 = k0 ^ 0x736f6d6570736575;
	s->v1 = k1 ^ 0x646f72616e646f6d;
	s->v2 = k0 ^ 0x6c7967656e657261;
	s->v3 = k1 ^ 0x7465646279746573;
}

static void sip_block(struct sip *s, uint64_t block, int rounds)
{
	s->v3 ^= block;
	for (int i = 0; i < rounds; i++)
		sip_round(s);
	s->v0 ^= block;
}

static uint64_t sip_final(struct sip *s, int rounds)
{
	s->v2 ^= 0xff;
	for (int i = 0; i < rounds; i++)
		sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t lvs_siphash(const uint8_t key[16], const void *data, size_t len)
{
	const uint8_t *p = data;
	struct sip s;
	size_t left = len;

	sip_init(&s, load_le(key, 8), load_le(key + 8, 8));
	for (; left >= 8; left -= 8, p += 8)
		sip_block(&s, load_le(p, 8), 2);
	sip_block(&s, ((uint64_t)len << 56) | load_le(p, left), 2);
	return sip_final(&s, 4);
}

uint32_t lvs_hsiphash_u32(uint32_t value, uint64_t k0, uint64_t k1)
{
	struct sip s;

	sip_init(&s, k0, k1);
	sip_block(&s, ((uint64_t)4 << 56) | value, 1);
	return (uint32_t)sip_final(&s, 3);
}
