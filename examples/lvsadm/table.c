/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include "names.h"
#include "option.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

enum { NAME_WIDTH = 28 }; /* IPv4 names are cut to it */

void table_title(uint64_t options, FILE *out)
{
	static const char plain[] = "Prot LocalAddress:Port Scheduler Flags\n"
				    "  -> RemoteAddress:Port           Forward ";
	static const char dest[] = "  -> RemoteAddress:Port\n";

	if (options & OF(STATS))
		fprintf(out, "%-33s %8s %8s %8s %8s %8s\n%s", "Prot LocalAddress:Port", "Conns",
			"InPkts", "OutPkts", "InBytes", "OutBytes", dest);
	else if (options & OF(RATE))
		fprintf(out, "%-33s %8s %8s %8s %8s %8s\n%s", "Prot LocalAddress:Port", "CPS",
			"InPPS", "OutPPS", "InBPS", "OutBPS", dest);
	else if (options & OF(THRESHOLDS))
		fprintf(out, "%-33s %-10s %-10s %-10s %-10s\n%s", "Prot LocalAddress:Port",
			"Uthreshold", "Lthreshold", "ActiveConn", "InActConn", dest);
	else if (options & OF(PERSISTENT_CONN))
		fprintf(out, "%-33s %-9s %-11s %-10s %-10s\n%s", "Prot LocalAddress:Port", "Weight",
			"PersistConn", "ActiveConn", "InActConn", dest);
	else if (options & OF(TUN_INFO))
		fprintf(out, "%sTunnelInfo    Weight ActiveConn InActConn\n", plain);
	else
		fprintf(out, "%sWeight ActiveConn InActConn\n", plain);
}

static void print_large(uint64_t number, uint64_t options, FILE *out)
{
	static const struct {
		uint64_t below, unit;
		char letter;
	} scale[] = {
		{UINT64_C(1000000000), 1000, 'K'},
		{UINT64_C(100000000000), 1000000, 'M'},
		{UINT64_C(100000000000000), 1000000000, 'G'},
		{UINT64_MAX, UINT64_C(1000000000000), 'T'},
	};
	unsigned i = 0;

	if (options & OF(EXACT) || number < 100000000) {
		fprintf(out, " %8" PRIu64, number);
		return;
	}
	while (number >= scale[i].below && scale[i].below != UINT64_MAX)
		i++;
	fprintf(out, "%8" PRIu64 "%c", number / scale[i].unit, scale[i].letter);
}

static void print_stats(const struct lvs_ipvs_stats *stats, uint64_t options, FILE *out)
{
	print_large(stats->conns, options, out);
	print_large(stats->in_pkts, options, out);
	print_large(stats->out_pkts, options, out);
	print_large(stats->in_bytes, options, out);
	print_large(stats->out_bytes, options, out);
	fputc('\n', out);
}

static void print_rates(const struct lvs_ipvs_stats *stats, uint64_t options, FILE *out)
{
	print_large(stats->cps, options, out);
	print_large(stats->in_pps, options, out);
	print_large(stats->out_pps, options, out);
	print_large(stats->in_bps, options, out);
	print_large(stats->out_bps, options, out);
	fputc('\n', out);
}

const char *table_flags(const struct lvs_ipvs_service *service, char text[64])
{
	const char *sched = service->sched;
	int named = !strcmp(sched, "sh") || !strcmp(sched, "mh");

	text[0] = 0;
	if (service->flags & LVS_SCHED_FLAG1)
		snprintf(text, 64, "%.2s%s,", named ? sched : "fl", named ? "-fallback" : "ag-1");
	if (service->flags & LVS_SCHED_FLAG2)
		snprintf(text + strlen(text), 64 - strlen(text), "%.2s%s,", named ? sched : "fl",
			 named ? "-port" : "ag-2");
	if (service->flags & LVS_SCHED_FLAG3 && !named)
		snprintf(text + strlen(text), 64 - strlen(text), "flag-3,");
	if (text[0])
		text[strlen(text) - 1] = 0;
	return text;
}

static void print_persistence(const struct lvs_ipvs_service *service, FILE *out)
{
	char mask[INET_ADDRSTRLEN];

	if (!(service->flags & LVS_SERVICE_PERSISTENT))
		return;
	fprintf(out, " persistent %" PRIu32, service->timeout_s);
	if (service->family == LVS_INET6 && service->netmask != 128)
		fprintf(out, " mask %" PRIu32, service->netmask);
	if (service->family == LVS_INET && service->netmask != UINT32_MAX)
		fprintf(out, " mask %s", inet_ntop(AF_INET, &service->netmask, mask, sizeof(mask)));
	if (service->pe[0])
		fprintf(out, " pe %s", service->pe);
}

static void print_behaviour(const struct lvs_ipvs_service *service, FILE *out)
{
	char flags[64];

	fprintf(out, " %s", service->sched);
	if (*table_flags(service, flags))
		fprintf(out, " (%s)", flags);
	print_persistence(service, out);
	if (service->flags & LVS_SERVICE_ONE_PACKET)
		fputs(" ops", out);
	fputc('\n', out);
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
		return "?";
	}
}

static void name_service(const struct lvs_ipvs_service *service, uint64_t options, char *text,
			 size_t size)
{
	char end[NAMES_LEN];

	/* ipvsadm prints marks with a sign. */
	if (service->fwmark) {
		snprintf(text, size, "FWM  %" PRId32 "%s", (int32_t)service->fwmark,
			 service->family == LVS_INET6 ? " IPv6" : "");
		return;
	}
	names_endpoint(end, service->family, &service->addr, service->port, service->protocol,
		       options & OF(NUMERIC));
	if (service->family == LVS_INET)
		end[NAME_WIDTH] = 0;
	snprintf(text, size, "%-4s %s", protocol_name(service->protocol), end);
}

void table_service(const struct lvs_ipvs_service *service, uint64_t options, FILE *out)
{
	char name[NAMES_LEN + 8];

	name_service(service, options, name, sizeof(name));
	if (!(options & (OF(STATS) | OF(RATE)))) {
		fputs(name, out);
		print_behaviour(service, out);
		return;
	}
	fprintf(out, "%-33s", name);
	if (options & OF(STATS))
		print_stats(&service->stats, options, out);
	else
		print_rates(&service->stats, options, out);
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
		return "(null)";
	}
}

static const char *tunnel_name(const struct lvs_ipvs_dest *dest, char text[32])
{
	const char *checksum = dest->tun_flags & LVS_TUNNEL_REMCSUM ? "r+c"
			       : dest->tun_flags & LVS_TUNNEL_CSUM  ? "+c"
								    : "-c";

	if (dest->method != LVS_METHOD_TUNNEL)
		return "n/a";
	switch (dest->tun_type) {
	case LVS_TUNNEL_IPIP:
		return "ipip";
	case LVS_TUNNEL_GUE:
		snprintf(text, 32, "gue:%u:%s", ntohs(dest->tun_port), checksum);
		return text;
	case LVS_TUNNEL_GRE:
		snprintf(text, 32, "gre:%s", checksum);
		return text;
	default:
		return "n/a";
	}
}

static void print_dest_rates(const struct lvs_ipvs_stats *stats, uint64_t options, FILE *out)
{
	fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64, stats->cps, stats->in_pps,
		stats->out_pps);
	print_large(stats->in_bps, options, out);
	print_large(stats->out_bps, options, out);
	fputc('\n', out);
}

static void print_dest_plain(const struct lvs_ipvs_dest *dest, uint64_t options, FILE *out)
{
	char tunnel[32];

	fprintf(out, " %-7s", method_name(dest->method));
	if (options & OF(TUN_INFO))
		fprintf(out, " %-13s", tunnel_name(dest, tunnel));
	fprintf(out, " %-6" PRId32 " %-10" PRIu32 " %-10" PRIu32 "\n", (int32_t)dest->weight,
		dest->active, dest->inactive);
}

void table_dest(const struct lvs_ipvs_dest *dest, unsigned protocol, uint64_t options, FILE *out)
{
	char name[NAMES_LEN];

	names_endpoint(name, dest->family, &dest->addr, dest->port, protocol,
		       options & OF(NUMERIC));
	if (dest->family == LVS_INET)
		name[NAME_WIDTH] = 0;
	fprintf(out, "  -> %-28s", name);
	if (options & OF(STATS))
		print_stats(&dest->stats, options, out);
	else if (options & OF(RATE))
		print_dest_rates(&dest->stats, options, out);
	else if (options & OF(THRESHOLDS))
		fprintf(out, " %-10" PRIu32 " %-10" PRIu32 " %-10" PRIu32 " %-10" PRIu32 "\n",
			dest->upper, dest->lower, dest->active, dest->inactive);
	else if (options & OF(PERSISTENT_CONN))
		fprintf(out, " %-9" PRId32 " %-11" PRIu32 " %-10" PRIu32 " %-10" PRIu32 "\n",
			(int32_t)dest->weight, dest->persistent, dest->active, dest->inactive);
	else
		print_dest_plain(dest, options, out);
}
