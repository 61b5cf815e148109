/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which blocks of a chunk are in use: the whole of it, halves, halves of halves ... (Knowlton, "A
 * fast storage allocator", 1965). Two halves that are both free are one block again.
 *
 *	                 free[1]                 the whole, of 128 places
 *	          free[2]       free[3]          its halves
 *	      free[4] free[5] free[6] free[7]
 *	        ...                              free[128..255]: a place each
 *
 * A block of order n is 2^n places. Bit n of a node tells that a free block of that order lies in
 * it, which is none of a larger free one. A node that was given out as a whole has no bit, one that
 * is free as a whole that of its own order alone; what is said of the halves of either is void.
 */
#ifndef LVS_CONN_BUDDY_H
#define LVS_CONN_BUDDY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define LVS_BUDDY_ORDER 7 /* of the whole */
#define LVS_BUDDY_PLACES (1u << LVS_BUDDY_ORDER)

struct lvs_buddy {
	uint8_t free[2 * LVS_BUDDY_PLACES];
};

/* All of it is free. */
void lvs_buddy_init(struct lvs_buddy *buddy);

/* The orders of the free blocks that hold one of @p order, as bits. */
LVS_INLINE unsigned lvs_buddy_room(const struct lvs_buddy *buddy, unsigned order)
{
	return buddy->free[1] >> order << order;
}

LVS_INLINE bool lvs_buddy_is_free(const struct lvs_buddy *buddy)
{
	return buddy->free[1] == 1u << LVS_BUDDY_ORDER;
}

/* Takes a block, for which there is room, of the smallest free one that holds it: its first place.
 */
unsigned lvs_buddy_take(struct lvs_buddy *buddy, unsigned order);

/* Gives back what was taken, with the same order. */
void lvs_buddy_give(struct lvs_buddy *buddy, unsigned place, unsigned order);

#endif
