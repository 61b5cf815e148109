/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the table drops a packet: its chain, told again over the packet's own bytes. */
#include <netinet/in.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host_capture.h"

#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */
#define IP_OFFSET 0x1fff
#define IPV6_MAX_HEADERS 16
#define VLAN_ID 0x0fff

/* What the chain's expressions load. */
struct ends {
	union lvs_addr src;
	union lvs_addr dst;
	lvs_be16 src_port;
	lvs_be16 dst_port;
	uint8_t family;
	uint8_t protocol;
	bool ports; /* the bytes of both are there */
	bool opens; /* TCP: a SYN that answers nothing */
	bool fragment;
};

static void read_ports(const struct lvs_packet *packet, uint32_t offset, struct ends *ends)
{
	if (packet->linear_len < offset + 4)
		return;
	ends->ports = true;
	ends->src_port = lvs_load_be16(packet->data + offset);
	ends->dst_port = lvs_load_be16(packet->data + offset + 2);
	if (ends->protocol == IPPROTO_TCP && packet->linear_len >= offset + 14)
		ends->opens =
			(packet->data[offset + 13] & (LVS_TCP_SYN | LVS_TCP_ACK)) == LVS_TCP_SYN;
}

static bool read_ipv4(const struct lvs_packet *packet, struct ends *ends)
{
	uint32_t header_len;
	uint16_t fragment;

	if (packet->linear_len < 20)
		return false;
	header_len = (packet->data[0] & 0x0fu) * 4;
	if (header_len < 20)
		return false;
	fragment = lvs_load16(packet->data + 6);
	ends->family = LVS_INET;
	ends->protocol = packet->data[9];
	ends->fragment = (fragment & IP_FRAGMENT) != 0;
	memcpy(ends->src.byte, packet->data + 12, 4);
	memcpy(ends->dst.byte, packet->data + 16, 4);
	if ((fragment & IP_OFFSET) == 0)
		read_ports(packet, header_len, ends);
	return true;
}

static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_DSTOPTS || type == IPPROTO_AH;
}

/* Length of an extension header (RFC 8200, section 4; RFC 4302 for AH). */
static uint32_t extension_len(uint8_t type, uint8_t field)
{
	if (type == IPPROTO_FRAGMENT)
		return 8;
	return type == IPPROTO_AH ? (field + 2u) * 4 : (field + 1u) * 8;
}

static bool read_ipv6(const struct lvs_packet *packet, struct ends *ends)
{
	uint32_t at = 40;
	bool later = false;

	if (packet->linear_len < at)
		return false;
	ends->family = LVS_INET6;
	ends->protocol = packet->data[6];
	memcpy(ends->src.byte, packet->data + 8, 16);
	memcpy(ends->dst.byte, packet->data + 24, 16);
	for (unsigned i = 0; is_extension(ends->protocol) && !later; i++) {
		uint8_t type = ends->protocol;

		if (i == IPV6_MAX_HEADERS || packet->linear_len < at + 8)
			return false;
		if (type == IPPROTO_FRAGMENT) {
			ends->fragment = true;
			later = (lvs_load16(packet->data + at + 2) & 0xfff8) != 0;
		}
		ends->protocol = packet->data[at];
		at += extension_len(type, packet->data[at + 1]);
	}
	if (!later)
		read_ports(packet, at, ends);
	return true;
}

static bool read_ends(const struct lvs_packet *packet, struct ends *ends)
{
	memset(ends, 0, sizeof(*ends));
	if (packet->linear_len == 0)
		return false;
	switch (packet->data[0] >> 4) {
	case 4:
		return read_ipv4(packet, ends);
	case 6:
		return read_ipv6(packet, ends);
	default:
		return false;
	}
}

static bool at_interface(const struct lvs_capture *capture, uint32_t ifindex)
{
	if (ifindex == 0)
		return capture->ifindex_n > 0;
	for (unsigned i = 0; i < capture->ifindex_n; i++)
		if (capture->ifindex[i] == ifindex)
			return true;
	return false;
}

/* One end against the rules of a direction: with its port, then for every port. */
static bool match_end(const struct lvs_capture *capture, const union lvs_addr *addr, lvs_be16 port,
		      const struct ends *ends, uint8_t direction)
{
	struct lvs_host_rule key;

	memset(&key, 0, sizeof(key));
	key.addr = *addr;
	key.family = ends->family;
	key.protocol = ends->protocol;
	key.direction = direction;
	key.port = port;
	if (ends->ports && key.port != 0 && lvs_capture_rules_has(&capture->rules, &key))
		return true;
	key.port = 0;
	return lvs_capture_rules_has(&capture->rules, &key);
}

/* From a captured server: back to the host only if it asks, or answers who asked it directly. */
static bool goes_back(const struct lvs_capture *capture, const struct ends *ends)
{
	struct lvs_direct_flow flow = {
		.client = &ends->dst,
		.server = &ends->src,
		.client_port = ends->dst_port,
		.server_port = ends->src_port,
		.protocol = ends->protocol,
	};

	/* ICMP that concerns no connection of ours: a ping, an error about the server's own. */
	if (ends->protocol == IPPROTO_ICMP || ends->protocol == IPPROTO_ICMPV6)
		return true;
	return ends->opens || lvs_direct_known(capture->direct, &flow);
}

/* To a captured server, past the director: the host has it, and its answers are the host's. */
static void note_direct(const struct lvs_capture *capture, const struct ends *ends)
{
	struct lvs_direct_flow flow = {
		.client = &ends->src,
		.server = &ends->dst,
		.client_port = ends->src_port,
		.server_port = ends->dst_port,
		.protocol = ends->protocol,
	};

	if (ends->protocol != IPPROTO_ICMP && ends->protocol != IPPROTO_ICMPV6 &&
	    match_end(capture, &ends->dst, ends->dst_port, ends, LVS_HOST_FROM))
		lvs_direct_note(capture->direct, &flow);
}

/* The host has nothing of what comes out of the TUN by itself: all goes back but what must not. */
static bool returns(const struct lvs_capture *capture, const struct lvs_packet *packet)
{
	struct ends ends;

	if (!read_ends(packet, &ends))
		return true;
	if (match_end(capture, &ends.src, ends.src_port, &ends, LVS_HOST_FROM))
		return !ends.fragment && goes_back(capture, &ends);
	note_direct(capture, &ends);
	return true;
}

bool lvs_capture_match(const struct lvs_capture *capture, const struct lvs_packet *packet)
{
	struct ends ends;

	if (capture->rules.mark != 0)
		return returns(capture, packet);

	/* A fragment from a server is dropped, but must not go back either: see the header. */
	if (packet->link_type != LVS_LINK_HOST || (packet->vlan & VLAN_ID) != 0 ||
	    !at_interface(capture, packet->ifindex) || !read_ends(packet, &ends) || ends.fragment)
		return false;
	if (match_end(capture, &ends.src, ends.src_port, &ends, LVS_HOST_FROM))
		return goes_back(capture, &ends);
	if (match_end(capture, &ends.dst, ends.dst_port, &ends, LVS_HOST_TO))
		return true;
	note_direct(capture, &ends);
	return false;
}
