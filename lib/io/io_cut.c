/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/io_cut.h"

#include <string.h>

#include <liblvs/error.h>

enum {
	HOP_BY_HOP = 0, /* IPv6 extension headers, RFC 8200 */
	ROUTING = 43,
	DEST_OPTIONS = 60,
	SCTP_CSUM = 8, /* where its checksum stands, and no other's */
};

static bool is_extension(unsigned protocol)
{
	return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DEST_OPTIONS;
}

/* A CRC, which the header has no word for: the kernel would put a sum there. */
static bool wants_crc(const struct lvs_packet *packet)
{
	return packet->flags & LVS_PACKET_CSUM_PARTIAL && packet->csum_offset == SCTP_CSUM;
}

bool lvs_io_cut_by_link(const struct lvs_packet *packet)
{
	unsigned type = packet->gso_type & ~(unsigned)LVS_GSO_ECN;
	unsigned protocol, header_len;

	/* virtio 1.2, 5.1.6.2.1: who asks for segments asks for their checksums. */
	if (packet->gso_size && !(packet->flags & LVS_PACKET_CSUM_PARTIAL))
		return false;
	if (packet->linear_len < 20 || wants_crc(packet))
		return false;
	if (packet->data[0] >> 4 == 4) {
		protocol = packet->data[9];
		header_len = (packet->data[0] & 0xfu) * 4;
	} else {
		protocol = packet->data[6];
		header_len = 40;
		if (is_extension(protocol))
			return true;
	}
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL && packet->csum_start != header_len)
		return false;
	return !packet->gso_size || protocol == (type == LVS_GSO_TCP ? LVS_TCP : LVS_UDP);
}

bool lvs_io_cut_start(struct lvs_io_cut *cut, const struct lvs_packet *packet, bool by_link,
		      uint8_t *segment_buffer)
{
	bool offload = packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL;

	memset(cut, 0, sizeof(*cut));
	cut->packet = packet;
	cut->segment_buffer = segment_buffer;
	cut->fragments = packet->cut == LVS_CUT_FRAGMENT;
	cut->segments = offload && (!by_link || packet->cut != LVS_CUT_NONE);
	return cut->segments || cut->fragments;
}

static int next_segment(struct lvs_io_cut *cut, struct lvs_packet *out)
{
	return lvs_packet_segment(cut->packet, cut->next_segment++, out);
}

static int next_fragment(struct lvs_io_cut *cut, const struct lvs_packet *packet,
			 struct lvs_packet *out)
{
	return lvs_packet_fragment(packet, cut->packet->cut_len, cut->next_fragment++, out);
}

static int next_fragment_of_segments(struct lvs_io_cut *cut, struct lvs_packet *out)
{
	for (;;) {
		int got;

		if (cut->have_segment) {
			got = next_fragment(cut, &cut->segment, out);
			if (got)
				return got;
		}
		memset(&cut->segment, 0, sizeof(cut->segment));
		cut->segment.data = cut->segment_buffer;
		cut->segment.tailroom = LVS_IO_PIECE_MAX;
		got = next_segment(cut, &cut->segment);
		if (got <= 0)
			return got;
		cut->have_segment = true;
		cut->next_fragment = 0;
	}
}

int lvs_io_cut_next(struct lvs_io_cut *cut, struct lvs_packet *out)
{
	if (cut->segments && cut->fragments)
		return next_fragment_of_segments(cut, out);
	if (cut->segments)
		return next_segment(cut, out);
	return next_fragment(cut, cut->packet, out);
}

int lvs_io_cut_for_host(const struct lvs_packet *packet, uint8_t *buffer,
			int (*put)(void *user, const struct lvs_packet *packet), void *user)
{
	int err = 0;

	if (packet->linear_len < packet->len)
		return LVS_ERR_INVALID;
	if ((!packet->gso_size || packet->flags & LVS_PACKET_CSUM_PARTIAL) && !wants_crc(packet))
		return put(user, packet);
	for (unsigned part = 0; !err; part++) {
		struct lvs_packet piece = {.data = buffer, .tailroom = LVS_IO_PIECE_MAX};
		int got = lvs_packet_segment(packet, part, &piece);

		if (got <= 0)
			return got;
		err = put(user, &piece);
	}
	return err;
}
