/* SPDX-License-Identifier: BSD-2-Clause */
/* The IPv6 header and its extension headers. RFC 8200, RFC 7112. */
#include "packet/parse.h"

enum {
	EXT_HOP_BY_HOP = 0,

	EXT_LEN = 8,        /* of the shortest */
	EXT_MAX = 8,        /* more of them are an attack on whoever must walk them */
	EXT_MORE = 0x1,     /* fragment: more follow */
	EXT_START = 0xfff8, /* fragment: first byte of its piece */
};

/* AH is one here, as for the kernel: what it vouches for is balanced like any other. In IPv4 it is
 * a protocol of its own, as ESP is in both. */
static int is_extension(uint8_t next)
{
	return next == EXT_HOP_BY_HOP || next == LVS_EXT_ROUTING || next == LVS_EXT_FRAGMENT ||
	       next == LVS_EXT_OPTIONS || next == LVS_AH;
}

/* Fragment header at @p offset. An atomic one (RFC 6946) is no more than an extension header. */
static enum lvs_reason walk_fragment(const struct lvs_packet *packet, struct lvs_headers *headers,
				     uint32_t offset)
{
	unsigned word = lvs_load16(packet->data + offset + 2);
	uint32_t start = word & EXT_START;

	if ((word & (EXT_START | EXT_MORE)) == 0)
		return LVS_REASON_NONE;
	headers->flags |= LVS_HEADERS_FRAGMENT;
	/* Would end behind the longest packet there is. */
	if (start + headers->len - offset - EXT_LEN > UINT16_MAX)
		return LVS_REASON_BAD_IP;
	return start ? lvs_parse_later(headers, offset + EXT_LEN) : LVS_REASON_NONE;
}

/*
 * Walks one extension header: flow.protocol and *offset become those of what follows it.
 * @p fragments counts fragment headers: a second one would be a fragment of a fragment.
 */
static enum lvs_reason walk_one(const struct lvs_packet *packet, struct lvs_headers *headers,
				uint32_t limit, uint32_t *offset, unsigned *fragments)
{
	const uint8_t *ext = packet->data + *offset;
	uint8_t type = headers->flow.protocol;
	uint32_t end = *offset + EXT_LEN;
	enum lvs_reason too_short = LVS_REASON_EXT_HEADERS;
	enum lvs_reason reason = LVS_REASON_NONE;

	/* A first fragment has all headers up to the transport's (RFC 7112). */
	if (headers->flags & LVS_HEADERS_FRAGMENT)
		too_short = LVS_REASON_FRAGMENT_TINY;
	/* Hop-by-hop options stand directly behind the fixed header or nowhere. */
	if (type == EXT_HOP_BY_HOP && *offset != LVS_IPV6_LEN)
		return LVS_REASON_EXT_HEADERS;
	if (end > limit)
		return lvs_parse_missing(end, headers->len, too_short);
	if (type == LVS_EXT_FRAGMENT) {
		if ((*fragments)++)
			return LVS_REASON_EXT_HEADERS;
		reason = walk_fragment(packet, headers, *offset);
	}
	end = *offset + lvs_parse_ext_len(type, ext);
	if (end > limit)
		return lvs_parse_missing(end, headers->len, too_short);
	headers->flow.protocol = ext[0];
	*offset = end;
	return reason;
}

enum lvs_reason lvs_parse_ipv6_walk(const struct lvs_packet *packet, struct lvs_headers *headers,
				    uint32_t limit, uint32_t *offset)
{
	unsigned fragments = 0;

	for (unsigned n = 0; is_extension(headers->flow.protocol); n++) {
		enum lvs_reason reason;

		if (n == EXT_MAX)
			return LVS_REASON_EXT_HEADERS;
		headers->flags |= LVS_HEADERS_OPTIONS;
		reason = walk_one(packet, headers, limit, offset, &fragments);
		/* What a later fragment holds is the middle of something: not to be walked. */
		if (reason != LVS_REASON_NONE || (headers->flags & LVS_HEADERS_LATER_FRAGMENT))
			return reason;
	}
	return LVS_REASON_NONE;
}

static LVS_NOINLINE enum lvs_reason walk(const struct lvs_packet *packet,
					 struct lvs_headers *headers, uint32_t limit)
{
	uint32_t offset = LVS_IPV6_LEN;
	enum lvs_reason reason = lvs_parse_ipv6_walk(packet, headers, limit, &offset);

	if (reason != LVS_REASON_NONE || (headers->flags & LVS_HEADERS_LATER_FRAGMENT))
		return reason;
	if (headers->flags & LVS_HEADERS_FRAGMENT)
		return lvs_parse_first(packet, headers, limit, offset);
	return lvs_parse_l4(packet, headers, limit, offset);
}

static void read_fixed(const uint8_t *ip, struct lvs_headers *headers)
{
	headers->flow.family = LVS_INET6;
	headers->flow.protocol = ip[6];
	memcpy(&headers->flow.src, ip + 8, 16);
	memcpy(&headers->flow.dst, ip + 24, 16);
	headers->ttl = ip[7];
	headers->tos = (uint8_t)(lvs_load16(ip) >> 4);
	/* Routers never fragment IPv6. */
	headers->flags = LVS_HEADERS_DF;
}

static enum lvs_reason parse(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	const uint8_t *ip = packet->data;
	uint32_t linear = lvs_parse_linear(packet);
	uint32_t payload_len, limit;

	if (linear < LVS_IPV6_LEN)
		return lvs_parse_missing(LVS_IPV6_LEN, packet->len, LVS_REASON_SHORT_IP);
	payload_len = lvs_load16(ip + 4);
	/* A jumbogram (RFC 2675) says 0: not understood here, and not to be taken for empty. */
	if (payload_len == 0 && packet->len > LVS_IPV6_LEN && ip[6] != LVS_NO_NEXT)
		return LVS_REASON_BAD_IP;
	if (LVS_IPV6_LEN + payload_len > packet->len)
		return LVS_REASON_LENGTH;
	headers->len = LVS_IPV6_LEN + payload_len;
	read_fixed(ip, headers);
	limit = headers->len < linear ? headers->len : linear;
	if (lvs_unlikely(is_extension(ip[6])))
		return walk(packet, headers, limit);
	return lvs_parse_l4(packet, headers, limit, LVS_IPV6_LEN);
}

enum lvs_reason lvs_parse_ipv6_packet(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	memset(headers, 0, sizeof(*headers));
	return lvs_parse_finish(packet, headers, parse(packet, headers));
}
