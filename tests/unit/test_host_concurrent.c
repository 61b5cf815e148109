/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers ask for paths and next hops while routes and rules change and next hops are evicted. */
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/state.h"

#include "unit.h"

enum {
	WORKERS = 3,
	ROUNDS = 3000,
	NEIGHBOURS = 64,
	SPREAD = 256, /* more next hops than numbers */
};

struct worker {
	struct lvs_host *host;
	_Atomic bool end;
	unsigned seed;
	unsigned wrong;
};

/* 10.x.0.0/16 goes by gateway 127.0.x.1, or by 127.0.x.2 while it is replaced, or nowhere. */
static bool path_ok(const union lvs_addr *addr, int err, const struct lvs_path_conf *path)
{
	if (err != 0)
		return err == LVS_ERR_NO_ENTRY;
	return path->next_hop.byte[0] == 127 && path->next_hop.byte[2] == addr->byte[1] &&
	       (path->next_hop.byte[3] == 1 || path->next_hop.byte[3] == 2) && path->handle != 0;
}

static bool resolve_ok(struct lvs_host *host, const struct lvs_path_conf *path)
{
	struct lvs_host_link link;
	int err = lvs_host_resolve(host, path->handle, (enum lvs_family)path->next_hop_family,
				   &path->next_hop, &link);

	/* The loopback has no addresses; given away meanwhile, 127.0.0.0/8 is local by itself. */
	if (err != 0)
		return err == LVS_ERR_NO_ENTRY || err == LVS_ERR_IO;
	return link.ifindex == 1 && link.flags == LVS_HOST_LINK_NO_ADDRESS;
}

static void *work(void *user)
{
	struct worker *worker = user;

	while (!atomic_load_explicit(&worker->end, memory_order_relaxed)) {
		union lvs_addr addr = {{10, 0, 3, 4}};
		struct lvs_path_conf path;
		int err;

		worker->seed = worker->seed * 1103515245 + 12345;
		addr.byte[1] = (uint8_t)(worker->seed >> 16);
		err = lvs_host_path_lookup(worker->host, LVS_INET, &addr, &path);
		if (!path_ok(&addr, err, &path) || (err == 0 && !resolve_ok(worker->host, &path)))
			worker->wrong++;
	}
	return NULL;
}

static struct lvs_route route_of(unsigned n, uint8_t last)
{
	struct lvs_route route = {
		.dst = {{10, (uint8_t)n}},
		.gateway = {{127, 0, (uint8_t)n, last}},
		.ifindex = 1,
		.family = LVS_INET,
		.len = 16,
		.table = LVS_ROUTE_MAIN,
		.type = RTN_UNICAST,
		.gateway_family = LVS_INET,
	};

	return route;
}

static void change_route(struct lvs_host *host, unsigned round)
{
	struct lvs_route first = route_of(round % SPREAD, 1);
	struct lvs_route second = route_of(round % SPREAD, 2);

	lvs_stripes_write(&host->stripes);
	lvs_routes_del(&host->routes, &first);
	if (round % 3 != 0)
		lvs_routes_add(&host->routes, &second);
	lvs_stripes_write_end(&host->stripes);
	lvs_stripes_write(&host->stripes);
	lvs_routes_del(&host->routes, &second);
	lvs_routes_add(&host->routes, &first);
	lvs_stripes_write_end(&host->stripes);
}

/* A dry run claims no name: the machine may have an instance, or another run of this. */
static struct lvs_host *make_host(void)
{
	struct lvs_host_conf conf = {
		.size = sizeof(conf), .flags = LVS_HOST_DRY_RUN, .max_neighbours = NEIGHBOURS};
	struct lvs_host *host;

	ck_assert_int_eq(lvs_host_new(&conf, &host), 0);
	/* The machine's own routes stay out of it. */
	lvs_routes_fini(&host->routes);
	for (unsigned n = 0; n < SPREAD; n++) {
		struct lvs_route route = route_of(n, 1);

		ck_assert_int_eq(lvs_routes_add(&host->routes, &route), 0);
	}
	return host;
}

START_TEST(test_lookups)
{
	struct lvs_host *host = make_host();
	struct worker worker[WORKERS];
	pthread_t thread[WORKERS];

	memset(worker, 0, sizeof(worker));
	for (unsigned i = 0; i < WORKERS; i++) {
		worker[i].host = host;
		worker[i].seed = i * 77;
		ck_assert_int_eq(pthread_create(&thread[i], NULL, work, &worker[i]), 0);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		pthread_rwlock_t *lock;

		change_route(host, round);
		lock = lvs_stripes_read(&host->stripes);
		lvs_neighs_ask_wanted(&host->neighs, -1);
		lvs_neighs_look(&host->neighs, -1, 4);
		lvs_neighs_follow(&host->neighs, &host->ifaces);
		lvs_stripes_read_end(lock);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		atomic_store_explicit(&worker[i].end, true, memory_order_relaxed);
		pthread_join(thread[i], NULL);
		ck_assert_uint_eq(worker[i].wrong, 0);
	}
	lvs_host_del(host);
}
END_TEST

/* A promised number names its next hop whatever workers bring. */
START_TEST(test_promise)
{
	struct lvs_host *host = make_host();
	struct lvs_path_conf path = {.size = sizeof(path)};
	union lvs_addr addr = {{10, 200, 0, 1}};
	uint32_t handle;

	ck_assert_int_eq(lvs_host_path(host, LVS_INET, &addr, &path), 0);
	handle = path.handle;
	ck_assert_uint_ne(handle, 0);
	for (unsigned n = 0; n < SPREAD; n++) {
		union lvs_addr other = {{10, (uint8_t)n, 0, 1}};

		ck_assert_int_eq(lvs_host_path_lookup(host, LVS_INET, &other, &path), 0);
		ck_assert_uint_ne(path.handle, 0);
	}
	ck_assert_int_eq(lvs_host_path(host, LVS_INET, &addr, &path), 0);
	ck_assert_uint_eq(path.handle, handle);
	lvs_host_del(host);
}
END_TEST

struct conf_case {
	const char *name;
	uint32_t size;
	uint32_t max_neighbours;
	int err;
};

static const struct conf_case conf_cases[] = {
	{NULL, sizeof(struct lvs_host_conf), 0, 0},
	{"a-b_C9", sizeof(struct lvs_host_conf), 16, 0},
	{"", sizeof(struct lvs_host_conf), 0, LVS_ERR_INVALID},
	{"a b", sizeof(struct lvs_host_conf), 0, LVS_ERR_INVALID},
	{"a/b", sizeof(struct lvs_host_conf), 0, LVS_ERR_INVALID},
	{"sixteen-letters-", sizeof(struct lvs_host_conf), 0, LVS_ERR_INVALID},
	{NULL, 8, 0, LVS_ERR_INVALID},
	{NULL, sizeof(struct lvs_host_conf), 15, LVS_ERR_RANGE},
	{NULL, sizeof(struct lvs_host_conf), 1048577, LVS_ERR_RANGE},
};

START_TEST(test_conf)
{
	const struct conf_case *c = &conf_cases[_i];
	struct lvs_host_conf conf = {.size = c->size,
				     .flags = LVS_HOST_DRY_RUN,
				     .name = c->name,
				     .max_neighbours = c->max_neighbours};
	struct lvs_host *host = NULL;

	ck_assert_int_eq(lvs_host_new(&conf, &host), c->err);
	ck_assert_int_eq(host != NULL, c->err == 0);
	lvs_host_del(host);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("host_concurrent");

	tcase_add_test(tcase, test_lookups);
	tcase_add_test(tcase, test_promise);
	tcase_add_loop_test(tcase, test_conf, 0, LVS_ARRAY_N(conf_cases));
	return unit_run("host_concurrent", tcase);
}
