/* SPDX-License-Identifier: BSD-2-Clause */
#include "forward/tunnel.h"

#include "packet/checksum.h"
#include "packet/parse.h"

enum {
	IPV6_MIN_MTU = 1280, /* RFC 8200, 5 */
};

bool lvs_tunnel_is_too_long(const struct lvs_packet *packet, const struct lvs_headers *headers,
			    const struct lvs_binding *binding, uint32_t overhead, bool sums)
{
	uint32_t len = lvs_send_piece_len(packet, headers) + overhead;

	/* What is cut or completed goes through a buffer of at most so many bytes. */
	if (packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL ||
	    (sums && packet->linear_len < headers->len))
		return len > UINT16_MAX;
	/* An IPv6 outer length does not count its own header. */
	return len - (binding->dest_family == LVS_INET ? 0 : LVS_OUTER6_LEN) > UINT16_MAX;
}

/*
 * Whether the outer packet must not be fragmented. The inner DF bit, where it is honoured, says
 * so for either outer family (RFC 2003, 3.1; RFC 2473, 7.2 b: fragments that the tunnel's end puts
 * together). An IPv6 packet must fit; but no sender of IPv6 sends less than 1280 bytes, told or
 * not, so that one of those is carried over any path (RFC 2473, 7.1; RFC 4213, 3.2).
 */
static bool must_fit(const struct lvs_packet *packet, const struct lvs_headers *headers,
		     const struct lvs_binding *binding)
{
	if (headers->flow.family == LVS_INET)
		return lvs_tunnel_df(headers, binding, LVS_INET);
	return lvs_send_piece_len(packet, headers) > IPV6_MIN_MTU;
}

enum lvs_reason lvs_tunnel_narrow(struct lvs_packet *packet, const struct lvs_headers *headers,
				  const struct lvs_binding *binding)
{
	return lvs_send_too_long(packet, binding->path, !must_fit(packet, headers, binding));
}

/* A super-packet may be longer than its outer header can say: then that says the most. Its
 * segments get their own. */
static void limit_length(uint8_t *ip, uint32_t len)
{
	if (ip[0] >> 4 == 6 && len - LVS_OUTER6_LEN > UINT16_MAX)
		lvs_store16(ip + 4, UINT16_MAX);
	if (ip[0] >> 4 == 4 && len > UINT16_MAX) {
		lvs_store16(ip + 2, UINT16_MAX);
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, LVS_OUTER4_LEN));
	}
}

/* No card and no kernel is asked to segment or to sum within a header that we made: it is done
 * before. */
LVS_NOINLINE void lvs_tunnel_move_request(struct lvs_packet *packet, uint32_t overhead)
{
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		packet->csum_start = (uint16_t)(packet->csum_start + overhead);
	if (packet->cut == LVS_CUT_NONE)
		packet->cut = LVS_CUT_SEGMENT;
	limit_length(packet->data, packet->len);
}

void lvs_tunnel_sum(struct lvs_packet *packet, uint32_t start, uint32_t place, uint64_t sum)
{
	uint8_t *field = packet->data + start + place;

	lvs_store16(field, 0);
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL || packet->linear_len < packet->len) {
		lvs_store_be16(field, lvs_csum_fold(sum));
		packet->flags |= LVS_PACKET_CSUM_PARTIAL;
		packet->csum_start = (uint16_t)start;
		packet->csum_offset = (uint16_t)place;
		return;
	}
	sum = lvs_csum_sum(sum, packet->data + start, packet->len - start);
	lvs_csum_finish(field, sum, place == LVS_UDP_CSUM);
}

/* --- Which kind --- */

static const struct lvs_tunnel_ops *const tunnels[] = {
#define TUNNEL_ROW(name) &lvs_tunnel_##name,
	LVS_TUNNELS_LIST(TUNNEL_ROW)
#undef TUNNEL_ROW
};

const struct lvs_tunnel_ops *lvs_tunnel_find(uint8_t type)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(tunnels); i++)
		if (tunnels[i]->type == type)
			return tunnels[i];
	return NULL;
}
