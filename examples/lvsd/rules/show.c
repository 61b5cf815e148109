/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/show.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

const char *show_endpoint(char text[SHOW_ENDPOINT_LEN], uint8_t family, const union lvs_addr *addr,
			  lvs_be16 port)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, SHOW_ENDPOINT_LEN, family == LVS_INET6 ? "[%s]:%u" : "%s:%u", host,
		 ntohs(port));
	return text;
}

const char *show_protocol(uint8_t protocol)
{
	switch (protocol) {
	case 0:
		return "IP";
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

const char *show_method(uint32_t method)
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

const char *show_service(char text[SHOW_SERVICE_LEN], const struct lvs_service_key *key)
{
	char end[SHOW_ENDPOINT_LEN];

	if (key->fwmark)
		snprintf(text, SHOW_SERVICE_LEN, "FWM  %" PRIu32 "%s", key->fwmark,
			 key->family == LVS_INET6 ? " IPv6" : "");
	else
		snprintf(text, SHOW_SERVICE_LEN, "%-4s %s", show_protocol(key->protocol),
			 show_endpoint(end, key->family, &key->addr, key->port));
	return text;
}

const char *show_tunnel(char text[SHOW_TUNNEL_LEN], const struct lvs_dest_conf *conf)
{
	const char *checksum = conf->tun_flags & LVS_TUNNEL_REMCSUM ? "r+c"
			       : conf->tun_flags & LVS_TUNNEL_CSUM  ? "+c"
								    : "-c";

	if (conf->method != LVS_METHOD_TUNNEL)
		return "n/a";
	switch (conf->tun_type) {
	case LVS_TUNNEL_GUE:
		snprintf(text, SHOW_TUNNEL_LEN, "gue:%u:%s", ntohs(conf->tun_port), checksum);
		return text;
	case LVS_TUNNEL_GRE:
		snprintf(text, SHOW_TUNNEL_LEN, "gre:%s", checksum);
		return text;
	default:
		return "ipip";
	}
}

/* The flags that -b takes, by ipvsadm's names. */
static void show_flags(const struct lvs_service_conf *conf, FILE *out)
{
	const char *sched = conf->sched->name;
	const char *named = !strcmp(sched, "sh") || !strcmp(sched, "mh") ? sched : NULL;
	const char *before = " (";

	if (conf->flags & LVS_SCHED_FLAG1) {
		fprintf(out, "%s%s%s", before, named ? named : "flag", named ? "-fallback" : "-1");
		before = ",";
	}
	if (conf->flags & LVS_SCHED_FLAG2) {
		fprintf(out, "%s%s%s", before, named ? named : "flag", named ? "-port" : "-2");
		before = ",";
	}
	if (conf->flags & LVS_SCHED_FLAG3) {
		fprintf(out, "%sflag-3", before);
		before = ",";
	}
	if (conf->flags & LVS_SERVICE_MSS_CLAMP) {
		fprintf(out, "%smss-clamp", before);
		before = ",";
	}
	if (*before == ',')
		fputc(')', out);
}

static void show_persistence(const struct lvs_service_info *info, FILE *out)
{
	const struct lvs_service_conf *conf = &info->conf;
	char mask[INET_ADDRSTRLEN];

	if (!(conf->flags & LVS_SERVICE_PERSISTENT))
		return;
	fprintf(out, " persistent %" PRIu32, conf->timeout_s);
	if (info->key.family == LVS_INET6 && conf->netmask != 128)
		fprintf(out, " mask %" PRIu32, conf->netmask);
	else if (info->key.family == LVS_INET && conf->netmask != UINT32_MAX)
		fprintf(out, " mask %s", inet_ntop(AF_INET, &conf->netmask, mask, sizeof(mask)));
	if (conf->pe)
		fprintf(out, " pe %s", conf->pe->name);
}

void show_behaviour(const struct lvs_service_info *info, FILE *out)
{
	fprintf(out, " %s", info->conf.sched->name);
	show_flags(&info->conf, out);
	show_persistence(info, out);
	if (info->conf.flags & LVS_SERVICE_ONE_PACKET)
		fputs(" ops", out);
}

void show_large(uint64_t number, FILE *out)
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

	if (number < 100000000) {
		fprintf(out, "%9" PRIu64, number);
		return;
	}
	while (number >= scale[i].below && scale[i].below != UINT64_MAX)
		i++;
	fprintf(out, "%8" PRIu64 "%c", number / scale[i].unit, scale[i].letter);
}
