/* SPDX-License-Identifier: BSD-2-Clause */
#include "site.h"

#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/memory.h"

/* The library's own allocator, counted. Two workers at once may leave the peak a little low. */
static void *count_alloc(void *user, size_t size, size_t align)
{
	struct site *site = user;
	uint64_t held = __atomic_add_fetch(&site->held, size, __ATOMIC_RELAXED);

	__atomic_add_fetch(&site->allocations, 1, __ATOMIC_RELAXED);
	if (held > __atomic_load_n(&site->peak, __ATOMIC_RELAXED))
		__atomic_store_n(&site->peak, held, __ATOMIC_RELAXED);
	return lvs_mem_alloc(&lvs_alloc_libc, size, align);
}

static void count_free(void *user, void *memory, size_t size, size_t align)
{
	struct site *site = user;

	__atomic_sub_fetch(&site->held, memory ? size : 0, __ATOMIC_RELAXED);
	lvs_mem_free(&lvs_alloc_libc, memory, size, align);
}

union lvs_addr site_addr(enum lvs_family family, uint32_t net, uint32_t host)
{
	union lvs_addr addr = {0};

	if (family == LVS_INET) {
		addr.word[0] = lvs_htonl(net << 24 | host);
		return addr;
	}
	addr.word[0] = lvs_htonl(0x20010db8);
	addr.word[2] = lvs_htonl(net);
	addr.word[3] = lvs_htonl(host);
	return addr;
}

struct lvs_service_key site_service_key(enum lvs_family family, uint8_t protocol)
{
	struct lvs_service_key key = {
		.addr = site_addr(family, 192, SITE_SERVICE),
		.port = lvs_htons(80),
		.family = (uint8_t)family,
		.protocol = protocol,
	};

	return key;
}

struct lvs_dest_key site_dest_key(enum lvs_family family, uint32_t number)
{
	struct lvs_dest_key key = {
		.addr = site_addr(family, 10, number),
		.port = lvs_htons(80),
		.family = (uint8_t)family,
	};

	return key;
}

void site_must(int err)
{
	if (err < 0)
		bench_fail(lvs_strerror(err));
}

static void add_servers(struct site *site, struct lvs_txn *txn,
			const struct lvs_service_key *service, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++) {
		struct lvs_dest_key key = site_dest_key(site->family, i);
		struct lvs_dest_conf conf = {
			.size = sizeof(conf), .method = (uint32_t)site->method, .weight = 1};

		site_must(lvs_txn_add_dest(txn, service, &key, &conf));
	}
}

static void add_paths(struct site *site, uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++) {
		union lvs_addr addr = site_addr(site->family, 10, i);
		struct lvs_path_conf path = {
			.size = sizeof(path),
			.source = site_addr(site->family, 10, 254),
			.source_family = (uint8_t)site->family,
			.handle = i,
		};

		site_must(lvs_director_set_path(site->director, site->family, &addr, &path));
	}
}

static void add_service(struct site *site, struct lvs_txn *txn, const struct site_conf *conf,
			uint8_t protocol, const char *sched)
{
	struct lvs_service_conf service = {
		.size = sizeof(service),
		.sched = lvs_sched_find(sched),
		.flags = conf->persistent_s ? LVS_SERVICE_PERSISTENT : 0,
		.timeout_s = conf->persistent_s,
		.netmask = conf->family == LVS_INET ? UINT32_MAX : 128,
	};
	struct lvs_service_key key = site_service_key(site->family, protocol);

	site_must(lvs_txn_add_service(txn, &key, &service));
	add_servers(site, txn, &key, conf->servers ? conf->servers : SITE_SERVERS);
}

static void configure(struct site *site, const struct site_conf *conf)
{
	struct lvs_txn *txn;

	site_must(lvs_txn_begin(site->director, &txn));
	add_service(site, txn, conf, LVS_TCP, conf->sched);
	if (conf->udp_service)
		add_service(site, txn, conf, LVS_UDP, conf->udp_service);
	site_must(lvs_txn_commit(txn));
	add_paths(site, conf->servers ? conf->servers : SITE_SERVERS);
}

void site_set_weight(struct site *site, const struct lvs_service_key *service, uint32_t number,
		     int32_t weight)
{
	struct lvs_dest_key key = site_dest_key(site->family, number);
	struct lvs_dest_conf conf = {
		.size = sizeof(conf), .method = (uint32_t)site->method, .weight = weight};
	struct lvs_txn *txn;

	site_must(lvs_txn_begin(site->director, &txn));
	site_must(lvs_txn_edit_dest(txn, service, &key, &conf));
	site_must(lvs_txn_commit(txn));
}

void site_count(struct site *site, struct lvs_settings *settings)
{
	settings->alloc = (struct lvs_alloc){count_alloc, count_free, site};
}

static void set(struct site *site, const struct site_conf *conf, struct lvs_settings *settings)
{
	lvs_settings_init(settings);
	settings->max_conns = conf->room ? conf->room : conf->flows + conf->flows / 10 + 1000;
	settings->full_policy = conf->full_policy;
	if (conf->fragment_bytes)
		settings->fragment_bytes = conf->fragment_bytes;
	if (conf->fragment_datagrams)
		settings->fragment_datagrams = conf->fragment_datagrams;
	if (conf->key)
		memcpy(settings->table_key, conf->key, sizeof(settings->table_key));
	site_count(site, settings);
}

/* Whole huge pages, as drivers' buffers are, where the kernel has them. */
static void *take_pages(size_t size)
{
	const size_t page = (size_t)2 << 20;
	void *memory;

	size = (size + page - 1) & ~(page - 1);
	memory = lvs_mem_alloc(&lvs_alloc_libc, size, page);
	if (!memory)
		bench_fail("no memory");
	return memset(memory, 0, size);
}

static void make_pool(struct site *site)
{
	site->pool = take_pages((size_t)SITE_POOL * site->stride);
	site->packets = take_pages(SITE_POOL * sizeof(*site->packets));
}

void site_open(struct site *site, const struct site_conf *conf)
{
	struct lvs_settings settings;

	memset(site, 0, sizeof(*site));
	site->owner = site;
	site->family = conf->family;
	site->method = conf->method;
	site->flows = conf->flows;
	site->clients = conf->clients;
	site->stride = conf->stride ? conf->stride : SITE_STRIDE;
	site->now = 1000 * SITE_SECOND;
	site->random = 42;
	set(site, conf, &settings);
	site_must(lvs_director_new(&settings, &site->director));
	site_must(lvs_worker_new(site->director, &site->worker));
	configure(site, conf);
	site->server = calloc(conf->flows, sizeof(*site->server));
	if (!site->server)
		bench_fail("no memory");
	make_pool(site);
}

void site_look_like(struct site *view, const struct site *owner, const struct site_conf *conf)
{
	*view = *owner;
	view->family = conf->family;
	view->method = conf->method;
	configure(view, conf);
}

void site_join(struct site *site, struct site *owner)
{
	*site = *owner;
	site->random = bench_random(&owner->random);
	site_must(lvs_worker_new(site->director, &site->worker));
	make_pool(site);
}

void site_close(struct site *site)
{
	lvs_worker_del(site->worker);
	if (site->owner == site) {
		lvs_director_del(site->director);
		free(site->server);
	}
	free(site->pool);
	free(site->packets);
}

void site_process(struct site *site, unsigned n, unsigned batch)
{
	for (unsigned i = 0; i < n; i += batch)
		lvs_worker_process(site->worker, site->packets + i, n - i < batch ? n - i : batch,
				   site->now);
}

double site_run(struct site *site, unsigned n, unsigned batch)
{
	uint64_t began = bench_cpu();

	site_process(site, n, batch);
	return (double)(bench_cpu() - began) / n;
}

void site_must_be(const struct site *site, unsigned n, unsigned reason)
{
	for (unsigned i = 0; i < n; i++)
		if (site->packets[i].reason != reason)
			bench_fail(lvs_reason_text(site->packets[i].reason));
}

void site_must_forward(const struct site *site, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (site->packets[i].verdict != LVS_FORWARD)
			bench_fail(lvs_reason_text(site->packets[i].reason));
}

static void open_some(struct site *site, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_SYN);
	site_run(site, n, SITE_BATCH);
	site_must_be(site, n, LVS_REASON_SCHEDULED);
	for (unsigned i = 0; i < n; i++)
		site->server[first + i] =
			site->packets[i].next_hop.word[site->family == LVS_INET ? 0 : 3];
}

static void touch_some(struct site *site, uint32_t first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_ACK);
	site_run(site, n, SITE_BATCH);
}

static unsigned pool_of(uint32_t left)
{
	return left < SITE_POOL ? left : SITE_POOL;
}

void site_fill(struct site *site, uint32_t first, uint32_t n, bool established)
{
	for (uint32_t done = 0; done < n; done += SITE_POOL) {
		open_some(site, first + done, pool_of(n - done));
		if (established)
			touch_some(site, first + done, pool_of(n - done));
	}
}

void site_touch(struct site *site, uint32_t first, uint32_t n)
{
	for (uint32_t done = 0; done < n; done += SITE_POOL)
		touch_some(site, first + done, pool_of(n - done));
}

void site_expire_due(struct site *site)
{
	do
		lvs_worker_handle_expiry(site->worker, site->now, 4096);
	while (lvs_worker_expiry(site->worker) <= site->now);
}

void site_expire(struct site *site)
{
	site->now += 2000 * SITE_SECOND;
	site_expire_due(site);
	if (lvs_director_conn_n(site->director) != 0)
		bench_fail("connections outlived their time");
}
