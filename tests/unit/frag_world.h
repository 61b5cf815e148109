/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A director for tests of fragments: a service of each protocol, family and method, one server
 * each, memory that is counted.
 */
#ifndef LVS_TESTS_FRAG_WORLD_H
#define LVS_TESTS_FRAG_WORLD_H

#include "frag_rig.h"
#include "unit.h"

struct world {
	struct alloc_rig alloc;
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker[2];
	uint64_t now;
	struct frag_buffer buffer;
	struct lvs_packet out[64]; /* what the outbox gave at last */
	unsigned out_n;
};

static const enum lvs_method world_methods[] = {LVS_METHOD_NAT, LVS_METHOD_DR, LVS_METHOD_TUNNEL,
						LVS_METHOD_LOCAL};

static inline union lvs_addr world_addr(unsigned family, unsigned net, unsigned host)
{
	return family == LVS_INET ? rig_addr4(10, 2, net, host) : rig_addr6(net, host);
}

/* Services have the addresses 0.1 (NAT) to 0.4 (local), servers 1.1 to 1.4; port 80, NAT's 8080. */
static inline void world_add(struct world *w, unsigned family, uint8_t protocol,
			     enum lvs_method method, const char *sched)
{
	unsigned i = method == LVS_METHOD_NAT      ? 1
		     : method == LVS_METHOD_DR     ? 2
		     : method == LVS_METHOD_TUNNEL ? 3
						   : 4;
	struct lvs_service_key service =
		rig_service_key(family, protocol, world_addr(family, 0, i), 80);
	struct lvs_dest_key dest =
		rig_dest_key(family, world_addr(family, 1, i), i == 1 ? 8080 : 80);

	rig_set_service(w->director, &service, sched);
	rig_set_dest(w->director, &service, &dest, method, 1);
}

/* The settings that are not zero are taken over. */
static inline void world_open(struct world *w, const struct lvs_settings *settings,
			      const char *sched)
{
	static const uint8_t families[] = {LVS_INET, LVS_INET6};
	static const uint8_t protocols[] = {LVS_TCP, LVS_UDP, LVS_SCTP};

	memset(w, 0, sizeof(*w));
	w->now = 100 * SECOND;
	if (settings)
		w->settings = *settings;
	w->settings.size = sizeof(w->settings);
	if (!w->settings.alloc.alloc)
		w->settings.alloc = alloc_rig(&w->alloc);
	ck_assert_int_eq(lvs_director_new(&w->settings, &w->director), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(lvs_worker_new(w->director, &w->worker[i]), 0);
	for (unsigned i = 0; i < 24; i++)
		world_add(w, families[i & 1], protocols[i >> 3], world_methods[i >> 1 & 3], sched);
}

static inline void world_close(struct world *w)
{
	rig_check(w->director);
	lvs_worker_del(w->worker[0]);
	lvs_worker_del(w->worker[1]);
	lvs_director_del(w->director);
	ck_assert_uint_eq(w->alloc.live_n, 0);
}

static inline struct frag_recipe world_recipe(unsigned family, uint8_t protocol, unsigned service,
					      unsigned payload)
{
	return (struct frag_recipe){
		.flow = rig_flow(protocol, family, world_addr(family, 9, 7), 4000,
				 world_addr(family, 0, service), 80),
		.id = 0x4242,
		.tcp_flags = LVS_TCP_SYN,
		.payload = payload,
	};
}

static inline void world_take(struct world *w, unsigned worker)
{
	w->out_n = lvs_worker_outbox(w->worker[worker], w->out, 64);
}

/* A part through a worker, and what its outbox gives then. */
static inline enum lvs_reason world_send(struct world *w, unsigned worker,
					 const struct frag_whole *whole, uint32_t start,
					 uint32_t end)
{
	static struct frag_part part;
	enum lvs_reason reason;

	frag_cut(whole, start, end, &part);
	reason = frag_send(w->worker[worker], &w->buffer, &part, w->now);
	world_take(w, worker);
	return reason;
}

static inline uint64_t world_count(const struct world *w, enum lvs_reason reason)
{
	uint64_t reasons[LVS_REASON_N];

	lvs_director_reasons(w->director, reasons, LVS_REASON_N);
	return reasons[reason];
}

#define check_reason(got, want)                                                                    \
	do {                                                                                       \
		unsigned got_ = (got);                                                             \
		ck_assert_msg(got_ == (unsigned)(want), "got %s, expected %s",                     \
			      lvs_reason_name(got_), lvs_reason_name(want));                       \
	} while (0)

/* All parts of @p step bytes, the first one at turn @p first_at; all are held. The outbox behind
 * the last. */
static inline void world_send_held(struct world *w, const struct frag_whole *whole, uint32_t step,
				   unsigned first_at)
{
	uint32_t total = whole->len - whole->fixed;
	unsigned n = (total + step - 1) / step;

	for (unsigned i = 0; i < n; i++) {
		unsigned part = i == first_at ? 0 : i < first_at ? i + 1 : i;
		uint32_t start = part * step;
		uint32_t end = start + step < total ? start + step : total;

		ck_assert_uint_eq(w->out_n, 0);
		check_reason(world_send(w, i & 1, whole, start, end), LVS_REASON_FRAGMENT_HELD);
	}
}

#endif
