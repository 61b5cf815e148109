/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the table drops a packet: its chains, told again over the packet's own bytes. Then, of
 * what came from a server, whether the host may have it. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"
#include "io/host/ends.h"

#define ICMP_LEN 8 /* in front of what an error quotes */
#define VLAN_ID 0x0fff

/* What is asked of whom. */
struct question {
	const struct lvs_capture *capture;
	const struct lvs_routes *routes;
	const struct lvs_packet *packet;
	struct lvs_ends ends;
};

static bool at_interface(const struct lvs_capture *capture, uint32_t ifindex)
{
	if (ifindex == 0)
		return capture->ifindex_n > 0;
	for (unsigned i = 0; i < capture->ifindex_n; i++)
		if (capture->ifindex[i] == ifindex)
			return true;
	return false;
}

static struct lvs_host_rule key_of(unsigned family, const union lvs_addr *addr, uint8_t direction)
{
	struct lvs_host_rule key;

	memset(&key, 0, sizeof(key));
	key.addr = *addr;
	key.family = (uint8_t)family;
	key.direction = direction;
	return key;
}

/* One end against the rules of a direction: with its port, as a high one. */
static bool has_own_port(const struct question *question, const struct lvs_ends *ends,
			 uint8_t direction)
{
	const struct lvs_capture_rules *rules = &question->capture->rules;
	bool from = direction == LVS_HOST_FROM;
	struct lvs_host_rule key = key_of(ends->family, from ? &ends->src : &ends->dst, direction);

	if (!ends->ports)
		return false;
	key.protocol = ends->protocol;
	key.port = from ? ends->src_port : ends->dst_port;
	if (key.port != 0 && lvs_capture_rules_has(rules, &key))
		return true;
	if (lvs_ntohs(key.port) < LVS_CAPTURE_HIGH_PORT)
		return false;
	key.port = 0;
	key.flags = LVS_HOST_HIGH_PORTS;
	return lvs_capture_rules_has(rules, &key);
}

/* The same, then for every port. */
static bool has_port(const struct question *question, const struct lvs_ends *ends,
		     uint8_t direction)
{
	struct lvs_host_rule key = key_of(
		ends->family, direction == LVS_HOST_FROM ? &ends->src : &ends->dst, direction);

	key.protocol = ends->protocol;
	return has_own_port(question, ends, direction) ||
	       lvs_capture_rules_has(&question->capture->rules, &key);
}

static bool has_fragment(const struct question *question, const struct lvs_ends *ends,
			 uint8_t direction)
{
	struct lvs_host_rule key = key_of(
		ends->family, direction == LVS_HOST_FROM ? &ends->src : &ends->dst, direction);

	key.protocol = ends->fragment_protocol;
	key.reserved[0] = LVS_CAPTURE_FRAGMENT;
	return lvs_capture_rules_has(&question->capture->rules, &key);
}

static bool has_quoted(const struct question *question, const union lvs_addr *addr,
		       uint8_t direction)
{
	struct lvs_host_rule key = key_of(question->ends.family, addr, direction);

	key.reserved[0] = LVS_CAPTURE_QUOTED;
	return lvs_capture_rules_has(&question->capture->rules, &key);
}

/* A flow as it is seen from a packet that its client, or its server, has sent. */
static struct lvs_direct_flow flow_of(const struct lvs_ends *ends, bool by_client)
{
	return (struct lvs_direct_flow){
		.client = by_client ? &ends->src : &ends->dst,
		.server = by_client ? &ends->dst : &ends->src,
		.client_port = by_client ? ends->src_port : ends->dst_port,
		.server_port = by_client ? ends->dst_port : ends->src_port,
		.protocol = ends->protocol,
	};
}

/* A server's datagram, of which fragments come. */
static struct lvs_direct_flow datagram_of(const struct lvs_ends *ends)
{
	return (struct lvs_direct_flow){
		.client = &ends->dst,
		.server = &ends->src,
		.client_port = (lvs_be16)(ends->id >> 16),
		.server_port = (lvs_be16)ends->id,
		.protocol = ends->fragment_protocol,
		.datagram = true,
	};
}

static bool is_icmp(const struct lvs_ends *ends)
{
	return ends->protocol == LVS_ICMP || ends->protocol == LVS_ICMPV6;
}

/* What the host itself receives it does not send on untranslated. */
static bool is_to_host(const struct question *question)
{
	const struct lvs_route *route = lvs_routes_find(question->routes, question->ends.family,
							&question->ends.dst, NULL, NULL);

	return route != NULL && route->type == RTN_LOCAL;
}

/* UDP from a server of which every port is captured: its own questions leave from any, and begin no
 * connection that could be told. The kernel's IPVS lets them by, too. */
static bool is_loose(const struct question *question)
{
	return question->ends.protocol == LVS_UDP &&
	       !has_own_port(question, &question->ends, LVS_HOST_FROM);
}

/* From a captured server's port: only if it asks, or answers who asked it directly. */
static bool answers_directly(const struct question *question)
{
	struct lvs_direct_flow flow = flow_of(&question->ends, false);

	/* An error that concerns no connection of ours, by a rule for its protocol. */
	if (is_icmp(&question->ends))
		return true;
	return question->ends.opens || is_loose(question) ||
	       lvs_direct_known(question->capture->direct, &flow) || is_to_host(question);
}

/* Fragments from a captured server: later ones go the way of the first. */
static bool fragment_goes_back(const struct question *question)
{
	const struct lvs_ends *ends = &question->ends;
	struct lvs_direct_flow datagram = datagram_of(ends);

	if (ends->later)
		return lvs_direct_known(question->capture->direct, &datagram) ||
		       is_to_host(question);
	if (has_port(question, ends, LVS_HOST_FROM) && !answers_directly(question))
		return false;
	lvs_direct_note(question->capture->direct, &datagram);
	return true;
}

/* To a captured server, past the director: the host has it, and its answers are the host's. */
static void note_direct(const struct question *question)
{
	const struct lvs_ends *ends = &question->ends;
	struct lvs_ends reply = {
		.src = ends->dst,
		.src_port = ends->dst_port,
		.family = ends->family,
		.protocol = ends->protocol,
		.ports = ends->ports,
	};
	struct lvs_direct_flow flow = flow_of(ends, true);

	if (!ends->later && !is_icmp(ends) && has_port(question, &reply, LVS_HOST_FROM))
		lvs_direct_note(question->capture->direct, &flow);
}

/* What is not from a server. Steered to an adapter, the host has nothing by itself. */
static bool match_other(const struct question *question, bool to_service)
{
	bool steered = lvs_capture_is_all(question->capture);

	if (steered || !to_service)
		note_direct(question);
	return steered || to_service;
}

static bool match_fragment(const struct question *question)
{
	if (has_fragment(question, &question->ends, LVS_HOST_FROM))
		return fragment_goes_back(question);
	return match_other(question, has_fragment(question, &question->ends, LVS_HOST_TO));
}

static bool is_error(const struct question *question)
{
	const struct lvs_packet *packet = question->packet;
	const struct lvs_ends *ends = &question->ends;
	uint8_t type;

	if (packet->linear_len <= ends->l4)
		return false;
	type = packet->data[ends->l4];
	if (ends->family == LVS_INET6)
		return ends->protocol == LVS_ICMPV6 && type < 128;
	return ends->protocol == LVS_ICMP && (type == 3 || type == 4 || type == 11);
}

/* An address of the packet that an error quotes, where it stands if it is one. */
static bool read_quoted(const struct question *question, bool source, union lvs_addr *addr)
{
	const struct lvs_ends *ends = &question->ends;
	uint32_t len = lvs_addr_len(ends->family);
	uint32_t at = ends->l4 + ICMP_LEN + lvs_ends_addr_offset(ends->family, source);

	memset(addr, 0, sizeof(*addr));
	if (question->packet->linear_len < at + len)
		return false;
	memcpy(addr->byte, question->packet->data + at, len);
	return true;
}

/* One that concerns no connection goes back whatever it quotes: nobody takes it for his own who has
 * not sent what it quotes. */
static bool match_error(const struct question *question)
{
	union lvs_addr addr;

	if (!is_error(question))
		return false;
	if (read_quoted(question, false, &addr) && has_quoted(question, &addr, LVS_HOST_FROM))
		return true;
	return read_quoted(question, true, &addr) && has_quoted(question, &addr, LVS_HOST_TO);
}

static bool match_packet(const struct question *question)
{
	if (is_icmp(&question->ends) && !is_error(question))
		return match_other(question, false);
	if (match_error(question))
		return true;
	if (has_port(question, &question->ends, LVS_HOST_FROM))
		return answers_directly(question);
	return match_other(question, has_port(question, &question->ends, LVS_HOST_TO));
}

/* Whether the table's first rules let the packet by. */
static bool is_left(const struct lvs_capture *capture, const struct lvs_packet *packet)
{
	return packet->link_type != LVS_LINK_HOST || (packet->vlan & VLAN_ID) != 0 ||
	       !at_interface(capture, packet->ifindex);
}

bool lvs_capture_match(const struct lvs_capture *capture, const struct lvs_routes *routes,
		       const struct lvs_packet *packet)
{
	struct question question = {.capture = capture, .routes = routes, .packet = packet};
	bool steered = lvs_capture_is_all(capture);

	if (!steered && is_left(capture, packet))
		return false;
	if (!lvs_ends_read(packet->data, packet->linear_len, &question.ends))
		return steered;
	return question.ends.fragment ? match_fragment(&question) : match_packet(&question);
}
