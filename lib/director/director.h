/* SPDX-License-Identifier: BSD-2-Clause */
/* The director: what its workers share. */
#ifndef LVS_DIRECTOR_DIRECTOR_H
#define LVS_DIRECTOR_DIRECTOR_H

#include <pthread.h>
#include <stdatomic.h>

#include <liblvs/director.h>
#include <liblvs/list.h>

#include "base/epoch.h"
#include "conn/state.h"
#include "conn/table.h"
#include "director/counters.h"
#include "director/ring.h"
#include "director/limit.h"
#include "director/sweep.h"
#include "service/meter.h"
#include "director/defence.h"
#include "service/service.h"

struct lvs_filter;
struct lvs_helpers;
struct lvs_frags;

struct lvs_director {
	/* Read by packets, changed by control calls alone. */
	struct lvs_settings settings; /* every default filled in; read by lvs_setting() */
	struct lvs_services *services;
	struct lvs_table *table;
	lvs_path_lookup path_lookup; /* NULL: none */
	void *path_lookup_user;
	_Atomic(struct lvs_filter *) filter;   /* NULL: none */
	_Atomic(struct lvs_helpers *) helpers; /* NULL: none is bound */
	struct lvs_states states;
	struct lvs_limit *limit; /* of the ICMP errors that we send */
	struct lvs_frags *frags; /* datagrams that come in fragments */
	struct lvs_defences defence;

	struct lvs_epoch epoch;
	struct lvs_sweep sweep;
	_Atomic bool nearly_full; /* as the last event of it told */
	_Atomic bool backup;      /* connection sync's backup runs */
	struct lvs_clock clock;   /* the latest of any worker's; a tick is its lower half */

	/* For listings, which change nothing but locks and the list of readers. */
	struct lvs_director *self;

	/* Who is there; taken after the control mutex, if both. */
	pthread_mutex_t workers_lock;
	struct lvs_worker *workers; /* list */
	uint32_t worker_n;
	struct lvs_counters past;       /* counts of workers that are gone, by their pages */
	_Atomic uint32_t counter_pages; /* that numbers of destinations are on; it grows */
	struct lvs_meter_zero zero;     /* of the sum over all destinations */
	struct lvs_epoch_reader control_reader; /* under the control mutex */
	struct lvs_ring events;                 /* the same: of control calls */
};

/* A setting that may change while workers run. Each is a number by itself: relaxed. */
#define lvs_setting(director, field) lvs_read_relaxed((director)->settings.field)

LVS_INLINE uint64_t lvs_director_ticks(const struct lvs_director *director)
{
	return __atomic_load_n(&director->clock.ticks, __ATOMIC_RELAXED);
}

/* relaxed: it only grows, and who does not hold the mutex may as well have come before */
LVS_INLINE uint32_t lvs_director_counter_pages(const struct lvs_director *director)
{
	return atomic_load_explicit(&director->counter_pages, memory_order_relaxed);
}

/* Whether nothing is balanced because connection sync's backup runs. relaxed: a switch by itself */
LVS_INLINE bool lvs_director_stands_by(const struct lvs_director *director)
{
	return lvs_setting(director, flags) & LVS_SET_BACKUP_ONLY &&
	       atomic_load_explicit(&director->backup, memory_order_relaxed);
}

/* Records that a walk looks at in one epoch: what has ended meanwhile can be reused in between. */
#define LVS_WALK_LOOKS 1024

/* What the settings say of the limits of ICMP errors, and of fragments. */
struct lvs_frags_conf;
void lvs_director_limit_conf(const struct lvs_director *director, struct lvs_limit_conf *conf);
void lvs_director_frags_conf(const struct lvs_director *director, struct lvs_frags_conf *conf);

#endif
