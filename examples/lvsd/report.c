/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <liblvs/list.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

enum { ENDPOINT_LEN = INET6_ADDRSTRLEN + 8 };

static const char *endpoint(char *text, uint8_t family, const union lvs_addr *addr, lvs_be16 port)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, ENDPOINT_LEN, family == LVS_INET6 ? "[%s]:%u" : "%s:%u", host, ntohs(port));
	return text;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == LVS_TCP ? "TCP" : protocol == LVS_UDP ? "UDP" : "?";
}

static const char *method_name(uint32_t method)
{
	switch (method) {
	case LVS_METHOD_NAT:
		return "Masq";
	case LVS_METHOD_LOCAL:
		return "Local";
	case LVS_METHOD_TUNNEL:
		return "Tunnel";
	case LVS_METHOD_DR:
		return "Route";
	default:
		return "Custom";
	}
}

/* "(sh-port,flag-3)": ipvsadm's names of the scheduler's flags. */
static void print_flags(const struct lvs_service_conf *conf, FILE *out)
{
	const char *sched = conf->sched->name;
	const char *named = !strcmp(sched, "sh") || !strcmp(sched, "mh") ? sched : NULL;
	const char *comma = "";

	if (!(conf->flags & (LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2 | LVS_SCHED_FLAG3)))
		return;
	fputs(" (", out);
	if (conf->flags & LVS_SCHED_FLAG1) {
		fprintf(out, "%s%s", named ? named : "flag", named ? "-fallback" : "-1");
		comma = ",";
	}
	if (conf->flags & LVS_SCHED_FLAG2) {
		fprintf(out, "%s%s%s", comma, named ? named : "flag", named ? "-port" : "-2");
		comma = ",";
	}
	if (conf->flags & LVS_SCHED_FLAG3)
		fprintf(out, "%sflag-3", comma);
	fputc(')', out);
}

static void print_service(const struct lvs_service_info *info, FILE *out)
{
	char text[ENDPOINT_LEN];

	if (info->key.fwmark)
		fprintf(out, "FWM  %" PRIu32 "%s", info->key.fwmark,
			info->key.family == LVS_INET6 ? " IPv6" : "");
	else
		fprintf(out, "%-4s %s", protocol_name(info->key.protocol),
			endpoint(text, info->key.family, &info->key.addr, info->key.port));
	fprintf(out, " %s", info->conf.sched->name);
	print_flags(&info->conf, out);
	fputc('\n', out);
}

static void print_dests(const struct lvsd *lvsd, const struct lvs_service_key *service, FILE *out)
{
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	char text[ENDPOINT_LEN];

	while (lvs_director_next_dest(lvsd->director, service, &cursor, &info) == 1)
		fprintf(out, "  -> %-28s %-7s %-6" PRId32 " %-10" PRIu32 " %-10" PRIu32 "\n",
			endpoint(text, info.key.family, &info.key.addr, info.key.port),
			method_name(info.conf.method), info.conf.weight, info.active,
			info.inactive);
}

static void print_services(const struct lvsd *lvsd, FILE *out)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	fprintf(out, "IP Virtual Server, liblvs %s (%" PRIu32 " connections)\n", lvs_version(),
		lvs_director_conn_n(lvsd->director));
	fputs("Prot LocalAddress:Port Scheduler Flags\n"
	      "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
	      out);
	while (lvs_director_next_service(lvsd->director, &cursor, &info) == 1) {
		print_service(&info, out);
		print_dests(lvsd, &info.key, out);
	}
}

/* On the adapter's clock, of the worker that looked last: a capture file has a time of its own. */
static uint64_t now_ns(const struct lvsd *lvsd)
{
	uint64_t latest = 0;

	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t now = atomic_load_explicit(&lvsd->worker[i].now, memory_order_relaxed);

		latest = now > latest ? now : latest;
	}
	return latest;
}

static void print_conns(const struct lvsd *lvsd, FILE *out)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	char client[ENDPOINT_LEN], service[ENDPOINT_LEN], dest[ENDPOINT_LEN];
	uint64_t now = now_ns(lvsd);

	fprintf(out, "\nIPVS connection entries\npro expire %-11s %-18s %-18s %s\n", "state",
		"source", "virtual", "destination");
	while (lvs_director_next_conn(lvsd->director, NULL, &cursor, &info) == 1) {
		uint64_t left_s = info.expires_ns > now ? (info.expires_ns - now) / 1000000000 : 0;

		fprintf(out, "%-3s %02u:%02u  %-11s %-18s %-18s %s\n", protocol_name(info.protocol),
			(unsigned)(left_s / 60), (unsigned)(left_s % 60), info.state,
			endpoint(client, info.family, &info.client, info.client_port),
			endpoint(service, info.family, &info.service, info.service_port),
			endpoint(dest, info.dest_family, &info.dest, info.dest_port));
	}
}

static void print_reasons(const struct lvsd *lvsd, FILE *out)
{
	uint64_t count[LVS_REASON_N];

	lvs_director_reasons(lvsd->director, count, LVS_REASON_N);
	fputs("\nPackets by what became of them\n", out);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		if (count[i])
			fprintf(out, "%-16s %12" PRIu64 "  %s: %s\n", lvs_reason_name(i), count[i],
				lvs_verdict_name(lvs_reason_verdict(i)), lvs_reason_text(i));
}

static void print_adapter(const struct lvsd *lvsd, FILE *out)
{
	uint64_t sum[LVS_IO_COUNT_N] = {0};

	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t count[LVS_IO_COUNT_N];

		lvs_io_counts(lvsd->worker[i].io, count, LVS_IO_COUNT_N);
		for (unsigned k = 0; k < LVS_IO_COUNT_N; k++)
			sum[k] += count[k];
	}
	fprintf(out, "\nAdapter %s\n", lvsd->options.io->name);
	for (unsigned i = 0; i < LVS_IO_COUNT_N; i++)
		if (sum[i])
			fprintf(out, "%-16s %12" PRIu64 "  %s\n", lvs_io_counter_name(i), sum[i],
				lvs_io_counter_text(i));
}

void report_print(const struct lvsd *lvsd, FILE *out)
{
	print_services(lvsd, out);
	print_conns(lvsd, out);
	print_reasons(lvsd, out);
	if (lvsd->check.line[0])
		fprintf(out, "\n%s\n", lvsd->check.line);
	print_adapter(lvsd, out);
	fputc('\n', out);
	fflush(out);
}
