/* SPDX-License-Identifier: BSD-2-Clause */
/* A fragment that the library holds: a copy of a packet, and lists of them. */
#ifndef LVS_DIRECTOR_PIECE_H
#define LVS_DIRECTOR_PIECE_H

#include <liblvs/types.h>

#include "packet/part.h"

/* Room in front of a copy for the headers of any tunnel of the library, or what there was. */
#define LVS_PIECE_HEADROOM 128
#define LVS_PIECE_HEADROOM_MAX 256

struct lvs_piece {
	struct lvs_piece *next;
	uint32_t size; /* bytes of memory: what it counts for */
	struct lvs_part part;
	struct lvs_packet packet;
	uint8_t room[]; /* headroom, data */
};

/* In the order in which they came. */
struct lvs_pieces {
	struct lvs_piece *first;
	struct lvs_piece *last;
	uint32_t n;
	uint32_t bytes; /* of memory */
};

/* Bytes that a copy takes. */
uint32_t lvs_piece_size(const struct lvs_packet *packet, const struct lvs_headers *headers);

/* A copy without link-layer padding; the packet is linear. NULL: no memory. */
struct lvs_piece *lvs_piece_new(const struct lvs_alloc *alloc, const struct lvs_packet *packet,
				const struct lvs_headers *headers, const struct lvs_part *part);
void lvs_piece_del(const struct lvs_alloc *alloc, struct lvs_piece *piece);

void lvs_pieces_append(struct lvs_pieces *pieces, struct lvs_piece *piece);
/* All of @p more behind the others, however many; it is empty then. */
void lvs_pieces_move(struct lvs_pieces *pieces, struct lvs_pieces *more);
/* The first one, taken out, or NULL. */
struct lvs_piece *lvs_pieces_shift(struct lvs_pieces *pieces);
/* Puts the one at the begin of its datagram in front of the others; it is there. */
void lvs_pieces_lead(struct lvs_pieces *pieces);

#endif
