/* SPDX-License-Identifier: BSD-2-Clause */
/* The way out to a destination, with what was learned of its MTU. */
#include "director/out.h"

/* Without a destination, to the packet's own address. */
static void take_own(struct lvs_step *step, struct lvs_binding *binding)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_flow *flow = &step->headers->flow;
	struct lvs_path_conf *own = &step->worker->path;

	if (!lvs_path_to(own, director, flow->family, &flow->dst))
		own->flags |= LVS_PATH_UNREACHABLE;
	binding->path = own;
}

/* An error has told of a lower MTU, or so it seems: see lvs_dest_init_own(). */
static void take_learned(struct lvs_step *step, const struct lvs_dest *dest,
			 struct lvs_binding *binding)
{
	struct lvs_path_conf *learned = &step->worker->path;

	if (dest->number == 0) {
		take_own(step, binding);
		return;
	}
	*learned = *binding->path;
	learned->mtu = lvs_pmtu_of(binding->path, step->tick);
	binding->path = learned;
}

enum lvs_reason lvs_step_out_learned(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	take_learned(step, dest, binding);
	return ops->out(step->packet, step->headers, binding);
}

void lvs_step_path(struct lvs_step *step, const struct lvs_dest *dest, struct lvs_binding *binding)
{
	lvs_binding_to(binding, dest);
	if (lvs_pmtu_learned(binding->path))
		take_learned(step, dest, binding);
}

enum lvs_reason lvs_step_out(struct lvs_step *step, const struct lvs_dest *dest,
			     const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	return lvs_step_out_straight(step, dest, ops, binding);
}

enum lvs_reason lvs_step_out_removed(struct lvs_step *step, const struct lvs_dest *dest,
				     const struct lvs_forward_ops *ops, struct lvs_binding *binding)
{
	const struct lvs_director *director = step->worker->director;

	if (!director->path_lookup || dest->number == 0)
		return lvs_step_out(step, dest, ops, binding);
	lvs_binding_to(binding, dest);
	if (lvs_path_to(&step->worker->path, director, dest->family, &dest->addr))
		binding->path = &step->worker->path;
	return ops->out(step->packet, step->headers, binding);
}
