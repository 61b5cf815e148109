/* SPDX-License-Identifier: BSD-2-Clause */
/* The way out to a destination: see lvs_step_out(). */
#ifndef LVS_DIRECTOR_OUT_H
#define LVS_DIRECTOR_OUT_H

#include "director/binding.h"
#include "director/worker.h"
#include "service/pmtu.h"

/* An error has told of a lower MTU, or so it seems. */
enum lvs_reason lvs_step_out_learned(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops,
				     struct lvs_binding *binding);

LVS_INLINE enum lvs_reason lvs_step_out_straight(struct lvs_step *step, const struct lvs_dest *dest,
						 const struct lvs_forward_ops *ops,
						 struct lvs_binding *binding)
{
	lvs_binding_to(binding, dest);
	if (lvs_unlikely(lvs_pmtu_learned(binding->path)))
		return lvs_step_out_learned(step, dest, ops, binding);
	return ops->out(step->packet, step->headers, binding);
}

#endif
