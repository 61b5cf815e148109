/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 792 promises the IP header and 8 bytes behind it, RFC 1812 and 4443 more. */
#include "packet/quote.h"

#include "packet/icmp.h"
#include "packet/parse.h"
#include "packet/shim.h"

#define PORTS_LEN 4

/* The quoted packet as one by itself: where it begins, and what is at hand of it. */
struct view {
	struct lvs_packet packet;
	struct lvs_headers headers;
	uint32_t offset; /* of its transport header */
};

static bool may_have_ports(const struct lvs_headers *headers)
{
	return lvs_quote_has_ports(headers->flow.protocol) &&
	       !(headers->flags & LVS_HEADERS_LATER_FRAGMENT);
}

static enum lvs_reason read_ipv4(struct view *view)
{
	const uint8_t *ip = view->packet.data;
	struct lvs_headers *headers = &view->headers;
	uint32_t header_len = (ip[0] & 15) * 4u;
	unsigned word;

	if (view->packet.len < LVS_IPV4_LEN)
		return LVS_REASON_SHORT_IP;
	if (header_len < LVS_IPV4_LEN)
		return LVS_REASON_BAD_IP;
	word = lvs_load16(ip + 6);
	headers->flags = word & LVS_FRAG_DF ? LVS_HEADERS_DF : 0;
	if (word & LVS_FRAG_OFFSET)
		headers->flags |= LVS_HEADERS_FRAGMENT | LVS_HEADERS_LATER_FRAGMENT;
	headers->flow.family = LVS_INET;
	headers->flow.protocol = ip[9];
	headers->flow.src.word[0] = lvs_load_be32(ip + 12);
	headers->flow.dst.word[0] = lvs_load_be32(ip + 16);
	view->offset = header_len;
	/* Options that are cut off hide the ports alone. */
	if (view->packet.len < header_len)
		return may_have_ports(headers) ? LVS_REASON_SHORT_L4 : LVS_REASON_SHORT_IP;
	return LVS_REASON_NONE;
}

static enum lvs_reason read_ipv6(struct view *view)
{
	const uint8_t *ip = view->packet.data;
	struct lvs_headers *headers = &view->headers;

	if (view->packet.len < LVS_IPV6_LEN)
		return LVS_REASON_SHORT_IP;
	headers->flags = LVS_HEADERS_DF;
	headers->len = (uint32_t)LVS_IPV6_LEN + lvs_load16(ip + 4);
	headers->flow.family = LVS_INET6;
	headers->flow.protocol = ip[6];
	memcpy(&headers->flow.src, ip + 8, 16);
	memcpy(&headers->flow.dst, ip + 24, 16);
	view->offset = LVS_IPV6_LEN;
	return lvs_parse_ipv6_walk(&view->packet, headers, view->packet.len, &view->offset);
}

static enum lvs_reason read_ports(struct view *view)
{
	if (!may_have_ports(&view->headers))
		return LVS_REASON_NONE;
	if (view->offset + PORTS_LEN > view->packet.len)
		return LVS_REASON_SHORT_L4;
	lvs_parse_ports(view->packet.data + view->offset, &view->headers.flow);
	return LVS_REASON_NONE;
}

/* The packet of a family at @p at, which ends at @p limit at the latest. */
static enum lvs_reason read_at(const struct lvs_packet *packet, uint32_t at, uint32_t limit,
			       unsigned family, struct lvs_quote *quote)
{
	struct view view = {.packet = {.data = packet->data + at}};
	enum lvs_reason reason;

	if (at >= limit)
		return LVS_REASON_SHORT_IP;
	view.packet.len = view.packet.linear_len = limit - at;
	if (view.packet.data[0] >> 4 != (family == LVS_INET6 ? 6 : 4))
		return LVS_REASON_BAD_IP;
	reason = family == LVS_INET6 ? read_ipv6(&view) : read_ipv4(&view);
	if (reason == LVS_REASON_NONE)
		reason = read_ports(&view);
	quote->flow = view.headers.flow;
	quote->flags = view.headers.flags;
	quote->ip_offset = (uint16_t)at;
	quote->l4_offset = (uint16_t)(at + view.offset);
	return reason;
}

enum lvs_reason lvs_quote_parse(const struct lvs_packet *packet, const struct lvs_headers *headers,
				struct lvs_quote *quote)
{
	const uint8_t *icmp = packet->data + headers->l4_offset;

	memset(quote, 0, sizeof(*quote));
	quote->type = icmp[0];
	quote->code = icmp[1];
	quote->info = lvs_load32(icmp + 4);
	return read_at(packet, headers->l4_offset + LVS_ICMP_LEN, lvs_parse_limit(packet, headers),
		       headers->flow.family, quote);
}

/* Where the packet inside a quoted tunnel packet begins, and of which family; 0: it is none. */
static uint32_t inner_offset(const struct lvs_packet *packet, const struct lvs_quote *outer,
			     uint32_t limit, unsigned *family)
{
	const uint8_t *behind = packet->data + outer->l4_offset;
	uint32_t room = limit > outer->l4_offset ? limit - outer->l4_offset : 0;
	struct lvs_shim shim = {0};
	bool fine = false;

	switch (outer->flow.protocol) {
	case LVS_IPIP:
	case LVS_IPV6:
		*family = outer->flow.protocol == LVS_IPV6 ? LVS_INET6 : LVS_INET;
		return outer->l4_offset;
	case LVS_GRE:
		fine = lvs_shim_gre(behind, room, &shim);
		break;
	case LVS_UDP:
		fine = lvs_shim_gue(behind, room, &shim);
		break;
	default:
		break;
	}
	*family = shim.family;
	return fine ? (uint32_t)outer->l4_offset + shim.len : 0;
}

enum lvs_reason lvs_quote_inner(const struct lvs_packet *packet, const struct lvs_headers *headers,
				const struct lvs_quote *outer, struct lvs_quote *inner)
{
	uint32_t limit = lvs_parse_limit(packet, headers);
	unsigned family;
	uint32_t at = inner_offset(packet, outer, limit, &family);

	memset(inner, 0, sizeof(*inner));
	inner->type = outer->type;
	inner->code = outer->code;
	inner->info = outer->info;
	if (at == 0)
		return LVS_REASON_PROTOCOL;
	return read_at(packet, at, limit, family, inner);
}

enum lvs_reason lvs_quote_nested(const struct lvs_packet *packet, const struct lvs_headers *headers,
				 const struct lvs_quote *inner, struct lvs_quote *nested)
{
	uint32_t limit = lvs_parse_limit(packet, headers);
	const uint8_t *icmp = packet->data + inner->l4_offset;

	memset(nested, 0, sizeof(*nested));
	if (inner->l4_offset + (uint32_t)LVS_ICMP_LEN > limit)
		return LVS_REASON_SHORT_L4;
	if (!lvs_icmp_is_error(inner->flow.family, icmp[0]))
		return LVS_REASON_PROTOCOL;
	return read_at(packet, inner->l4_offset + LVS_ICMP_LEN, limit, inner->flow.family, nested);
}
