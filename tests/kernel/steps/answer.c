/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

#include <string.h>

enum {
	MAC_LEN = 6,
	ETHER_LEN = 14,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
};

/* Where the parts of an IP packet stand, from its beginning. */
struct layout {
	size_t src;      /* source address */
	size_t dst;      /* destination address */
	size_t addr_len; /* of each */
	size_t l4;       /* transport header */
	uint8_t protocol;
};

static bool look(const uint8_t *packet, size_t len, struct layout *layout)
{
	if (len >= IPV4_LEN && packet[0] >> 4 == 4) {
		*layout = (struct layout){12, 16, 4, (size_t)(packet[0] & 15) * 4, packet[9]};
		return layout->l4 >= IPV4_LEN && len >= layout->l4 + 4;
	}
	if (len >= IPV6_LEN && packet[0] >> 4 == 6) {
		*layout = (struct layout){8, 24, 16, IPV6_LEN, packet[6]};
		return len >= IPV6_LEN + 4;
	}
	return false;
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

static void write_in(uint8_t *packet, size_t len, const struct layout *at, const uint8_t *addr,
		     const uint8_t *port)
{
	uint8_t *sum = l4_sum(packet + at->l4, len - at->l4, at->protocol);

	memcpy(packet + at->src, addr, at->addr_len);
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

bool answer_fill(uint8_t *frame, size_t len, const uint8_t *to, size_t to_len)
{
	const uint8_t *inner = to + ETHER_LEN;
	size_t inner_len = to_len - ETHER_LEN;
	struct layout from;
	struct layout at;

	if (to_len < ETHER_LEN || len < ETHER_LEN || !look(inner, inner_len, &from))
		return false;
	if (from.protocol == PROTO_IPIP || from.protocol == PROTO_IPV6) {
		inner += from.l4;
		inner_len -= from.l4;
		if (!look(inner, inner_len, &from))
			return false;
	}
	if (!look(frame + ETHER_LEN, len - ETHER_LEN, &at) || at.addr_len != from.addr_len ||
	    at.protocol != from.protocol)
		return false;
	memcpy(frame + MAC_LEN, to, MAC_LEN);
	write_in(frame + ETHER_LEN, len - ETHER_LEN, &at, inner + from.dst, inner + from.l4 + 2);
	return true;
}
