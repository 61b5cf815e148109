/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The decision about a frame: compiled for BPF (steer.bpf.c) and, with lookups of its own, by the
 * unit test. */
#ifndef LVS_XDP_STEER_MATCH_H
#define LVS_XDP_STEER_MATCH_H

#include "steer.h"

/* What is known of a packet. */
struct steer_packet {
	struct steer_end src;
	struct steer_end dst;
	__u16 src_port; /* network order, 0 unless has_ports */
	__u16 dst_port;
	__u8 protocol; /* of a fragment: what its header says is behind it */
	__u8 has_ports;
	__u8 fragment;
	__u8 icmp_error;
};

/* The two lookups. */
static __u32 steer_find_end(const struct steer_end *end);
static int steer_find_rule(const struct steer_rule *rule);

#define STEER_INLINE static inline __attribute__((always_inline))

STEER_INLINE __u16 steer_swap(__u16 be)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(be) : be;
}

STEER_INLINE int steer_has_ports(__u8 protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132;
}

STEER_INLINE struct steer_rule steer_rule_of(const struct steer_end *end, __u8 direction,
					     __u8 protocol)
{
	struct steer_rule rule = {
		.word = {end->word[0], end->word[1], end->word[2], end->word[3]},
		.family = (__u8)end->family,
		.protocol = protocol,
		.direction = direction,
	};

	return rule;
}

/* Whether the rules of a direction name this end of the packet. */
STEER_INLINE int steer_names(const struct steer_packet *packet, __u8 direction)
{
	const struct steer_end *end = direction == STEER_FROM ? &packet->src : &packet->dst;
	__u16 port = direction == STEER_FROM ? packet->src_port : packet->dst_port;
	__u32 has = steer_find_end(end);
	struct steer_rule rule;

	has >>= direction * STEER_KINDS;
	if (!has)
		return 0;
	rule = steer_rule_of(end, direction, packet->protocol);
	if (packet->fragment) {
		rule.kind = STEER_FRAGMENT;
		return has & 1u << STEER_FRAGMENT && steer_find_rule(&rule);
	}
	if (has & 1u << STEER_ALL && steer_find_rule(&rule))
		return 1;
	if (!packet->has_ports)
		return 0;
	if (has & 1u << STEER_HIGH && steer_swap(port) >= STEER_HIGH_PORT) {
		rule.flags = STEER_HIGH_PORTS;
		if (steer_find_rule(&rule))
			return 1;
		rule.flags = 0;
	}
	rule.port = port;
	return has & 1u << STEER_PORT && port && steer_find_rule(&rule);
}

/* Two ports, or whether ICMP is an error, as far as they are there. */
STEER_INLINE void steer_read_l4(const __u8 *at, const __u8 *end, struct steer_packet *packet)
{
	__u16 ports[2];

	if (steer_has_ports(packet->protocol)) {
		if (at + 4 > end)
			return;
		__builtin_memcpy(ports, at, 4);
		packet->src_port = ports[0];
		packet->dst_port = ports[1];
		packet->has_ports = 1;
	} else if (packet->dst.family == STEER_INET6) {
		packet->icmp_error = packet->protocol == 58 && at + 1 <= end && at[0] < 128;
	} else if (packet->protocol == 1 && at + 1 <= end) {
		packet->icmp_error = at[0] == 3 || at[0] == 4 || at[0] == 11;
	}
}

/* Whether an address stands at @at that rules about quoted packets name. */
STEER_INLINE int steer_quotes(const __u8 *at, const __u8 *end, __u32 family, __u32 bit)
{
	struct steer_end quoted = {.family = family};

	if (family == STEER_INET6) {
		if (at + 16 > end)
			return 0;
		__builtin_memcpy(quoted.word, at, 16);
	} else {
		if (at + 4 > end)
			return 0;
		__builtin_memcpy(quoted.word, at, 4);
	}
	return (steer_find_end(&quoted) & bit) != 0;
}

/* Whether an error is about a packet that went to a server, or came from a service. */
STEER_INLINE int steer_is_about(const __u8 *quote, const __u8 *end, __u32 family)
{
	unsigned src = family == STEER_INET6 ? 8 : 12, dst = family == STEER_INET6 ? 24 : 16;

	return steer_quotes(quote + dst, end, family, STEER_BIT(STEER_FROM, STEER_QUOTED)) ||
	       steer_quotes(quote + src, end, family, STEER_BIT(STEER_TO, STEER_QUOTED));
}

/* The rest, once the addresses and @l4, the transport header, are known. */
STEER_INLINE int steer_decide(const __u8 *l4, const __u8 *end, struct steer_packet *packet)
{
	if (!packet->fragment) {
		steer_read_l4(l4, end, packet);
		if (packet->protocol == 1 || packet->protocol == 58) {
			if (!packet->icmp_error)
				return STEER_LEFT;
			if (steer_is_about(l4 + 8, end, packet->dst.family))
				return STEER_STEERED;
		}
	}
	return steer_names(packet, STEER_TO) || steer_names(packet, STEER_FROM) ? STEER_STEERED
										: STEER_LEFT;
}

STEER_INLINE int steer_ipv4(const __u8 *ip, const __u8 *end)
{
	struct steer_packet packet = {
		.src.family = STEER_INET,
		.dst.family = STEER_INET,
	};
	unsigned len;
	__u16 fragment;

	if (ip + 20 > end)
		return STEER_UNREAD;
	len = (ip[0] & 0xfu) * 4;
	if (ip[0] >> 4 != 4 || len < 20)
		return STEER_UNREAD;
	__builtin_memcpy(&fragment, ip + 6, 2);
	packet.fragment = (steer_swap(fragment) & 0x3fff) != 0;
	packet.protocol = ip[9];
	__builtin_memcpy(packet.src.word, ip + 12, 4);
	__builtin_memcpy(packet.dst.word, ip + 16, 4);
	return steer_decide(ip + len, end, &packet);
}

STEER_INLINE int steer_is_extension(__u8 type)
{
	return type == 0 || type == 43 || type == 44 || type == 60;
}

/* RFC 8200, section 4: a header, and what follows it. 0 where the frame ends. */
STEER_INLINE int steer_step(const __u8 **at, const __u8 *end, struct steer_packet *packet)
{
	const __u8 *header = *at;
	__u16 offset;

	if (header + 8 > end)
		return 0;
	if (packet->protocol != 44) {
		packet->protocol = header[0];
		*at = header + (header[1] + 1u) * 8;
		return 1;
	}
	__builtin_memcpy(&offset, header + 2, 2);
	packet->fragment = 1;
	packet->protocol = header[0];
	*at = header + 8;
	return 1;
}

STEER_INLINE int steer_ipv6(const __u8 *ip, const __u8 *end)
{
	struct steer_packet packet = {
		.src.family = STEER_INET6,
		.dst.family = STEER_INET6,
	};
	const __u8 *at = ip + 40;

	if (at > end || ip[0] >> 4 != 6)
		return STEER_UNREAD;
	packet.protocol = ip[6];
	__builtin_memcpy(packet.src.word, ip + 8, 16);
	__builtin_memcpy(packet.dst.word, ip + 24, 16);
	/* A fragment is told by what its header says is behind it. */
	for (int i = 0; i < STEER_EXTENSIONS; i++) {
		if (packet.fragment || !steer_is_extension(packet.protocol))
			break;
		if (!steer_step(&at, end, &packet))
			return STEER_UNREAD;
	}
	if (!packet.fragment && steer_is_extension(packet.protocol))
		return STEER_UNREAD;
	return steer_decide(at, end, &packet);
}

/* What becomes of an Ethernet frame. */
STEER_INLINE int steer_frame(const struct steer_link *link, const __u8 *data, const __u8 *end)
{
	__u16 type;
	__u32 differs = 0;
	int verdict;

	if (data + 14 > end)
		return STEER_UNREAD;
	__builtin_memcpy(&type, data + 12, 2);
	type = steer_swap(type);
	if (type == 0x8100 || type == 0x88a8)
		return STEER_TAGGED;
	if (type != 0x0800 && type != 0x86dd)
		return STEER_LEFT;
	for (int i = 0; i < 6; i++)
		differs |= data[i] ^ link->mac[i];
	if (differs)
		return STEER_OTHER;
	verdict = type == 0x0800 ? steer_ipv4(data + 14, end) : steer_ipv6(data + 14, end);
	if (verdict == STEER_STEERED && data + (link->frame_max & 0xfff) < end)
		return STEER_TOO_LONG;
	return verdict;
}

#endif
