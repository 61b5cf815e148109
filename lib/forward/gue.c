/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic UDP encapsulation, version 0 (draft-ietf-intarea-gue): UDP and four bytes between the
 * headers. The source port tells flows apart for who spreads by it (RFC 8086, 3.2.1).
 *
 * Remote checksum offload (draft-herbert-remotecsumoffload): a packet's partial checksum is left
 * to the tunnel's end, and UDP's own is summed instead, so that an interface that completes sums
 * can. It takes eight bytes more. A packet whose checksum is complete goes with UDP's alone.
 */
#include "forward/tunnel.h"
#include "packet/checksum.h"
#include "packet/parse.h"
#include "packet/shim.h"

enum {
	PORT_LEAST = 0xc000, /* RFC 6335, 6: from here on they are anybody's */
};

static bool has_csum(const struct lvs_binding *binding)
{
	return binding->tun_flags & (LVS_TUNNEL_CSUM | LVS_TUNNEL_REMCSUM);
}

static bool is_remote(const struct lvs_binding *binding, bool partial)
{
	return partial && binding->tun_flags & LVS_TUNNEL_REMCSUM;
}

static uint32_t shim_len(const struct lvs_binding *binding, bool partial)
{
	return LVS_UDP_LEN + (is_remote(binding, partial) ? LVS_GUE_REMCSUM_LEN : LVS_GUE_LEN);
}

static uint32_t gue_shim(const struct lvs_binding *binding)
{
	return shim_len(binding, binding->partial);
}

static uint64_t mix(uint64_t hash, const union lvs_addr *addr)
{
	/* Odd, without a pattern: the golden ratio (Knuth, volume 3, 6.4). */
	const uint64_t factor = 0x9e3779b97f4a7c15u;

	for (unsigned i = 0; i < 4; i++) {
		hash = (hash ^ lvs_ntohl(addr->word[i])) * factor;
		hash ^= hash >> 32;
	}
	return hash;
}

/* By the flow alone: of either byte order, whichever worker, fragments too. */
static uint16_t source_port(const struct lvs_flow *flow)
{
	uint64_t hash = (uint64_t)lvs_ntohs(flow->src_port) << 24 |
			(uint64_t)lvs_ntohs(flow->dst_port) << 8 | flow->protocol;

	hash = mix(mix(hash, &flow->src), &flow->dst);
	return (uint16_t)(PORT_LEAST | (hash & (UINT16_MAX - PORT_LEAST)));
}

/* Bytes that UDP may say: no more than the outer header, which has its most in a super-packet. */
static uint16_t udp_len(const struct lvs_packet *packet, uint32_t outer_len)
{
	uint32_t most = UINT16_MAX - (outer_len == LVS_OUTER4_LEN ? outer_len : 0);
	uint32_t len = packet->len - outer_len;

	return (uint16_t)(len < most ? len : most);
}

static void write_udp(const struct lvs_packet *packet, const struct lvs_headers *headers,
		      const struct lvs_binding *binding, uint32_t outer_len)
{
	uint8_t *udp = packet->data + outer_len;

	lvs_store16(udp, source_port(&headers->flow));
	lvs_store_be16(udp + 2, binding->tun_port);
	lvs_store16(udp + 4, udp_len(packet, outer_len));
	lvs_store16(udp + LVS_UDP_CSUM, 0);
}

/* @p packet's request is still about the packet without what is in front. */
static void write_gue(const struct lvs_packet *packet, const struct lvs_headers *headers,
		      uint8_t *gue, bool remote)
{
	gue[0] = remote ? (LVS_GUE_REMCSUM_LEN - LVS_GUE_LEN) / 4 : 0;
	gue[1] = lvs_tunnel_inner(headers->flow.family);
	lvs_store16(gue + 2, remote ? LVS_GUE_PRIVATE : 0);
	if (!remote)
		return;
	lvs_store32(gue + 4, LVS_GUE_REMCSUM);
	lvs_store16(gue + 8, packet->csum_start);
	lvs_store16(gue + 10, (uint16_t)(packet->csum_start + packet->csum_offset));
}

static uint64_t pseudo_sum(const struct lvs_packet *packet, uint32_t outer_len)
{
	unsigned family = outer_len == LVS_OUTER4_LEN ? LVS_INET : LVS_INET6;
	const uint8_t *src = packet->data + (family == LVS_INET ? 12 : 8);

	return lvs_csum_pseudo(src, src + lvs_addr_len(family), family, LVS_UDP,
			       packet->len - outer_len);
}

/* UDP's checksum, now or when what it covers is complete. */
static void fill_sum(struct lvs_packet *packet, const struct lvs_binding *binding,
		     uint32_t outer_len, bool later)
{
	uint64_t sum;

	if (!has_csum(binding))
		return;
	sum = pseudo_sum(packet, outer_len);
	if (later) /* not 0, so that there is to be one */
		lvs_store_be16(packet->data + outer_len + LVS_UDP_CSUM, lvs_csum_fold(sum));
	else
		lvs_tunnel_sum(packet, outer_len, LVS_UDP_CSUM, sum);
}

static enum lvs_reason gue_out(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding)
{
	bool partial = packet->flags & LVS_PACKET_CSUM_PARTIAL;
	bool remote = is_remote(binding, partial);
	/* What the interface or segmentation is asked is about the packet inside. */
	bool later = packet->gso_size || (partial && !remote);
	uint32_t outer_len = lvs_tunnel_outer_len(binding);
	uint32_t overhead = outer_len + shim_len(binding, partial);
	enum lvs_reason reason =
		lvs_tunnel_check(packet, headers, binding, overhead, has_csum(binding));

	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	lvs_tunnel_wrap(packet, headers, binding, LVS_UDP, overhead);
	write_udp(packet, headers, binding, outer_len);
	write_gue(packet, headers, packet->data + outer_len + LVS_UDP_LEN, remote);
	if (lvs_unlikely(later)) {
		lvs_tunnel_move_request(packet, overhead);
		packet->flags |= LVS_PACKET_GUE;
	}
	fill_sum(packet, binding, outer_len, later);
	return LVS_REASON_NONE;
}

const struct lvs_tunnel_ops lvs_tunnel_gue = {
	.type = LVS_TUNNEL_GUE,
	.most = LVS_UDP_LEN + LVS_GUE_REMCSUM_LEN,
	.shim = gue_shim,
	.out = gue_out,
};
