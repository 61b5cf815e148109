/* SPDX-License-Identifier: BSD-2-Clause */
#include "site.h"

#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "base/memory.h"
#include "packet/checksum.h"

#define PACKET_LEN(family) ((family) == LVS_INET ? 64u : 84u)
#define SECOND ((uint64_t)1000000000)

/* The library's own allocator, counted. */
static void *count_alloc(void *user, size_t size, size_t align)
{
	struct site *site = user;

	site->allocations++;
	site->held += size;
	site->peak = site->held > site->peak ? site->held : site->peak;
	return lvs_mem_alloc(&lvs_alloc_libc, size, align);
}

static void count_free(void *user, void *memory, size_t size, size_t align)
{
	struct site *site = user;

	site->held -= memory ? size : 0;
	lvs_mem_free(&lvs_alloc_libc, memory, size, align);
}

static union lvs_addr addr_of(enum lvs_family family, uint32_t net, uint32_t host)
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

static struct lvs_service_key service_key(enum lvs_family family, uint8_t protocol)
{
	struct lvs_service_key key = {
		.addr = addr_of(family, 192, 0x000201),
		.port = lvs_htons(80),
		.family = (uint8_t)family,
		.protocol = protocol,
	};

	return key;
}

static void must(int err)
{
	if (err < 0)
		bench_fail(lvs_strerror(err));
}

static void add_servers(struct site *site, struct lvs_txn *txn,
			const struct lvs_service_key *service)
{
	for (uint32_t i = 1; i <= SITE_SERVERS; i++) {
		struct lvs_dest_key key = {
			.addr = addr_of(site->family, 10, i),
			.port = lvs_htons(80),
			.family = (uint8_t)site->family,
		};
		struct lvs_dest_conf conf = {
			.size = sizeof(conf), .method = (uint32_t)site->method, .weight = 1};

		must(lvs_txn_add_dest(txn, service, &key, &conf));
	}
}

static void add_paths(struct site *site)
{
	for (uint32_t i = 1; i <= SITE_SERVERS; i++) {
		union lvs_addr addr = addr_of(site->family, 10, i);
		struct lvs_path_conf path = {
			.size = sizeof(path),
			.source = addr_of(site->family, 10, 254),
			.source_family = (uint8_t)site->family,
			.handle = i,
		};

		must(lvs_director_set_path(site->director, site->family, &addr, &path));
	}
}

static void add_service(struct site *site, struct lvs_txn *txn, uint8_t protocol, const char *sched)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find(sched)};
	struct lvs_service_key key = service_key(site->family, protocol);

	must(lvs_txn_add_service(txn, &key, &conf));
	add_servers(site, txn, &key);
}

static void configure(struct site *site, const struct site_conf *conf)
{
	struct lvs_txn *txn;

	must(lvs_txn_begin(site->director, &txn));
	add_service(site, txn, LVS_TCP, conf->sched);
	if (conf->udp_service)
		add_service(site, txn, LVS_UDP, conf->udp_service);
	must(lvs_txn_commit(txn));
	add_paths(site);
}

void site_open(struct site *site, const struct site_conf *conf)
{
	struct lvs_settings settings;

	memset(site, 0, sizeof(*site));
	site->family = conf->family;
	site->method = conf->method;
	site->flows = conf->flows;
	site->now = 1000 * SECOND;
	site->random = 42;
	lvs_settings_init(&settings);
	settings.max_conns = conf->room ? conf->room : conf->flows + conf->flows / 10 + 1000;
	settings.full_policy = conf->full_policy;
	settings.fragment_bytes =
		conf->fragment_bytes ? conf->fragment_bytes : settings.fragment_bytes;
	settings.fragment_datagrams =
		conf->fragment_datagrams ? conf->fragment_datagrams : settings.fragment_datagrams;
	if (conf->key)
		memcpy(settings.table_key, conf->key, sizeof(settings.table_key));
	settings.alloc = (struct lvs_alloc){count_alloc, count_free, site};
	must(lvs_director_new(&settings, &site->director));
	must(lvs_worker_new(site->director, &site->worker));
	configure(site, conf);
	site->server = calloc(conf->flows, sizeof(*site->server));
	site->pool = aligned_alloc(4096, (size_t)SITE_POOL * SITE_STRIDE);
	site->packets = aligned_alloc(64, SITE_POOL * sizeof(*site->packets));
	if (!site->server || !site->pool || !site->packets)
		bench_fail("no memory");
	memset(site->pool, 0, (size_t)SITE_POOL * SITE_STRIDE);
}

void site_close(struct site *site)
{
	lvs_worker_del(site->worker);
	lvs_director_del(site->director);
	free(site->server);
	free(site->pool);
	free(site->packets);
}

static void write_ip(uint8_t *ip, const struct lvs_flow *flow)
{
	if (flow->family == LVS_INET6) {
		memset(ip, 0, 60);
		ip[0] = 0x60;
		lvs_store16(ip + 4, (uint16_t)(PACKET_LEN(LVS_INET6) - 40));
		ip[6] = flow->protocol;
		ip[7] = 64;
		memcpy(ip + 8, &flow->src, 16);
		memcpy(ip + 24, &flow->dst, 16);
		return;
	}
	memset(ip, 0, 40);
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)PACKET_LEN(LVS_INET));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = flow->protocol;
	memcpy(ip + 12, &flow->src, 4);
	memcpy(ip + 16, &flow->dst, 4);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

void site_put(struct site *site, unsigned i, const struct lvs_flow *flow, uint8_t tcp_flags)
{
	struct lvs_packet *packet = &site->packets[i];
	uint8_t *ip = site->pool + (size_t)i * SITE_STRIDE + SITE_HEADROOM;
	uint32_t ip_len = flow->family == LVS_INET6 ? 40 : 20;
	uint32_t len = PACKET_LEN(flow->family);
	uint8_t *l4 = ip + ip_len;

	write_ip(ip, flow);
	lvs_store_be16(l4, flow->src_port);
	lvs_store_be16(l4 + 2, flow->dst_port);
	if (flow->protocol == LVS_TCP) {
		l4[12] = 0x50;
		l4[13] = tcp_flags;
	} else {
		lvs_store16(l4 + 4, (uint16_t)(len - ip_len));
	}
	memset(packet, 0, sizeof(*packet));
	packet->data = ip;
	packet->len = len;
	packet->linear_len = len;
	packet->headroom = SITE_HEADROOM;
	packet->tailroom = SITE_STRIDE - SITE_HEADROOM - 84;
}

struct lvs_flow site_flow(const struct site *site, uint32_t host, unsigned port)
{
	struct lvs_service_key service = service_key(site->family, LVS_TCP);
	struct lvs_flow flow = {
		.src = addr_of(site->family, 11, host),
		.dst = service.addr,
		.src_port = lvs_htons((uint16_t)port),
		.dst_port = service.port,
		.family = (uint8_t)site->family,
		.protocol = LVS_TCP,
	};

	return flow;
}

void site_make(struct site *site, unsigned i, uint32_t number, enum site_packet kind)
{
	struct lvs_flow flow = site_flow(site, number & 0xffffff, 1024 + (number >> 24));

	if (kind == SITE_REPLY) {
		flow.dst = flow.src;
		flow.dst_port = flow.src_port;
		flow.src = addr_of(site->family, 10, 0);
		flow.src.word[site->family == LVS_INET ? 0 : 3] = site->server[number];
		flow.src_port = lvs_htons(80);
	}
	site_put(site, i, &flow, kind == SITE_SYN ? LVS_TCP_SYN : LVS_TCP_ACK);
}

double site_run(struct site *site, unsigned n, unsigned batch)
{
	uint64_t began = bench_now();

	for (unsigned i = 0; i < n; i += batch)
		lvs_worker_process(site->worker, site->packets + i, n - i < batch ? n - i : batch,
				   site->now);
	return (double)(bench_now() - began) / n;
}

static void open_some(struct site *site, uint32_t first, unsigned n, bool established)
{
	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_SYN);
	site_run(site, n, SITE_BATCH);
	for (unsigned i = 0; i < n; i++) {
		if (site->packets[i].reason != LVS_REASON_SCHEDULED)
			bench_fail(lvs_reason_text(site->packets[i].reason));
		site->server[first + i] =
			site->packets[i].next_hop.word[site->family == LVS_INET ? 0 : 3];
	}
	if (!established)
		return;
	for (unsigned i = 0; i < n; i++)
		site_make(site, i, first + i, SITE_ACK);
	site_run(site, n, SITE_BATCH);
}

void site_fill(struct site *site, uint32_t first, uint32_t n, bool established)
{
	for (uint32_t done = 0; done < n; done += SITE_POOL)
		open_some(site, first + done, n - done < SITE_POOL ? n - done : SITE_POOL,
			  established);
}

void site_expire(struct site *site)
{
	site->now += 2000 * SECOND;
	do
		lvs_worker_handle_expiry(site->worker, site->now, 4096);
	while (lvs_worker_expiry(site->worker) <= site->now);
	if (lvs_director_conn_n(site->director) != 0)
		bench_fail("connections outlived their time");
}
