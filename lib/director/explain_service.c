/* SPDX-License-Identifier: BSD-2-Clause */
/* An explanation's service: why it was asked, and whom it could choose from. */
#include <string.h>

#include "base/byteorder.h"
#include "director/explain.h"
#include "service/services.h"

static enum lvs_matched match_of(const struct lvs_record *record)
{
	const struct lvs_service_key *key = &record->service->key;
	const struct lvs_flow *flow = &record->headers.flow;

	if (record->reason == LVS_REASON_OUTBOUND)
		return LVS_MATCHED_SERVER;
	if (key->fwmark)
		return LVS_MATCHED_MARK;
	/* The flow that an ICMP error quotes has no ports here: its service is for its port. */
	if (key->port == flow->dst_port || !lvs_is_balanced(flow->protocol))
		return LVS_MATCHED_EXACT;
	/* A server's packet, refused before it could begin a connection. */
	if (!lvs_addr_equal(&key->addr, &flow->dst, flow->family))
		return LVS_MATCHED_SERVER;
	return key->port == lvs_htons(LVS_FTP_PORT) ? LVS_MATCHED_FTP : LVS_MATCHED_PORT_0;
}

static void fill_load(struct lvs_explained_dest *to, const struct lvs_dest *dest)
{
	uint64_t reading = lvs_gauge_load(&dest->gauge);

	to->active = lvs_gauge_active(reading);
	to->inactive = lvs_gauge_total(reading) - to->active;
	/* relaxed, all of them: each a number by itself */
	to->persistent = atomic_load_explicit(&dest->persistent, memory_order_relaxed);
	to->upper = atomic_load_explicit(&dest->upper, memory_order_relaxed);
	to->lower = to->upper ? atomic_load_explicit(&dest->lower, memory_order_relaxed) : 0;
	to->flags = (lvs_gauge_overloaded(reading) ? LVS_EXPLAINED_OVERLOADED : 0u) |
		    (lvs_dest_available(dest) ? 0u : LVS_EXPLAINED_REMOVED);
}

static void fill_dest(const struct lvs_services *services, struct lvs_explained_dest *to,
		      const struct lvs_dest *dest, unsigned forwarder)
{
	/* relaxed: one word, whole in itself */
	uint32_t tunnel = atomic_load_explicit(&dest->tunnel, memory_order_relaxed);
	struct lvs_binding binding;

	memset(to, 0, sizeof(*to));
	lvs_explain_end(&to->end, &dest->addr, dest->family, dest->port);
	fill_load(to, dest);
	to->method = (uint8_t)lvs_services_forwarder(services, forwarder)->method;
	memcpy(&binding.tun_port, &tunnel, sizeof(tunnel));
	to->tun_type = to->method == LVS_METHOD_TUNNEL ? binding.tun_type : 0;
}

static void fill_candidates(const struct lvs_explained_way *way, const struct lvs_service_set *set,
			    struct lvs_explanation *out)
{
	out->dest_n = set->sched_set.dest_n;
	for (uint32_t i = 0; i < out->dest_n && i < out->dest_max; i++) {
		fill_dest(way->director->services, &out->dests[i], lvs_set_dest(set, i),
			  lvs_set_forwarder(set, i));
		out->dests[i].weight = set->sched_set.dest[i].weight;
	}
	if (way->record->picked == LVS_RECORD_NOT_ASKED)
		return;
	out->flags |= LVS_EXPLAINED_ASKED;
	if (way->record->picked < out->dest_n)
		out->picked = way->record->picked;
}

static void fill_conf(const struct lvs_service_set *set, struct lvs_explanation *out)
{
	out->service = set->key;
	out->service_flags = set->conf.flags;
	out->sched = set->conf.sched->name;
	out->timeout_s = set->conf.timeout_s;
	out->pe = set->conf.pe ? set->conf.pe->name : NULL;
}

/* That of a connection, which nobody asked: it may have gone. NULL: it has. */
static const struct lvs_service_set *service_of(const struct lvs_explained_way *way,
						const struct lvs_dest *dest,
						struct lvs_explanation *out)
{
	const struct lvs_service_private *service;

	lvs_dest_service_key(dest, &out->service);
	if (out->service.family == LVS_UNSPEC)
		return NULL;
	out->matched = LVS_MATCHED_CONN;
	service = lvs_services_find(way->director->services, &out->service);
	if (!service)
		return NULL;
	fill_conf(&service->set, out);
	return &service->set;
}

static void fill_weight(const struct lvs_service_set *set, uint32_t number,
			struct lvs_explained_dest *to)
{
	for (uint32_t i = 0; set && i < set->sched_set.dest_n; i++)
		if (set->sched_set.dest[i].number == number)
			to->weight = set->sched_set.dest[i].weight;
}

void lvs_explain_service(const struct lvs_explained_way *way, struct lvs_explanation *out)
{
	const struct lvs_service_set *set = way->record->service;
	const struct lvs_services *services = way->director->services;
	struct lvs_dest *dest;

	if (set) {
		out->matched = (uint32_t)match_of(way->record);
		fill_conf(set, out);
		fill_candidates(way, set, out);
	}
	if (!way->record->dest)
		return;
	dest = lvs_services_dest(services, way->record->dest);
	if (!set)
		set = service_of(way, dest, out);
	fill_dest(services, &out->dest, dest, lvs_dest_forwarder(dest));
	fill_weight(set, way->record->dest, &out->dest);
	out->flags |= LVS_EXPLAINED_DEST;
}

static const char *const match_names[] = {
	[LVS_MATCHED_NONE] = "none",     [LVS_MATCHED_MARK] = "mark",
	[LVS_MATCHED_EXACT] = "exact",   [LVS_MATCHED_FTP] = "ftp",
	[LVS_MATCHED_PORT_0] = "port_0", [LVS_MATCHED_SERVER] = "server",
	[LVS_MATCHED_CONN] = "conn",
};

const char *lvs_matched_name(unsigned match)
{
	return match < LVS_MATCHED_N ? match_names[match] : "unknown";
}
