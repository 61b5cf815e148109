/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever a hostile client, and a host in full change, can do about fragments: a step at a time,
 * from a seed. frag_world.h's director; several threads may step, each with its own worker.
 */
#ifndef LVS_TESTS_FRAG_HOSTILE_H
#define LVS_TESTS_FRAG_HOSTILE_H

#include <liblvs/filter.h>

#include "frag_world.h"

#include "director/worker.h"

struct hostile {
	struct lvs_director *director;
	struct lvs_worker *worker;
	uint64_t random;
	uint64_t now;
	uint64_t sent;
	uint64_t read; /* of what came out, so that every byte is looked at */
	struct frag_whole whole;
	struct frag_part part;
	struct frag_buffer buffer;
};

static inline unsigned hostile_pick(struct hostile *h, unsigned n)
{
	return (unsigned)(rig_random(&h->random) % n);
}

/* An ICMP error about a packet of a flow that may be known, from its client or its server's side.
 */
static inline void hostile_error(struct hostile *h, struct frag_recipe *recipe)
{
	bool v6 = recipe->flow.family == LVS_INET6;
	struct lvs_flow about = recipe->flow;
	struct lvs_flow flow = about;
	uint8_t *l4, *quoted;
	uint32_t len;

	if (hostile_pick(h, 2)) {
		about.src = flow.dst;
		about.dst = flow.src;
		about.src_port = flow.dst_port;
		about.dst_port = flow.src_port;
	}
	recipe->flow.src = about.dst;
	recipe->flow.dst = about.src;
	recipe->flow.protocol = v6 ? LVS_ICMPV6 : LVS_ICMP;
	recipe->no_checksum = true;
	recipe->payload = 300;
	frag_make(&h->whole, recipe);
	l4 = h->whole.data + h->whole.fixed + (v6 ? recipe->options : 0);
	len = (uint32_t)(h->whole.data + h->whole.len - l4);
	memset(l4, 0, 8);
	l4[0] = v6 ? (uint8_t)(1 + hostile_pick(h, 3)) : 3;
	l4[1] = v6 ? 0 : (uint8_t)(3 + hostile_pick(h, 2));
	ref_put16(l4 + 6, hostile_pick(h, 1500));
	quoted = l4 + 8;
	if (v6) {
		ref_put32(quoted, 0x60000000);
		ref_put16(quoted + 4, 200);
		quoted[6] = about.protocol;
		memcpy(quoted + 8, &about.src, 16);
		memcpy(quoted + 24, &about.dst, 16);
		quoted += 40;
	} else {
		quoted[0] = 0x45;
		ref_put16(quoted + 2, 200);
		quoted[9] = about.protocol;
		memcpy(quoted + 12, &about.src, 4);
		memcpy(quoted + 16, &about.dst, 4);
		quoted += 20;
	}
	memcpy(quoted, &about.src_port, 2);
	memcpy(quoted + 2, &about.dst_port, 2);
	if (hostile_pick(h, 4))
		ref_put16(l4 + 2,
			  ~ref_sum(v6 ? ref_pseudo(h->whole.data, LVS_ICMPV6, len) : 0, l4, len));
}

static inline void hostile_draw(struct hostile *h, uint32_t id)
{
	static const uint8_t protocols[] = {LVS_TCP, LVS_UDP, LVS_UDP, LVS_UDP};
	unsigned family = hostile_pick(h, 2) ? LVS_INET6 : LVS_INET;
	struct frag_recipe recipe = world_recipe(family, protocols[hostile_pick(h, 4)],
						 1 + hostile_pick(h, 4), 8 + hostile_pick(h, 900));

	recipe.flow.src = world_addr(family, 9, hostile_pick(h, 3));
	recipe.id = id;
	recipe.tcp_flags = hostile_pick(h, 3) ? LVS_TCP_SYN : LVS_TCP_ACK;
	recipe.no_checksum =
		family == LVS_INET && recipe.flow.protocol == LVS_UDP && hostile_pick(h, 2);
	recipe.options = 8 * hostile_pick(h, 3);
	recipe.hop = hostile_pick(h, 3) ? 0 : 8 * (1 + hostile_pick(h, 8));
	if (!hostile_pick(h, 8))
		recipe.flow.dst = world_addr(family, 77, 1);
	if (!hostile_pick(h, 8))
		recipe.flow.dst_port = rig_port(81);
	if (!hostile_pick(h, 4)) { /* what a server sends */
		recipe.flow.dst = recipe.flow.src;
		recipe.flow.src = world_addr(family, 1, 1 + hostile_pick(h, 4));
		recipe.flow.dst_port = recipe.flow.src_port;
		recipe.flow.src_port = rig_port(hostile_pick(h, 2) ? 8080 : 80);
	}
	if (!hostile_pick(h, 4))
		hostile_error(h, &recipe);
	else
		frag_make(&h->whole, &recipe);
}

/* One of a few datagrams, that parts of it may come together; from time to time they are others. */
static inline void hostile_make(struct hostile *h)
{
	uint64_t which = h->sent / 128 * 8 + hostile_pick(h, 6) + 1;
	uint64_t random = h->random;

	h->random = which * UINT64_C(0x9e3779b97f4a7c15);
	hostile_draw(h, (uint32_t)which % 24);
	h->random = random;
}

/* Most at the places of a grid, so that datagrams become whole; the others anywhere. */
static inline void hostile_cut(struct hostile *h)
{
	uint32_t total = h->whole.len - h->whole.fixed;
	uint32_t grid = hostile_pick(h, 8) ? 128 : 8;
	uint32_t start = grid * hostile_pick(h, total / grid + 1);
	uint32_t end = start + (hostile_pick(h, 8) ? grid : 8 * (1 + hostile_pick(h, 40)));

	if (start >= total)
		start = 0;
	if (end > total || end <= start)
		end = total;
	if (!hostile_pick(h, 32))
		end -= end > start + 8 ? 3 : 0;
	frag_cut(&h->whole, start, end, &h->part);
	if (!hostile_pick(h, 12))
		h->part.data[hostile_pick(h, h->whole.fixed + 16 < h->part.len ? h->whole.fixed + 16
									       : h->part.len)] ^=
			(uint8_t)(1u << hostile_pick(h, 8));
	if (h->part.data[0] >> 4 == 4 && (h->part.data[0] & 15) * 4u <= h->part.len)
		ref_ipv4_checksum(h->part.data);
}

static inline void hostile_read(struct hostile *h, const struct lvs_packet *packet)
{
	for (uint32_t i = 0; i < packet->len; i++)
		h->read += packet->data[i];
}

static inline void hostile_send(struct hostile *h)
{
	struct lvs_packet *packet = &h->buffer.packet;

	hostile_make(h);
	hostile_cut(h);
	frag_load(&h->buffer, h->part.data, h->part.len);
	packet->mark = hostile_pick(h, 6) ? 0 : 7;
	if (!hostile_pick(h, 32))
		packet->linear_len = hostile_pick(h, packet->len + 1);
	if (!hostile_pick(h, 16)) {
		struct lvs_record record;

		lvs_worker_peek(h->worker, packet, h->now, &record);
		return;
	}
	lvs_worker_process(h->worker, packet, 1, h->now);
	h->sent++;
	must(packet->reason < LVS_REASON_N);
	if (packet->linear_len == packet->len)
		hostile_read(h, packet);
}

static inline void hostile_take(struct hostile *h)
{
	struct lvs_packet out[5];
	unsigned n = lvs_worker_outbox(h->worker, out, hostile_pick(h, 6));

	for (unsigned i = 0; i < n; i++) {
		must(out[i].verdict == LVS_FORWARD || out[i].verdict == LVS_PASS ||
		     out[i].verdict == LVS_REPLY);
		must(out[i].linear_len == out[i].len && out[i].flags == 0);
		hostile_read(h, &out[i]);
	}
}

static inline void hostile_step(struct hostile *h)
{
	switch (hostile_pick(h, 16)) {
	case 0:
	case 1:
		hostile_take(h);
		break;
	case 2:
		h->now += hostile_pick(h, 64) ? SECOND / 4 : hostile_pick(h, 100) * SECOND;
		lvs_worker_handle_expiry(h->worker, h->now, hostile_pick(h, 5));
		break;
	default:
		hostile_send(h);
	}
}

/* --- The control side --- */

static inline int hostile_answer(void *user, const struct lvs_filter_query *query)
{
	uint32_t sum = 0;

	(void)user;
	for (uint32_t i = 0; i < query->packet->linear_len; i++)
		sum += query->packet->data[i];
	return sum % 7 ? LVS_FILTER_ACCEPT : (int)(sum % 3);
}

static inline void hostile_filter(struct hostile *h)
{
	struct lvs_filter_ops ops = {.size = sizeof(ops),
				     .flags = hostile_pick(h, 2) ? LVS_FILTER_WHOLE : 0,
				     .name = "hostile",
				     .accept = hostile_answer};

	must(lvs_director_set_filter(h->director, hostile_pick(h, 2) ? &ops : NULL, NULL) == 0);
}

/* A service goes, and comes again with another scheduler, or by mark. */
static inline void hostile_service(struct hostile *h)
{
	static const char *const scheds[] = {"rr", "sh", "wlc"};
	unsigned family = hostile_pick(h, 2) ? LVS_INET6 : LVS_INET, i = 1 + hostile_pick(h, 4);
	struct lvs_service_key key = rig_service_key(family, hostile_pick(h, 2) ? LVS_UDP : LVS_TCP,
						     world_addr(family, 0, i), 80);
	struct lvs_dest_key dest =
		rig_dest_key(family, world_addr(family, 1, i), i == 1 ? 8080 : 80);
	struct lvs_txn *txn;

	if (!hostile_pick(h, 4))
		key = (struct lvs_service_key){.family = (uint8_t)family, .fwmark = 7};
	must(lvs_txn_begin(h->director, &txn) == 0);
	if (lvs_txn_del_service(txn, &key) < 0)
		lvs_txn_abort(txn);
	else
		must(lvs_txn_commit(txn) == 0);
	if (!hostile_pick(h, 4))
		return;
	rig_set_service(h->director, &key, scheds[hostile_pick(h, 3)]);
	rig_set_dest(h->director, &key, &dest, world_methods[i - 1], hostile_pick(h, 4));
}

static inline void hostile_path(struct hostile *h)
{
	static const uint32_t mtus[] = {68, 300, 576, 1280, 1500};
	unsigned family = hostile_pick(h, 2) ? LVS_INET6 : LVS_INET;
	union lvs_addr addr = world_addr(family, 1, 1 + hostile_pick(h, 4));
	struct lvs_path_conf path = {.size = sizeof(path),
				     .mtu = mtus[hostile_pick(h, 5)],
				     .source_family = (uint8_t)family,
				     .source = world_addr(family, 2, 1)};

	path.flags = hostile_pick(h, 8) ? 0 : LVS_PATH_UNREACHABLE;
	lvs_director_set_path(h->director, (enum lvs_family)family, &addr, &path);
}

static inline void hostile_change(struct hostile *h)
{
	switch (hostile_pick(h, 4)) {
	case 0:
		hostile_service(h);
		break;
	case 1:
		hostile_filter(h);
		break;
	case 2:
		hostile_path(h);
		break;
	default:
		lvs_director_kill_conns(h->director, NULL);
	}
}

#endif
