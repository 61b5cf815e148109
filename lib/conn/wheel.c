/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/wheel.h"

#include <assert.h>
#include <string.h>

void lvs_wheel_init(struct lvs_wheel *wheel)
{
	memset(wheel, 0, sizeof(*wheel));
}

void lvs_wheel_park(struct lvs_wheel *wheel, const struct lvs_arena *arena, struct lvs_conn *conn,
		    uint32_t tick)
{
	conn->due = tick;
	lvs_wheel_push(wheel, arena, conn, lvs_arena_number(conn), &wheel->parked,
		       LVS_WHEEL_IS_PARKED);
}

void lvs_wheel_unlink(struct lvs_wheel *wheel, const struct lvs_arena *arena, struct lvs_conn *conn)
{
	uint32_t prev = lvs_wheel_get(&conn->prev);
	uint32_t next = lvs_wheel_get(&conn->next);
	unsigned level = prev >> LVS_WHEEL_SHIFT & (LVS_WHEEL_LEVELS - 1);
	uint32_t slot = prev & LVS_WHEEL_MASK;

	if (next)
		lvs_wheel_set(&lvs_arena_at(arena, next)->prev, prev);
	if (!(prev & LVS_WHEEL_IS_FIRST)) {
		lvs_wheel_set(&lvs_arena_at(arena, prev)->next, next);
	} else if (prev == LVS_WHEEL_IS_PARKED) {
		lvs_wheel_set(&wheel->parked, next);
	} else {
		assert(lvs_wheel_get(&wheel->first[level][slot]) == lvs_arena_number(conn));
		lvs_wheel_set(&wheel->first[level][slot], next);
		if (!next)
			wheel->busy[level] &= ~(UINT64_C(1) << slot);
	}
	wheel->linked_n--;
}

/* What is left of a slot of this level that was taken from at its front. */
LVS_INLINE void begin_with(struct lvs_wheel *wheel, const struct lvs_arena *arena, unsigned level,
			   uint32_t slot, uint32_t number)
{
	lvs_wheel_set(&wheel->first[level][slot], number);
	if (number)
		lvs_wheel_set(&lvs_arena_at(arena, number)->prev, lvs_wheel_head(level, slot));
	else
		wheel->busy[level] &= ~(UINT64_C(1) << slot);
}

/* The first of those whose tick has come; what follows it comes meanwhile. */
static struct lvs_conn *pop(struct lvs_wheel *wheel, const struct lvs_arena *arena)
{
	uint32_t slot = lvs_wheel_slot(wheel->now, 0);
	struct lvs_conn *conn = lvs_arena_at(arena, lvs_wheel_get(&wheel->first[0][slot]));
	uint32_t next = lvs_wheel_get(&conn->next);

	begin_with(wheel, arena, 0, slot, next);
	wheel->linked_n--;
	if (next)
		lvs_wheel_fetch_next(arena, lvs_arena_at(arena, next));
	return conn;
}

/* Deals a slot out to the levels below: none of its records comes back to it. */
static void deal_out(struct lvs_wheel *wheel, const struct lvs_arena *arena, unsigned level,
		     unsigned *looks)
{
	uint32_t slot = lvs_wheel_slot(wheel->now, level);
	uint32_t number = lvs_wheel_get(&wheel->first[level][slot]);

	for (; number && *looks; --*looks) {
		struct lvs_conn *conn = lvs_arena_at(arena, number);
		uint32_t next = lvs_wheel_get(&conn->next);

		wheel->linked_n--;
		lvs_wheel_place(wheel, arena, conn, number);
		number = next;
	}
	begin_with(wheel, arena, level, slot, number);
}

/* Whether a slot of this level is reached by the clock, and not empty. */
static bool is_due(const struct lvs_wheel *wheel, unsigned level)
{
	uint32_t below = (UINT32_C(1) << LVS_WHEEL_SHIFT * level) - 1;

	return (wheel->now & below) == 0 &&
	       lvs_wheel_get(&wheel->first[level][lvs_wheel_slot(wheel->now, level)]);
}

/* The highest level that has something due, + 1; 0: none has. What comes down a level may have to
 * come down another, so they are served from the top. */
static unsigned due_level(const struct lvs_wheel *wheel)
{
	unsigned level = LVS_WHEEL_LEVELS;

	if (lvs_likely(wheel->now & LVS_WHEEL_MASK))
		level = 1;
	while (level > 0 && !is_due(wheel, level - 1))
		level--;
	return level;
}

/* Ticks until the clock reaches a slot in use of this level; UINT32_MAX: none is. */
static uint32_t distance(const struct lvs_wheel *wheel, unsigned level)
{
	uint64_t busy = wheel->busy[level];
	unsigned shift = LVS_WHEEL_SHIFT * level;
	unsigned turn = (lvs_wheel_slot(wheel->now, level) + 1) & LVS_WHEEL_MASK;
	uint32_t slots;

	if (!busy)
		return UINT32_MAX;
	busy = turn ? busy >> turn | busy << (64 - turn) : busy;
	slots = lvs_ctz64(busy) + 1;
	return (((wheel->now >> shift) + slots) << shift) - wheel->now;
}

/* Moves the clock to the next slot in use; false: there is none up to @p tick, where it now is. */
static bool advance(struct lvs_wheel *wheel, uint32_t tick)
{
	uint32_t nearest = UINT32_MAX;

	for (unsigned level = 0; level < LVS_WHEEL_LEVELS; level++) {
		uint32_t d = distance(wheel, level);

		if (d < nearest)
			nearest = d;
	}
	if (nearest > tick - wheel->now) {
		wheel->now = tick;
		return false;
	}
	wheel->now += nearest;
	return true;
}

struct lvs_conn *lvs_wheel_fire(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				uint32_t tick, unsigned *looks)
{
	if (wheel->linked_n == 0)
		wheel->now = tick;
	if (!lvs_tick_reached(tick, wheel->now))
		return NULL;
	while (*looks) {
		unsigned level = due_level(wheel);

		if (level == 0) {
			if (!advance(wheel, tick))
				return NULL;
			continue;
		}
		if (level == 1) {
			--*looks;
			return pop(wheel, arena);
		}
		deal_out(wheel, arena, level - 1, looks);
	}
	return NULL;
}

bool lvs_wheel_idle(const struct lvs_wheel *wheel, uint32_t tick)
{
	return wheel->linked_n == 0 || !lvs_tick_reached(tick, wheel->now) ||
	       (tick == wheel->now && !is_due(wheel, 0) && !is_due(wheel, 1) && !is_due(wheel, 2) &&
		!is_due(wheel, 3));
}

LVS_UNTRACED static const char *check_slot(const struct lvs_wheel *wheel,
					   const struct lvs_arena *arena, unsigned level,
					   uint32_t slot, uint32_t *n)
{
	uint32_t prev = LVS_WHEEL_IS_FIRST | level << LVS_WHEEL_SHIFT | slot;
	uint32_t number = lvs_wheel_get(&wheel->first[level][slot]);

	if (!number != !(wheel->busy[level] >> slot & 1))
		return "the mask of a level does not tell the slots in use";
	while (number) {
		const struct lvs_conn *conn = lvs_arena_at(arena, number);

		if (lvs_wheel_get(&conn->prev) != prev)
			return "a timer's links do not fit";
		if (lvs_wheel_slot(conn->due, level) != slot)
			return "a timer lies in the wrong slot";
		if (conn->due - wheel->now >= LVS_WHEEL_SPAN)
			return "a timer was missed";
		if (++*n > wheel->linked_n)
			return "timers are miscounted";
		prev = number;
		number = lvs_wheel_get(&conn->next);
	}
	return NULL;
}

LVS_UNTRACED static const char *check_parked(const struct lvs_wheel *wheel,
					     const struct lvs_arena *arena, uint32_t *n)
{
	uint32_t prev = LVS_WHEEL_IS_PARKED;

	for (uint32_t number = lvs_wheel_get(&wheel->parked); number;) {
		const struct lvs_conn *conn = lvs_arena_at(arena, number);

		if (lvs_wheel_get(&conn->prev) != prev)
			return "a parked timer's links do not fit";
		if (++*n > wheel->linked_n)
			return "timers are miscounted";
		prev = number;
		number = lvs_wheel_get(&conn->next);
	}
	return NULL;
}

LVS_UNTRACED const char *lvs_wheel_check(const struct lvs_wheel *wheel,
					 const struct lvs_arena *arena)
{
	uint32_t n = 0;
	const char *parked = check_parked(wheel, arena, &n);

	if (parked)
		return parked;

	for (unsigned level = 0; level < LVS_WHEEL_LEVELS; level++)
		for (uint32_t slot = 0; slot < LVS_WHEEL_SLOTS; slot++) {
			const char *wrong = check_slot(wheel, arena, level, slot, &n);

			if (wrong)
				return wrong;
		}
	return n == wheel->linked_n ? NULL : "timers are miscounted";
}
