/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock of four bytes for the short sections of workers that create and end connections. */
#ifndef LVS_BASE_SPIN_H
#define LVS_BASE_SPIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

struct lvs_spin {
	_Atomic uint32_t held;
};

static inline void lvs_spin_init(struct lvs_spin *spin)
{
	atomic_init(&spin->held, 0);
}

static inline bool lvs_spin_trylock(struct lvs_spin *spin)
{
	/* acquire: pairs with the release in lvs_spin_unlock() */
	return atomic_load_explicit(&spin->held, memory_order_relaxed) == 0 &&
	       atomic_exchange_explicit(&spin->held, 1, memory_order_acquire) == 0;
}

/* Until the lock is had: out of the way of who has it at once. */
void lvs_spin_wait(struct lvs_spin *spin);

LVS_INLINE void lvs_spin_lock(struct lvs_spin *spin)
{
	/* acquire: as in lvs_spin_trylock(). Mostly nobody has it: it is not asked for first. */
	if (lvs_unlikely(atomic_exchange_explicit(&spin->held, 1, memory_order_acquire)))
		lvs_spin_wait(spin);
}

static inline void lvs_spin_unlock(struct lvs_spin *spin)
{
	/* release: pairs with the acquire in lvs_spin_trylock() */
	atomic_store_explicit(&spin->held, 0, memory_order_release);
}

#endif
