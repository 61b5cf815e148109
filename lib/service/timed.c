/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/timed.h"

typedef uint64_t (*expiry_fn)(const struct lvs_sched_set *set, void *state, uint64_t now_ns);

/* NULL: nothing of it goes by time, or it was built before there was such a thing. */
static expiry_fn expiry_of(const struct lvs_service_private *service)
{
	const struct lvs_sched_ops *sched = service->set.conf.sched;

	return sched->size >= offsetof(struct lvs_sched_ops, expiry) + sizeof(sched->expiry)
		       ? sched->expiry
		       : NULL;
}

int lvs_timed_plant(struct lvs_tree_edit *edit, struct lvs_tree_node **timed,
		    const struct lvs_service_private *base, struct lvs_service_private *made)
{
	if (made && expiry_of(made))
		return lvs_tree_put(edit, timed, &made->set.leaf);
	if (base && expiry_of(base))
		return lvs_tree_take(edit, timed, &base->set.leaf);
	return 0;
}

void lvs_timed_due(struct lvs_services *services)
{
	if (lvs_services_root(services)->timed->all)
		/* release: see struct lvs_services */
		atomic_store_explicit(&services->timed_ns, 0, memory_order_release);
}

uint64_t lvs_services_expiry(const struct lvs_services *services)
{
	/* relaxed: a hint, which the next call puts right */
	return atomic_load_explicit(&services->timed_ns, memory_order_relaxed);
}

static uint64_t ask_all(const struct lvs_services *services, uint64_t now_ns)
{
	const struct lvs_services_root *root = lvs_services_root(services);
	struct lvs_leaf start = {{0}};
	struct lvs_service_private *service = lvs_tree_next(root->timed, &start);
	uint64_t next = UINT64_MAX;

	for (; service; service = lvs_tree_next(root->timed, &service->set.leaf)) {
		uint64_t due = expiry_of(service)(&service->set.sched_set, service->set.sched_state,
						  now_ns);

		/* What it has put off is not for this call. */
		if (due <= now_ns)
			due = now_ns + 1;
		if (due < next)
			next = due;
	}
	return next;
}

void lvs_services_expire(struct lvs_services *services, uint64_t now_ns)
{
	uint64_t next, before;

	if (lvs_services_expiry(services) > now_ns)
		return;
	/* This worker does it. acquire: see struct lvs_services */
	atomic_exchange_explicit(&services->timed_ns, UINT64_MAX, memory_order_acquire);
	next = ask_all(services, now_ns);
	before = UINT64_MAX;
	/* relaxed, both: a time that orders nothing; a commit meanwhile has put an earlier one */
	while (next < before &&
	       !atomic_compare_exchange_weak_explicit(&services->timed_ns, &before, next,
						      memory_order_relaxed, memory_order_relaxed))
		;
}
