/* SPDX-License-Identifier: BSD-2-Clause */
#include "list.h"

#include "conns.h"
#include "rules.h"
#include "save.h"
#include "table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct link *link, const struct request *request, int error)
{
	link_tell(link, request->command, error);
	return STATUS_FAILED;
}

static int ask(const struct link *link, uint8_t command, uint16_t nl_flags, lvs_ipvs_answer answer,
	       void *user)
{
	struct lvs_ipvs_message message = {.size = sizeof(message),
					   .kind = LVS_IPVS_IPVS,
					   .command = command,
					   .nl_flags = nl_flags};

	return lvs_ipvs_ask(link->client, &message, answer, user);
}

static int print_version(void *user, const struct lvs_ipvs_message *answer)
{
	uint32_t version = answer->ipvs_version;

	(void)user;
	printf("IP Virtual Server version %u.%u.%u (size=%u)\n", version >> 16 & 0xff,
	       version >> 8 & 0xff, version & 0xff, answer->conn_tab_size);
	return 0;
}

static int print_timeouts(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	printf("Timeout (tcp tcpfin udp): %u %u %u\n", answer->tcp_s, answer->tcp_fin_s,
	       answer->udp_s);
	return 0;
}

static int print_daemon(void *user, const struct lvs_ipvs_message *answer)
{
	const struct lvs_ipvs_daemon *daemon = &answer->daemon;
	bool six = daemon->given & LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_GROUP6);
	char group[INET6_ADDRSTRLEN];

	(void)user;
	inet_ntop(six ? AF_INET6 : AF_INET, six ? (const void *)&daemon->group6 : &daemon->group,
		  group, sizeof(group));
	printf("%s sync daemon (mcast=%s, syncid=%u, maxlen=%u, group=%s, port=%u, ttl=%u)\n",
	       daemon->state & IP_VS_STATE_MASTER ? "master" : "backup", daemon->interface,
	       daemon->sync_id, daemon->maxlen, group, daemon->port, daemon->ttl);
	return 0;
}

/* A line at a time of text that comes in parts, each of whole lines. */
static int print_conns(void *user, const struct lvs_ipvs_message *answer)
{
	const struct request *request = user;
	const char *at = answer->text;
	const char *end = at + answer->text_len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		char line[1024];
		size_t len;

		if (!stop)
			stop = end;
		len = (size_t)(stop - at) < sizeof(line) ? (size_t)(stop - at) : sizeof(line) - 1;
		memcpy(line, at, len);
		line[len] = 0;
		conns_print(line, request->options & OF(PERSISTENT_CONN),
			    request->options & OF(NUMERIC), stdout);
		at = stop + 1;
	}
	return 0;
}

static int print_kernel_conns(const struct request *request)
{
	FILE *file = fopen("/proc/net/ip_vs_conn", "r");
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		fputs("cannot open file /proc/net/ip_vs_conn\n", stderr);
		return STATUS_FAILED;
	}
	conns_title(request->options & OF(PERSISTENT_CONN), stdout);
	while (getline(&line, &size, file) >= 0)
		conns_print(line, request->options & OF(PERSISTENT_CONN),
			    request->options & OF(NUMERIC), stdout);
	free(line);
	fclose(file);
	return 0;
}

static int list_conns(const struct link *link, const struct request *request)
{
	struct lvs_ipvs_message message = {.size = sizeof(message),
					   .kind = LVS_IPVS_OWN,
					   .command = LVS_IPVS_GET_TEXT,
					   .nl_flags = NLM_F_DUMP,
					   .given = LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME)};
	struct request copy = *request;
	int error;

	if (!link->path)
		return print_kernel_conns(request);
	strcpy(message.name, "ip_vs_conn");
	conns_title(request->options & OF(PERSISTENT_CONN), stdout);
	error = lvs_ipvs_ask(link->client, &message, print_conns, &copy);
	return error ? fail(link, request, error) : 0;
}

static void print_rules(const struct rules *rules, uint64_t options)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rules_service *one = &rules->service[i];

		table_service(&one->service, options, stdout);
		for (size_t k = 0; k < one->dest_n; k++)
			table_dest(&one->dest[k], one->service.protocol, options, stdout);
	}
}

static int list_rules(const struct link *link, const struct request *request)
{
	struct rules rules;
	int error = 0;

	if (!(request->options & OF(SERVICE)))
		error = ask(link, IPVS_CMD_GET_INFO, 0, print_version, NULL);
	if (error)
		return fail(link, request, error);
	error = rules_load(&rules, link, request);
	if (!error) {
		if (!(request->options & OF(NOSORT)))
			rules_sort(&rules);
		table_title(request->options, stdout);
		print_rules(&rules, request->options);
	}
	rules_free(&rules);
	return error ? fail(link, request, error) : 0;
}

int list_run(const struct link *link, const struct request *request)
{
	int error;

	if (request->options & OF(CONNECTION))
		return list_conns(link, request);
	if (request->options & OF(TIMEOUT))
		error = ask(link, IPVS_CMD_GET_CONFIG, 0, print_timeouts, NULL);
	else if (request->options & OF(DAEMON))
		error = ask(link, IPVS_CMD_GET_DAEMON, NLM_F_DUMP, print_daemon, NULL);
	else
		return list_rules(link, request);
	return error ? STATUS_FAILED : 0;
}

int list_save(const struct link *link, const struct request *request)
{
	bool numeric = request->options & OF(NUMERIC);
	struct rules rules;
	int error = rules_load(&rules, link, request);

	if (!error)
		rules_sort(&rules);
	for (size_t i = 0; i < rules.n && !error; i++) {
		const struct rules_service *one = &rules.service[i];

		save_service(&one->service, numeric, false, stdout);
		for (size_t k = 0; k < one->dest_n; k++)
			save_dest(&one->service, &one->dest[k], numeric, false, stdout);
	}
	rules_free(&rules);
	return error ? fail(link, request, error) : 0;
}
