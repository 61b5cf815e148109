/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets for fuzz_director.c: made of few flows so that they meet, and judged on the way out. */
#ifndef LVS_TESTS_FUZZ_DIRECTOR_PACKETS_H
#define LVS_TESTS_FUZZ_DIRECTOR_PACKETS_H

#include <stdbool.h>
#include <string.h>

#include <liblvs/liblvs.h>

#include "base/byteorder.h"

#include "fuzz.h"

enum {
	BYTES_MAX = 3000, /* longer than the default MTU, twice */
};

/* The input, byte by byte; zeroes behind its end. */
struct input {
	const uint8_t *data;
	size_t left;
	union lvs_addr aim; /* the server of the connection whose packet is being made */
	uint8_t aim_family; /* 0: it is of none that is there */
};

static inline unsigned take(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static inline unsigned take16(struct input *in)
{
	unsigned high = take(in);

	return high << 8 | take(in);
}

/* 10.0.<net>.<host> or 2001:db8::<net>:<host>. */
static inline union lvs_addr addr_of(unsigned family, unsigned net, unsigned host)
{
	union lvs_addr addr = {.byte = {10, 0, (uint8_t)net, (uint8_t)host}};
	union lvs_addr addr6 = {.byte = {0x20, 0x01, 0x0d, 0xb8}};

	addr6.byte[13] = (uint8_t)net;
	addr6.byte[15] = (uint8_t)host;
	return family == LVS_INET6 ? addr6 : addr;
}

/* One packet in memory of exactly the room that it says it has. */
struct shot {
	struct lvs_packet packet;
	struct lvs_packet before; /* the same, as it went in */
	uint8_t *memory;
	uint8_t bytes[BYTES_MAX]; /* as it went in */
	bool whole;               /* transport checksum right, nothing to be finished */
};

/* RFC 1071, two bytes at a time. */
static inline uint32_t plain_sum(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum over pseudo-header and segment, for packets without options. */
static inline uint32_t plain_l4_sum(const uint8_t *ip, uint32_t len)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t header = v6 ? 40 : 20;
	uint32_t sum = v6 ? plain_sum(0, ip + 8, 32) : plain_sum(0, ip + 12, 8);

	sum += (v6 ? ip[6] : ip[9]) + (len - header);
	return plain_sum(sum, ip + header, len - header);
}

/* CRC32c of an SCTP packet (RFC 9260, appendix A), its own bytes taken for zeroes. */
static inline uint32_t plain_crc(const uint8_t *sctp, uint32_t len)
{
	uint32_t crc = 0xffffffff;

	for (uint32_t i = 0; i < len; i++) {
		crc ^= i / 4 == 2 ? 0 : sctp[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Of packets without options. */
static inline bool is_sum_right(const uint8_t *ip, uint32_t len)
{
	uint32_t header = ip[0] >> 4 == 6 ? 40 : 20;

	uint8_t protocol = ip[0] >> 4 == 6 ? ip[6] : ip[9];

	/* AH and ESP have none. */
	if (protocol == LVS_AH || protocol == LVS_ESP)
		return false;
	if (protocol != LVS_SCTP)
		return plain_l4_sum(ip, len) == 0xffff;
	return plain_crc(ip + header, len - header) == lvs_load_le32(ip + header + 8);
}

static inline void write_ip(uint8_t *ip, const struct lvs_flow *flow, unsigned len, unsigned bits)
{
	unsigned ttl = bits & 0x10 ? 1 + (bits & 1) : 64;

	if (flow->family == LVS_INET6) {
		lvs_store32(ip, 0x60000000u | (bits & 3) << 20);
		lvs_store16(ip + 4, (uint16_t)(len - 40));
		ip[6] = flow->protocol;
		ip[7] = (uint8_t)ttl;
		memcpy(ip + 8, &flow->src, 16);
		memcpy(ip + 24, &flow->dst, 16);
		return;
	}
	ip[0] = 0x45;
	ip[1] = bits & 3;
	lvs_store16(ip + 2, (uint16_t)len);
	lvs_store16(ip + 6, bits & 8 ? 0x4000 : 0);
	ip[8] = (uint8_t)ttl;
	ip[9] = flow->protocol;
	memcpy(ip + 12, &flow->src, 4);
	memcpy(ip + 16, &flow->dst, 4);
}

static inline void fix_ip(uint8_t *ip)
{
	lvs_store16(ip + 10, 0);
	lvs_store16(ip + 10, (uint16_t)~plain_sum(0, ip, (ip[0] & 15) * 4u));
}

static inline void fix_l4(uint8_t *ip, const struct lvs_flow *flow, unsigned len)
{
	uint8_t *field =
		ip + (flow->family == LVS_INET6 ? 40 : 20) + (flow->protocol == LVS_TCP ? 16 : 6);
	uint16_t sum = (uint16_t)~plain_l4_sum(ip, len);
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;

	if (flow->protocol == LVS_SCTP) {
		uint32_t crc = plain_crc(ip + ip_len, len - ip_len);

		for (unsigned i = 0; i < 4; i++)
			ip[ip_len + 8 + i] = (uint8_t)(crc >> 8 * i);
		return;
	}
	lvs_store16(field, sum ? sum : 0xffff);
}

/* A right packet of @p flow at @p ip, of SCTP with a chunk or two; its length. */
static inline unsigned write_packet(uint8_t *ip, const struct lvs_flow *flow, unsigned tcp_flags,
				    unsigned payload, unsigned bits)
{
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;
	unsigned l4_len = flow->protocol == LVS_TCP ? 20 : flow->protocol == LVS_SCTP ? 20 : 8;
	unsigned len = ip_len + l4_len + payload;
	uint8_t *l4 = ip + ip_len;

	memset(ip, 0, len);
	write_ip(ip, flow, len, bits);
	memcpy(l4, &flow->src_port, 2);
	memcpy(l4 + 2, &flow->dst_port, 2);
	if (flow->protocol == LVS_TCP) {
		l4[12] = 0x50;
		l4[13] = (uint8_t)tcp_flags;
	} else if (flow->protocol == LVS_SCTP) {
		l4[12] = tcp_flags & 15;
		l4[15] = tcp_flags & 0x20 ? 3 : 4;
		l4[16] = tcp_flags & 0x10 ? 6 : 0; /* ABORT */
	} else {
		lvs_store16(l4 + 4, (uint16_t)(8 + payload));
	}
	for (unsigned i = 0; i < payload; i++)
		l4[l4_len + i] = (uint8_t)(i * 7 + bits);
	/* A Call-ID, at the end, where it is that of a later fragment. */
	if (flow->protocol == LVS_UDP && payload > 20) {
		const uint8_t call_id[] = {'\n', 'i', ':', (uint8_t)('0' + (bits & 3)), '\n'};

		memcpy(l4 + l4_len + payload - 6, call_id, sizeof(call_id));
	}
	if (flow->family == LVS_INET)
		fix_ip(ip);
	/* An IPv4 sender of UDP may leave it out. */
	if (flow->protocol != LVS_UDP || flow->family == LVS_INET6 || !(bits & 0x20))
		fix_l4(ip, flow, len);
	return len;
}

/* Lays the bytes out with headroom, tailroom and a linear part of the input's choice. */
static inline void lay_out(struct shot *shot, const uint8_t *bytes, unsigned len, unsigned headroom,
			   unsigned away)
{
	struct lvs_packet *packet = &shot->packet;
	uint32_t linear = away < len ? len - away : 0;

	memset(packet, 0, sizeof(*packet));
	/* What the call before left is not to be relied on. */
	memset((uint8_t *)packet + 64, 0xa5, sizeof(*packet) - 64);
	shot->memory = malloc(headroom + linear + 1);
	FUZZ_CHECK(shot->memory);
	memset(shot->memory, 0x5a, headroom);
	packet->data = shot->memory + headroom;
	memcpy(packet->data, bytes, linear);
	memcpy(shot->bytes, bytes, linear);
	packet->len = len;
	packet->linear_len = linear;
	packet->headroom = (uint16_t)headroom;
}

static inline bool is_whole(const struct lvs_packet *packet)
{
	return packet->linear_len == packet->len && !packet->gso_size &&
	       !(packet->flags & LVS_PACKET_CSUM_PARTIAL);
}

/* The pieces that the verdict asks for are packets, no longer than asked. */
static inline void check_cut(const struct lvs_packet *packet)
{
	static uint8_t buffer[65535];
	struct lvs_headers headers;
	int got = 1;

	/* fuzz_cut.c does this with all requests. */
	if (packet->linear_len < packet->len || packet->cut == LVS_CUT_NONE ||
	    (packet->cut == LVS_CUT_FRAGMENT && !is_whole(packet)))
		return;
	for (unsigned part = 0; got > 0 && part < 4; part++) {
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		if (packet->cut == LVS_CUT_SEGMENT)
			got = lvs_packet_segment(packet, part, &out);
		else
			got = lvs_packet_fragment(packet, packet->cut_len, part, &out);
		FUZZ_CHECK(part > 0 || got == 1 || got == LVS_ERR_FORMAT);
		if (got == 1)
			FUZZ_CHECK(lvs_packet_parse(&out, &headers) == LVS_REASON_NONE);
		if (got == 1 && packet->cut == LVS_CUT_FRAGMENT)
			FUZZ_CHECK(out.len <= packet->cut_len);
	}
}

static inline void check_forwarded(const struct shot *shot)
{
	const struct lvs_packet *packet = &shot->packet;
	uint32_t wrapped = (uint32_t)(shot->before.data - packet->data);
	struct lvs_packet plain = *packet;
	struct lvs_headers headers;

	if (wrapped) { /* the request is about the packet inside */
		plain.gso_size = 0;
		plain.flags = 0;
	}
	FUZZ_CHECK(packet->next_hop_family == LVS_INET || packet->next_hop_family == LVS_INET6);
	FUZZ_CHECK(packet->cut <= LVS_CUT_FRAGMENT);
	FUZZ_CHECK(packet->cut != LVS_CUT_FRAGMENT || packet->cut_len >= 68);
	FUZZ_CHECK(wrapped == 0 || (wrapped >= 20 && wrapped <= 60));
	FUZZ_CHECK(lvs_packet_parse(&plain, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(headers.len == packet->len && headers.ttl >= 1);
	if (shot->whole)
		FUZZ_CHECK(is_sum_right(packet->data + wrapped, packet->len - wrapped));
	check_cut(packet);
}

/* An ICMP error about a packet, in the packet's own memory, its sums right. */
static inline void check_reply(const struct shot *shot)
{
	const struct lvs_packet *packet = &shot->packet;
	struct lvs_headers headers;
	uint32_t sum;

	FUZZ_CHECK(packet->next_hop_family == LVS_INET || packet->next_hop_family == LVS_INET6);
	FUZZ_CHECK(packet->data - packet->headroom == shot->memory);
	FUZZ_CHECK(packet->headroom + packet->linear_len + packet->tailroom <=
		   shot->before.headroom + shot->before.linear_len + shot->before.tailroom);
	FUZZ_CHECK(packet->linear_len == packet->len && packet->cut == LVS_CUT_NONE);
	FUZZ_CHECK(!packet->gso_size && !packet->flags);
	FUZZ_CHECK(lvs_packet_parse(packet, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(headers.len == packet->len);
	FUZZ_CHECK(packet->len <= (headers.flow.family == LVS_INET6 ? 1280 : 576));
	FUZZ_CHECK(headers.flow.protocol ==
		   (headers.flow.family == LVS_INET6 ? LVS_ICMPV6 : LVS_ICMP));
	sum = headers.flow.family == LVS_INET6 ? plain_l4_sum(packet->data, packet->len)
					       : plain_sum(0, packet->data + 20, packet->len - 20);
	FUZZ_CHECK(sum == 0xffff);
}

/* What the library gives back of itself. */
static inline void check_released(const struct lvs_packet *packet)
{
	struct lvs_headers headers;

	FUZZ_CHECK(packet->verdict == LVS_FORWARD || packet->verdict == LVS_PASS ||
		   packet->verdict == LVS_REPLY);
	FUZZ_CHECK(packet->verdict == (uint8_t)lvs_reason_verdict(packet->reason));
	FUZZ_CHECK(packet->linear_len == packet->len && !packet->user && !packet->flags);
	FUZZ_CHECK(packet->verdict == LVS_PASS || packet->next_hop_family);
	FUZZ_CHECK(lvs_packet_parse(packet, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(headers.len == packet->len);
	check_cut(packet);
}

/* What holds of every packet, whatever came. */
static inline void check_shot(const struct shot *shot)
{
	const struct lvs_packet *packet = &shot->packet;
	uint32_t moved = (uint32_t)(shot->before.data - packet->data);

	FUZZ_CHECK(packet->reason > LVS_REASON_NONE && packet->reason < LVS_REASON_N);
	FUZZ_CHECK(packet->verdict == (uint8_t)lvs_reason_verdict(packet->reason));
	if (packet->verdict == LVS_REPLY) {
		check_reply(shot);
		return;
	}
	FUZZ_CHECK(packet->data >= shot->memory && packet->data <= shot->before.data);
	FUZZ_CHECK(packet->data - packet->headroom == shot->memory);
	FUZZ_CHECK(packet->linear_len <= packet->len || packet->verdict != LVS_FORWARD);
	/* A helper may have written behind it. */
	FUZZ_CHECK(packet->linear_len + packet->tailroom <=
		   shot->before.linear_len + shot->before.tailroom + moved);
	if (packet->verdict == LVS_FORWARD)
		check_forwarded(shot);
	else if (packet->reason != LVS_REASON_LOCAL)
		FUZZ_CHECK(moved == 0 && packet->len == shot->before.len &&
			   memcmp(packet->data, shot->bytes, shot->before.linear_len) == 0);
}

#endif
