/* SPDX-License-Identifier: BSD-2-Clause */
/* The pieces in which a packet leaves: segments, fragments, or fragments of segments. */
#ifndef LVS_IO_IO_CUT_H
#define LVS_IO_IO_CUT_H

#include <stdbool.h>

#include <liblvs/packet.h>

enum {
	LVS_IO_PIECE_MAX = 65535, /* bytes that a piece may need */
};

struct lvs_io_cut {
	const struct lvs_packet *packet; /* the caller's */
	bool segments;                   /* by lvs_packet_segment() */
	bool fragments;                  /* by lvs_packet_fragment() */
	bool have_segment;               /* of which fragments are being cut */
	unsigned next_segment;
	unsigned next_fragment;
	struct lvs_packet segment;
	uint8_t *segment_buffer; /* LVS_IO_PIECE_MAX bytes, the caller's */
};

/*
 * Whether a network interface itself can cut the packet or complete its
 * checksum: the transport header that the request is about must be the first one, for a
 * tunnel's are beyond what a virtio-net header can say; and so is SCTP's CRC.
 */
bool lvs_io_cut_by_link(const struct lvs_packet *packet);

/*
 * Starts cutting. @by_link: super-packets and partial checksums go as they are.
 * False when the packet leaves whole, and there is nothing to cut.
 */
bool lvs_io_cut_start(struct lvs_io_cut *cut, const struct lvs_packet *packet, bool by_link,
		      uint8_t *segment_buffer);

/*
 * The next piece, into @out (data and tailroom are inputs, as for
 * lvs_packet_segment()). 1 when there is one, 0 behind the last, or a negative error.
 */
int lvs_io_cut_next(struct lvs_io_cut *cut, struct lvs_packet *out);

/*
 * Hands @put what the host is to be given back: the packet, or the segments of one that has no
 * request for their checksums, which a TUN's header cannot make alone; SCTP with its CRC. @buffer:
 * LVS_IO_PIECE_MAX bytes. 0, what @put returned if that is not 0, or a negative error.
 */
int lvs_io_cut_for_host(const struct lvs_packet *packet, uint8_t *buffer,
			int (*put)(void *user, const struct lvs_packet *packet), void *user);

#endif
