/* SPDX-License-Identifier: BSD-2-Clause */
/* A chunk's blocks, beside a plain model: a flag a place. */
#include <stdbool.h>

#include "conn/buddy.h"

#include "unit.h"

#define PLACES LVS_BUDDY_PLACES
#define ORDERS (LVS_BUDDY_ORDER + 1)

struct model {
	bool used[PLACES];
};

static bool is_free(const struct model *model, unsigned place, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++)
		if (model->used[place + i])
			return false;
	return true;
}

/* The order of the largest block around a place of which no place is in use, as a bit; 0: none. */
static unsigned room_at(const struct model *model, unsigned place)
{
	unsigned order = 0;

	while (order < ORDERS && is_free(model, place >> order << order, order))
		order++;
	return 1u << order >> 1;
}

static unsigned room_of(const struct model *model)
{
	unsigned room = 0;

	for (unsigned place = 0; place < PLACES; place++)
		room |= room_at(model, place);
	return room;
}

static void mark(struct model *model, unsigned place, unsigned order, bool used)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		ck_assert(model->used[place + i] != used);
		model->used[place + i] = used;
	}
}

/* The whole, and all that it can be divided into. */
START_TEST(test_divided)
{
	for (unsigned order = 0; order < ORDERS; order++) {
		unsigned n = PLACES >> order;
		struct model model = {{false}};
		struct lvs_buddy buddy;

		lvs_buddy_init(&buddy);
		ck_assert(lvs_buddy_is_free(&buddy));
		for (unsigned i = 0; i < n; i++)
			mark(&model, lvs_buddy_take(&buddy, order), order, true);
		ck_assert_uint_eq(lvs_buddy_room(&buddy, 0), 0);
		for (unsigned i = 0; i < n; i++)
			lvs_buddy_give(&buddy, (i ^ 1) % n << order, order);
		ck_assert(lvs_buddy_is_free(&buddy));
	}
}
END_TEST

struct block {
	bool taken;
	unsigned place, order;
};

static void one_step(struct lvs_buddy *buddy, struct model *model, struct block *block,
		     unsigned order)
{
	if (block->taken) {
		block->taken = false;
		lvs_buddy_give(buddy, block->place, block->order);
		mark(model, block->place, block->order, false);
	} else if (lvs_buddy_room(buddy, order)) {
		unsigned room = room_of(model) >> order << order;
		struct model before = *model;

		*block = (struct block){true, lvs_buddy_take(buddy, order), order};
		ck_assert_uint_eq(block->place % (1u << order), 0);
		mark(model, block->place, order, true);
		ck_assert_uint_eq(room_at(&before, block->place), room & -room);
	}
	ck_assert_uint_eq(lvs_buddy_room(buddy, 0), room_of(model));
}

/* Anything in any order: what is there is what the model says, and the tightest is taken. */
START_TEST(test_model)
{
	struct block blocks[48] = {{false, 0, 0}};
	uint64_t random = 88172645463325252u;
	struct model model = {{false}};
	struct lvs_buddy buddy;

	lvs_buddy_init(&buddy);
	for (unsigned round = 0; round < 10000; round++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		/* Small ones are more. */
		one_step(&buddy, &model, &blocks[random % 48],
			 lvs_ctz64(random >> 16 | 1u << (round % ORDERS)) % ORDERS);
	}
	for (unsigned i = 0; i < 48; i++)
		if (blocks[i].taken)
			one_step(&buddy, &model, &blocks[i], 0);
	ck_assert(lvs_buddy_is_free(&buddy));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("buddy");

	tcase_add_test(tcase, test_divided);
	tcase_add_test(tcase, test_model);
	return unit_run("buddy", tcase);
}
