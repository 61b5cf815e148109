/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/buddy.h"

#include <assert.h>

_Static_assert(LVS_BUDDY_ORDER < 8, "the orders are the bits of a byte");

/* What a node says that is free as a whole. */
static uint8_t whole(unsigned node)
{
	return (uint8_t)(1u << (LVS_BUDDY_ORDER - lvs_fls64(node)));
}

void lvs_buddy_init(struct lvs_buddy *buddy)
{
	for (unsigned node = 1; node < 2 * LVS_BUDDY_PLACES; node++)
		buddy->free[node] = whole(node);
}

static uint8_t of_halves(const struct lvs_buddy *buddy, unsigned node)
{
	uint8_t left = buddy->free[2 * node], right = buddy->free[2 * node + 1];

	return left & right & whole(2 * node) ? whole(node) : left | right;
}

static void change(struct lvs_buddy *buddy, unsigned node, uint8_t to)
{
	buddy->free[node] = to;
	while (node /= 2)
		buddy->free[node] = of_halves(buddy, node);
}

/* The free block of that bit which comes first. */
static unsigned find(const struct lvs_buddy *buddy, unsigned bit)
{
	unsigned node = 1;

	while (whole(node) != bit)
		node = 2 * node + !(buddy->free[2 * node] & bit);
	return node;
}

unsigned lvs_buddy_take(struct lvs_buddy *buddy, unsigned order)
{
	unsigned room = lvs_buddy_room(buddy, order);
	unsigned node;

	assert(room);
	node = find(buddy, room & -room);
	/* Its first part of that size: the halves beside it are free as wholes from now on. */
	while (whole(node) != 1u << order)
		node *= 2;
	change(buddy, node, 0);
	return (node << order) - LVS_BUDDY_PLACES;
}

void lvs_buddy_give(struct lvs_buddy *buddy, unsigned place, unsigned order)
{
	unsigned node = (LVS_BUDDY_PLACES + place) >> order;

	assert(!buddy->free[node]);
	change(buddy, node, whole(node));
}
