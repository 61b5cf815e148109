/* SPDX-License-Identifier: BSD-2-Clause */
/* What is written down of connections, destinations and the table, where somebody asked for it. */
#ifndef LVS_DIRECTOR_EVENTS_H
#define LVS_DIRECTOR_EVENTS_H

#include "director/director.h"

/* Who ends connections, and why; travels through the table to conn_gone(). */
struct lvs_ender {
	struct lvs_ring *ring;
	uint64_t now_ns;
	enum lvs_gone why;
};

/* @p ender filled in, or NULL where nobody wants to know. */
LVS_INLINE struct lvs_ender *lvs_ender_of(struct lvs_ender *ender, struct lvs_ring *ring,
					  enum lvs_gone why, uint64_t now_ns)
{
	if (lvs_likely(!ring->size))
		return NULL;
	*ender = (struct lvs_ender){ring, now_ns, why};
	return ender;
}

/* --- Rings that are on --- */

void lvs_events_made(const struct lvs_director *director, struct lvs_ring *ring, uint64_t now_ns,
		     const struct lvs_conn *conn);
void lvs_events_gone(const struct lvs_director *director, const struct lvs_ender *ender,
		     const struct lvs_conn *conn);

/* A destination's gauge has moved: overload, drained. */
void lvs_events_load(struct lvs_ring *ring, uint64_t now_ns, const struct lvs_dest *dest,
		     struct lvs_gauge_move move);

/* Whether the table has become nearly full, or is no longer so. */
void lvs_events_table(struct lvs_director *director, struct lvs_ring *ring, uint64_t now_ns);

#endif
