/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/filter.h"

#include <string.h>

#include "base/memory.h"
#include "director/frag.h"

static enum lvs_reason ask(const struct lvs_filter *filter, const struct lvs_step *step,
			   const struct lvs_service_key *service, const struct lvs_packet *packet)
{
	struct lvs_filter_query query = {
		.size = sizeof(query),
		.flags = step->peek ? LVS_FILTER_PEEK : 0,
		.service = service,
		.flow = &step->headers->flow,
		.packet = packet,
		.now_ns = step->now_ns,
	};

	switch (filter->ops.accept(filter->user, &query)) {
	case LVS_FILTER_ACCEPT:
		return LVS_REASON_NONE;
	case LVS_FILTER_PASS:
		return LVS_REASON_FILTER_PASS;
	default:
		return LVS_REASON_FILTERED;
	}
}

/* It is shown what was gathered, for the length of the question. */
static LVS_NOINLINE enum lvs_reason ask_whole(const struct lvs_filter *filter,
					      const struct lvs_step *step,
					      const struct lvs_service_key *service)
{
	size_t size;
	struct lvs_packet *whole = lvs_frag_join(step, step->pieces, &size);
	enum lvs_reason reason;

	if (!whole)
		return LVS_REASON_FRAGMENT_FULL;
	reason = ask(filter, step, service, whole);
	lvs_mem_free(&step->worker->director->settings.alloc, whole, size,
		     _Alignof(struct lvs_packet));
	return reason;
}

enum lvs_reason lvs_filter_ask(const struct lvs_filter *filter, const struct lvs_step *step,
			       const struct lvs_service_key *service)
{
	if (lvs_likely(!(filter->ops.flags & LVS_FILTER_WHOLE)))
		return ask(filter, step, service, step->packet);
	if (step->pieces)
		return ask_whole(filter, step, service);
	/* It had a connection when it was not gathered for that reason. */
	if (step->headers->flags & LVS_HEADERS_FRAGMENT)
		return LVS_REASON_FRAGMENT_STRAY;
	return ask(filter, step, service, step->packet);
}

void lvs_filter_del(struct lvs_filter *filter)
{
	if (!filter)
		return;
	if (filter->ops.fini)
		filter->ops.fini(filter->user);
	lvs_mem_free(&filter->director->settings.alloc, filter, sizeof(*filter),
		     _Alignof(struct lvs_filter));
}

static void free_retired(struct lvs_services *services, struct lvs_retired *retired)
{
	(void)services;
	lvs_filter_del(LVS_CONTAINER(retired, struct lvs_filter, retired));
}

static int make(struct lvs_director *director, const struct lvs_filter_ops *ops, void *user,
		struct lvs_filter **out)
{
	struct lvs_filter *filter;

	if (ops->size < offsetof(struct lvs_filter_ops, fini) || !ops->accept)
		return LVS_ERR_INVALID;
	filter = lvs_mem_zalloc(&director->settings.alloc, sizeof(*filter),
				_Alignof(struct lvs_filter));
	if (!filter)
		return LVS_ERR_NO_MEMORY;
	memcpy(&filter->ops, ops, ops->size < sizeof(*ops) ? ops->size : sizeof(*ops));
	filter->user = user;
	filter->director = director;
	*out = filter;
	return 0;
}

/* The control mutex is held. */
static void replace(struct lvs_director *director, struct lvs_filter *filter)
{
	struct lvs_filter *old = atomic_load_explicit(&director->filter, memory_order_relaxed);

	/* release: its fields; pairs with the acquire in miss.c */
	atomic_store_explicit(&director->filter, filter, memory_order_release);
	if (old)
		lvs_retire(director->services, &old->retired, free_retired);
}

int lvs_director_set_filter(struct lvs_director *director, const struct lvs_filter_ops *ops,
			    void *user)
{
	struct lvs_filter *filter = NULL;
	int err = lvs_services_lock(director->services);

	if (err)
		return err;
	lvs_retire_collect(director->services);
	if (ops)
		err = make(director, ops, user, &filter);
	if (err == 0)
		replace(director, filter);
	lvs_services_unlock(director->services);
	return err;
}
