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

LVS_INLINE void set_empty(struct lvs_wheel *wheel, uint32_t place)
{
	wheel->busy[place / 64] &= ~(UINT64_C(1) << place % 64);
}

void lvs_wheel_unlink(struct lvs_wheel *wheel, const struct lvs_arena *arena, struct lvs_conn *conn)
{
	uint32_t prev = lvs_wheel_get(&conn->prev);
	uint32_t next = lvs_wheel_get(&conn->next);
	uint32_t place = prev & ~LVS_WHEEL_IS_FIRST;

	if (next)
		lvs_wheel_set(&lvs_arena_at(arena, next)->prev, prev);
	if (!(prev & LVS_WHEEL_IS_FIRST)) {
		lvs_wheel_set(&lvs_arena_at(arena, prev)->next, next);
	} else if (prev == LVS_WHEEL_IS_PARKED) {
		lvs_wheel_set(&wheel->parked, next);
	} else {
		assert(lvs_wheel_get(&wheel->first[place]) == lvs_arena_number(conn));
		lvs_wheel_set(&wheel->first[place], next);
		if (!next)
			set_empty(wheel, place);
	}
	wheel->linked_n--;
}

/* What is left of a slot that was taken from at its front. */
LVS_INLINE void begin_with(struct lvs_wheel *wheel, const struct lvs_arena *arena, uint32_t place,
			   uint32_t number)
{
	lvs_wheel_set(&wheel->first[place], number);
	if (number)
		lvs_wheel_set(&lvs_arena_at(arena, number)->prev, LVS_WHEEL_IS_FIRST | place);
	else
		set_empty(wheel, place);
}

/* Deals a slot out to the levels below: none of its records comes back to it. */
static void deal_out(struct lvs_wheel *wheel, const struct lvs_arena *arena, unsigned level,
		     unsigned *looks)
{
	uint32_t place = lvs_wheel_place_of(wheel->now, level);
	uint32_t number = lvs_wheel_get(&wheel->first[place]);

	for (; number && *looks; --*looks) {
		struct lvs_conn *conn = lvs_arena_at(arena, number);
		uint32_t next = lvs_wheel_get(&conn->next);

		wheel->linked_n--;
		lvs_wheel_place(wheel, arena, conn, number);
		number = next;
	}
	begin_with(wheel, arena, place, number);
}

/* The first of the slot of this level that the clock has reached; 0: it has reached none, or an
 * empty one. */
LVS_INLINE uint32_t due_at(const struct lvs_wheel *wheel, unsigned level)
{
	uint32_t below = (UINT32_C(1) << lvs_wheel_shift(level)) - 1;

	if (wheel->now & below)
		return 0;
	return lvs_wheel_get(&wheel->first[lvs_wheel_place_of(wheel->now, level)]);
}

/* Deals out what is due above level 0, from the top: what comes down a level may have to come down
 * another. False: nothing is. */
static LVS_NOINLINE bool deal_out_due(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				      unsigned *looks)
{
	for (unsigned level = LVS_WHEEL_LEVELS - 1; level > 0; level--)
		if (due_at(wheel, level)) {
			deal_out(wheel, arena, level, looks);
			return true;
		}
	return false;
}

/* Ticks until the clock reaches a slot in use of level 0; UINT32_MAX: none is. */
static uint32_t near_distance(const struct lvs_wheel *wheel)
{
	uint32_t from = (wheel->now + 1) % LVS_WHEEL_NEAR;
	uint64_t busy = wheel->busy[from / 64] >> from % 64;

	if (busy)
		return 1 + lvs_ctz64(busy);
	/* Round to the word where it began, whose lower bits come last. */
	for (uint32_t ahead = 64 - from % 64; ahead < LVS_WHEEL_NEAR + 64; ahead += 64) {
		busy = wheel->busy[(from + ahead) % LVS_WHEEL_NEAR / 64];
		if (busy)
			return 1 + ahead + lvs_ctz64(busy);
	}
	return UINT32_MAX;
}

/* A hint: the first of the next slot in use of level 0, where there is one. */
static LVS_NOINLINE void fetch_next_slot(const struct lvs_wheel *wheel,
					 const struct lvs_arena *arena)
{
	uint32_t ahead = near_distance(wheel);
	uint32_t place = lvs_wheel_place_of(wheel->now + ahead, 0);

	if (ahead != UINT32_MAX)
		lvs_prefetch_write(lvs_arena_at(arena, lvs_wheel_get(&wheel->first[place])));
}

/* Takes out the first of those whose tick has come; what follows it comes meanwhile. */
LVS_INLINE struct lvs_conn *pop(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				uint32_t number)
{
	struct lvs_conn *conn = lvs_arena_at(arena, number);
	uint32_t next = lvs_wheel_get(&conn->next);

	begin_with(wheel, arena, lvs_wheel_place_of(wheel->now, 0), next);
	wheel->linked_n--;
	if (lvs_likely(next != 0))
		lvs_wheel_fetch_next(arena, lvs_arena_at(arena, next));
	else
		fetch_next_slot(wheel, arena);
	return conn;
}

/* The same of a level above. */
static uint32_t distance(const struct lvs_wheel *wheel, unsigned level)
{
	unsigned shift = lvs_wheel_shift(level);
	uint32_t slot = wheel->now >> shift;
	unsigned turn = (slot + 1) % LVS_WHEEL_SLOTS;
	uint32_t first = lvs_wheel_place_of(0, level);
	/* The slots of two levels share a word. */
	uint32_t busy = (uint32_t)(wheel->busy[first / 64] >> first % 64);

	if (!busy)
		return UINT32_MAX;
	busy = turn ? busy >> turn | busy << (LVS_WHEEL_SLOTS - turn) : busy;
	return ((slot + lvs_ctz64(busy) + 1) << shift) - wheel->now;
}

/* Moves the clock to the next slot in use; false: there is none up to @p tick, where it now is. */
static LVS_NOINLINE bool advance(struct lvs_wheel *wheel, uint32_t tick)
{
	uint32_t nearest = near_distance(wheel);

	for (unsigned level = 1; level < LVS_WHEEL_LEVELS; level++) {
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
		uint32_t number;

		if (lvs_unlikely(wheel->now % LVS_WHEEL_NEAR == 0) &&
		    deal_out_due(wheel, arena, looks))
			continue;
		number = due_at(wheel, 0);
		if (number) {
			--*looks;
			return pop(wheel, arena, number);
		}
		if (!advance(wheel, tick))
			return NULL;
	}
	return NULL;
}

bool lvs_wheel_idle(const struct lvs_wheel *wheel, uint32_t tick)
{
	if (wheel->linked_n == 0 || !lvs_tick_reached(tick, wheel->now))
		return true;
	if (tick != wheel->now)
		return false;
	for (unsigned level = 0; level < LVS_WHEEL_LEVELS; level++)
		if (due_at(wheel, level))
			return false;
	return true;
}

LVS_UNTRACED static const char *check_slot(const struct lvs_wheel *wheel,
					   const struct lvs_arena *arena, unsigned level,
					   uint32_t place, uint32_t *n)
{
	uint32_t prev = LVS_WHEEL_IS_FIRST | place;
	uint32_t number = lvs_wheel_get(&wheel->first[place]);

	if (!number != !(wheel->busy[place / 64] >> place % 64 & 1))
		return "the mask of a level does not tell the slots in use";
	while (number) {
		const struct lvs_conn *conn = lvs_arena_at(arena, number);

		if (lvs_wheel_get(&conn->prev) != prev)
			return "a timer's links do not fit";
		if (lvs_wheel_place_of(conn->due, level) != place)
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

/* Whether 64 slots are empty, and said to be: most are, of most shards. */
LVS_UNTRACED static bool are_empty(const struct lvs_wheel *wheel, uint32_t place)
{
	uint32_t any = 0;

	for (unsigned i = 0; i < 64; i++)
		any |= lvs_wheel_get(&wheel->first[place + i]);
	return !wheel->busy[place / 64] && !any;
}

LVS_UNTRACED const char *lvs_wheel_check(const struct lvs_wheel *wheel,
					 const struct lvs_arena *arena)
{
	uint32_t n = 0;
	uint32_t place = 0;
	const char *parked = check_parked(wheel, arena, &n);

	if (parked)
		return parked;
	while (place < LVS_WHEEL_PLACES) {
		unsigned level =
			place < LVS_WHEEL_NEAR ? 0 : 1 + (place - LVS_WHEEL_NEAR) / LVS_WHEEL_SLOTS;
		const char *wrong;

		if (place % 64 == 0 && are_empty(wheel, place)) {
			place += 64;
			continue;
		}
		wrong = check_slot(wheel, arena, level, place++, &n);
		if (wrong)
			return wrong;
	}
	return n == wheel->linked_n ? NULL : "timers are miscounted";
}
