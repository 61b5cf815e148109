/* SPDX-License-Identifier: BSD-2-Clause */
/* Super-packets into packets, and partial checksums into complete ones. */
#include "packet/sctp.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/cut.h"
#include "packet/layers.h"
#include "packet/parse.h"

enum {
	TCP_FLAGS = 13, /* place of the flags */
};

static bool gso_fits(const struct lvs_packet *packet, uint8_t protocol)
{
	unsigned type = packet->gso_type & ~(unsigned)LVS_GSO_ECN;

	return (type == LVS_GSO_TCP && protocol == LVS_TCP) ||
	       (type == LVS_GSO_UDP && protocol == LVS_UDP);
}

/* Reads what a super-packet is made of. */
static bool read_super(const struct lvs_packet *packet, struct lvs_layers *layers)
{
	if (!lvs_layers_read(packet, layers) || layers->is_routed)
		return false;
	/* Where the giver says that the transport header is, we must have found it. */
	return gso_fits(packet, layers->protocol) &&
	       (!(packet->flags & LVS_PACKET_CSUM_PARTIAL) || packet->csum_start == layers->l4);
}

static void fix_tcp(const struct lvs_packet *packet, uint32_t start, bool last, uint8_t *tcp)
{
	lvs_store32(tcp + 4, lvs_load32(tcp + 4) + start);
	if (!last)
		tcp[TCP_FLAGS] &= (uint8_t) ~(LVS_TCP_FIN | LVS_TCP_PSH);
	/* Repeated, it would tell of a second reduction of the window (RFC 3168, 6.1.2). */
	if (start > 0 && (packet->gso_type & LVS_GSO_ECN))
		tcp[TCP_FLAGS] &= (uint8_t)~LVS_TCP_CWR;
}

/* RFC 768: its sender left the sum out. A partial one is never 0: a protocol is in it. */
static bool has_no_checksum(const struct lvs_packet *packet, const struct lvs_layers *layers)
{
	return layers->protocol == LVS_UDP && !(packet->flags & LVS_PACKET_CSUM_PARTIAL) &&
	       lvs_load_be16(packet->data + layers->l4 + LVS_UDP_CSUM) == 0;
}

/* The transport checksum from nothing, whatever the field held; or the pseudo-header's sum, where
 * the tunnel's end is asked to do the rest. */
static void fix_checksum(const struct lvs_layers *layers, uint8_t *data, uint32_t len)
{
	const uint8_t *ip = data + layers->layer[layers->n - 1].ip;
	const uint8_t *src = ip + (layers->family == LVS_INET6 ? 8 : 12);
	unsigned place = layers->protocol == LVS_TCP ? LVS_TCP_CSUM : LVS_UDP_CSUM;
	uint8_t *l4 = data + layers->l4;
	uint32_t l4_len = len - layers->l4;
	uint64_t sum = lvs_csum_pseudo(src, src + lvs_addr_len(layers->family), layers->family,
				       layers->protocol, l4_len);

	if (layers->is_remote) {
		lvs_store_be16(l4 + place, lvs_csum_fold(sum));
		return;
	}
	lvs_store16(l4 + place, 0);
	lvs_csum_finish(l4 + place, lvs_csum_sum(sum, l4, l4_len), place == LVS_UDP_CSUM);
}

static int cut_segment(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	struct lvs_layers layers;
	uint64_t start = (uint64_t)part * packet->gso_size;
	uint32_t total, n;
	int filled;

	if (!read_super(packet, &layers))
		return LVS_ERR_FORMAT;
	total = layers.end - layers.payload;
	/* A super-packet without payload is one segment. */
	if (part > 0 && start >= total)
		return 0;
	n = total - (uint32_t)start < packet->gso_size ? total - (uint32_t)start : packet->gso_size;
	filled = lvs_cut_piece(packet, layers.payload + n, out);
	if (filled < 0)
		return filled;
	memcpy(out->data, packet->data, layers.payload);
	memcpy(out->data + layers.payload, packet->data + layers.payload + start, n);
	lvs_layers_fix(&layers, part, out->data, out->len);
	if (layers.protocol == LVS_TCP)
		fix_tcp(packet, (uint32_t)start, start + n == total, out->data + layers.l4);
	else
		lvs_store16(out->data + layers.l4 + 4, (uint16_t)(LVS_UDP_LEN + n));
	if (!has_no_checksum(packet, &layers))
		fix_checksum(&layers, out->data, out->len);
	lvs_layers_sum(&layers, out->data, out->len);
	return 1;
}

/* The sum of the pseudo-header stands in the field: it is summed with the rest. At the place of
 * SCTP's no other protocol has one. */
static void complete(const struct lvs_packet *packet, uint8_t *data, uint32_t len)
{
	uint8_t *l4 = data + packet->csum_start;
	uint64_t sum;

	if (packet->csum_offset == LVS_SCTP_CSUM) {
		lvs_crc32c_sctp(l4, len - packet->csum_start);
		return;
	}
	sum = lvs_csum_sum(0, l4, len - packet->csum_start);
	lvs_csum_finish(l4 + packet->csum_offset, sum, packet->csum_offset == LVS_UDP_CSUM);
}

/* Reads an ordinary packet. False: it cannot be, or its request is none that can be met. */
static bool read_whole(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	bool partial = packet->flags & LVS_PACKET_CSUM_PARTIAL;
	struct lvs_packet plain = *packet;

	/* What is behind GUE is none of the parser's business. */
	if (packet->flags & LVS_PACKET_GUE)
		plain.flags = 0;
	/* Also tells whether the checksum's place is where the transport has it. */
	if (lvs_packet_parse(&plain, headers) != LVS_REASON_NONE)
		return false;
	/* A CRC is longer than the sums the parser knows of. */
	return !partial || packet->csum_start + packet->csum_offset +
					   (packet->csum_offset == LVS_SCTP_CSUM ? 4u : 2u) <=
				   headers->len;
}

/*
 * Whether the sum that is to be completed lies in a tunnel with sums of its own, which then have
 * to follow. A tunnel of others, which we cannot read, has sums that hold when this one is whole.
 */
static bool is_covered(const struct lvs_packet *packet, const struct lvs_headers *headers,
		       struct lvs_layers *layers)
{
	return packet->flags & LVS_PACKET_CSUM_PARTIAL && packet->csum_start > headers->l4_offset &&
	       lvs_layers_read(packet, layers) && packet->csum_start == layers->l4;
}

/* An ordinary packet is its own only segment. */
static int copy_whole(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	struct lvs_headers headers;
	struct lvs_layers layers;
	bool covered;
	int filled;

	if (!read_whole(packet, &headers))
		return LVS_ERR_FORMAT;
	covered = is_covered(packet, &headers, &layers);
	if (packet->flags & LVS_PACKET_GUE && !covered)
		return LVS_ERR_FORMAT;
	if (part > 0)
		return 0;
	filled = lvs_cut_piece(packet, headers.len, out);
	if (filled < 0)
		return filled;
	memcpy(out->data, packet->data, headers.len);
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		complete(packet, out->data, out->len);
	if (covered)
		lvs_layers_sum(&layers, out->data, out->len);
	return 1;
}

int lvs_packet_segment(const struct lvs_packet *packet, unsigned part, struct lvs_packet *out)
{
	if (packet->linear_len < packet->len)
		return LVS_ERR_FORMAT;
	if (packet->gso_size)
		return cut_segment(packet, part, out);
	return copy_whole(packet, part, out);
}
