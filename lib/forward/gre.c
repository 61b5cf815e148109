/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generic routing encapsulation, RFC 2784: four bytes between the headers, or eight with a
 * checksum over all that follows the outer header. No key, no sequence number.
 */
#include "forward/tunnel.h"
#include "packet/shim.h"

static bool has_csum(const struct lvs_binding *binding)
{
	return binding->tun_flags & LVS_TUNNEL_CSUM;
}

static uint32_t gre_shim(const struct lvs_binding *binding)
{
	return has_csum(binding) ? LVS_GRE_CSUM_LEN : LVS_GRE_LEN;
}

static void write_header(uint8_t *gre, const struct lvs_headers *headers, bool csum)
{
	lvs_store16(gre, csum ? LVS_GRE_CSUM_FLAG : 0);
	lvs_store16(gre + 2,
		    headers->flow.family == LVS_INET ? LVS_ETHERTYPE_IPV4 : LVS_ETHERTYPE_IPV6);
	if (csum)
		lvs_store32(gre + LVS_GRE_CSUM, 0);
}

static enum lvs_reason gre_out(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding)
{
	uint32_t outer_len = lvs_tunnel_outer_len(binding);
	uint32_t overhead = outer_len + gre_shim(binding);
	enum lvs_reason reason =
		lvs_tunnel_check(packet, headers, binding, overhead, has_csum(binding));

	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	lvs_tunnel_wrap(packet, headers, binding, LVS_GRE, overhead);
	write_header(packet->data + outer_len, headers, has_csum(binding));
	/* A checksum follows when what it covers is complete. */
	if (lvs_unlikely(packet->gso_size | (packet->flags & LVS_PACKET_CSUM_PARTIAL)))
		lvs_tunnel_move_request(packet, overhead);
	else if (has_csum(binding))
		lvs_tunnel_sum(packet, outer_len, LVS_GRE_CSUM, 0);
	return LVS_REASON_NONE;
}

const struct lvs_tunnel_ops lvs_tunnel_gre = {
	.type = LVS_TUNNEL_GRE,
	.most = LVS_GRE_CSUM_LEN,
	.shim = gre_shim,
	.out = gre_out,
};
