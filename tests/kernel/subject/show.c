/* SPDX-License-Identifier: BSD-2-Clause */
#include "show.h"

#include <arpa/inet.h>
#include <inttypes.h>

enum { END_LEN = 64, SECOND = 1000000000 };

/* An address with its port, "[...]" around IPv6. */
static const char *end(unsigned family, const union lvs_addr *addr, lvs_be16 port, char *text)
{
	char name[INET6_ADDRSTRLEN];

	inet_ntop(family == LVS_INET ? AF_INET : AF_INET6, addr, name, sizeof(name));
	snprintf(text, END_LEN, family == LVS_INET ? "%s:%u" : "[%s]:%u", name, ntohs(port));
	return text;
}

static const char *protocol_name(unsigned protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return "TCP";
	case LVS_UDP:
		return "UDP";
	case LVS_SCTP:
		return "SCTP";
	default:
		return "IP";
	}
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
	default:
		return "Route";
	}
}

static void service_name(const struct lvs_service_key *key, FILE *out)
{
	char text[END_LEN];

	if (key->fwmark)
		fprintf(out, "text FWM  %u%s", key->fwmark,
			key->family == LVS_INET6 ? " IPv6" : "");
	else
		fprintf(out, "text %-4s %s", protocol_name(key->protocol),
			end(key->family, &key->addr, key->port, text));
}

static void print_flags(const struct lvs_service_conf *conf, FILE *out)
{
	const char *family = conf->sched && conf->sched->name[0] == 'm' ? "mh" : "sh";
	const char *comma = " (";

	if (conf->flags & LVS_SCHED_FLAG1) {
		fprintf(out, "%s%s-fallback", comma, family);
		comma = ",";
	}
	if (conf->flags & LVS_SCHED_FLAG2) {
		fprintf(out, "%s%s-port", comma, family);
		comma = ",";
	}
	if (*comma == ',')
		putc(')', out);
}

/* A mask is shown where it is not that of one address. */
static void print_options(const struct lvs_service_info *info, FILE *out)
{
	const struct lvs_service_conf *conf = &info->conf;
	char text[INET6_ADDRSTRLEN];

	if (conf->flags & LVS_SERVICE_PERSISTENT) {
		fprintf(out, " persistent %u", conf->timeout_s);
		if (info->key.family == LVS_INET6 && conf->netmask != 128)
			fprintf(out, " mask %u", conf->netmask);
		else if (info->key.family == LVS_INET && conf->netmask != UINT32_MAX)
			fprintf(out, " mask %s",
				inet_ntop(AF_INET, &conf->netmask, text, sizeof(text)));
		if (conf->pe)
			fprintf(out, " pe %s", conf->pe->name);
	}
	if (conf->flags & LVS_SERVICE_ONE_PACKET)
		fputs(" ops", out);
}

static void service_line(const struct lvs_service_info *info, FILE *out)
{
	service_name(&info->key, out);
	fprintf(out, " %s", info->conf.sched ? info->conf.sched->name : "wlc");
	print_flags(&info->conf, out);
	print_options(info, out);
	putc('\n', out);
}

static void dest_line(const struct lvs_dest_info *info, FILE *out)
{
	char text[END_LEN];

	fprintf(out, "text   -> %-28s %-7s %-6d %-10u %u\n",
		end(info->key.family, &info->key.addr, info->key.port, text),
		method_name(info->conf.method), info->conf.weight, info->active, info->inactive);
}

static void stats_columns(const struct lvs_stats *stats, FILE *out)
{
	fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n",
		stats->conns, stats->in_pkts, stats->out_pkts, stats->in_bytes, stats->out_bytes);
}

static void service_stats_line(const struct lvs_service_info *info, FILE *out)
{
	service_name(&info->key, out);
	stats_columns(&info->stats, out);
}

static void dest_stats_line(const struct lvs_dest_info *info, FILE *out)
{
	char text[END_LEN];

	fprintf(out, "text   -> %-28s",
		end(info->key.family, &info->key.addr, info->key.port, text));
	stats_columns(&info->stats, out);
}

static void dest_threshold_line(const struct lvs_dest_info *info, FILE *out)
{
	char text[END_LEN];

	fprintf(out, "text   -> %-28s %-10u %-10u %-10u %u\n",
		end(info->key.family, &info->key.addr, info->key.port, text), info->conf.upper,
		info->conf.lower, info->active, info->inactive);
}

static void walk(const struct lvs_director *director, FILE *out,
		 void (*service_print)(const struct lvs_service_info *, FILE *),
		 void (*dest_print)(const struct lvs_dest_info *, FILE *))
{
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_cursor cursor = {{0}};

	while (lvs_director_next_service(director, &cursor, &service) > 0) {
		struct lvs_dest_info dest = {.size = sizeof(dest)};
		struct lvs_cursor inner = {{0}};

		service_print(&service, out);
		while (lvs_director_next_dest(director, &service.key, &inner, &dest) > 0)
			dest_print(&dest, out);
	}
}

void show_services(const struct lvs_director *director, FILE *out)
{
	fputs("text Prot LocalAddress:Port Scheduler Flags\n"
	      "text   -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
	      out);
	walk(director, out, service_line, dest_line);
}

void show_stats(const struct lvs_director *director, FILE *out)
{
	fputs("text Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes "
	      "OutBytes\n"
	      "text   -> RemoteAddress:Port\n",
	      out);
	walk(director, out, service_stats_line, dest_stats_line);
}

static void rate_columns(const struct lvs_rates *rates, FILE *out)
{
	fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n",
		rates->conns, rates->in_pkts, rates->out_pkts, rates->in_bytes, rates->out_bytes);
}

static void service_rate_line(const struct lvs_service_info *info, FILE *out)
{
	service_name(&info->key, out);
	rate_columns(&info->rates, out);
}

static void dest_rate_line(const struct lvs_dest_info *info, FILE *out)
{
	char text[END_LEN];

	fprintf(out, "text   -> %-28s",
		end(info->key.family, &info->key.addr, info->key.port, text));
	rate_columns(&info->rates, out);
}

static void dest_persistent_line(const struct lvs_dest_info *info, FILE *out)
{
	char text[END_LEN];

	fprintf(out, "text   -> %-28s %-9u %-11u %-10u %u\n",
		end(info->key.family, &info->key.addr, info->key.port, text), info->conf.weight,
		info->persistent, info->active, info->inactive);
}

void show_rates(const struct lvs_director *director, FILE *out)
{
	fputs("text Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   "
	      "OutBPS\n"
	      "text   -> RemoteAddress:Port\n",
	      out);
	walk(director, out, service_rate_line, dest_rate_line);
}

void show_persistent(const struct lvs_director *director, FILE *out)
{
	fputs("text Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn\n"
	      "text   -> RemoteAddress:Port\n",
	      out);
	walk(director, out, service_line, dest_persistent_line);
}

void show_thresholds(const struct lvs_director *director, FILE *out)
{
	fputs("text Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn\n"
	      "text   -> RemoteAddress:Port\n",
	      out);
	walk(director, out, service_line, dest_threshold_line);
}

static void conn_line(const struct lvs_conn_info *info, uint64_t now_ns, bool engines, FILE *out)
{
	uint64_t left = info->expires_ns > now_ns ? (info->expires_ns - now_ns) / SECOND : 0;
	char client[END_LEN];
	char service[END_LEN];
	char dest[END_LEN];

	fprintf(out, "text %-3s %02" PRIu64 ":%02" PRIu64 "  %-11s %-18s %-18s %s",
		protocol_name(info->protocol), left / 60, left % 60, info->state,
		end(info->family, &info->client, info->client_port, client),
		end(info->family, &info->service, info->service_port, service),
		end(info->dest_family, &info->dest, info->dest_port, dest));
	if (info->pe && engines)
		fprintf(out, " %s %s", info->pe, info->pe_data);
	putc('\n', out);
}

void show_conns(const struct lvs_director *director, uint64_t now_ns, bool engines, FILE *out)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	fputs("text IPVS connection entries\n"
	      "text pro expire state       source             virtual            destination\n",
	      out);
	while (lvs_director_next_conn(director, NULL, &cursor, &info) > 0)
		conn_line(&info, now_ns, engines, out);
}
