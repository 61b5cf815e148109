/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending the connections of removed destinations (LVS_SET_EXPIRE_NODEST), without their packets. */
#ifndef LVS_DIRECTOR_SWEEP_H
#define LVS_DIRECTOR_SWEEP_H

#include "base/spin.h"
#include "base/compiler.h"
#include "service/service.h"

struct lvs_worker;

/* A walk over the table, which the next call goes on with. Whoever has the lock walks. */
struct lvs_sweep {
	LVS_ALIGNED struct lvs_spin lock; /* number, aim */
	uint32_t number;                  /* the record that is looked at next */
	uint64_t aim;                     /* removals that had happened when it began */
	/* Removals, all of whose connections have been seen. relaxed: who is late looks again. */
	_Atomic uint64_t done;
};

/* Whether there is something to do. */
LVS_INLINE bool lvs_sweep_waits(const struct lvs_sweep *sweep, const struct lvs_services *services)
{
	return lvs_unlikely(lvs_services_removals(services) !=
			    atomic_load_explicit(&sweep->done, memory_order_relaxed));
}

/* Looks at about @p budget records (0: all), no lock held, outside an epoch. How many ended. */
unsigned lvs_sweep(struct lvs_worker *worker, uint32_t tick, unsigned budget, uint64_t now_ns);

#endif
