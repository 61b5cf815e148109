/* SPDX-License-Identifier: BSD-2-Clause */
/* A director for tests, set up in a few words. */
#ifndef LVS_TESTS_DIRECTOR_RIG_H
#define LVS_TESTS_DIRECTOR_RIG_H

#include <liblvs/liblvs.h>

#include "packet_rig.h"
#include "unit_check.h"

#define SECOND ((uint64_t)1000000000)

static inline struct lvs_service_key rig_service_key(unsigned family, uint8_t protocol,
						     union lvs_addr addr, unsigned port)
{
	struct lvs_service_key key = {
		.addr = addr,
		.port = rig_port(port),
		.family = (uint8_t)family,
		.protocol = protocol,
	};

	return key;
}

static inline struct lvs_dest_key rig_dest_key(unsigned family, union lvs_addr addr, unsigned port)
{
	struct lvs_dest_key key = {.addr = addr, .port = rig_port(port), .family = (uint8_t)family};

	return key;
}

static inline void rig_set_service_flags(struct lvs_director *director,
					 const struct lvs_service_key *key, const char *sched,
					 uint32_t flags)
{
	struct lvs_service_conf conf = {
		.size = sizeof(conf), .flags = flags, .sched = lvs_sched_find(sched)};
	struct lvs_txn *txn;

	ck_assert_ptr_nonnull(conf.sched);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_service(txn, key, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static inline void rig_set_service(struct lvs_director *director, const struct lvs_service_key *key,
				   const char *sched)
{
	rig_set_service_flags(director, key, sched, 0);
}

/* Persistent: @p netmask in network order, or a prefix length. */
static inline void rig_set_persistent(struct lvs_director *director,
				      const struct lvs_service_key *key, const char *sched,
				      uint32_t flags, uint32_t timeout_s, uint32_t netmask)
{
	struct lvs_service_conf conf = {
		.size = sizeof(conf),
		.flags = flags | LVS_SERVICE_PERSISTENT,
		.sched = lvs_sched_find(sched),
		.timeout_s = timeout_s,
		.netmask = netmask,
	};
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_int_eq(lvs_txn_set_service(txn, key, &conf), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

/* A destination with its path; tunnels get a source address. */
static inline void rig_set_dest(struct lvs_director *director,
				const struct lvs_service_key *service,
				const struct lvs_dest_key *key, enum lvs_method method, int weight)
{
	struct lvs_dest_conf conf = {
		.size = sizeof(conf), .method = (uint32_t)method, .weight = weight};
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.source = key->family == LVS_INET ? rig_addr4(10, 0, 0, 254) : rig_addr6(9, 254),
		.source_family = key->family,
	};
	struct lvs_txn *txn;

	ck_assert_int_eq(
		lvs_director_set_path(director, (enum lvs_family)key->family, &key->addr, &path),
		0);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_msg(lvs_txn_set_dest(txn, service, key, &conf) == 0, "%s", lvs_txn_error(txn));
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

static inline void rig_del_dest(struct lvs_director *director,
				const struct lvs_service_key *service,
				const struct lvs_dest_key *key)
{
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	ck_assert_int_eq(lvs_txn_del_dest(txn, service, key), 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
}

/* One packet of a flow through a worker; what became of it is in rig->packet. */
static inline enum lvs_reason rig_send(struct lvs_worker *worker, struct rig_packet *rig,
				       const struct lvs_flow *flow, uint8_t flags, uint64_t now)
{
	rig_make(rig, flow, flags, 10);
	lvs_worker_process(worker, &rig->packet, 1, now);
	return (enum lvs_reason)rig->packet.reason;
}

/* All parts agree. Workers are between two calls. */
static inline void rig_check(struct lvs_director *director)
{
	const char *fault;

	ck_assert_msg(lvs_director_check(director, &fault) == 0, "%s", fault);
	ck_assert_ptr_null(fault);
}

static inline struct lvs_flow rig_flow(uint8_t protocol, unsigned family, union lvs_addr src,
				       unsigned src_port, union lvs_addr dst, unsigned dst_port)
{
	struct lvs_flow flow = {
		.src = src,
		.dst = dst,
		.src_port = rig_port(src_port),
		.dst_port = rig_port(dst_port),
		.family = (uint8_t)family,
		.protocol = protocol,
	};

	return flow;
}

static inline void rig_get_dest(struct lvs_director *director,
				const struct lvs_service_key *service,
				const struct lvs_dest_key *key, struct lvs_dest_info *info)
{
	struct lvs_cursor cursor = {0};

	info->size = sizeof(*info);
	while (lvs_director_next_dest(director, service, &cursor, info) == 1)
		if (!memcmp(&info->key, key, sizeof(*key)))
			return;
	ck_abort_msg("no such destination");
}

#endif
