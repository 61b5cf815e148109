/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

#include <string.h>

enum {
	MAC_LEN = 6,
	ETHER_LEN = 14,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	UDP_LEN = 8,
	GUE_LEN = 4,
	GRE_LEN = 4,
	PROTO_HOP_BY_HOP = 0,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_OPTIONS = 60,
	PROTO_SCTP = 132,
};

/* Where the parts of an IP packet stand, from its beginning. */
struct layout {
	size_t src;      /* source address */
	size_t dst;      /* destination address */
	size_t addr_len; /* of each */
	size_t l4;       /* transport header */
	uint8_t protocol;
	bool later; /* a fragment without the transport header */
};

/* Behind IPv6 extension headers. */
static void skip_headers(const uint8_t *packet, size_t len, struct layout *layout)
{
	for (;;) {
		const uint8_t *header = packet + layout->l4;
		bool is_fragment = layout->protocol == PROTO_FRAGMENT;

		if ((layout->protocol != PROTO_HOP_BY_HOP && layout->protocol != PROTO_ROUTING &&
		     layout->protocol != PROTO_OPTIONS && !is_fragment) ||
		    layout->l4 + 8 > len)
			return;
		if (is_fragment)
			layout->later = header[2] || header[3] & 0xf8;
		layout->protocol = header[0];
		layout->l4 += is_fragment ? 8 : ((size_t)header[1] + 1) * 8;
		if (layout->later)
			return;
	}
}

static bool look(const uint8_t *packet, size_t len, struct layout *layout)
{
	if (len >= IPV4_LEN && packet[0] >> 4 == 4) {
		*layout = (struct layout){.src = 12,
					  .dst = 16,
					  .addr_len = 4,
					  .l4 = (size_t)(packet[0] & 15) * 4,
					  .protocol = packet[9],
					  .later = packet[6] & 0x1f || packet[7]};
		return layout->l4 >= IPV4_LEN && len >= layout->l4;
	}
	if (len >= IPV6_LEN && packet[0] >> 4 == 6) {
		*layout = (struct layout){
			.src = 8, .dst = 24, .addr_len = 16, .l4 = IPV6_LEN, .protocol = packet[6]};
		skip_headers(packet, len, layout);
		return len >= layout->l4;
	}
	return false;
}

/* How many bytes of tunnel headers stand in front of the inner IP packet; 0 for no tunnel. */
static size_t tunnel_len(const uint8_t *l4, size_t len, uint8_t protocol)
{
	size_t head;

	if (protocol == PROTO_GRE && len >= GRE_LEN)
		return (size_t)GRE_LEN + (l4[0] & 0x80 ? 4 : 0);
	if (protocol != PROTO_UDP || len < UDP_LEN + GUE_LEN + IPV4_LEN)
		return 0;
	head = UDP_LEN + GUE_LEN + (size_t)(l4[UDP_LEN] & 0x1f) * 4;
	if (l4[UDP_LEN] & 0xe0 ||
	    (l4[UDP_LEN + 1] != PROTO_IPIP && l4[UDP_LEN + 1] != PROTO_IPV6) || head >= len)
		return 0;
	return l4[head] >> 4 == (l4[UDP_LEN + 1] == PROTO_IPIP ? 4 : 6) ? head : 0;
}

/* The packet that a server sees: the inner one where it is a tunnel's. */
static bool look_inside(const uint8_t **packet, size_t *len, struct layout *layout)
{
	bool is_tunnel;
	size_t head;

	if (!look(*packet, *len, layout))
		return false;
	head = layout->later
		       ? 0
		       : tunnel_len(*packet + layout->l4, *len - layout->l4, layout->protocol);
	is_tunnel = head || layout->protocol == PROTO_IPIP || layout->protocol == PROTO_IPV6;
	if (!is_tunnel || layout->l4 + head > *len)
		return true;
	*packet += layout->l4 + head;
	*len -= layout->l4 + head;
	return look(*packet, *len, layout);
}

/* RFC 1624, equation 3, for a 16-bit word that was zero. */
static void sum_add(uint8_t *sum, const uint8_t *word)
{
	uint32_t value = (uint32_t)(uint16_t) ~(sum[0] << 8 | sum[1]);

	value += (uint32_t)(word[0] << 8 | word[1]);
	value = ~((value & 0xffff) + (value >> 16));
	sum[0] = (uint8_t)(value >> 8);
	sum[1] = (uint8_t)value;
}

/* The transport's checksum, NULL where there is none to move along. */
static uint8_t *l4_sum(uint8_t *l4, size_t len, uint8_t protocol)
{
	if (protocol == PROTO_TCP && len >= 18)
		return l4 + 16;
	if (protocol == PROTO_UDP && len >= 8 && (l4[6] || l4[7]))
		return l4 + 6;
	return NULL;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == PROTO_TCP || protocol == PROTO_UDP;
}

static void write_in(uint8_t *packet, size_t len, const struct layout *at, const uint8_t *addr,
		     const uint8_t *port)
{
	uint8_t *sum = at->later ? NULL : l4_sum(packet + at->l4, len - at->l4, at->protocol);

	memcpy(packet + at->src, addr, at->addr_len);
	if (!at->later && has_ports(at->protocol) && len >= at->l4 + 2)
		memcpy(packet + at->l4, port, 2);
	for (size_t i = 0; i < at->addr_len; i += 2) {
		if (at->addr_len == 4)
			sum_add(packet + 10, addr + i);
		if (sum)
			sum_add(sum, addr + i);
	}
	if (sum)
		sum_add(sum, port);
	if (sum && at->protocol == PROTO_UDP && !sum[0] && !sum[1])
		sum[0] = sum[1] = 0xff;
}

static uint32_t sctp_read(const uint8_t *l4)
{
	return l4[8] | (uint32_t)l4[9] << 8 | (uint32_t)l4[10] << 16 | (uint32_t)l4[11] << 24;
}

/* CRC32c (RFC 9260, appendix A), its own field counted as zero. */
static uint32_t sctp_sum(const uint8_t *l4, size_t len)
{
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		sum ^= i >= 8 && i < 12 ? 0 : l4[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78 : 0);
	}
	return ~sum;
}

/* SCTP's sum covers the ports but no address: what it was wrong by, it stays wrong by. */
static void write_sctp(uint8_t *l4, size_t len, const uint8_t *port)
{
	uint32_t wrong = sctp_read(l4) ^ sctp_sum(l4, len);
	uint32_t sum;

	memcpy(l4, port, 2);
	sum = sctp_sum(l4, len) ^ wrong;
	for (int i = 0; i < 4; i++)
		l4[8 + i] = (uint8_t)(sum >> 8 * i);
}

bool answer_fill(uint8_t *frame, size_t len, const uint8_t *to, size_t to_len)
{
	const uint8_t *inner = to + ETHER_LEN;
	size_t inner_len = to_len - ETHER_LEN;
	uint8_t *packet = frame + ETHER_LEN;
	size_t packet_len = len - ETHER_LEN;
	static const uint8_t no_port[2];
	const uint8_t *port = no_port;
	struct layout from;
	struct layout at;

	if (to_len < ETHER_LEN || len < ETHER_LEN || !look_inside(&inner, &inner_len, &from))
		return false;
	if (!look(packet, packet_len, &at) || at.addr_len != from.addr_len)
		return false;
	memcpy(frame + MAC_LEN, to, MAC_LEN);
	if (!from.later && inner_len >= from.l4 + 4)
		port = inner + from.l4 + 2;
	if (at.protocol == PROTO_SCTP && !at.later && packet_len >= at.l4 + 12)
		write_sctp(packet + at.l4, packet_len - at.l4, port);
	write_in(packet, packet_len, &at, inner + from.dst, port);
	return true;
}
