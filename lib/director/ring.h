/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded ring of events; used by one thread at a time. */
#ifndef LVS_DIRECTOR_RING_H
#define LVS_DIRECTOR_RING_H

#include <stdint.h>

#include <liblvs/event.h>

struct lvs_ring {
	struct lvs_event *event; /* size of them */
	uint32_t size;           /* 0: off */
	uint32_t first;          /* place of the oldest */
	uint32_t n;              /* how many are in it */
	uint64_t lost;           /* that found no room behind the last one */
};

/* 0 or LVS_ERR_NO_MEMORY. */
int lvs_ring_init(struct lvs_ring *ring, const struct lvs_alloc *alloc, uint32_t size);
void lvs_ring_fini(struct lvs_ring *ring, const struct lvs_alloc *alloc);

/* A new event to be filled in, zeroed but for time and type. NULL: it is counted as lost. */
struct lvs_event *lvs_ring_push(struct lvs_ring *ring, uint64_t now_ns, enum lvs_event_type type);

unsigned lvs_ring_take(struct lvs_ring *ring, struct lvs_event *out, unsigned n);

/* Puts the events behind the first @p from in order: see lvs_worker_events(). */
void lvs_ring_sort(struct lvs_ring *ring, uint32_t from);

#endif
