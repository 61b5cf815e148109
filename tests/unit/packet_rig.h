/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets made in tests: whole, with right checksums, and their check by plain recomputation. */
#ifndef LVS_TESTS_PACKET_RIG_H
#define LVS_TESTS_PACKET_RIG_H

#include <stdbool.h>
#include <string.h>

#include <liblvs/packet.h>

#define RIG_HEADROOM 128
#define RIG_SIZE 2048

struct rig_packet {
	uint8_t buffer[RIG_HEADROOM + RIG_SIZE];
	struct lvs_packet packet;
};

/* splitmix64: small, seeded, good enough to shake things. */
static inline uint64_t rig_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static inline union lvs_addr rig_addr4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	union lvs_addr addr = {.byte = {(uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d}};

	return addr;
}

/* 2001:db8::<net>:<host> */
static inline union lvs_addr rig_addr6(unsigned net, unsigned host)
{
	union lvs_addr addr = {.byte = {0x20, 0x01, 0x0d, 0xb8}};

	addr.byte[13] = (uint8_t)net;
	addr.byte[14] = (uint8_t)(host >> 8);
	addr.byte[15] = (uint8_t)host;
	return addr;
}

static inline lvs_be16 rig_port(unsigned port)
{
	uint8_t bytes[2] = {(uint8_t)(port >> 8), (uint8_t)port};
	lvs_be16 out;

	memcpy(&out, bytes, sizeof(out));
	return out;
}

static inline void rig_put16(uint8_t *p, unsigned value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline unsigned rig_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The plain sum of RFC 1071, 16 bits at a time. */
static inline uint32_t rig_sum(uint32_t sum, const uint8_t *p, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline unsigned rig_header(const uint8_t *ip)
{
	return ip[0] >> 4 == 6 ? 40 : (ip[0] & 0xf) * 4u;
}

static inline uint8_t rig_protocol(const uint8_t *ip)
{
	return ip[0] >> 4 == 6 ? ip[6] : ip[9];
}

/* The sum over pseudo-header and segment; 0xffff where the checksum in it is right. */
static inline uint32_t rig_l4_sum(const uint8_t *ip, unsigned len)
{
	bool v6 = ip[0] >> 4 == 6;
	unsigned header = v6 ? 40 : (ip[0] & 0xf) * 4u;
	uint32_t sum = v6 ? rig_sum(0, ip + 8, 32) : rig_sum(0, ip + 12, 8);

	sum += (v6 ? ip[6] : ip[9]) + (len - header);
	return rig_sum(sum, ip + header, len - header);
}

/* What the checksum of an SCTP packet should be: a CRC32c, a bit at a time, its own bytes taken
 * for zeroes, its lowest byte first (RFC 9260, appendix A). */
static inline void rig_sctp_csum(const uint8_t *sctp, unsigned len, uint8_t out[4])
{
	uint32_t crc = 0xffffffff;

	for (unsigned i = 0; i < len; i++) {
		crc ^= i / 4 == 2 ? 0 : sctp[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(~crc >> 8 * i);
}

static inline void rig_fix_ip(uint8_t *ip)
{
	rig_put16(ip + 10, 0);
	rig_put16(ip + 10, ~rig_sum(0, ip, (ip[0] & 0xf) * 4u) & 0xffff);
}

/* Where the transport checksum stands. */
static inline uint8_t *rig_l4_csum(uint8_t *ip)
{
	bool v6 = ip[0] >> 4 == 6;

	return ip + (v6 ? 40 : (ip[0] & 0xf) * 4) + ((v6 ? ip[6] : ip[9]) == LVS_TCP ? 16 : 6);
}

static inline void rig_fix_l4(uint8_t *ip, unsigned len)
{
	uint8_t *field = rig_l4_csum(ip);
	uint32_t sum;

	if (rig_protocol(ip) == LVS_SCTP) {
		rig_sctp_csum(ip + rig_header(ip), len - rig_header(ip), ip + rig_header(ip) + 8);
		return;
	}
	rig_put16(field, 0);
	sum = ~rig_l4_sum(ip, len) & 0xffff;
	rig_put16(field, sum ? sum : 0xffff);
}

static inline void rig_fix(struct rig_packet *rig)
{
	if (rig->packet.data[0] >> 4 == 4)
		rig_fix_ip(rig->packet.data);
	rig_fix_l4(rig->packet.data, rig->packet.len);
}

/* Whether IP header and transport checksums at @p ip are right, by recomputation. */
static inline bool rig_sums_right(const uint8_t *ip, unsigned len)
{
	uint8_t crc[4];

	if (ip[0] >> 4 == 4 && rig_sum(0, ip, (ip[0] & 0xf) * 4u) != 0xffff)
		return false;
	if (rig_protocol(ip) == LVS_SCTP) {
		rig_sctp_csum(ip + rig_header(ip), len - rig_header(ip), crc);
		return memcmp(crc, ip + rig_header(ip) + 8, 4) == 0;
	}
	return rig_l4_sum(ip, len) == 0xffff;
}

static inline void rig_ip(uint8_t *ip, const struct lvs_flow *flow, unsigned l4_len)
{
	if (flow->family == LVS_INET6) {
		ip[0] = 0x60;
		rig_put16(ip + 4, l4_len);
		ip[6] = flow->protocol;
		ip[7] = 64;
		memcpy(ip + 8, &flow->src, 16);
		memcpy(ip + 24, &flow->dst, 16);
		return;
	}
	ip[0] = 0x45;
	rig_put16(ip + 2, 20 + l4_len);
	ip[6] = 0x40; /* DF */
	ip[8] = 64;
	ip[9] = flow->protocol;
	memcpy(ip + 12, &flow->src, 4);
	memcpy(ip + 16, &flow->dst, 4);
}

/* A whole packet of a flow: TCP with @p flags, UDP, or SCTP with a chunk of the type @p flags;
 * @p payload bytes of a pattern. */
static inline void rig_make(struct rig_packet *rig, const struct lvs_flow *flow, uint8_t flags,
			    unsigned payload)
{
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;
	unsigned l4_len = flow->protocol == LVS_TCP ? 20 : flow->protocol == LVS_SCTP ? 16 : 8;
	uint8_t *ip = rig->buffer + RIG_HEADROOM;
	uint8_t *l4 = ip + ip_len;

	memset(rig, 0, sizeof(*rig));
	rig_ip(ip, flow, l4_len + payload);
	memcpy(l4, &flow->src_port, 2);
	memcpy(l4 + 2, &flow->dst_port, 2);
	if (flow->protocol == LVS_TCP) {
		l4[12] = 0x50;
		l4[13] = flags;
	} else if (flow->protocol == LVS_SCTP) {
		rig_put16(l4 + 4, 0x1234); /* a verification tag */
		l4[12] = flags;
		rig_put16(l4 + 14, 4 + payload);
	} else {
		rig_put16(l4 + 4, 8 + payload);
	}
	for (unsigned i = 0; i < payload; i++)
		l4[l4_len + i] = (uint8_t)(i * 7 + 1);
	rig->packet.data = ip;
	rig->packet.len = ip_len + l4_len + payload;
	rig->packet.linear_len = rig->packet.len;
	rig->packet.headroom = RIG_HEADROOM;
	rig->packet.tailroom = (uint16_t)(RIG_SIZE - rig->packet.len);
	rig_fix(rig);
}

#endif
