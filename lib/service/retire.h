/* SPDX-License-Identifier: BSD-2-Clause */
/* What was unlinked and waits until no reader can see it. Control side. */
#ifndef LVS_SERVICE_RETIRE_H
#define LVS_SERVICE_RETIRE_H

#include <stddef.h>
#include <stdint.h>

struct lvs_services;

/* Stands in everything that can wait, so that waiting needs no memory. */
struct lvs_retired {
	struct lvs_retired *next;
	void (*free)(struct lvs_services *services, struct lvs_retired *retired);
	uint64_t tag; /* lvs_epoch_retire() */
};

struct lvs_retire_list {
	struct lvs_retired *first;
	struct lvs_retired **last;
};

/* From a member to what it stands in. */
#define LVS_CONTAINER(pointer, type, member)                                                       \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

void lvs_retire_list_init(struct lvs_retire_list *list);

/* To the end of @p list; who unlinks tags it later by lvs_retire_all(). */
void lvs_retire_add(struct lvs_retire_list *list, struct lvs_retired *retired,
		    void (*free)(struct lvs_services *services, struct lvs_retired *retired));

/* All of @p list has just been unlinked. Empties it. */
void lvs_retire_all(struct lvs_services *services, struct lvs_retire_list *list);

/* One thing has just been unlinked. */
void lvs_retire(struct lvs_services *services, struct lvs_retired *retired,
		void (*free)(struct lvs_services *services, struct lvs_retired *retired));

/* Frees what nobody sees any more. */
void lvs_retire_collect(struct lvs_services *services);

/* Frees everything: no reader is left. */
void lvs_retire_drain(struct lvs_services *services);

#endif
