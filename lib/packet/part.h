/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fragment as a part of its datagram: where it begins and ends, and which of them have come.
 * RFC 791, 8200; RFC 815 is where keeping track by ranges comes from.
 */
#ifndef LVS_PACKET_PART_H
#define LVS_PACKET_PART_H

#include <stdbool.h>

#include <liblvs/packet.h>

struct lvs_part {
	uint32_t id;       /* of the datagram; IPv4 has 16 bits of it */
	uint16_t start;    /* first byte, from that of the fragmentable part */
	uint16_t end;      /* first byte behind it */
	uint16_t offset;   /* where it lies, from lvs_packet::data */
	uint16_t header;   /* IPv6: the fragment header, from lvs_packet::data */
	uint16_t next_at;  /* IPv6: where the number of the fragment header stands */
	uint8_t following; /* the protocol; IPv6: what follows the fragment header */
	bool more;         /* it is not the last */
};

/*
 * Reads where a fragment belongs; its headers have LVS_HEADERS_FRAGMENT. LVS_REASON_NONE,
 * LVS_REASON_FRAGMENT_BAD or LVS_REASON_FRAGMENT_TINY; the id is filled in either way.
 */
enum lvs_reason lvs_part_read(const struct lvs_packet *packet, const struct lvs_headers *headers,
			      struct lvs_part *part);

/* Bytes that have come, neighbours merged. */
struct lvs_range {
	uint16_t start;
	uint16_t end;
};

/* What has come of one datagram, in rising order. The room for ranges is the caller's. */
struct lvs_parts {
	struct lvs_range *range;
	uint32_t n;
	uint32_t total; /* bytes of the fragmentable part; 0: the last part has not come */
};

/*
 * Whether a part fits: LVS_REASON_NONE, FRAGMENT_DUPLICATE where all of it has come,
 * FRAGMENT_OVERLAP where some has, FRAGMENT_BAD where ends contradict each other. Changes nothing.
 */
enum lvs_reason lvs_parts_probe(const struct lvs_parts *parts, const struct lvs_part *part);

/* Notes a part that fits; there is room for one range more. */
void lvs_parts_add(struct lvs_parts *parts, const struct lvs_part *part);

/* Ranges there will be with a part that fits. */
uint32_t lvs_parts_after(const struct lvs_parts *parts, const struct lvs_part *part);

static inline bool lvs_parts_whole(const struct lvs_parts *parts)
{
	return parts->total && parts->n == 1 && parts->range[0].start == 0 &&
	       parts->range[0].end == parts->total;
}

#endif
