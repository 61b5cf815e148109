/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/spin.h"

#include <sched.h>

void lvs_spin_wait(struct lvs_spin *spin)
{
	for (unsigned tries = 1; !lvs_spin_trylock(spin); tries++) {
		/* A holder that was preempted needs the processor more than we do. */
		if (tries % 128 == 0)
			sched_yield();
		else
			lvs_pause();
	}
}
