/* SPDX-License-Identifier: BSD-2-Clause */
/* Between messages and what the director's calls take and give. */
#include <liblvs/ipvs.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SVC(attr) LVS_IPVS_BIT(IPVS_SVC_ATTR_##attr)
#define DEST(attr) LVS_IPVS_BIT(IPVS_DEST_ATTR_##attr)

#define SVC_ADDRESS (SVC(PROTOCOL) | SVC(ADDR) | SVC(PORT))

int lvs_ipvs_get_service_key(const struct lvs_ipvs_service *service, struct lvs_service_key *key)
{
	memset(key, 0, sizeof(*key));
	if (!(service->given & SVC(AF)) ||
	    (!(service->given & SVC(FWMARK)) && (service->given & SVC_ADDRESS) != SVC_ADDRESS))
		return -EINVAL;
	if (service->family != LVS_INET && service->family != LVS_INET6)
		return -EAFNOSUPPORT;
	key->family = (uint8_t)service->family;
	if (service->given & SVC(FWMARK)) {
		key->protocol = LVS_TCP;
		key->fwmark = service->fwmark;
		return 0;
	}
	if (service->protocol > UINT8_MAX)
		return -EINVAL;
	key->protocol = (uint8_t)service->protocol;
	key->port = service->port;
	memcpy(&key->addr, &service->addr, service->family == LVS_INET ? 4 : 16);
	return 0;
}

void lvs_ipvs_set_service_key(struct lvs_ipvs_service *service, const struct lvs_service_key *key)
{
	memset(service, 0, sizeof(*service));
	service->family = key->family;
	service->protocol = key->protocol;
	service->fwmark = key->fwmark;
	service->addr = key->addr;
	service->port = key->port;
	service->given = SVC(AF) | (key->fwmark ? SVC(FWMARK) : SVC_ADDRESS);
}

static void set_stats(struct lvs_ipvs_stats *stats, const struct lvs_stats *sum,
		      const struct lvs_rates *rates)
{
	memset(stats, 0, sizeof(*stats));
	stats->given = LVS_IPVS_BIT(IPVS_STATS_ATTR_PAD) - LVS_IPVS_BIT(IPVS_STATS_ATTR_CONNS);
	stats->conns = sum->conns;
	stats->in_pkts = sum->in_pkts;
	stats->out_pkts = sum->out_pkts;
	stats->in_bytes = sum->in_bytes;
	stats->out_bytes = sum->out_bytes;
	stats->cps = rates->conns;
	stats->in_pps = rates->in_pkts;
	stats->out_pps = rates->out_pkts;
	stats->in_bps = rates->in_bytes;
	stats->out_bps = rates->out_bytes;
}

void lvs_ipvs_set_service_info(struct lvs_ipvs_service *service,
			       const struct lvs_service_info *info)
{
	lvs_ipvs_set_service_key(service, &info->key);
	service->given |= SVC(SCHED_NAME) | SVC(FLAGS) | SVC(TIMEOUT) | SVC(NETMASK) | SVC(STATS) |
			  SVC(STATS64);
	snprintf(service->sched, sizeof(service->sched), "%s",
		 info->conf.sched ? info->conf.sched->name : "wlc");
	if (info->conf.pe) {
		service->given |= SVC(PE_NAME);
		snprintf(service->pe, sizeof(service->pe), "%s", info->conf.pe->name);
	}
	service->flags = info->conf.flags | IP_VS_SVC_F_HASHED;
	service->mask = UINT32_MAX;
	service->timeout_s = info->conf.timeout_s;
	service->netmask = info->conf.netmask;
	set_stats(&service->stats, &info->stats, &info->rates);
}

void lvs_ipvs_set_dest_info(struct lvs_ipvs_dest *dest, const struct lvs_dest_info *info)
{
	memset(dest, 0, sizeof(*dest));
	dest->given = LVS_IPVS_BIT(IPVS_DEST_ATTR_TUN_FLAGS + 1) - DEST(ADDR);
	dest->family = info->key.family;
	dest->addr = info->key.addr;
	dest->port = info->key.port;
	dest->method = info->conf.method;
	dest->weight = (uint32_t)info->conf.weight;
	dest->upper = info->conf.upper;
	dest->lower = info->conf.lower;
	dest->active = info->active;
	dest->inactive = info->inactive;
	dest->persistent = info->persistent;
	dest->tun_type = info->conf.tun_type;
	dest->tun_port = info->conf.tun_port;
	dest->tun_flags = info->conf.tun_flags;
	set_stats(&dest->stats, &info->stats, &info->rates);
}
