/* SPDX-License-Identifier: BSD-2-Clause */
/* The arena's next chunk, made ready before it is needed: lvs_arena_prepare(). */
#ifndef LVS_CONN_ARENA_SPARE_H
#define LVS_CONN_ARENA_SPARE_H

#include "conn/arena.h"

/* The lock is held. True: the caller makes the spare chunk, once it has let go. */
bool lvs_arena_begin_spare(struct lvs_arena *arena, bool wanted);
/* Then, without the lock. Without memory the next record that is made asks again. */
void lvs_arena_make_spare(struct lvs_arena *arena);
/* The lock is held. The one that is ready, or, where that was not done in time, one that is made
 * now; NULL: no memory. */
struct lvs_arena_chunk *lvs_arena_take_spare(struct lvs_arena *arena);

#endif
