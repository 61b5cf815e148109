/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epochs: what was unlinked is freed only when no reader can still see it.
 *
 * A reader (a worker during a batch, a listing during a step) publishes the
 * epoch in which it entered. Who unlinks something takes a tag by
 * lvs_epoch_retire() afterwards, which also moves the epoch on; the thing is
 * free to go when every reader is out or entered later (lvs_epoch_passed()).
 */
#ifndef LVS_BASE_EPOCH_H
#define LVS_BASE_EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/spin.h"

#define LVS_EPOCH_READERS 256

struct lvs_epoch_reader {
	LVS_ALIGNED _Atomic uint64_t entered; /* 0: outside */
	unsigned slot;
};

struct lvs_epoch {
	LVS_ALIGNED _Atomic uint64_t now; /* from 1 */
	struct lvs_spin lock;             /* readers[], readers_n */
	unsigned readers_n;               /* slots ever used */
	struct lvs_epoch_reader *readers[LVS_EPOCH_READERS];
};

void lvs_epoch_init(struct lvs_epoch *epoch);

/* Makes a reader known. False when there are too many. */
bool lvs_epoch_join(struct lvs_epoch *epoch, struct lvs_epoch_reader *reader);
void lvs_epoch_leave(struct lvs_epoch *epoch, struct lvs_epoch_reader *reader);

/* A tag for what has just been unlinked. */
uint64_t lvs_epoch_retire(struct lvs_epoch *epoch);

/* Whether nobody but @p self (may be NULL) can see what was retired under @p tag. */
bool lvs_epoch_passed(struct lvs_epoch *epoch, uint64_t tag, const struct lvs_epoch_reader *self);

/*
 * Orders a store of ours before loads of ours. The thread sanitizer knows no
 * fences; for it a read-modify-write of one common word does the same.
 */
static inline void lvs_epoch_fence(struct lvs_epoch *epoch)
{
#if LVS_THREAD_SANITIZER
	atomic_fetch_add_explicit(&epoch->now, 0, memory_order_seq_cst);
#else
	(void)epoch;
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* Not recursive. */
static inline void lvs_epoch_enter(struct lvs_epoch *epoch, struct lvs_epoch_reader *reader)
{
	uint64_t now = atomic_load_explicit(&epoch->now, memory_order_acquire);

	atomic_store_explicit(&reader->entered, now, memory_order_relaxed);
	/* Store, then load: without the fence a reader could read a pointer before its mark is
	 * seen, and who retires would miss it. Pairs with the fence in lvs_epoch_retire(). */
	lvs_epoch_fence(epoch);
}

static inline void lvs_epoch_exit(struct lvs_epoch_reader *reader)
{
	/* release: our reads are done before the mark goes; pairs with the acquire in passed() */
	atomic_store_explicit(&reader->entered, 0, memory_order_release);
}

#endif
