/* SPDX-License-Identifier: BSD-2-Clause */
/* What segments and fragments share: the piece that is handed out. */
#ifndef LVS_PACKET_CUT_H
#define LVS_PACKET_CUT_H

#include <stdbool.h>
#include <string.h>

#include <liblvs/error.h>
#include <liblvs/packet.h>

#include "base/compiler.h"

enum {
	LVS_CUT_MTU_MIN = 68, /* RFC 791: the longest header and eight bytes */
};

/* Whether fragments can be cut of it at once: all is there, and no checksum has to be completed,
 * no segment to be cut before. */
LVS_INLINE bool lvs_cut_is_plain(const struct lvs_packet *packet)
{
	return !(packet->flags & LVS_PACKET_CSUM_PARTIAL) && !packet->gso_size &&
	       packet->linear_len >= packet->len;
}

/* lvs_packet_fragment() for a packet that begins with version 6. */
int lvs_fragment_ipv6(const struct lvs_packet *packet, uint32_t mtu, unsigned part,
		      struct lvs_packet *out);

/*
 * Makes @p out a piece of @p packet of @p len bytes, contents still to be written. The buffer
 * stays the caller's: where it lies and what is free around it is kept. The piece asks nothing
 * more of the sender. Returns 1, or LVS_ERR_RANGE when it does not fit.
 */
LVS_INLINE int lvs_cut_piece(const struct lvs_packet *packet, uint32_t len, struct lvs_packet *out)
{
	uint8_t *data = out->data;
	uint16_t headroom = out->headroom;
	uint16_t size = out->tailroom;

	if (len > size)
		return LVS_ERR_RANGE;
	*out = *packet;
	out->data = data;
	out->len = len;
	out->linear_len = len;
	out->headroom = headroom;
	out->tailroom = (uint16_t)(size - len);
	out->flags &= (uint8_t) ~(LVS_PACKET_CSUM_PARTIAL | LVS_PACKET_GUE);
	out->csum_start = 0;
	out->csum_offset = 0;
	out->gso_size = 0;
	out->gso_type = 0;
	out->cut = LVS_CUT_NONE;
	out->cut_len = 0;
	return 1;
}

/* The first @p len bytes of @p packet, which fit as they are: the only fragment. */
LVS_INLINE int lvs_cut_whole(const struct lvs_packet *packet, uint32_t len, unsigned part,
			     struct lvs_packet *out)
{
	int filled;

	if (part > 0)
		return 0;
	filled = lvs_cut_piece(packet, len, out);
	if (filled > 0)
		memcpy(out->data, packet->data, len);
	return filled;
}

#endif
