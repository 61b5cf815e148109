/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shard's timers: a hierarchical wheel of 3 levels (Varghese, Lauck, "Hashed and hierarchical
 * timing wheels", 1987, scheme 6), in ticks.
 *
 *	level 0   the next 512 ticks, one a slot: 68 s, beyond what a half-open connection lives
 *	level 1   32 slots of 512 ticks each; when the clock reaches one, it is dealt out below
 *	level 2   32 of 16384 ticks: 19 hours in all
 *
 * What lies farther waits at the end of level 2. Records are linked by number; the
 * first of a slot has the slot's place in prev, its highest bit set. A mask tells the
 * slots in use, so that the clock leaps over empty ones. Shard's lock.
 *
 * One list stands beside the wheel: records whose timer has fired and which wait for others
 * to be served first (conn/expire.c).
 */
#ifndef LVS_CONN_WHEEL_H
#define LVS_CONN_WHEEL_H

#include "conn/arena.h"

#define LVS_WHEEL_LEVELS 3
#define LVS_WHEEL_NEAR_SHIFT 9
#define LVS_WHEEL_NEAR (1u << LVS_WHEEL_NEAR_SHIFT) /* slots of level 0 */
#define LVS_WHEEL_SHIFT 5
#define LVS_WHEEL_SLOTS (1u << LVS_WHEEL_SHIFT) /* of each level above */
#define LVS_WHEEL_PLACES (LVS_WHEEL_NEAR + (LVS_WHEEL_LEVELS - 1) * LVS_WHEEL_SLOTS)
#define LVS_WHEEL_SPAN                                                                             \
	(UINT32_C(1) << (LVS_WHEEL_NEAR_SHIFT + LVS_WHEEL_SHIFT * (LVS_WHEEL_LEVELS - 1)))
#define LVS_WHEEL_IS_FIRST (UINT32_C(1) << 31) /* in prev: no record, but a slot's place */
#define LVS_WHEEL_IS_PARKED (LVS_WHEEL_IS_FIRST | UINT32_C(1) << 30)

struct lvs_wheel {
	uint32_t now; /* tick that is being served; all before are done */
	uint32_t linked_n;
	uint64_t busy[LVS_WHEEL_PLACES / 64]; /* slots in use, by place */
	/* Number of a record, 0: empty. Atomic since who fetches ahead looks without the lock. */
	_Atomic uint32_t first[LVS_WHEEL_PLACES];
	_Atomic uint32_t parked; /* the same */
};

void lvs_wheel_init(struct lvs_wheel *wheel);

/* Only the shard's lock holder uses a linked record's links; atomic since they share the record. */
LVS_INLINE uint32_t lvs_wheel_get(const _Atomic uint32_t *link)
{
	return atomic_load_explicit(link, memory_order_relaxed);
}

LVS_INLINE void lvs_wheel_set(_Atomic uint32_t *link, uint32_t number)
{
	atomic_store_explicit(link, number, memory_order_relaxed);
}

/* Ticks of a slot of a level, log2. */
LVS_INLINE unsigned lvs_wheel_shift(unsigned level)
{
	return level ? LVS_WHEEL_NEAR_SHIFT + LVS_WHEEL_SHIFT * (level - 1) : 0;
}

/* A level's slot of a tick, as its place among all slots. */
LVS_INLINE uint32_t lvs_wheel_place_of(uint32_t tick, unsigned level)
{
	uint32_t slot = tick >> lvs_wheel_shift(level);

	if (level == 0)
		return slot % LVS_WHEEL_NEAR;
	return LVS_WHEEL_NEAR + (level - 1) * LVS_WHEEL_SLOTS + slot % LVS_WHEEL_SLOTS;
}

/* The level of what is so many ticks ahead. */
LVS_INLINE unsigned lvs_wheel_level(uint32_t ahead)
{
	if (lvs_likely(ahead < LVS_WHEEL_NEAR))
		return 0;
	return ahead < LVS_WHEEL_NEAR * LVS_WHEEL_SLOTS ? 1 : 2;
}

/* Puts a record in front of a list; @p prev tells which it is. */
LVS_INLINE void lvs_wheel_push(struct lvs_wheel *wheel, const struct lvs_arena *arena,
			       struct lvs_conn *conn, uint32_t number, _Atomic uint32_t *first,
			       uint32_t prev)
{
	uint32_t next = lvs_wheel_get(first);

	if (next)
		lvs_wheel_set(&lvs_arena_at(arena, next)->prev, number);
	lvs_wheel_set(&conn->next, next);
	lvs_wheel_set(&conn->prev, prev);
	lvs_wheel_set(first, number);
	wheel->linked_n++;
}

/* By its due. */
LVS_INLINE void lvs_wheel_place(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				struct lvs_conn *conn, uint32_t number)
{
	uint32_t place = lvs_wheel_place_of(conn->due, lvs_wheel_level(conn->due - wheel->now));

	lvs_wheel_push(wheel, arena, conn, number, &wheel->first[place],
		       LVS_WHEEL_IS_FIRST | place);
	wheel->busy[place / 64] |= UINT64_C(1) << place % 64;
}

/* Puts a record into the slot of @p due, at the earliest in that of the next tick. */
LVS_INLINE void lvs_wheel_link_as(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				  struct lvs_conn *conn, uint32_t number, uint32_t due)
{
	if (lvs_unlikely(!lvs_tick_reached(due, wheel->now + 1)))
		due = wheel->now + 1;
	if (lvs_unlikely(due - wheel->now >= LVS_WHEEL_SPAN))
		due = wheel->now + LVS_WHEEL_SPAN - 1; /* it will be linked anew there */
	conn->due = due;
	lvs_wheel_place(wheel, arena, conn, number);
}

LVS_INLINE void lvs_wheel_link(struct lvs_wheel *wheel, const struct lvs_arena *arena,
			       struct lvs_conn *conn, uint32_t due)
{
	lvs_wheel_link_as(wheel, arena, conn, lvs_arena_number(conn), due);
}

/* Out of its slot, or of those that are parked. */
void lvs_wheel_unlink(struct lvs_wheel *wheel, const struct lvs_arena *arena,
		      struct lvs_conn *conn);

/* Puts a record aside whose timer fired at @p tick, which its due becomes. */
void lvs_wheel_park(struct lvs_wheel *wheel, const struct lvs_arena *arena, struct lvs_conn *conn,
		    uint32_t tick);

/*
 * Takes out the next record whose slot was reached at @p tick, moving the clock on.
 * Each record that is touched costs one of @p looks. NULL: the clock stands at
 * @p tick and all is done, or no looks are left.
 */
struct lvs_conn *lvs_wheel_fire(struct lvs_wheel *wheel, const struct lvs_arena *arena,
				uint32_t tick, unsigned *looks);

/* What lvs_wheel_fire() will take out next, if that is known and there is one; else NULL. */
LVS_INLINE struct lvs_conn *lvs_wheel_peek(const struct lvs_wheel *wheel,
					   const struct lvs_arena *arena)
{
	uint32_t number = lvs_wheel_get(&wheel->first[lvs_wheel_place_of(wheel->now, 0)]);

	return number ? lvs_arena_at(arena, number) : NULL;
}

/* Fetches what follows a record in its slot. */
LVS_INLINE void lvs_wheel_fetch_next(const struct lvs_arena *arena, const struct lvs_conn *conn)
{
	uint32_t number = lvs_wheel_get(&conn->next);

	if (number)
		lvs_prefetch_write(lvs_arena_at(arena, number));
}

/* A hint, without the lock: fetches what is written when the record is taken out. */
LVS_INLINE void lvs_wheel_fetch_sides(const struct lvs_arena *arena, const struct lvs_conn *conn)
{
	/* Of one that another worker ends at this moment, half of a tag. */
	uint32_t prev = lvs_wheel_get(&conn->prev);

	lvs_wheel_fetch_next(arena, conn);
	if (!(prev & LVS_WHEEL_IS_FIRST) && lvs_arena_has(arena, prev))
		lvs_prefetch_write(lvs_arena_at(arena, prev));
}

/* Without the lock: the first of the slot of @p tick, 0: none; and the hint that it will be asked.
 */
LVS_INLINE uint32_t lvs_wheel_first(const struct lvs_wheel *wheel, uint32_t tick, unsigned level)
{
	return lvs_wheel_get(&wheel->first[lvs_wheel_place_of(tick, level)]);
}

LVS_INLINE void lvs_wheel_fetch(const struct lvs_wheel *wheel, uint32_t tick)
{
	lvs_prefetch_write(wheel);
	lvs_prefetch_write(&wheel->first[lvs_wheel_place_of(tick, 0)]);
}

/* Whether there is nothing to do at @p tick. */
bool lvs_wheel_idle(const struct lvs_wheel *wheel, uint32_t tick);

/* Counts the records and compares their links; NULL or what is wrong. */
const char *lvs_wheel_check(const struct lvs_wheel *wheel, const struct lvs_arena *arena);

#endif
