/* SPDX-License-Identifier: BSD-2-Clause */
#include "save.h"

#include "names.h"
#include "table.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

static void print_name(const struct lvs_ipvs_service *service, bool numeric, FILE *out)
{
	char end[NAMES_LEN];
	const char *option = service->protocol == LVS_TCP   ? "-t"
			     : service->protocol == LVS_UDP ? "-u"
							    : "--sctp-service";

	/* Without a sign, unlike in ipvsadm's: so that it can be read again. */
	if (service->fwmark)
		fprintf(out, "-f %" PRIu32 "%s", service->fwmark,
			service->family == LVS_INET6 ? " -6" : "");
	else
		fprintf(out, "%s %s", option,
			names_endpoint(end, service->family, &service->addr, service->port,
				       service->protocol, numeric));
}

static void print_persistence(const struct lvs_ipvs_service *service, FILE *out)
{
	char mask[INET_ADDRSTRLEN];

	if (!(service->flags & LVS_SERVICE_PERSISTENT))
		return;
	fprintf(out, " -p %" PRIu32, service->timeout_s);
	if (service->family == LVS_INET6 && service->netmask != 128)
		fprintf(out, " -M %" PRIu32, service->netmask);
	if (service->family == LVS_INET && service->netmask != UINT32_MAX)
		fprintf(out, " -M %s", inet_ntop(AF_INET, &service->netmask, mask, sizeof(mask)));
}

void save_service(const struct lvs_ipvs_service *service, bool numeric, bool full, FILE *out)
{
	const char *before = " -b ";
	char flags[64];

	fputs("-A ", out);
	print_name(service, numeric, out);
	fprintf(out, " -s %s", service->sched);
	print_persistence(service, out);
	if (service->pe[0])
		fprintf(out, " --pe %s", service->pe);
	if (service->flags & LVS_SERVICE_ONE_PACKET)
		fputs(" -o", out);
	if (*table_flags(service, flags)) {
		fprintf(out, "%s%s", before, flags);
		before = ",";
	}
	/* Of sh and mh ipvsadm shows no third flag. */
	if (full && service->flags & LVS_SCHED_FLAG3 && !strstr(flags, "flag-3")) {
		fprintf(out, "%sflag-3", before);
		before = ",";
	}
	if (full && service->flags & LVS_SERVICE_MSS_CLAMP)
		fprintf(out, "%smss-clamp", before);
	fputc('\n', out);
}

static void print_tunnel(const struct lvs_ipvs_dest *dest, FILE *out)
{
	const char *checksum = dest->tun_flags & LVS_TUNNEL_REMCSUM ? "--tun-remcsum"
			       : dest->tun_flags & LVS_TUNNEL_CSUM  ? "--tun-csum"
								    : "--tun-nocsum";

	switch (dest->tun_type) {
	case LVS_TUNNEL_IPIP:
		fputs(" --tun-type ipip", out);
		break;
	case LVS_TUNNEL_GUE:
		fprintf(out, " --tun-type gue --tun-port %u %s", ntohs(dest->tun_port), checksum);
		break;
	case LVS_TUNNEL_GRE:
		fprintf(out, " --tun-type gre %s", checksum);
		break;
	}
}

void save_dest(const struct lvs_ipvs_service *service, const struct lvs_ipvs_dest *dest,
	       bool numeric, bool full, FILE *out)
{
	const char *method = dest->method == LVS_METHOD_NAT      ? "-m"
			     : dest->method == LVS_METHOD_TUNNEL ? "-i"
								 : "-g";
	char end[NAMES_LEN];

	fputs("-a ", out);
	print_name(service, numeric, out);
	fprintf(out, " -r %s %s -w %" PRId32,
		names_endpoint(end, dest->family, &dest->addr, dest->port, service->protocol,
			       numeric),
		method, (int32_t)dest->weight);
	if (dest->method == LVS_METHOD_TUNNEL)
		print_tunnel(dest, out);
	if (full && dest->upper)
		fprintf(out, " -x %" PRIu32, dest->upper);
	if (full && dest->lower)
		fprintf(out, " -y %" PRIu32, dest->lower);
	fputc('\n', out);
}
