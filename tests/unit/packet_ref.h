/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for the tests, and the plainest way to check one: bytes in network order, one at a
 * time. Nothing here uses the library's own arithmetic, so that both must agree.
 */
#ifndef LVS_TESTS_PACKET_REF_H
#define LVS_TESTS_PACKET_REF_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <liblvs/packet.h>

#define REF_MAX 70000

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators", 2014. */
struct ref_rng {
	uint64_t state;
};

static inline uint32_t ref_rand(struct ref_rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return (uint32_t)((rng->state * 0x2545f4914f6cdd1dULL) >> 32);
}

/* 0 to n - 1. */
static inline uint32_t ref_below(struct ref_rng *rng, uint32_t n)
{
	return ref_rand(rng) % n;
}

static inline void ref_fill(struct ref_rng *rng, uint8_t *p, size_t len)
{
	while (len--)
		*p++ = (uint8_t)ref_rand(rng);
}

static inline uint16_t ref_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void ref_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void ref_put32(uint8_t *p, uint32_t v)
{
	ref_put16(p, v >> 16);
	ref_put16(p + 2, v);
}

/* The one's complement sum of bytes, folded. */
static inline uint32_t ref_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += (i & 1) ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* The pseudo-header's sum: addresses from the IP header at @p ip. */
static inline uint32_t ref_pseudo(const uint8_t *ip, uint8_t protocol, uint32_t len)
{
	uint8_t tail[8] = {0};
	uint32_t sum = ip[0] >> 4 == 4 ? ref_sum(0, ip + 12, 8) : ref_sum(0, ip + 8, 32);

	ref_put32(tail, len);
	tail[7] = protocol;
	return ref_sum(sum, tail, sizeof(tail));
}

static inline void ref_ipv4_checksum(uint8_t *ip)
{
	ref_put16(ip + 10, 0);
	ref_put16(ip + 10, ~ref_sum(0, ip, (ip[0] & 15) * 4u));
}

static inline bool ref_ipv4_ok(const uint8_t *ip)
{
	return ref_sum(0, ip, (ip[0] & 15) * 4u) == 0xffff;
}

/* Where TCP or UDP has its checksum. */
static inline unsigned ref_place(uint8_t protocol)
{
	return protocol == LVS_TCP ? 16 : 6;
}

/* Writes the complete checksum of TCP or UDP; @p len from the transport header on. */
static inline void ref_l4_checksum(const uint8_t *ip, uint8_t *l4, uint8_t protocol, uint32_t len)
{
	uint8_t *field = l4 + ref_place(protocol);
	uint16_t sum;

	ref_put16(field, 0);
	sum = (uint16_t)~ref_sum(ref_pseudo(ip, protocol, len), l4, len);
	ref_put16(field, protocol == LVS_UDP && sum == 0 ? 0xffff : sum);
}

/* Writes the partial checksum, the pseudo-header's sum. */
static inline void ref_l4_partial(const uint8_t *ip, uint8_t *l4, uint8_t protocol, uint32_t len)
{
	ref_put16(l4 + ref_place(protocol), ref_pseudo(ip, protocol, len));
}

static inline bool ref_l4_ok(const uint8_t *ip, const uint8_t *l4, uint8_t protocol, uint32_t len)
{
	return ref_sum(ref_pseudo(ip, protocol, len), l4, len) == 0xffff;
}

/* An IP header with @p options bytes of no-operation (IPv4, a multiple of 4) or of destination
 * options (IPv6, a multiple of 8). Returns its length. */
static inline unsigned ref_put_ip(uint8_t *ip, unsigned family, uint8_t protocol, unsigned options,
				  uint32_t payload_len, struct ref_rng *rng)
{
	unsigned len = (family == LVS_INET ? 20 : 40) + options;

	memset(ip, 0, len);
	if (family == LVS_INET) {
		ref_fill(rng, ip, 20);
		ip[0] = (uint8_t)(0x40 | len / 4);
		ref_put16(ip + 2, len + payload_len);
		ref_put16(ip + 6, 0x4000);
		ip[9] = protocol;
		memset(ip + 20, 1, options);
		ref_ipv4_checksum(ip);
		return len;
	}
	ref_fill(rng, ip, 40);
	ip[0] = (uint8_t)(0x60 | (ip[0] & 15));
	ref_put16(ip + 4, options + payload_len);
	ip[6] = options ? 60 : protocol;
	if (options) {
		ip[40] = protocol;
		ip[41] = (uint8_t)(options / 8 - 1);
		ip[42] = 1;
		ip[43] = (uint8_t)(options - 4);
	}
	return len;
}

/* A TCP (with @p options bytes of no-operation) or UDP header; the checksum is left 0. */
static inline unsigned ref_put_l4(uint8_t *l4, uint8_t protocol, unsigned options,
				  uint32_t payload_len, struct ref_rng *rng)
{
	if (protocol == LVS_TCP) {
		ref_fill(rng, l4, 20);
		l4[12] = (uint8_t)((20 + options) / 4 << 4);
		ref_put16(l4 + 16, 0);
		memset(l4 + 20, 1, options);
		return 20 + options;
	}
	ref_fill(rng, l4, 4);
	ref_put16(l4 + 4, 8 + payload_len);
	ref_put16(l4 + 6, 0);
	return 8;
}

/* A packet that is wholly linear. */
static inline struct lvs_packet ref_packet(uint8_t *data, uint32_t len)
{
	struct lvs_packet packet;

	memset(&packet, 0, sizeof(packet));
	packet.data = data;
	packet.len = len;
	packet.linear_len = len;
	return packet;
}

#endif
