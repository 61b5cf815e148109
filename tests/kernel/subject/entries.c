/* SPDX-License-Identifier: BSD-2-Clause */
#include "entries.h"

#include <arpa/inet.h>
#include <string.h>

#include "entry.h"
#include "rule.h"

static void to_end(unsigned family, const union lvs_addr *addr, lvs_be16 port, struct rule_end *end)
{
	memcpy(end->addr, addr->byte, sizeof(end->addr));
	end->family = (uint8_t)family;
	end->port = ntohs(port);
}

static void write_stats(const struct lvs_stats *count, const struct lvs_rates *rate,
			enum entries_what what, FILE *out)
{
	const struct entry_stats stats = {
		.count = {count->conns, count->in_pkts, count->out_pkts, count->in_bytes,
			  count->out_bytes},
		.rate = {rate->conns, rate->in_pkts, rate->out_pkts, rate->in_bytes,
			 rate->out_bytes},
	};

	if (what != ENTRIES_CONF)
		entry_counters(&stats, out);
	if (what == ENTRIES_RATES)
		entry_rates(&stats, out);
}

static void write_service(const struct lvs_service_info *info, FILE *out)
{
	const struct rule_options options = {
		.sched = info->conf.sched ? info->conf.sched->name : "none",
		.flags = info->conf.flags,
		.timeout_s = info->conf.timeout_s,
		.netmask = info->conf.netmask,
		.pe = info->conf.pe ? info->conf.pe->name : NULL,
	};
	struct rule_service service = {.fwmark = info->key.fwmark, .protocol = info->key.protocol};

	to_end(info->key.family, &info->key.addr, info->key.port, &service.end);
	entry_service(&service, &options, out);
}

static uint32_t method_number(uint32_t method)
{
	switch (method) {
	case LVS_METHOD_NAT:
		return RULE_NAT;
	case LVS_METHOD_LOCAL:
		return RULE_LOCAL;
	case LVS_METHOD_TUNNEL:
		return RULE_TUNNEL;
	default:
		return RULE_DR;
	}
}

static void write_dest(const struct lvs_dest_info *info, FILE *out)
{
	struct entry_dest dest = {
		.conf = {.method = method_number(info->conf.method),
			 .weight = info->conf.weight,
			 .upper = info->conf.upper,
			 .lower = info->conf.lower,
			 .tun_type = info->conf.tun_type,
			 .tun_flags = info->conf.tun_flags,
			 .tun_port = ntohs(info->conf.tun_port)},
		.active = info->active,
		.inactive = info->inactive,
		.persistent = info->persistent,
	};

	to_end(info->key.family, &info->key.addr, info->key.port, &dest.conf.end);
	entry_dest(&dest, out);
}

void entries_write(const struct lvs_director *director, enum entries_what what, FILE *out)
{
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_cursor cursor = {{0}};

	while (lvs_director_next_service(director, &cursor, &service) > 0) {
		struct lvs_dest_info dest = {.size = sizeof(dest)};
		struct lvs_cursor inner = {{0}};

		write_service(&service, out);
		write_stats(&service.stats, &service.rates, what, out);
		while (lvs_director_next_dest(director, &service.key, &inner, &dest) > 0) {
			write_dest(&dest, out);
			write_stats(&dest.stats, &dest.rates, what, out);
		}
	}
}
