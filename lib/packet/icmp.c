/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/icmp.h"

#include "packet/checksum.h"
#include "packet/parse.h"

enum {
	MAX4 = 576,  /* RFC 1812, 4.3.2.3 */
	MAX6 = 1280, /* RFC 4443, 2.4 c */
	MIN_MTU6 = 1280,
	QUOTE_MIN = 8,     /* bytes behind the quoted IP header, RFC 792 */
	HOPS = 64,         /* RFC 1700's default */
	PRECEDENCE = 0xc0, /* internetwork control: RFC 1812, 4.3.2.5 */
	TOS_MASK = 0x1e,
};

bool lvs_icmp_is_error(unsigned family, uint8_t type)
{
	if (family == LVS_INET6)
		return type < LVS_ICMPV6_INFO;
	return type == LVS_ICMP_UNREACHABLE || type == LVS_ICMP_SOURCE_QUENCH ||
	       type == LVS_ICMP_TIME_EXCEEDED;
}

void lvs_icmp_too_big(unsigned family, uint32_t mtu, struct lvs_icmp_error *error)
{
	if (family == LVS_INET6) {
		error->type = LVS_ICMPV6_TOO_BIG;
		error->code = 0;
		/* No sender of IPv6 goes below (RFC 8200, section 5). */
		error->info = mtu < MIN_MTU6 ? MIN_MTU6 : mtu;
		return;
	}
	error->type = LVS_ICMP_UNREACHABLE;
	error->code = LVS_ICMP_FRAG_NEEDED;
	error->info = mtu < UINT16_MAX ? mtu : UINT16_MAX; /* RFC 1191: 16 bits */
}

/* The sum over message and, for IPv6, pseudo-header. */
static uint64_t sum_of(const uint8_t *ip, unsigned family, uint32_t offset, uint32_t len)
{
	uint64_t sum = 0;

	if (family == LVS_INET6)
		sum = lvs_csum_pseudo(ip + 8, ip + 24, LVS_INET6, LVS_ICMPV6, len - offset);
	return lvs_csum_sum(sum, ip + offset, len - offset);
}

bool lvs_icmp_valid(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	/* Partial or verified: who handed it in answers for it. */
	if (packet->flags & (LVS_PACKET_CSUM_PARTIAL | LVS_PACKET_CSUM_VALID))
		return true;
	return lvs_csum_fold(sum_of(packet->data, headers->flow.family, headers->l4_offset,
				    headers->len)) == 0xffff;
}

uint64_t lvs_icmp_sum(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	return sum_of(packet->data, headers->flow.family, headers->l4_offset, headers->len);
}

void lvs_icmp_repair(struct lvs_packet *packet, const struct lvs_headers *headers, uint64_t before)
{
	lvs_csum_apply(packet->data + headers->l4_offset + 2,
		       lvs_csum_delta16(0, lvs_csum_fold(before),
					lvs_csum_fold(lvs_icmp_sum(packet, headers))));
}

static void write_sum(uint8_t *ip, unsigned family, uint32_t offset, uint32_t len)
{
	uint8_t *field = ip + offset + 2;

	lvs_store16(field, 0);
	lvs_csum_finish(field, sum_of(ip, family, offset, len), false);
}

void lvs_icmp_finish(struct lvs_packet *packet, const struct lvs_headers *headers)
{
	write_sum(packet->data, headers->flow.family, headers->l4_offset, headers->len);
	packet->flags &= (uint8_t)~LVS_PACKET_CSUM_PARTIAL;
}

static bool has_sender(const struct lvs_flow *flow)
{
	static const union lvs_addr any;
	uint8_t first = flow->src.byte[0];

	if (flow->family == LVS_INET6)
		return first != 0xff && !lvs_addr_equal(&flow->src, &any, LVS_INET6);
	return first != 0 && first != 127 && first < 224;
}

/* Whether it was sent to one host. A subnet's broadcast address looks like any: link_type tells. */
static bool to_one(const struct lvs_flow *flow)
{
	uint8_t first = flow->dst.byte[0];

	return flow->family == LVS_INET6 ? first != 0xff : first < 224;
}

static uint32_t header_len(unsigned family)
{
	return (family == LVS_INET6 ? LVS_IPV6_LEN : LVS_IPV4_LEN) + LVS_ICMP_LEN;
}

/* Bytes that the buffer has for a packet, wherever in it. */
static uint32_t room(const struct lvs_packet *packet)
{
	return packet->headroom + lvs_parse_linear(packet) + packet->tailroom;
}

/* One error a datagram is enough; but that a later fragment is too long its sender must know, who
 * alone can cut IPv6. */
static bool is_about_its_length(const struct lvs_headers *headers,
				const struct lvs_icmp_error *error)
{
	return headers->flow.family == LVS_INET6 && error->type == LVS_ICMPV6_TOO_BIG;
}

bool lvs_icmp_may_answer(const struct lvs_packet *packet, const struct lvs_headers *headers,
			 const struct lvs_icmp_error *error)
{
	uint8_t protocol = headers->flow.protocol;

	if (packet->link_type != LVS_LINK_HOST && packet->link_type != LVS_LINK_SELF)
		return false;
	if (protocol == LVS_ICMP || protocol == LVS_ICMPV6)
		return false;
	if (headers->flags & LVS_HEADERS_LATER_FRAGMENT && !is_about_its_length(headers, error))
		return false;
	if (!has_sender(&headers->flow) || !to_one(&headers->flow))
		return false;
	return room(packet) >= header_len(headers->flow.family) + headers->l4_offset + QUOTE_MIN;
}

/* How much of the packet the error quotes. */
static uint32_t quote_len(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	bool v6 = headers->flow.family == LVS_INET6;
	uint32_t in_front = header_len(headers->flow.family);
	uint32_t most = (uint32_t)(v6 ? MAX6 : MAX4) - in_front;
	uint32_t len = lvs_parse_limit(packet, headers);

	if (len > most)
		len = most;
	return len > room(packet) - in_front ? room(packet) - in_front : len;
}

static void write_ipv4(uint8_t *ip, const uint8_t *quoted, const union lvs_addr *source,
		       uint32_t len)
{
	lvs_be32 to = lvs_load_be32(quoted + 12);

	ip[0] = 0x45;
	ip[1] = (quoted[1] & TOS_MASK) | PRECEDENCE;
	lvs_store16(ip + 2, (uint16_t)len);
	/* Told apart by what it is about: a function of the packet alone. */
	memcpy(ip + 4, quoted + 4, 2);
	lvs_store16(ip + 6, 0);
	ip[8] = HOPS;
	ip[9] = LVS_ICMP;
	lvs_store_be32(ip + 12, source->word[0]);
	lvs_store_be32(ip + 16, to);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, LVS_IPV4_LEN));
}

static void write_ipv6(uint8_t *ip, const uint8_t *quoted, const union lvs_addr *source,
		       uint32_t len)
{
	lvs_store32(ip, 0x60000000u);
	lvs_store16(ip + 4, (uint16_t)(len - LVS_IPV6_LEN));
	ip[6] = LVS_ICMPV6;
	ip[7] = HOPS;
	memcpy(ip + 8, source, 16);
	memcpy(ip + 24, quoted + 8, 16);
}

/* Makes room for @p bytes in front: what the headroom lacks, the packet gives way. */
static void push(struct lvs_packet *packet, uint32_t bytes, uint32_t quoted)
{
	uint32_t lacks = bytes > packet->headroom ? bytes - packet->headroom : 0;
	uint32_t whole = room(packet);

	if (lacks)
		memmove(packet->data + lacks, packet->data, quoted);
	packet->data = packet->data + lacks - bytes;
	packet->headroom = (uint16_t)(packet->headroom + lacks - bytes);
	packet->len = packet->linear_len = bytes + quoted;
	whole -= packet->headroom + packet->len;
	packet->tailroom = (uint16_t)(whole < UINT16_MAX ? whole : UINT16_MAX);
}

void lvs_icmp_build(struct lvs_packet *packet, const struct lvs_headers *headers,
		    const struct lvs_icmp_error *error)
{
	unsigned family = headers->flow.family;
	uint32_t in_front = header_len(family);
	uint8_t *ip, *icmp;

	push(packet, in_front, quote_len(packet, headers));
	ip = packet->data;
	icmp = ip + in_front - LVS_ICMP_LEN;
	if (family == LVS_INET6)
		write_ipv6(ip, ip + in_front, &error->source, packet->len);
	else
		write_ipv4(ip, ip + in_front, &error->source, packet->len);
	icmp[0] = error->type;
	icmp[1] = error->code;
	lvs_store32(icmp + 4, error->info);
	write_sum(ip, family, in_front - LVS_ICMP_LEN, packet->len);
	packet->flags = 0;
	packet->csum_start = packet->csum_offset = 0;
	packet->gso_size = 0;
	packet->gso_type = LVS_GSO_NONE;
}
