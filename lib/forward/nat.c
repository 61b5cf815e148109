/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/NAT. On the way out the destination's address and port take the place of
 * the service's, on the way back the service's that of the destination.
 * Checksums are repaired, not recomputed (RFC 1624); the old values are those
 * of the packet, which the connection's key has been compared with. SCTP has a CRC.
 */
#include "forward/list.h"
#include "forward/send.h"
#include "packet/sctp.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/icmp.h"
#include "packet/parse.h"
#include "packet/quote.h"

/* Where in the packet a rewrite happens, as offsets from the header's begin. */
struct place {
	unsigned addr4, addr6; /* in the IP header */
	unsigned port;         /* in the transport header */
};

static const struct place source = {.addr4 = 12, .addr6 = 8, .port = 0};
static const struct place destination = {.addr4 = 16, .addr6 = 24, .port = 2};

/* The datagram's own length; the IP packet may be longer, and a super-packet's is that of any. */
static uint32_t udp_len(const uint8_t *udp, const struct lvs_headers *headers)
{
	uint32_t len = lvs_load16(udp + 4);
	uint32_t room = headers->len - headers->l4_offset;

	return len < room ? len : room;
}

/* RFC 768 lets an IPv4 sender leave the sum out; a rewritten packet gets one, as in the kernel. */
static LVS_NOINLINE void udp_fill(struct lvs_packet *packet, const struct lvs_headers *headers)
{
	bool v4 = headers->flow.family == LVS_INET;
	uint8_t *udp = packet->data + headers->l4_offset;
	uint32_t len = udp_len(udp, headers);
	const uint8_t *addrs = packet->data + (v4 ? source.addr4 : source.addr6);
	uint64_t sum = lvs_csum_pseudo(addrs, addrs + lvs_addr_len(headers->flow.family),
				       headers->flow.family, LVS_UDP, len);
	uint16_t check;

	/* Nobody has gathered the datagram: it stays without. */
	if (headers->flags & LVS_HEADERS_FRAGMENT)
		return;
	if (packet->linear_len < headers->len || packet->gso_size) {
		/* The payload is not to be touched, or each segment has a sum of its own: who
		 * sends it completes that. */
		lvs_store_be16(udp + 6, lvs_csum_fold(sum));
		packet->flags |= LVS_PACKET_CSUM_PARTIAL;
		packet->csum_start = headers->l4_offset;
		packet->csum_offset = 6;
		return;
	}
	check = (uint16_t)~lvs_csum_fold(lvs_csum_sum(sum, udp, len));
	lvs_store_be16(udp + 6, check ? check : 0xffff);
}

static void repair_sum(struct lvs_packet *packet, const struct lvs_headers *headers,
		       uint64_t addr_delta, uint64_t port_delta)
{
	bool tcp = headers->flow.protocol == LVS_TCP;
	uint8_t *field = packet->data + headers->l4_offset + (tcp ? LVS_TCP_CSUM : LVS_UDP_CSUM);

	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		lvs_csum_apply_partial(field, addr_delta);
	else if (tcp)
		lvs_csum_apply(field, addr_delta + port_delta);
	else if (lvs_load_be16(field) == 0 && headers->flow.family == LVS_INET)
		udp_fill(packet, headers);
	else
		lvs_csum_apply_udp(field, addr_delta + port_delta);
}

/*
 * SCTP's CRC covers no address: where the port stays, all does. Else it is made anew as the kernel
 * makes it, which puts a wrong one right; a repaired one would stay wrong, but nobody has asked for
 * more than the kernel does.
 */
static void refill_crc(struct lvs_packet *packet, const struct lvs_headers *headers)
{
	/* Of a fragment it covers more than is here: who has gathered the datagram does it. */
	if (headers->flags & LVS_HEADERS_FRAGMENT || packet->flags & LVS_PACKET_CSUM_PARTIAL)
		return;
	if (packet->linear_len >= headers->len) {
		lvs_crc32c_sctp(packet->data + headers->l4_offset,
				headers->len - headers->l4_offset);
		return;
	}
	/* The payload is not to be touched: who sends it completes the CRC. */
	packet->flags |= LVS_PACKET_CSUM_PARTIAL;
	packet->csum_start = headers->l4_offset;
	packet->csum_offset = LVS_SCTP_CSUM;
}

/* SCTP, and what has no ports at all (AH, ESP). */
static void rewrite_other(struct lvs_packet *packet, const struct lvs_headers *headers,
			  uint8_t *field, lvs_be16 to_port)
{
	if (headers->flow.protocol != LVS_SCTP || lvs_load_be16(field) == to_port)
		return;
	lvs_store_be16(field, to_port);
	refill_crc(packet, headers);
}

/* All but TCP with a whole checksum. */
static LVS_NOINLINE void rewrite_l4(struct lvs_packet *packet, const struct lvs_headers *headers,
				    const struct place *place, lvs_be16 to_port,
				    uint64_t addr_delta, uint64_t port_delta)
{
	uint8_t *field = packet->data + headers->l4_offset + place->port;

	/* Ports and checksum stand in the first one. */
	if (headers->flags & LVS_HEADERS_LATER_FRAGMENT)
		return;
	if (headers->flow.protocol != LVS_TCP && headers->flow.protocol != LVS_UDP) {
		rewrite_other(packet, headers, field, to_port);
		return;
	}
	lvs_store_be16(field, to_port);
	repair_sum(packet, headers, addr_delta, port_delta);
}

/* Puts an address in its place in the IP header and, where the packet goes on, takes one hop. The
 * IPv4 checksum covers both. What the address adds to sums. */
LVS_INLINE uint64_t rewrite_ip(uint8_t *ip, struct lvs_headers *headers, const struct place *place,
			       const union lvs_addr *from, const union lvs_addr *to, bool goes_on)
{
	uint8_t ttl = (uint8_t)(headers->ttl - goes_on);
	lvs_be32 word = to->word[0];
	uint64_t delta;

	headers->ttl = ttl;
	if (lvs_unlikely(headers->flow.family == LVS_INET6)) {
		delta = lvs_csum_delta128(0, from->word, to->word);
		ip[7] = ttl;
		memcpy(ip + place->addr6, to, sizeof(*to));
		return delta;
	}
	delta = lvs_csum_delta32(0, from->word[0], word);
	ip[8] = ttl;
	lvs_store_be32(ip + place->addr4, word);
	lvs_csum_apply(ip + 10, delta + (goes_on ? LVS_SEND_HOP : 0));
	return delta;
}

/* TCP's header is there, and its checksum that of all it covers. */
LVS_INLINE bool is_whole_tcp(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	return headers->flow.protocol == LVS_TCP &&
	       !(headers->flags & LVS_HEADERS_LATER_FRAGMENT) &&
	       !(packet->flags & LVS_PACKET_CSUM_PARTIAL);
}

/* Puts address and port in their place; @p from_addr and @p from_port are what stands there. */
LVS_INLINE void rewrite(struct lvs_packet *packet, struct lvs_headers *headers,
			const struct place *place, const union lvs_addr *from_addr,
			const union lvs_addr *to_addr, lvs_be16 from_port, lvs_be16 to_port,
			bool goes_on)
{
	uint8_t *l4 = packet->data + headers->l4_offset;
	uint64_t port_delta = lvs_csum_delta16(0, from_port, to_port);
	uint64_t addr_delta = rewrite_ip(packet->data, headers, place, from_addr, to_addr, goes_on);

	if (lvs_likely(is_whole_tcp(packet, headers))) {
		lvs_store_be16(l4 + place->port, to_port);
		lvs_csum_apply(l4 + LVS_TCP_CSUM, addr_delta + port_delta);
		return;
	}
	rewrite_l4(packet, headers, place, to_port, addr_delta, port_delta);
}

LVS_INLINE void rewrite_out(struct lvs_packet *packet, struct lvs_headers *headers,
			    const struct lvs_binding *binding, bool goes_on)
{
	rewrite(packet, headers, &destination, &headers->flow.dst, &binding->dest,
		headers->flow.dst_port, binding->dest_port, goes_on);
}

LVS_INLINE void rewrite_back(struct lvs_packet *packet, struct lvs_headers *headers,
			     const struct lvs_binding *binding, bool goes_on)
{
	rewrite(packet, headers, &source, &headers->flow.src, &binding->service,
		headers->flow.src_port, binding->service_port, goes_on);
}

/* The loopback address is for what was made here (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3). */
static bool is_crossing(const struct lvs_packet *packet, const struct lvs_binding *binding)
{
	return packet->link_type != LVS_LINK_SELF &&
	       lvs_addr_is_loopback(&binding->dest, binding->family);
}

LVS_INLINE enum lvs_reason go_out(struct lvs_packet *packet, struct lvs_headers *headers,
				  const struct lvs_binding *binding)
{
	lvs_send_to(packet, headers, binding->path);
	rewrite_out(packet, headers, binding, true);
	return LVS_REASON_NONE;
}

LVS_INLINE enum lvs_reason go_back(struct lvs_packet *packet, struct lvs_headers *headers,
				   const struct lvs_binding *binding)
{
	lvs_send_to(packet, headers, binding->path);
	rewrite_back(packet, headers, binding, true);
	return LVS_REASON_NONE;
}

/* It does not go, or is to be cut; or the real server is this host: neither TTL nor MTU are asked.
 */
static LVS_NOINLINE enum lvs_reason
check_out(struct lvs_packet *packet, struct lvs_headers *headers, const struct lvs_binding *binding)
{
	enum lvs_reason reason = lvs_send_check(packet, headers, binding->path);

	if (reason == LVS_REASON_NONE)
		return go_out(packet, headers, binding);
	if (reason != LVS_REASON_LOCAL)
		return reason;
	if (is_crossing(packet, binding))
		return LVS_REASON_CROSS_LOCAL;
	rewrite_out(packet, headers, binding, false);
	return LVS_REASON_LOCAL;
}

/* The same where the client is this host. */
static LVS_NOINLINE enum lvs_reason check_back(struct lvs_packet *packet,
					       struct lvs_headers *headers,
					       const struct lvs_binding *binding)
{
	enum lvs_reason reason = lvs_send_check(packet, headers, binding->path);

	if (reason == LVS_REASON_NONE)
		return go_back(packet, headers, binding);
	if (reason == LVS_REASON_LOCAL)
		rewrite_back(packet, headers, binding, false);
	return reason;
}

static enum lvs_reason nat_out(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding)
{
	if (lvs_likely(lvs_send_passes(headers, binding->path, 0)))
		return go_out(packet, headers, binding);
	return check_out(packet, headers, binding);
}

static enum lvs_reason nat_back(struct lvs_packet *packet, struct lvs_headers *headers,
				const struct lvs_binding *binding)
{
	if (lvs_likely(lvs_send_passes(headers, binding->path, 0)))
		return go_back(packet, headers, binding);
	return check_back(packet, headers, binding);
}

static void put_addr(uint8_t *ip, const struct place *place, const union lvs_addr *addr,
		     unsigned family)
{
	memcpy(ip + (family == LVS_INET ? place->addr4 : place->addr6), addr, lvs_addr_len(family));
	if (family == LVS_INET)
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, (ip[0] & 15) * 4u));
}

/*
 * An address takes its place in the error's header, the same one and a port that of the other end
 * in the quoted headers. The quoted transport checksum is left: hardly ever is all there that it
 * covers, and nobody checks it.
 */
static void rewrite_error(struct lvs_packet *packet, const struct lvs_headers *headers,
			  const struct lvs_quote *quote, bool to_server, const union lvs_addr *addr,
			  lvs_be16 port)
{
	const struct place *outer = to_server ? &destination : &source;
	const struct place *quoted = to_server ? &source : &destination;
	unsigned family = headers->flow.family;
	uint64_t before = lvs_icmp_sum(packet, headers);

	put_addr(packet->data, outer, addr, family);
	put_addr(packet->data + quote->ip_offset, quoted, addr, family);
	if (lvs_quote_has_ports(quote->flow.protocol))
		lvs_store_be16(packet->data + quote->l4_offset + quoted->port, port);
	/* Of a fragmented one this is a part. */
	if (headers->flags & LVS_HEADERS_FRAGMENT)
		lvs_icmp_repair(packet, headers, before);
	else
		lvs_icmp_finish(packet, headers);
}

/* Its length is no reason for one more error: IPv4 is cut, DF or not, as the kernel does. */
static enum lvs_reason check_error(struct lvs_packet *packet, const struct lvs_headers *headers,
				   const struct lvs_path_conf *path)
{
	enum lvs_reason reason = lvs_send_is_open(headers, path);

	if (reason != LVS_REASON_NONE || lvs_send_fits(packet, headers, path, 0))
		return reason;
	return lvs_send_too_long(packet, path, headers->flow.family == LVS_INET);
}

static enum lvs_reason send_error(struct lvs_packet *packet, struct lvs_headers *headers,
				  const struct lvs_quote *quote, const struct lvs_binding *binding,
				  bool to_server)
{
	const struct lvs_path_conf *path = binding->path;
	enum lvs_reason reason = check_error(packet, headers, path);

	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL)
		return reason;
	if (to_server)
		rewrite_error(packet, headers, quote, true, &binding->dest, binding->dest_port);
	else
		rewrite_error(packet, headers, quote, false, &binding->service,
			      binding->service_port);
	if (reason == LVS_REASON_LOCAL)
		return LVS_REASON_LOCAL;
	lvs_send_decrement_ttl(packet, headers);
	lvs_send_to(packet, headers, path);
	return LVS_REASON_NONE;
}

/* About a reply, as the client was to get it. */
static enum lvs_reason nat_out_error(struct lvs_packet *packet, struct lvs_headers *headers,
				     const struct lvs_quote *quote,
				     const struct lvs_binding *binding)
{
	if (binding->path->flags & LVS_PATH_LOCAL && is_crossing(packet, binding))
		return LVS_REASON_CROSS_LOCAL;
	return send_error(packet, headers, quote, binding, true);
}

/* About a request, as the server was to get it. */
static enum lvs_reason nat_back_error(struct lvs_packet *packet, struct lvs_headers *headers,
				      const struct lvs_quote *quote,
				      const struct lvs_binding *binding)
{
	return send_error(packet, headers, quote, binding, false);
}

const struct lvs_forward_ops lvs_forward_nat = {
	.size = sizeof(lvs_forward_nat),
	.flags = LVS_FORWARD_TWO_WAY | LVS_FORWARD_ONE_END,
	.name = "nat",
	.method = LVS_METHOD_NAT,
	.out = nat_out,
	.back = nat_back,
	.out_error = nat_out_error,
	.back_error = nat_back_error,
};
