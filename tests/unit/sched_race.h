/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads that pick from one state, counted together; for the thread sanitizer, and for
 * schedulers whose picks are one sequence however many pick. */
#ifndef LVS_TESTS_SCHED_RACE_H
#define LVS_TESTS_SCHED_RACE_H

#include <pthread.h>

#include "sched_rig.h"

#define RACE_MAX 16

struct race {
	struct rig *rig;
	pthread_barrier_t *start; /* else one is through before the other begins */
	unsigned picks;
	unsigned got[RACE_MAX]; /* by number */
	unsigned none;
};

static inline void *race_run(void *user)
{
	struct race *race = user;

	pthread_barrier_wait(race->start);
	for (unsigned i = 0; i < race->picks; i++) {
		struct lvs_flow flow = rig_flow(0xc0000000 + i * 2654435761u, 1);
		struct rig *rig = race->rig;
		uint32_t picked;

		/* what is peeked counts for nothing */
		rig->ops->pick(&rig->set, rig->state, &flow, LVS_PICK_PEEK);
		picked = rig->ops->pick(&rig->set, rig->state, &flow, 0);
		if (picked == LVS_SCHED_NONE)
			race->none++;
		else
			race->got[rig->set.dest[picked].number]++;
	}
	return NULL;
}

/* @picks a thread, by two threads; got[] is the sum. Numbers are below RACE_MAX. */
static inline struct race race_two(struct rig *rig, unsigned picks)
{
	pthread_barrier_t start;
	struct race race[2] = {{.rig = rig, .start = &start, .picks = picks}};
	pthread_t thread[2];

	race[1] = race[0];
	ck_assert_int_eq(pthread_barrier_init(&start, NULL, 2), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, race_run, &race[i]), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
	pthread_barrier_destroy(&start);
	for (unsigned i = 0; i < RACE_MAX; i++)
		race[0].got[i] += race[1].got[i];
	race[0].none += race[1].none;
	return race[0];
}

#endif
