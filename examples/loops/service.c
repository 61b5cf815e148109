/* SPDX-License-Identifier: BSD-2-Clause */
#include "service.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "%s: %s\n", what, lvs_strerror(err));
	exit(EXIT_FAILURE);
}

static uint8_t read_addr(const char *text, union lvs_addr *addr)
{
	uint8_t family = strchr(text, ':') ? LVS_INET6 : LVS_INET;

	check(inet_pton(family, text, addr) == 1 ? 0 : LVS_ERR_INVALID, text);
	return family;
}

static void take_away(struct service *service, uint8_t family, const union lvs_addr *addr,
		      enum lvs_host_direction direction)
{
	service->rule[service->rule_n++] = (struct lvs_host_rule){.addr = *addr,
								  .port = service->key.port,
								  .family = family,
								  .protocol = LVS_TCP,
								  .direction = (uint8_t)direction};
}

static void add_servers(struct service *service, enum lvs_method method, char **names)
{
	struct lvs_service_conf service_conf = {.size = sizeof(service_conf)}; /* wlc */
	struct lvs_dest_conf conf = {.size = sizeof(conf), .method = method, .weight = 1};
	struct lvs_txn *txn;

	check(lvs_txn_begin(service->director, &txn), "transaction");
	check(lvs_txn_add_service(txn, &service->key, &service_conf), "service");
	for (; *names && service->rule_n <= SERVICE_SERVERS_MAX; names++) {
		struct lvs_dest_key dest = {.port = service->key.port};

		dest.family = read_addr(*names, &dest.addr);
		check(lvs_txn_add_dest(txn, &service->key, &dest, &conf), *names);
		if (method == LVS_METHOD_NAT)
			take_away(service, dest.family, &dest.addr, LVS_HOST_FROM);
	}
	check(lvs_txn_commit(txn), "commit");
}

void service_open(struct service *service, const char *name, enum lvs_method method, char **words)
{
	struct lvs_host_conf host_conf = {.size = sizeof(host_conf), .name = name};
	struct lvs_settings settings;

	memset(service, 0, sizeof(*service));
	lvs_settings_init(&settings);
	check(getrandom(settings.table_key, 16, 0) == 16 ? 0 : LVS_ERR_IO, "random key");
	check(lvs_director_new(&settings, &service->director), "director");
	check(lvs_host_new(&host_conf, &service->host), "host");
	/* Ways to servers and clients are asked for when they are needed. */
	lvs_director_set_path_lookup(service->director, lvs_host_path_lookup, service->host);
	service->key.protocol = LVS_TCP;
	service->key.family = read_addr(words[0], &service->key.addr);
	service->key.port = htons((uint16_t)strtoul(words[1], NULL, 10));
	take_away(service, service->key.family, &service->key.addr, LVS_HOST_TO);
	add_servers(service, method, words + 2);
}

void service_start(const struct service *service, const char *const *interfaces, unsigned n)
{
	uint32_t first = lvs_host_ifindex(service->host, interfaces[0]);

	check(lvs_host_capture_interfaces(service->host, interfaces, n), "interfaces");
	check(lvs_host_capture_set(service->host, service->rule, service->rule_n), "capture");
	check(lvs_host_address_add(service->host, service->key.family, &service->key.addr, first),
	      "service address");
}

void service_close(struct service *service)
{
	lvs_host_del(service->host);
	lvs_director_del(service->director);
}
