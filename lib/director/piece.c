/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/piece.h"

#include <string.h>

#include "base/memory.h"

static uint32_t headroom_of(const struct lvs_packet *packet)
{
	if (packet->headroom < LVS_PIECE_HEADROOM)
		return LVS_PIECE_HEADROOM;
	return packet->headroom < LVS_PIECE_HEADROOM_MAX ? packet->headroom
							 : LVS_PIECE_HEADROOM_MAX;
}

uint32_t lvs_piece_size(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	return (uint32_t)sizeof(struct lvs_piece) + headroom_of(packet) + headers->len;
}

struct lvs_piece *lvs_piece_new(const struct lvs_alloc *alloc, const struct lvs_packet *packet,
				const struct lvs_headers *headers, const struct lvs_part *part)
{
	uint32_t size = lvs_piece_size(packet, headers);
	struct lvs_piece *piece = lvs_mem_alloc(alloc, size, _Alignof(struct lvs_piece));
	struct lvs_packet *copy;

	if (!piece)
		return NULL;
	memset(piece, 0, sizeof(*piece));
	piece->size = size;
	piece->part = *part;
	copy = &piece->packet;
	copy->headroom = (uint16_t)headroom_of(packet);
	copy->data = piece->room + copy->headroom;
	copy->len = copy->linear_len = headers->len;
	copy->flags = packet->flags & LVS_PACKET_CSUM_VALID;
	copy->mark = packet->mark;
	copy->ifindex = packet->ifindex;
	copy->vlan = packet->vlan;
	copy->link_type = packet->link_type;
	memcpy(copy->data, packet->data, headers->len);
	return piece;
}

void lvs_piece_del(const struct lvs_alloc *alloc, struct lvs_piece *piece)
{
	lvs_mem_free(alloc, piece, piece->size, _Alignof(struct lvs_piece));
}

void lvs_pieces_append(struct lvs_pieces *pieces, struct lvs_piece *piece)
{
	piece->next = NULL;
	if (pieces->last)
		pieces->last->next = piece;
	else
		pieces->first = piece;
	pieces->last = piece;
	pieces->n++;
	pieces->bytes += piece->size;
}

void lvs_pieces_move(struct lvs_pieces *pieces, struct lvs_pieces *more)
{
	if (!more->first)
		return;
	if (pieces->last)
		pieces->last->next = more->first;
	else
		pieces->first = more->first;
	pieces->last = more->last;
	pieces->n += more->n;
	pieces->bytes += more->bytes;
	memset(more, 0, sizeof(*more));
}

struct lvs_piece *lvs_pieces_shift(struct lvs_pieces *pieces)
{
	struct lvs_piece *piece = pieces->first;

	if (!piece)
		return NULL;
	pieces->first = piece->next;
	if (!pieces->first)
		pieces->last = NULL;
	pieces->n--;
	pieces->bytes -= piece->size;
	return piece;
}

void lvs_pieces_lead(struct lvs_pieces *pieces)
{
	struct lvs_piece *before = NULL, *piece = pieces->first;

	while (piece->part.start != 0) {
		before = piece;
		piece = piece->next;
	}
	if (!before)
		return;
	before->next = piece->next;
	if (!before->next)
		pieces->last = before;
	piece->next = pieces->first;
	pieces->first = piece;
}
