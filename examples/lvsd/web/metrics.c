/* SPDX-License-Identifier: BSD-2-Clause */
#include "web/metrics.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum source { SCALAR, REASON, EVENT, INFO, SERVICE, BACKEND };

/* As in node_exporter's IPVS collector, where that has it: what comes behind "node_ipvs_" there. */
struct family {
	const char *name; /* behind "lvs_" */
	const char *type;
	enum source source;
	size_t offset; /* of a uint64_t in struct lvs_stats; SERVICE and BACKEND */
	uint64_t (*scalar)(const struct metrics *metrics);
	uint64_t (*gauge)(const struct lvs_dest_info *dest); /* BACKEND, instead of the offset */
	const char *help;
};

static uint64_t one(const struct metrics *metrics)
{
	(void)metrics;
	return 1;
}

#define SCALAR_OF(name, expression)                                                                \
	static uint64_t name(const struct metrics *metrics)                                        \
	{                                                                                          \
		return expression;                                                                 \
	}
SCALAR_OF(started, metrics->source.started_s)
SCALAR_OF(reload_good, !metrics->source.reload_is_refused)
SCALAR_OF(reloaded, metrics->source.reloaded_s)
SCALAR_OF(all_conns, metrics->totals.stats.conns)
SCALAR_OF(all_in_pkts, metrics->totals.stats.in_pkts)
SCALAR_OF(all_out_pkts, metrics->totals.stats.out_pkts)
SCALAR_OF(all_in_bytes, metrics->totals.stats.in_bytes)
SCALAR_OF(all_out_bytes, metrics->totals.stats.out_bytes)
SCALAR_OF(table_conns, metrics->table.conns)
SCALAR_OF(table_max, metrics->source.conns_max)
SCALAR_OF(table_bytes, metrics->table.bytes)
SCALAR_OF(table_evicted, metrics->table.evicted)
SCALAR_OF(table_refused, metrics->table.refused)
SCALAR_OF(table_expired, metrics->table.expired)
SCALAR_OF(table_dropped, metrics->table.dropped)
#undef SCALAR_OF

#define GAUGE_OF(name, expression)                                                                 \
	static uint64_t name(const struct lvs_dest_info *dest)                                     \
	{                                                                                          \
		return expression;                                                                 \
	}
GAUGE_OF(dest_active, dest->active)
GAUGE_OF(dest_inactive, dest->inactive)
GAUGE_OF(dest_persistent, dest->persistent)
GAUGE_OF(dest_overloaded, dest->overloaded)
GAUGE_OF(dest_weight, (uint64_t)dest->conf.weight)
#undef GAUGE_OF

#define COUNTER "counter"
#define GAUGE "gauge"
#define STAT(name, source, field, help)                                                            \
	{                                                                                          \
		name, COUNTER, source, offsetof(struct lvs_stats, field), NULL, NULL, help         \
	}
#define TOTAL(name, scalar, help)                                                                  \
	{                                                                                          \
		name, COUNTER, SCALAR, 0, scalar, NULL, help                                       \
	}
#define LEVEL(name, scalar, help)                                                                  \
	{                                                                                          \
		name, GAUGE, SCALAR, 0, scalar, NULL, help                                         \
	}
#define BACKEND_LEVEL(name, gauge, help)                                                           \
	{                                                                                          \
		name, GAUGE, BACKEND, 0, NULL, gauge, help                                         \
	}

static const struct family families[] = {
	LEVEL("build_info", one, "Always 1; its label is the version of liblvs."),
	LEVEL("start_time_seconds", started, "When lvsd was started, in Unix time."),
	LEVEL("config_last_reload_successful", reload_good,
	      "Whether the last reload of the files was put in force."),
	LEVEL("config_last_reload_success_timestamp_seconds", reloaded,
	      "When files were last put in force, in Unix time."),
	TOTAL("connections_total", all_conns, "Connections that were scheduled."),
	TOTAL("incoming_packets_total", all_in_pkts, "Packets from clients to servers."),
	TOTAL("outgoing_packets_total", all_out_pkts,
	      "Packets from servers to clients, as far as they pass here."),
	TOTAL("incoming_bytes_total", all_in_bytes, "Bytes of IP packets from clients to servers."),
	TOTAL("outgoing_bytes_total", all_out_bytes,
	      "Bytes of IP packets from servers to clients, as far as they pass here."),
	LEVEL("table_connections", table_conns, "Connections and templates in the table."),
	LEVEL("table_connections_max", table_max, "Connections that the table takes at most."),
	LEVEL("table_bytes", table_bytes, "Memory of table, records and timers."),
	TOTAL("table_evicted_total", table_evicted, "Entries that made room for new ones."),
	TOTAL("table_refused_total", table_refused, "New connections refused for lack of room."),
	TOTAL("table_expired_total", table_expired, "Entries whose time had come."),
	TOTAL("table_dropped_total", table_dropped, "Entries ended by the defence drop_entry."),
	{"packets_total", COUNTER, REASON, 0, NULL, NULL,
	 "Packets by what became of them, and why."},
	{"worker_events_total", COUNTER, EVENT, 0, NULL, NULL,
	 "What the adapter of each worker counts; rx and tx are packets."},
	{"service_info", GAUGE, INFO, 0, NULL, NULL,
	 "Always 1; its label scheduler tells how a service chooses."},
	STAT("service_connections_total", SERVICE, conns, "Connections of a service."),
	STAT("service_incoming_packets_total", SERVICE, in_pkts, "Packets to a service."),
	STAT("service_outgoing_packets_total", SERVICE, out_pkts, "Packets from a service."),
	STAT("service_incoming_bytes_total", SERVICE, in_bytes, "Bytes to a service."),
	STAT("service_outgoing_bytes_total", SERVICE, out_bytes, "Bytes from a service."),
	BACKEND_LEVEL("backend_connections_active", dest_active, "Active connections of a server."),
	BACKEND_LEVEL("backend_connections_inactive", dest_inactive,
		      "Inactive connections of a server."),
	BACKEND_LEVEL("backend_connections_persistent", dest_persistent,
		      "Persistence templates of a server."),
	BACKEND_LEVEL("backend_overloaded", dest_overloaded,
		      "Whether a server's upper threshold stops new connections."),
	BACKEND_LEVEL("backend_weight", dest_weight, "A server's weight."),
	STAT("backend_connections_total", BACKEND, conns, "Connections of a server."),
	STAT("backend_incoming_packets_total", BACKEND, in_pkts, "Packets to a server."),
	STAT("backend_outgoing_packets_total", BACKEND, out_pkts, "Packets from a server."),
	STAT("backend_incoming_bytes_total", BACKEND, in_bytes, "Bytes to a server."),
	STAT("backend_outgoing_bytes_total", BACKEND, out_bytes, "Bytes from a server."),
};

enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

const char *metrics_escape(char *out, size_t out_len, const char *text)
{
	size_t at = 0;

	for (; *text; text++) {
		bool special = *text == '\\' || *text == '"' || *text == '\n';

		if (at + special + 1 >= out_len)
			break;
		if (special)
			out[at++] = '\\';
		out[at++] = *text == '\n' ? 'n' : *text;
	}
	out[at] = 0;
	return out;
}

static void read_counters(struct metrics *metrics)
{
	const struct lvs_director *director = metrics->source.director;

	metrics->totals.size = sizeof(metrics->totals);
	metrics->table.size = sizeof(metrics->table);
	(void)lvs_director_totals(director, &metrics->totals);
	(void)lvs_director_table_stats(director, &metrics->table);
	lvs_director_reasons(director, metrics->reasons, LVS_REASON_N);
}

void metrics_begin(struct metrics *metrics, const struct metrics_source *source)
{
	memset(metrics, 0, sizeof(*metrics));
	metrics->source = *source;
	read_counters(metrics);
}

__attribute__((format(printf, 2, 3))) static bool say(struct metrics *metrics, const char *format,
						      ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(metrics->line, sizeof(metrics->line), format, args);
	va_end(args);
	metrics->line_at = 0;
	metrics->line_len =
		(size_t)len < sizeof(metrics->line) ? (size_t)len : sizeof(metrics->line) - 1;
	return true;
}

static const char *protocol(uint8_t number)
{
	switch (number) {
	case LVS_TCP:
		return "TCP";
	case LVS_UDP:
		return "UDP";
	case LVS_SCTP:
		return "SCTP";
	default:
		return "";
	}
}

enum { LABELS_MAX = 256 };

/* What names a service, without braces; a mark has no address. */
static void service_labels(char labels[LABELS_MAX], const struct lvs_service_key *key)
{
	const char *family = key->family == LVS_INET6 ? "ipv6" : "ipv4";
	char addr[INET6_ADDRSTRLEN];

	if (key->fwmark) {
		snprintf(labels, LABELS_MAX,
			 "family=\"%s\",local_address=\"\",local_mark=\"%" PRIu32
			 "\",local_port=\"\",proto=\"\"",
			 family, key->fwmark);
		return;
	}
	inet_ntop(key->family, &key->addr, addr, sizeof(addr));
	snprintf(labels, LABELS_MAX,
		 "family=\"%s\",local_address=\"%s\",local_mark=\"\",local_port=\"%u\",proto="
		 "\"%s\"",
		 family, addr, ntohs(key->port), protocol(key->protocol));
}

static uint64_t stat_at(const struct lvs_stats *stats, size_t offset)
{
	uint64_t value;

	memcpy(&value, (const char *)stats + offset, sizeof(value));
	return value;
}

static bool next_scalar(struct metrics *metrics, const struct family *family)
{
	char label[64] = "", version[32];

	if (metrics->item++)
		return false;
	if (family->scalar == one)
		snprintf(label, sizeof(label), "{version=\"%s\"}",
			 metrics_escape(version, sizeof(version), lvs_version()));
	return say(metrics, "lvs_%s%s %" PRIu64 "\n", family->name, label, family->scalar(metrics));
}

static bool next_reason(struct metrics *metrics, const struct family *family)
{
	unsigned reason = metrics->item++;

	if (reason >= LVS_REASON_N)
		return false;
	return say(metrics, "lvs_%s{reason=\"%s\",verdict=\"%s\"} %" PRIu64 "\n", family->name,
		   lvs_reason_name(reason), lvs_verdict_name(lvs_reason_verdict(reason)),
		   metrics->reasons[reason]);
}

static bool next_event(struct metrics *metrics, const struct family *family)
{
	unsigned worker = metrics->item / LVS_IO_COUNT_N, event = metrics->item % LVS_IO_COUNT_N;
	uint64_t count[LVS_IO_COUNT_N];

	if (worker >= metrics->source.worker_n)
		return false;
	metrics->item++;
	lvs_io_counts(metrics->source.workers[worker].io, count, LVS_IO_COUNT_N);
	return say(metrics, "lvs_%s{adapter=\"%s\",event=\"%s\",worker=\"%u\"} %" PRIu64 "\n",
		   family->name, metrics->source.adapter, lvs_io_counter_name(event), worker,
		   count[event]);
}

static bool to_next_service(struct metrics *metrics)
{
	metrics->service.size = sizeof(metrics->service);
	return lvs_director_next_service(metrics->source.director, &metrics->services,
					 &metrics->service) == 1;
}

static bool next_service(struct metrics *metrics, const struct family *family)
{
	char labels[LABELS_MAX];

	if (!to_next_service(metrics))
		return false;
	service_labels(labels, &metrics->service.key);
	return say(metrics, "lvs_%s{%s} %" PRIu64 "\n", family->name, labels,
		   stat_at(&metrics->service.stats, family->offset));
}

/* A scheduler may be anybody's, and so may its name. */
static bool next_info(struct metrics *metrics, const struct family *family)
{
	char labels[LABELS_MAX], name[64];

	if (!to_next_service(metrics))
		return false;
	service_labels(labels, &metrics->service.key);
	return say(metrics, "lvs_%s{%s,scheduler=\"%s\"} 1\n", family->name, labels,
		   metrics_escape(name, sizeof(name), metrics->service.conf.sched->name));
}

static bool say_dest(struct metrics *metrics, const struct family *family,
		     const struct lvs_dest_info *dest)
{
	char labels[LABELS_MAX], addr[INET6_ADDRSTRLEN];

	service_labels(labels, &metrics->service.key);
	inet_ntop(dest->key.family, &dest->key.addr, addr, sizeof(addr));
	return say(metrics, "lvs_%s{%s,remote_address=\"%s\",remote_port=\"%u\"} %" PRIu64 "\n",
		   family->name, labels, addr, ntohs(dest->key.port),
		   family->gauge ? family->gauge(dest) : stat_at(&dest->stats, family->offset));
}

/* A service that is removed meanwhile has no more servers. */
static bool next_backend(struct metrics *metrics, const struct family *family)
{
	struct lvs_dest_info dest = {.size = sizeof(dest)};

	for (;;) {
		if (metrics->in_service &&
		    lvs_director_next_dest(metrics->source.director, &metrics->service.key,
					   &metrics->dests, &dest) == 1)
			return say_dest(metrics, family, &dest);
		if (!to_next_service(metrics))
			return false;
		metrics->in_service = true;
		memset(&metrics->dests, 0, sizeof(metrics->dests));
	}
}

static bool next_sample(struct metrics *metrics, const struct family *family)
{
	switch (family->source) {
	case SCALAR:
		return next_scalar(metrics, family);
	case REASON:
		return next_reason(metrics, family);
	case EVENT:
		return next_event(metrics, family);
	case INFO:
		return next_info(metrics, family);
	case SERVICE:
		return next_service(metrics, family);
	default:
		return next_backend(metrics, family);
	}
}

static void to_next_family(struct metrics *metrics)
{
	metrics->family++;
	metrics->step = 0;
	metrics->item = 0;
	metrics->in_service = false;
	memset(&metrics->services, 0, sizeof(metrics->services));
}

static bool next_line(struct metrics *metrics)
{
	while (metrics->family < FAMILIES) {
		const struct family *family = &families[metrics->family];

		switch (metrics->step++) {
		case 0:
			return say(metrics, "# HELP lvs_%s %s\n", family->name, family->help);
		case 1:
			return say(metrics, "# TYPE lvs_%s %s\n", family->name, family->type);
		default:
			if (next_sample(metrics, family))
				return true;
			to_next_family(metrics);
		}
	}
	return false;
}

size_t metrics_read(struct metrics *metrics, char *bytes, size_t len)
{
	size_t at = 0;

	while (at < len) {
		size_t n = metrics->line_len - metrics->line_at;

		if (!n && !next_line(metrics))
			break;
		if (!n)
			continue;
		n = n < len - at ? n : len - at;
		memcpy(bytes + at, metrics->line + metrics->line_at, n);
		metrics->line_at += n;
		at += n;
	}
	return at;
}
