/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The method VS/TUN. Which kind of tunnel it is the destination says with each packet, so that an
 * edit holds for connections that there are. Here is IP in IP, with nothing between the headers:
 * RFC 2003 (4 in 4), RFC 4213 (6 in 4), RFC 2473 (4 and 6 in 6).
 */
#include "forward/tunnel.h"

enum {
	SHIM_MOST = 20, /* of all kinds: struct lvs_tunnel_ops */
};

LVS_INLINE enum lvs_reason go(struct lvs_packet *packet, struct lvs_headers *headers,
			      const struct lvs_binding *binding, uint32_t overhead, unsigned inner,
			      unsigned outer)
{
	lvs_tunnel_wrap_of(packet, headers, binding, lvs_tunnel_inner(inner), overhead, inner,
			   outer);
	if (lvs_unlikely(lvs_parse_requests(packet)))
		lvs_tunnel_move_request(packet, overhead);
	return LVS_REASON_NONE;
}

/* From one family to the other, it does not go, or is to be cut. */
static LVS_NOINLINE enum lvs_reason ipip_out(struct lvs_packet *packet, struct lvs_headers *headers,
					     const struct lvs_binding *binding)
{
	uint32_t overhead = lvs_tunnel_outer_len(binding);
	enum lvs_reason reason = lvs_tunnel_check(packet, headers, binding, overhead, false);

	if (reason != LVS_REASON_NONE)
		return reason;
	return go(packet, headers, binding, overhead, headers->flow.family, binding->dest_family);
}

/* Both of one family. */
LVS_INLINE enum lvs_reason ipip_out_in(struct lvs_packet *packet, struct lvs_headers *headers,
				       const struct lvs_binding *binding, uint32_t overhead,
				       unsigned family)
{
	if (lvs_likely(lvs_tunnel_passes(packet, headers, binding, overhead, family)))
		return go(packet, headers, binding, overhead, family, family);
	return ipip_out(packet, headers, binding);
}

static LVS_NOINLINE enum lvs_reason
other_out(struct lvs_packet *packet, struct lvs_headers *headers, const struct lvs_binding *binding)
{
	const struct lvs_tunnel_ops *kind = lvs_tunnel_find(binding->tun_type);

	return kind ? kind->out(packet, headers, binding) : ipip_out(packet, headers, binding);
}

static enum lvs_reason tunnel_out(struct lvs_packet *packet, struct lvs_headers *headers,
				  const struct lvs_binding *binding)
{
	if (lvs_unlikely(binding->tun_type != LVS_TUNNEL_IPIP))
		return other_out(packet, headers, binding);
	if (lvs_unlikely(headers->flow.family != binding->dest_family))
		return ipip_out(packet, headers, binding);
	if (lvs_likely(binding->dest_family == LVS_INET))
		return ipip_out_in(packet, headers, binding, LVS_OUTER4_LEN, LVS_INET);
	return ipip_out_in(packet, headers, binding, LVS_OUTER6_LEN, LVS_INET6);
}

static uint32_t tunnel_overhead(const struct lvs_binding *binding)
{
	const struct lvs_tunnel_ops *kind = lvs_tunnel_find(binding->tun_type);

	return lvs_tunnel_outer_len(binding) + (kind ? kind->shim(binding) : 0);
}

const struct lvs_forward_ops lvs_forward_tunnel = {
	.size = sizeof(lvs_forward_tunnel),
	.flags = LVS_FORWARD_MIXED | LVS_FORWARD_ONE_END,
	.name = "tunnel",
	.method = LVS_METHOD_TUNNEL,
	.headroom = LVS_OUTER6_LEN + SHIM_MOST,
	.out = tunnel_out,
	.overhead = tunnel_overhead,
};
