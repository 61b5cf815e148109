/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What listings show of traffic besides the workers' counters: since when it counts, and its rates.
 *
 * Two seconds are 64 slots. Each service has a slot of its own, in which it and its destinations
 *are estimated together, so that its traffic is the sum of theirs; the whole director's is the sum
 *of what its services took in 64 slots, and it is estimated behind the last. Only services that
 *have connections, traffic or a rate are in the lists of the slots: what rests costs nothing, and
 *where all rest there is no time to wait for.
 *
 *	worker, new connection ──> arrivals ──> slot[0..63] ──> visited every two seconds
 *	                                             └── no more traffic: out, in two visits
 */
#ifndef LVS_SERVICE_METER_H
#define LVS_SERVICE_METER_H

#include "base/compiler.h"
#include "base/spin.h"
#include "service/rate.h"

struct lvs_dest;
struct lvs_services;
struct lvs_service_ident;
struct lvs_service_private;

#define LVS_METER_SLOTS 64
#define LVS_METER_SLOT_NS UINT64_C(31250000) /* 2 s / 64 */

/* Counters at the time from which they are shown. The control mutex to write; any thread reads,
 * before it reads the counters. release, pairs with the acquire in lvs_meter_read_zero(). */
struct lvs_meter_zero {
	_Atomic uint64_t count[LVS_RATE_N];
};

/*
 * Of a destination, or of a service: the sum over its destinations. Where nothing was ever counted
 * there is none, which reads as one of zeroes.
 */
struct lvs_meter {
	struct lvs_rate rate;
	struct lvs_meter_zero zero;
	/* The lock is held. */
	union {
		struct lvs_stats last;    /* destination: counters when it was last estimated */
		struct lvs_stats pending; /* service: traffic since its last period */
	};
};

/* Of a service, with its place among the rates. A worker that finds the ident's `queued` set need
 * not put it among the arrivals. */
struct lvs_service_meter {
	struct lvs_meter sum;
	/* Of who has set queued, published with the arrivals. */
	uint64_t woken; /* slot of its first packet */
	struct lvs_service_ident *arrival;

	/* The lock is held. */
	bool linked;   /* it stands in its slot's list */
	bool resting;  /* its last visit saw nothing; with the next it goes */
	uint64_t done; /* periods that have ended */
	struct lvs_service_ident *next;
	struct lvs_service_ident **at; /* what points to this one */
};

struct lvs_meters {
	/* When there is something to do. release in lower(), pairs with the acquire in
	 * lvs_services_estimate(). */
	_Atomic uint64_t next_ns;
	/* release when pushed, pairs with the acquire in drain() */
	_Atomic(struct lvs_service_ident *) arrivals;
	struct lvs_spin lock; /* all that follows; workers never wait for it */
	uint64_t at;          /* the slot that was last done, counted from time 0 */
	uint64_t until;       /* late: all have been visited behind this slot; 0: not late */
	uint32_t n;           /* services in the lists */
	struct lvs_service_ident *slot[LVS_METER_SLOTS];

	/* Slot at + 1, where it is half done. */
	bool open;
	bool moves;                     /* `here` has traffic, connections or rates */
	struct lvs_service_ident *here; /* the next to be visited */
	uint64_t below; /* its destinations older than this are left; 0: it has not begun */
	uint64_t due;   /* periods that end with its visit */

	/* Of the whole director. */
	bool live; /* it has traffic or a rate */
	uint64_t done;
	struct lvs_stats pending;
	struct lvs_rate rate;
};

/* NULL: nothing was counted. */
LVS_INLINE struct lvs_meter *lvs_meter_of(const _Atomic(struct lvs_meter *) *at)
{
	/* acquire: its zeroes; pairs with the release in lvs_meter_need() */
	return atomic_load_explicit(at, memory_order_acquire);
}

/* The one there, made where there is none; NULL: no memory. Beside itself. */
struct lvs_meter *lvs_meter_need(struct lvs_services *services, _Atomic(struct lvs_meter *) *at);
/* Nobody can see it. */
void lvs_meter_del(struct lvs_services *services, const _Atomic(struct lvs_meter *) *at);
/* The same of a service. */
struct lvs_service_meter *lvs_ident_need_meter(struct lvs_services *services,
					       struct lvs_service_ident *ident);
void lvs_ident_meter_del(struct lvs_services *services, struct lvs_service_ident *ident);
/* What listings show of rates, and where the counters begin; before they are read. */
void lvs_meter_read(const struct lvs_meter *meter, struct lvs_rates *rates,
		    struct lvs_stats *since);

/* Reads where counting begins; before the counters. */
void lvs_meter_read_zero(const struct lvs_meter_zero *zero, struct lvs_stats *since);
void lvs_meter_set_zero(struct lvs_meter_zero *zero, const struct lvs_stats *since);

void lvs_meters_init(struct lvs_meters *meters);

/* --- Control side, mutex held --- */

/* A destination's counters begin anew at @p zero, without a rate. It has a meter where @p zero is
 * not nothing. */
void lvs_meter_begin(struct lvs_services *services, struct lvs_dest *dest,
		     const struct lvs_stats *zero);
/* It has left the service of @p ident, or with it (NULL): what it had is not lost to the rates.
 * Both have meters. */
void lvs_meter_leave(struct lvs_services *services, struct lvs_service_ident *ident,
		     struct lvs_dest *dest);
/* The service is in force; some of its destinations may have connections. */
void lvs_meter_arrive(struct lvs_services *services, const struct lvs_service_private *service);
/* Rates begin anew: of a service, whose destinations had @p came since they were last estimated; of
 * the whole director. */
void lvs_meter_restart(struct lvs_services *services, struct lvs_service_ident *ident,
		       const struct lvs_stats *came);
void lvs_meters_restart(struct lvs_services *services);
/* Nobody can see @p ident any more. */
void lvs_meter_forget(struct lvs_services *services, struct lvs_service_ident *ident);
/* Whether lists and counts agree: NULL, or a static sentence. */
const char *lvs_meters_check(struct lvs_services *services);

#endif
