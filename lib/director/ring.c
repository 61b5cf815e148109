/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/ring.h"

#include <string.h>

#include <liblvs/error.h>

#include "base/compiler.h"
#include "base/memory.h"

int lvs_ring_init(struct lvs_ring *ring, const struct lvs_alloc *alloc, uint32_t size)
{
	memset(ring, 0, sizeof(*ring));
	if (!size)
		return 0;
	ring->event = lvs_mem_alloc(alloc, size * sizeof(*ring->event), LVS_CACHE_LINE);
	if (!ring->event)
		return LVS_ERR_NO_MEMORY;
	ring->size = size;
	return 0;
}

void lvs_ring_fini(struct lvs_ring *ring, const struct lvs_alloc *alloc)
{
	lvs_mem_free(alloc, ring->event, ring->size * sizeof(*ring->event), LVS_CACHE_LINE);
}

/* The @i-th from the oldest. */
static struct lvs_event *at(const struct lvs_ring *ring, uint32_t i)
{
	uint32_t room = ring->size - ring->first; /* up to the end of the array */

	return &ring->event[i < room ? ring->first + i : i - room];
}

static void clear(struct lvs_event *event, uint64_t now_ns, enum lvs_event_type type)
{
	memset(event, 0, sizeof(*event));
	event->now_ns = now_ns;
	event->type = (uint8_t)type;
}

struct lvs_event *lvs_ring_push(struct lvs_ring *ring, uint64_t now_ns, enum lvs_event_type type)
{
	struct lvs_event *event;

	/* What was lost is told before what comes behind it. */
	if (ring->size - ring->n < (ring->lost ? 2 : 1)) {
		ring->lost++;
		return NULL;
	}
	if (ring->lost) {
		event = at(ring, ring->n++);
		clear(event, now_ns, LVS_EVENT_LOST);
		event->value = ring->lost;
		ring->lost = 0;
	}
	event = at(ring, ring->n++);
	clear(event, now_ns, type);
	return event;
}

unsigned lvs_ring_take(struct lvs_ring *ring, struct lvs_event *out, unsigned n)
{
	unsigned taken = 0;

	for (; taken < n && ring->n; taken++) {
		out[taken] = *at(ring, 0);
		ring->first = ring->first + 1 < ring->size ? ring->first + 1 : 0;
		ring->n--;
	}
	if (taken < n && ring->lost) {
		clear(&out[taken], taken ? out[taken - 1].now_ns : 0, LVS_EVENT_LOST);
		out[taken++].value = ring->lost;
		ring->lost = 0;
	}
	return taken;
}

/* --- Heapsort in place: Williams, "Algorithm 232", 1964. No memory, no bad case. --- */

/* What was lost before, then ends, then what follows from them. */
static unsigned rank(const struct lvs_event *event)
{
	switch (event->type) {
	case LVS_EVENT_LOST:
		return 0;
	case LVS_EVENT_GONE:
	case LVS_EVENT_TEMPLATE_GONE:
		return 1;
	default:
		return 2;
	}
}

static int compare(const struct lvs_event *a, const struct lvs_event *b)
{
	int by_service;

	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	if (a->order != b->order)
		return (int32_t)(a->order - b->order) < 0 ? -1 : 1;
	by_service = memcmp(&a->service, &b->service, sizeof(a->service));
	if (by_service)
		return by_service;
	if (memcmp(&a->dest, &b->dest, sizeof(a->dest)) != 0)
		return memcmp(&a->dest, &b->dest, sizeof(a->dest));
	return (int)a->type - (int)b->type;
}

static void swap(struct lvs_event *a, struct lvs_event *b)
{
	struct lvs_event held = *a;

	*a = *b;
	*b = held;
}

static void sift_down(const struct lvs_ring *ring, uint32_t from, uint32_t i, uint32_t n)
{
	while (2 * i + 1 < n) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < n &&
		    compare(at(ring, from + child), at(ring, from + child + 1)) < 0)
			child++;
		if (compare(at(ring, from + i), at(ring, from + child)) >= 0)
			return;
		swap(at(ring, from + i), at(ring, from + child));
		i = child;
	}
}

void lvs_ring_sort(struct lvs_ring *ring, uint32_t from)
{
	uint32_t n = ring->n - from;

	for (uint32_t i = n / 2; i > 0; i--)
		sift_down(ring, from, i - 1, n);
	for (uint32_t left = n; left > 1; left--) {
		swap(at(ring, from), at(ring, from + left - 1));
		sift_down(ring, from, 0, left - 1);
	}
}
