/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/services.h"
#include "rules/show.h"

#include <inttypes.h>
#include <stdbool.h>

/* One table: its title, and what each line says behind the name. */
struct table {
	const char *title; /* the first column is the same in all */
	bool behaviour;    /* services with their scheduler and flags */
	void (*service)(const struct lvs_service_info *info, FILE *out);
	void (*dest)(const struct lvs_dest_info *info, FILE *out);
	/* Whether a server has something that the table is for; NULL: it is always shown. */
	bool (*wanted)(const struct lvs_service_info *service, const struct lvs_dest_info *dest);
};

static void print_stats(const struct lvs_stats *stats, FILE *out)
{
	show_large(stats->conns, out);
	show_large(stats->in_pkts, out);
	show_large(stats->out_pkts, out);
	show_large(stats->in_bytes, out);
	show_large(stats->out_bytes, out);
}

static void service_stats(const struct lvs_service_info *info, FILE *out)
{
	print_stats(&info->stats, out);
}

static void dest_stats(const struct lvs_dest_info *info, FILE *out)
{
	print_stats(&info->stats, out);
}

static void service_rates(const struct lvs_service_info *info, FILE *out)
{
	const struct lvs_rates *rates = &info->rates;

	show_large(rates->conns, out);
	show_large(rates->in_pkts, out);
	show_large(rates->out_pkts, out);
	show_large(rates->in_bytes, out);
	show_large(rates->out_bytes, out);
}

static void dest_rates(const struct lvs_dest_info *info, FILE *out)
{
	const struct lvs_rates *rates = &info->rates;

	fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64, rates->conns, rates->in_pkts,
		rates->out_pkts);
	show_large(rates->in_bytes, out);
	show_large(rates->out_bytes, out);
}

static void dest_plain(const struct lvs_dest_info *info, FILE *out)
{
	fprintf(out, " %-7s %-6" PRId32 " %-10" PRIu32 " %-10" PRIu32,
		show_method(info->conf.method), info->conf.weight, info->active, info->inactive);
}

static void dest_thresholds(const struct lvs_dest_info *info, FILE *out)
{
	fprintf(out, " %-10" PRIu32 " %-10" PRIu32 " %-10" PRIu32 " %-10" PRIu32, info->conf.upper,
		info->conf.lower, info->active, info->inactive);
}

static void dest_persistent(const struct lvs_dest_info *info, FILE *out)
{
	fprintf(out, " %-9" PRId32 " %-11" PRIu32 " %-10" PRIu32 " %-10" PRIu32, info->conf.weight,
		info->persistent, info->active, info->inactive);
}

static void dest_tunnel(const struct lvs_dest_info *info, FILE *out)
{
	char tunnel[SHOW_TUNNEL_LEN];

	fprintf(out, " %-7s %-13s %-6" PRId32 " %-10" PRIu32 " %-10" PRIu32,
		show_method(info->conf.method), show_tunnel(tunnel, &info->conf), info->conf.weight,
		info->active, info->inactive);
}

static bool has_rate(const struct lvs_service_info *service, const struct lvs_dest_info *dest)
{
	(void)service;
	return dest->rates.conns || dest->rates.in_pkts || dest->rates.out_pkts;
}

static bool has_threshold(const struct lvs_service_info *service, const struct lvs_dest_info *dest)
{
	(void)service;
	return dest->conf.upper || dest->conf.lower;
}

static bool is_persistent(const struct lvs_service_info *service, const struct lvs_dest_info *dest)
{
	return service->conf.flags & LVS_SERVICE_PERSISTENT || dest->persistent;
}

static bool has_tunnel(const struct lvs_service_info *service, const struct lvs_dest_info *dest)
{
	(void)service;
	return dest->conf.method == LVS_METHOD_TUNNEL && dest->conf.tun_type != LVS_TUNNEL_IPIP;
}

static const struct table tables[] = {
	{"Prot LocalAddress:Port Scheduler Flags\n"
	 "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
	 true, NULL, dest_plain, NULL},
	{"Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
	 "  -> RemoteAddress:Port\n",
	 false, service_stats, dest_stats, NULL},
	{"Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
	 "  -> RemoteAddress:Port\n",
	 false, service_rates, dest_rates, has_rate},
	{"Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn\n"
	 "  -> RemoteAddress:Port\n",
	 true, NULL, dest_thresholds, has_threshold},
	{"Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn\n"
	 "  -> RemoteAddress:Port\n",
	 true, NULL, dest_persistent, is_persistent},
	{"Prot LocalAddress:Port Scheduler Flags\n"
	 "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n",
	 true, NULL, dest_tunnel, has_tunnel},
};

static void print_dests(const struct lvs_director *director, const struct table *table,
			const struct lvs_service_key *service, FILE *out)
{
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	char text[SHOW_ENDPOINT_LEN];

	while (lvs_director_next_dest(director, service, &cursor, &info) == 1) {
		fprintf(out, "  -> %-28s",
			show_endpoint(text, info.key.family, &info.key.addr, info.key.port));
		table->dest(&info, out);
		fputc('\n', out);
	}
}

static void print_table(const struct lvs_director *director, const struct table *table, FILE *out)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	char text[SHOW_SERVICE_LEN];

	fputs(table->title, out);
	while (lvs_director_next_service(director, &cursor, &info) == 1) {
		fprintf(out, table->behaviour ? "%s" : "%-33s", show_service(text, &info.key));
		if (table->behaviour)
			show_behaviour(&info, out);
		if (table->service)
			table->service(&info, out);
		fputc('\n', out);
		print_dests(director, table, &info.key, out);
	}
}

static bool has_wanted_dest(const struct lvs_director *director, const struct table *table,
			    const struct lvs_service_info *service)
{
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	while (lvs_director_next_dest(director, &service->key, &cursor, &info) == 1)
		if (table->wanted(service, &info))
			return true;
	return false;
}

static bool is_wanted(const struct lvs_director *director, const struct table *table)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	if (!table->wanted)
		return true;
	while (lvs_director_next_service(director, &cursor, &info) == 1)
		if (has_wanted_dest(director, table, &info))
			return true;
	return false;
}

void report_services(const struct lvs_director *director, FILE *out)
{
	const char *gap = "";

	fprintf(out, "IP Virtual Server, liblvs %s (%" PRIu32 " connections)\n", lvs_version(),
		lvs_director_conn_n(director));
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (!is_wanted(director, &tables[i]))
			continue;
		fputs(gap, out);
		print_table(director, &tables[i], out);
		gap = "\n";
	}
}
