/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shard's timers: a hierarchical wheel of 4 levels of 64 slots (Varghese, Lauck,
 * "Hashed and hierarchical timing wheels", 1987, scheme 6), in ticks.
 *
 *	level 0   the next 64 ticks, one a slot
 *	level 1   slots of 64 ticks each; when the clock reaches one, it is dealt out below
 *	level 2   of 4096, level 3: of 262144 ticks
 *
 * What lies farther waits at the end of level 3. Records are linked by number; the
 * first of a slot has the slot in prev, its highest bit set. A mask a level tells the
 * slots in use, so that the clock leaps over empty ones. Shard's lock.
 *
 * One list stands beside the wheel: records whose timer has fired and which wait for others
 * to be served first (conn/expire.c).
 */
#ifndef LVS_CONN_WHEEL_H
#define LVS_CONN_WHEEL_H

#include "conn/arena.h"

#define LVS_WHEEL_LEVELS 4
#define LVS_WHEEL_SLOTS 64

struct lvs_wheel {
	uint32_t now; /* tick that is being served; all before are done */
	uint32_t linked_n;
	uint64_t busy[LVS_WHEEL_LEVELS];
	uint32_t first[LVS_WHEEL_LEVELS][LVS_WHEEL_SLOTS]; /* number of a record, 0: empty */
	uint32_t parked;                                   /* the same */
};

void lvs_wheel_init(struct lvs_wheel *wheel);

/* Puts a record into the slot of @p due, at the earliest in that of the next tick. */
void lvs_wheel_link(struct lvs_wheel *wheel, const struct lvs_arena *arena, struct lvs_conn *conn,
		    uint32_t due);
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

/* Whether there is nothing to do at @p tick. */
bool lvs_wheel_idle(const struct lvs_wheel *wheel, uint32_t tick);

/* Counts the records and compares their links; NULL or what is wrong. */
const char *lvs_wheel_check(const struct lvs_wheel *wheel, const struct lvs_arena *arena);

#endif
