/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/TUN: the packet is kept but for TTL, headers go in front.
 *
 *	outer IP | shim | IP | transport | payload
 *
 * What all kinds of tunnel share is here; what each puts between is in a file of its own.
 */
#ifndef LVS_FORWARD_TUNNEL_H
#define LVS_FORWARD_TUNNEL_H

#include <string.h>

#include "forward/list.h"
#include "forward/send.h"
#include "packet/checksum.h"
#include "packet/parse.h"

enum {
	LVS_OUTER4_LEN = 20,
	LVS_OUTER6_LEN = 40,

	LVS_ECN_MASK = 0x3,
	LVS_ECN_ECT0 = 0x2,
	LVS_ECN_CE = 0x3,
	/* Odd, so that 8192 offsets stay different; far from other packets' identifications. */
	LVS_TUNNEL_ID_SPREAD = 0x9e37,
};

/* A kind of tunnel other than IP in IP. */
struct lvs_tunnel_ops {
	uint8_t type; /* enum lvs_tunnel */
	uint8_t most; /* bytes between the headers, at most */
	/* Bytes between the headers; of @p binding what overhead() gets. */
	uint32_t (*shim)(const struct lvs_binding *binding);
	/* As lvs_forward_ops::out. */
	enum lvs_reason (*out)(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding);
};

#define LVS_TUNNEL_DECLARE(name) extern const struct lvs_tunnel_ops lvs_tunnel_##name;
LVS_TUNNELS_LIST(LVS_TUNNEL_DECLARE)
#undef LVS_TUNNEL_DECLARE

/* The kind of a type. NULL: IP in IP, as which a type that nobody knows counts, too: so it does in
 * the kernel. */
const struct lvs_tunnel_ops *lvs_tunnel_find(uint8_t type);

LVS_INLINE uint32_t lvs_tunnel_outer_len(const struct lvs_binding *binding)
{
	return binding->dest_family == LVS_INET ? LVS_OUTER4_LEN : LVS_OUTER6_LEN;
}

/* Whether the inner DF bit is there and counts. */
LVS_INLINE bool lvs_tunnel_df(const struct lvs_headers *headers, const struct lvs_binding *binding,
			      unsigned inner)
{
	return inner == LVS_INET && headers->flags & LVS_HEADERS_DF && binding->pmtu_disc;
}

/* Whether a packet, or a segment of it, is longer than its outer header can say. @p sums: the
 * shim has a sum over all of it. */
bool lvs_tunnel_is_too_long(const struct lvs_packet *packet, const struct lvs_headers *headers,
			    const struct lvs_binding *binding, uint32_t overhead, bool sums);

/* It does not fit through the path: the outputs cut and cut_len say how, or it is refused. */
enum lvs_reason lvs_tunnel_narrow(struct lvs_packet *packet, const struct lvs_headers *headers,
				  const struct lvs_binding *binding);

/* Whether nothing stands in the way of a packet with so many bytes in front. False: a reason, or it
 * is longer than others and may go all the same. */
LVS_INLINE bool lvs_tunnel_passes(const struct lvs_packet *packet,
				  const struct lvs_headers *headers,
				  const struct lvs_binding *binding, uint32_t overhead,
				  unsigned outer)
{
	return lvs_send_passes(headers, binding->path, overhead) &&
	       lvs_likely(headers->len + overhead <= UINT16_MAX) &&
	       lvs_likely(binding->path->source_family == outer) &&
	       lvs_likely(packet->headroom >= overhead);
}

/* Whether the packet may go with so many bytes in front, and @p sums as above. Changes nothing but
 * its outputs cut and cut_len. */
LVS_INLINE enum lvs_reason lvs_tunnel_check(struct lvs_packet *packet,
					    const struct lvs_headers *headers,
					    const struct lvs_binding *binding, uint32_t overhead,
					    bool sums)
{
	enum lvs_reason reason;

	if (lvs_unlikely(binding->path->flags & LVS_PATH_LOCAL))
		return LVS_REASON_LOCAL;
	if (lvs_unlikely(binding->path->source_family != binding->dest_family))
		return LVS_REASON_NO_SOURCE;
	if (lvs_unlikely(packet->headroom < overhead))
		return LVS_REASON_HEADROOM;
	if (lvs_unlikely(headers->len + overhead > UINT16_MAX) &&
	    lvs_tunnel_is_too_long(packet, headers, binding, overhead, sums))
		return LVS_REASON_TOO_LONG;
	reason = lvs_send_is_open(headers, binding->path);
	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	if (lvs_likely(lvs_send_fits(packet, headers, binding->path, overhead)))
		return LVS_REASON_NONE;
	return lvs_tunnel_narrow(packet, headers, binding);
}

/* ECN: "full functionality" of RFC 3168, section 9.1.1: an inner CE becomes an outer ECT(0),
 * everything else is copied. */
LVS_INLINE uint8_t lvs_tunnel_tos(uint8_t inner)
{
	/* CE alone has both bits, ECT(0) the upper one of them. */
	return (uint8_t)(inner & ~(inner >> 1 & 1u));
}

/*
 * An identification for a header that may be fragmented: that of the inner
 * packet, told apart by inner addresses (RFC 6864: unique by source, destination
 * and protocol while fragments live). IPv6 has none; there the transport
 * header's first bytes, which hold ports and a sequence number, serve.
 * A function of the packet alone, so that every worker, of either byte order, gives the same bytes.
 */
LVS_INLINE uint16_t lvs_tunnel_id(const uint8_t *ip, const struct lvs_headers *headers,
				  unsigned inner)
{
	uint16_t id = lvs_load16(ip + 4);

	/* Fragments of one packet are packets of their own outside, and may be cut once more. */
	if (lvs_unlikely(headers->flags & LVS_HEADERS_LATER_FRAGMENT))
		id = (uint16_t)(id + (lvs_load16(ip + 6) & LVS_FRAG_OFFSET) * LVS_TUNNEL_ID_SPREAD);
	if (lvs_likely(inner == LVS_INET))
		return (uint16_t)(id + lvs_ntohs(lvs_csum_fold(lvs_load_be64(ip + 12))));
	return lvs_ntohs(lvs_csum_fold(lvs_csum_sum(0, ip + 8, headers->payload_offset - 8u)));
}

/* An IPv4 header in words as they will lie there, but for its checksum. */
struct lvs_tunnel_head4 {
	uint64_t first; /* up to the fragment's offset */
	lvs_be32 third; /* TTL and protocol */
	lvs_be32 src;
	lvs_be32 dst;
};

/* Made before anything of the packet at @p ip is changed: it need not be read again. Its @p len is
 * that with all in front. */
LVS_INLINE void lvs_tunnel_make4(struct lvs_tunnel_head4 *head, const uint8_t *ip,
				 const struct lvs_headers *headers,
				 const struct lvs_binding *binding, uint8_t protocol, uint32_t len,
				 unsigned inner)
{
	uint32_t df = lvs_tunnel_df(headers, binding, inner) ? LVS_FRAG_DF : 0;
	uint32_t first = 0x45000000u | (uint32_t)lvs_tunnel_tos(headers->tos) << 16 | (uint16_t)len;
	uint32_t second = (uint32_t)lvs_tunnel_id(ip, headers, inner) << 16 | df;

	head->first = lvs_htonll((uint64_t)first << 32 | second);
	head->third = lvs_htonl((headers->ttl - 1u) << 24 | (uint32_t)protocol << 16);
	head->src = binding->path->source.word[0];
	head->dst = binding->dest.word[0];
}

LVS_INLINE void lvs_tunnel_write4(uint8_t *ip, const struct lvs_tunnel_head4 *head)
{
	uint64_t sum = lvs_csum_add(head->first, (uint64_t)head->third + head->src + head->dst);

	lvs_store_be64(ip, head->first);
	lvs_store_be32(ip + 8, head->third);
	lvs_store_be16(ip + 10, (lvs_be16)~lvs_csum_fold(sum));
	lvs_store_be32(ip + 12, head->src);
	lvs_store_be32(ip + 16, head->dst);
}

LVS_INLINE void lvs_tunnel_outer6(struct lvs_packet *packet, const struct lvs_headers *headers,
				  const struct lvs_binding *binding, uint8_t protocol)
{
	uint8_t *ip = packet->data;

	lvs_store32(ip, 0x60000000u | (uint32_t)lvs_tunnel_tos(headers->tos) << 20);
	lvs_store16(ip + 4, (uint16_t)(packet->len - LVS_OUTER6_LEN));
	ip[6] = protocol;
	ip[7] = headers->ttl;
	memcpy(ip + 8, &binding->path->source, 16);
	memcpy(ip + 24, &binding->dest, 16);
}

/* Takes one hop, makes room for @p overhead bytes and writes the outer header, of which all but
 * the shim is made of. lvs_tunnel_check() has agreed. The families are those of the packet and of
 * what goes in front, for who knows them. */
LVS_INLINE void lvs_tunnel_wrap_of(struct lvs_packet *packet, struct lvs_headers *headers,
				   const struct lvs_binding *binding, uint8_t protocol,
				   uint32_t overhead, unsigned inner, unsigned outer)
{
	struct lvs_tunnel_head4 head;

	if (lvs_likely(outer == LVS_INET)) {
		lvs_tunnel_make4(&head, packet->data, headers, binding, protocol,
				 headers->len + overhead, inner);
		lvs_send_decrement_ttl_of(packet, headers, inner);
		lvs_send_to_with(packet, headers, binding->path, overhead);
		lvs_tunnel_write4(packet->data, &head);
	} else {
		lvs_send_decrement_ttl_of(packet, headers, inner);
		lvs_send_to_with(packet, headers, binding->path, overhead);
		lvs_tunnel_outer6(packet, headers, binding, protocol);
	}
}

LVS_INLINE void lvs_tunnel_wrap(struct lvs_packet *packet, struct lvs_headers *headers,
				const struct lvs_binding *binding, uint8_t protocol,
				uint32_t overhead)
{
	lvs_tunnel_wrap_of(packet, headers, binding, protocol, overhead, headers->flow.family,
			   binding->dest_family);
}

/* The number by which IP knows the packet inside. */
LVS_INLINE uint8_t lvs_tunnel_inner(unsigned family)
{
	return family == LVS_INET ? LVS_IPIP : LVS_IPV6;
}

/* What the packet requests, with @p overhead bytes in front now, is for lvs_packet_segment(). */
void lvs_tunnel_move_request(struct lvs_packet *packet, uint32_t overhead);

/*
 * A checksum of the shim, over what follows @p start and a @p sum: at once where all is at hand,
 * else by the way out, which takes the place of any request that there was.
 */
void lvs_tunnel_sum(struct lvs_packet *packet, uint32_t start, uint32_t place, uint64_t sum);

#endif
