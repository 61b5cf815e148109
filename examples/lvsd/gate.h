/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where workers can be held between two batches. Who waits for packets is outside; it costs a
 * worker that is busy one load a batch.
 */
#ifndef LVSD_GATE_H
#define LVSD_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	_Atomic bool closed; /* changed under the lock; relaxed where it is only a hint to look */
	unsigned inside;     /* workers that may be at work; the lock */
};

void gate_init(struct gate *gate);

/* A worker: before its first batch and after a wait; waits while the gate is closed. */
void gate_enter(struct gate *gate);
/* A worker: before it waits for packets, and at its end. */
void gate_leave(struct gate *gate);

/* A worker between two batches. */
static inline void gate_pass(struct gate *gate)
{
	/* relaxed: the lock orders what matters; seen a batch later it is early enough */
	if (atomic_load_explicit(&gate->closed, memory_order_relaxed)) {
		gate_leave(gate);
		gate_enter(gate);
	}
}

/* The control thread: returns when no worker is inside, and lets none in until it is opened. */
void gate_close(struct gate *gate);
void gate_open(struct gate *gate);

#endif
