/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/retire.h"

#include "service/services.h"

void lvs_retire_list_init(struct lvs_retire_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

void lvs_retire_add(struct lvs_retire_list *list, struct lvs_retired *retired,
		    void (*free)(struct lvs_services *services, struct lvs_retired *retired))
{
	retired->next = NULL;
	retired->free = free;
	*list->last = retired;
	list->last = &retired->next;
}

void lvs_retire_all(struct lvs_services *services, struct lvs_retire_list *list)
{
	struct lvs_retire_list *waiting = &services->retired;
	uint64_t tag;

	if (!list->first)
		return;
	tag = lvs_epoch_retire(services->conf.epoch);
	for (struct lvs_retired *retired = list->first; retired; retired = retired->next)
		retired->tag = tag;
	*waiting->last = list->first;
	waiting->last = list->last;
	lvs_retire_list_init(list);
}

void lvs_retire(struct lvs_services *services, struct lvs_retired *retired,
		void (*free)(struct lvs_services *services, struct lvs_retired *retired))
{
	struct lvs_retire_list one;

	lvs_retire_list_init(&one);
	lvs_retire_add(&one, retired, free);
	lvs_retire_all(services, &one);
}

static void free_first(struct lvs_services *services)
{
	struct lvs_retired *retired = services->retired.first;

	services->retired.first = retired->next;
	if (!retired->next)
		services->retired.last = &services->retired.first;
	retired->free(services, retired);
}

void lvs_retire_collect(struct lvs_services *services)
{
	uint64_t passed = 0; /* tags are drawn from 1 and stand in the list in order */

	while (services->retired.first) {
		uint64_t tag = services->retired.first->tag;

		if (tag != passed && !lvs_epoch_passed(services->conf.epoch, tag, NULL))
			return;
		passed = tag;
		free_first(services);
	}
}

void lvs_retire_drain(struct lvs_services *services)
{
	while (services->retired.first)
		free_first(services);
}
