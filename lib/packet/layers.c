/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/layers.h"

#include "packet/checksum.h"
#include "packet/parse.h"

/* Parses the IP packet that starts at @p offset by itself, without the offload request. */
static enum lvs_reason parse_layer(const struct lvs_packet *packet, uint32_t offset, uint32_t end,
				   struct lvs_headers *headers)
{
	struct lvs_packet view = {
		.data = packet->data + offset,
		.len = end - offset,
		.linear_len = end - offset,
	};
	enum lvs_reason reason = lvs_packet_parse(&view, headers);

	/* A super-packet's UDP length may be that of any datagram. */
	if (reason == LVS_REASON_BAD_L4 && headers->flow.protocol == LVS_UDP) {
		view.gso_size = packet->gso_size;
		view.gso_type = packet->gso_type;
		reason = lvs_packet_parse(&view, headers);
	}
	return reason;
}

/* Whether a routing header still has waypoints: the sum's destination is not the header's. */
static bool is_routed(const uint8_t *ip, const struct lvs_headers *headers)
{
	uint32_t offset = LVS_IPV6_LEN;
	uint8_t type = ip[6];

	if (headers->flow.family != LVS_INET6)
		return false;
	while (offset < headers->l4_offset) {
		const uint8_t *ext = ip + offset;

		if (type == LVS_EXT_ROUTING && ext[3] != 0)
			return true;
		/* The parser let atomic fragments through. */
		offset += lvs_parse_ext_len(type, ext);
		type = ext[0];
	}
	return false;
}

/* Where the IP packet at @p offset ends. */
static uint32_t layer_end(uint32_t offset, uint32_t end, const struct lvs_headers *headers,
			  bool is_tunnel)
{
	uint32_t uncounted = headers->flow.family == LVS_INET6 ? LVS_IPV6_LEN : 0;

	/* The length field of a tunnel's header can say no more: the super-packet may be longer. */
	if (is_tunnel && headers->len - uncounted == UINT16_MAX)
		return end;
	return offset + headers->len;
}

/*
 * What follows an IP header at @p behind. 1: another IP packet, of which *behind becomes the
 * begin; 0: the transport header; -1: it cannot be read.
 */
static int read_shim(const struct lvs_packet *packet, uint8_t protocol, bool *gue, uint32_t end,
		     struct lvs_layer *layer, uint32_t *behind)
{
	struct lvs_shim shim;
	bool fine;

	layer->shim = 0;
	layer->has_csum = layer->is_remote = false;
	if (protocol == LVS_IPIP || protocol == LVS_IPV6)
		return 1;
	if (protocol != LVS_GRE && !(protocol == LVS_UDP && *gue))
		return 0;
	if (protocol == LVS_GRE)
		fine = lvs_shim_gre(packet->data + *behind, end - *behind, &shim);
	else
		fine = lvs_shim_gue(packet->data + *behind, end - *behind, &shim);
	if (!fine)
		return -1;
	if (protocol == LVS_UDP)
		*gue = false;
	layer->shim = protocol;
	layer->has_csum = shim.has_csum;
	layer->is_remote = shim.is_remote;
	*behind += shim.len;
	return 1;
}

bool lvs_layers_read(const struct lvs_packet *packet, struct lvs_layers *layers)
{
	bool gue = packet->flags & LVS_PACKET_GUE;
	struct lvs_headers headers;
	uint32_t at = 0;
	int more;

	layers->n = 0;
	layers->end = packet->len;
	layers->is_routed = layers->is_remote = false;
	do {
		struct lvs_layer *layer = &layers->layer[layers->n];

		if (layers->n++ == LVS_LAYERS_MAX ||
		    parse_layer(packet, at, layers->end, &headers) != LVS_REASON_NONE ||
		    (headers.flags & LVS_HEADERS_FRAGMENT))
			return false;
		layers->is_routed |= is_routed(packet->data + at, &headers);
		layer->ip = at;
		layer->behind = layers->l4 = at + headers.l4_offset;
		layers->payload = at + headers.payload_offset;
		at = layer->behind;
		more = read_shim(packet, headers.flow.protocol, &gue, layer->ip + headers.len,
				 layer, &at);
		layers->end = layer_end(layer->ip, layers->end, &headers, more > 0);
		layers->is_remote |= layer->is_remote;
	} while (more > 0);
	layers->protocol = headers.flow.protocol;
	layers->family = headers.flow.family;
	return more == 0;
}

static void fix_ip(uint8_t *ip, unsigned part, uint32_t len)
{
	if (ip[0] >> 4 == 6) {
		lvs_store16(ip + 4, (uint16_t)(len - LVS_IPV6_LEN));
		return;
	}
	lvs_store16(ip + 2, (uint16_t)len);
	lvs_store16(ip + 4, (uint16_t)(lvs_load16(ip + 4) + part));
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, (ip[0] & 15) * 4u));
}

void lvs_layers_fix(const struct lvs_layers *layers, unsigned part, uint8_t *data, uint32_t len)
{
	for (unsigned i = 0; i < layers->n; i++) {
		const struct lvs_layer *layer = &layers->layer[i];

		fix_ip(data + layer->ip, part, len - layer->ip);
		if (layer->shim == LVS_UDP)
			lvs_store16(data + layer->behind + 4, (uint16_t)(len - layer->behind));
	}
}

static void sum_udp(const uint8_t *ip, uint8_t *udp, uint32_t len)
{
	unsigned family = ip[0] >> 4 == 6 ? LVS_INET6 : LVS_INET;
	const uint8_t *src = ip + (family == LVS_INET6 ? 8 : 12);
	uint64_t sum = lvs_csum_pseudo(src, src + lvs_addr_len(family), family, LVS_UDP, len);

	lvs_store16(udp + LVS_UDP_CSUM, 0);
	lvs_csum_finish(udp + LVS_UDP_CSUM, lvs_csum_sum(sum, udp, len), true);
}

static void sum_gre(uint8_t *gre, uint32_t len)
{
	lvs_store16(gre + LVS_GRE_CSUM, 0);
	lvs_csum_finish(gre + LVS_GRE_CSUM, lvs_csum_sum(0, gre, len), false);
}

/* From the innermost outwards: an outer one covers those inside. */
void lvs_layers_sum(const struct lvs_layers *layers, uint8_t *data, uint32_t len)
{
	for (unsigned i = layers->n; i > 0; i--) {
		const struct lvs_layer *layer = &layers->layer[i - 1];

		if (!layer->has_csum)
			continue;
		if (layer->shim == LVS_UDP)
			sum_udp(data + layer->ip, data + layer->behind, len - layer->behind);
		else
			sum_gre(data + layer->behind, len - layer->behind);
	}
}
