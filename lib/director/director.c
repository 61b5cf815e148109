/* SPDX-License-Identifier: BSD-2-Clause */
/* Birth and end of a director, and the threads between its parts. */
#include "director/director.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "director/events.h"
#include "director/filter.h"
#include "director/frags.h"
#include "director/settings.h"
#include "director/helpers.h"
#include "service/services.h"

#define NS_PER_S UINT64_C(1000000000)

/* A destination's number is about to be used: every worker gets counters for it. The control
 * mutex is held, so that no worker comes or goes meanwhile. */
static int reserve_counters(void *user, uint32_t number)
{
	struct lvs_director *director = user;
	const struct lvs_alloc *alloc = &director->settings.alloc;
	uint32_t pages = (number >> LVS_COUNTER_PAGE_SHIFT) + 1;
	int err = pages > LVS_COUNTER_PAGES ? LVS_ERR_RANGE : 0;

	for (struct lvs_worker *worker = director->workers; worker && err == 0;
	     worker = worker->next)
		err = lvs_counters_reserve(&worker->counters, alloc, number);
	/* Numbers are given out from the lowest on: there are no pages without between. */
	if (err == 0 && pages > lvs_director_counter_pages(director))
		atomic_store_explicit(&director->counter_pages, pages, memory_order_relaxed);
	return err;
}

static void read_stats(void *user, uint32_t number, struct lvs_stats *stats)
{
	struct lvs_director *director = user;

	memset(stats, 0, sizeof(*stats));
	pthread_mutex_lock(&director->workers_lock);
	lvs_counters_add(&director->past, number, stats);
	for (const struct lvs_worker *worker = director->workers; worker; worker = worker->next)
		lvs_counters_add(&worker->counters, number, stats);
	pthread_mutex_unlock(&director->workers_lock);
}

static bool sample_stats(void *user, const uint32_t *number, uint32_t n, struct lvs_stats *stats)
{
	struct lvs_director *director = user;

	if (pthread_mutex_trylock(&director->workers_lock) != 0)
		return false;
	memset(stats, 0, n * sizeof(*stats));
	for (uint32_t i = 0; i < n; i++)
		lvs_counters_add(&director->past, number[i], &stats[i]);
	for (const struct lvs_worker *worker = director->workers; worker; worker = worker->next)
		for (uint32_t i = 0; i < n; i++)
			lvs_counters_add(&worker->counters, number[i], &stats[i]);
	pthread_mutex_unlock(&director->workers_lock);
	return true;
}

static uint32_t read_tick(void *user)
{
	const struct lvs_director *director = user;

	return (uint32_t)lvs_director_ticks(director);
}

/* Its destination has one less; and events tell of it, or the destination was removed. */
static LVS_NOINLINE void gone_aside(const struct lvs_director *director, struct lvs_conn *conn,
				    uint64_t word, uint32_t at, const struct lvs_ender *ender)
{
	struct lvs_dest *dest = lvs_dest_at(&director->services->dests, conn->dest);
	struct lvs_gauge_move move = {0};

	/* Before the count says that it is the last one. */
	if (!lvs_dest_available(dest))
		lvs_dest_left(dest, at);
	if (word & LVS_CONN_TEMPLATE)
		lvs_dest_stick(dest, false);
	else
		move = lvs_dest_unbind(dest, !(word & LVS_CONN_INACTIVE));
	if (!ender)
		return;
	lvs_events_gone(director, ender, conn);
	lvs_events_load(ender->ring, ender->now_ns, dest, move);
}

/* A connection has ended at a tick, or a template: its destination has one less. */
static void conn_gone(void *user, struct lvs_conn *conn, uint64_t word, uint32_t at, void *by)
{
	const struct lvs_director *director = user;
	struct lvs_dest *dest = lvs_dest_at(&director->services->dests, conn->dest);

	if (lvs_likely(!by) && lvs_likely(lvs_dest_available(dest)) &&
	    lvs_likely(!(word & LVS_CONN_TEMPLATE)))
		lvs_dest_unbind(dest, !(word & LVS_CONN_INACTIVE));
	else
		gone_aside(director, conn, word, at, by);
}

static int new_services(struct lvs_director *director)
{
	struct lvs_services_conf conf = {
		.alloc = &director->settings.alloc,
		.log = &director->settings.log,
		.epoch = &director->epoch,
		.seed = director->settings.seed,
		.default_mtu = director->settings.default_mtu,
		.settings = &director->settings,
		.clock = &director->clock,
		.reserve = reserve_counters,
		.stats = read_stats,
		.sample = sample_stats,
		.tick = read_tick,
		.user = director,
	};

	memcpy(conf.sched_key, director->settings.sched_key, sizeof(conf.sched_key));
	return lvs_services_new(&conf, &director->services);
}

static int new_table(struct lvs_director *director)
{
	struct lvs_table_conf conf = {
		.alloc = &director->settings.alloc,
		.epoch = &director->epoch,
		.max_conns = director->settings.max_conns,
		.shards = director->settings.shards,
		.gone = conn_gone,
		.user = director,
	};

	memcpy(conf.key, director->settings.table_key, sizeof(conf.key));
	return lvs_table_new(&conf, &director->table);
}

void lvs_director_limit_conf(const struct lvs_director *director, struct lvs_limit_conf *conf)
{
	const struct lvs_settings *settings = &director->settings;

	conf->ratelimit_ms = settings->icmp_ratelimit_ms;
	conf->ratemask = settings->icmp_ratemask;
	conf->msgs_per_sec = settings->icmp_msgs_per_sec;
	conf->msgs_burst = settings->icmp_msgs_burst;
	memcpy(conf->key, settings->table_key, sizeof(conf->key));
}

void lvs_director_frags_conf(const struct lvs_director *director, struct lvs_frags_conf *conf)
{
	const struct lvs_settings *settings = &director->settings;

	conf->alloc = &settings->alloc;
	conf->bytes = settings->fragment_bytes;
	conf->time_ns = (uint64_t)settings->fragment_time_s * NS_PER_S;
	conf->datagrams = settings->fragment_datagrams;
	conf->ranges = settings->fragment_ranges;
	memcpy(conf->key, settings->table_key, sizeof(conf->key));
}

static int new_limit(struct lvs_director *director)
{
	struct lvs_limit_conf conf;

	lvs_director_limit_conf(director, &conf);
	return lvs_limit_new(&director->settings.alloc, &conf, &director->limit);
}

static int new_frags(struct lvs_director *director)
{
	struct lvs_frags_conf conf;

	lvs_director_frags_conf(director, &conf);
	return lvs_frags_new(&conf, &director->frags);
}

static int populate(struct lvs_director *director)
{
	int err;

	lvs_epoch_init(&director->epoch);
	lvs_epoch_join(&director->epoch, &director->control_reader);
	lvs_counters_init(&director->past);
	lvs_states_init(&director->states);
	lvs_defence_init(director);
	pthread_mutex_init(&director->workers_lock, NULL);
	err = lvs_ring_init(&director->events, &director->settings.alloc,
			    director->settings.events);
	if (err == 0)
		err = new_services(director);
	if (err == 0)
		err = new_table(director);
	if (err == 0)
		err = new_limit(director);
	if (err == 0)
		err = new_frags(director);
	return err;
}

int lvs_director_new(const struct lvs_settings *settings, struct lvs_director **out)
{
	struct lvs_settings complete;
	struct lvs_director *director;
	const char *fault;
	int err = lvs_settings_complete(&complete, settings, &fault);

	if (err < 0) {
		lvs_log(&complete.log, LVS_LOG_ERROR, "settings: %s", fault);
		return err;
	}
	director = lvs_mem_zalloc(&complete.alloc, sizeof(*director), LVS_CACHE_LINE);
	if (!director)
		return LVS_ERR_NO_MEMORY;
	director->settings = complete;
	director->self = director;
	err = populate(director);
	if (err < 0) {
		lvs_director_del(director);
		return err;
	}
	*out = director;
	return 0;
}

void lvs_director_del(struct lvs_director *director)
{
	struct lvs_alloc alloc;

	if (!director)
		return;
	assert(!director->workers);
	alloc = director->settings.alloc;
	lvs_frags_del(director->frags);
	lvs_limit_del(director->limit, &alloc);
	lvs_table_del(director->table);
	lvs_services_del(director->services);
	lvs_filter_del(atomic_load_explicit(&director->filter, memory_order_relaxed));
	lvs_helpers_del(atomic_load_explicit(&director->helpers, memory_order_relaxed));
	pthread_mutex_destroy(&director->workers_lock);
	lvs_counters_fini(&director->past, &alloc);
	lvs_ring_fini(&director->events, &alloc);
	lvs_mem_free(&alloc, director, sizeof(*director), LVS_CACHE_LINE);
}
