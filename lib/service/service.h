/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services and destinations: what workers see of them, and the ways to change it.
 *
 * Workers see immutable snapshots, reached from one root pointer that a commit
 * swaps (docs/adr/0006): a commit builds what it touches anew and shares the
 * rest. Destinations are objects of their own that outlive snapshots as long as
 * connections refer to them by number.
 */
#ifndef LVS_SERVICE_SERVICE_H
#define LVS_SERVICE_SERVICE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/control.h>
#include <liblvs/list.h>

#include "base/compiler.h"
#include "base/epoch.h"
#include "service/tree.h"

/* Destinations are told apart in a connection's record by number, from 1; 0 is no destination: each
 * packet goes to its own address. */
#define LVS_FORWARDERS 256

/* FTP: a service on its port also gets what may be its data connections. */
#define LVS_FTP_PORT 21
#define LVS_FTP_DATA_PORT 20

enum lvs_dest_flag {
	LVS_DEST_AVAILABLE = 0x1, /* configured; cleared for good or until it comes back */
	LVS_DEST_DRAINED = 0x2,   /* its weight is 0 */
};

struct lvs_dest_trash;
struct lvs_dest_watch;
struct lvs_meter;
struct lvs_service_meter;

/* Words 0 and 1 of a leaf in the tree by creation. */
struct lvs_created {
	uint32_t high;
	uint32_t low;
};

/* A service while it exists, over all its sets; its name as long as a destination has it. */
struct lvs_service_ident {
	union {
		struct lvs_leaf leaf; /* by creation; what it stands behind decides no order */
		struct {
			struct lvs_created created;
			struct lvs_service_key key; /* in its one form */
		};
	};
	_Atomic uint32_t queued; /* its rates are looked after: see struct lvs_service_meter */
	uint32_t holds;          /* destinations of it, and 1 until lvs_ident_del(); mutex held */
	/* NULL: nothing was counted. Made once; release, pairs with the acquire in
	 * lvs_ident_meter(). */
	_Atomic(struct lvs_service_meter *) meter;
};

_Static_assert(offsetof(struct lvs_service_ident, queued) == sizeof(struct lvs_leaf), "a leaf");

/*
 * A destination of a service. The first line is read by every packet and
 * written by control calls alone, the second is written by workers at each
 * connection's begin and end; what control calls alone need has the rest of it.
 */
struct lvs_dest {
	LVS_ALIGNED _Atomic uint32_t flags; /* enum lvs_dest_flag */
	uint32_t number;                    /* its place in the director */
	/* The way there. Never NULL, immutable, replaced by control calls, freed by epoch.
	 * release in set_path, pairs with the acquire in lvs_dest_path(). */
	_Atomic(const struct lvs_path_conf *) path;
	union lvs_addr addr;
	lvs_be16 port;
	uint16_t family;
	_Atomic uint32_t upper; /* connection thresholds, 0 none; lower is filled in (3/4) */
	_Atomic uint32_t lower;
	_Atomic uint32_t tunnel; /* its kind as in memory: lvs_binding's port, type, flags */
	/* Number of its forwarding method, for who comes by a template. release in commit, pairs
	 * with the acquire in lvs_dest_forwarder(): the method behind the number. */
	_Atomic uint32_t forwarder;

	LVS_ALIGNED struct lvs_gauge gauge; /* moved by lvs_dest_bind() and so on */
	_Atomic uint32_t persistent;        /* templates that refer to it */
	_Atomic uint32_t left; /* removed: tick at which one of these ended last, lvs_dest_left() */
	/* Who is to be told when the gauge has moved; NULL: nobody. Replaced by commits, freed with
	 * its set by epoch. seq_cst, for the order of the gauge and this: lvs_set_watch(). */
	_Atomic(const struct lvs_dest_watch *) watch;

	/* The service that it was made for; it names it, with the same key, as long as this lives.
	 * Fixed. NULL: the number is idle, or 0. */
	struct lvs_service_ident *service;
	/* NULL: nothing was counted yet. Made once, by whoever finds that something was; release,
	 * pairs with the acquire in lvs_meter_of(). */
	_Atomic(struct lvs_meter *) meter;

	/* The control mutex. */
	struct lvs_dest_trash *trash; /* NULL: it neither leaves nor has left */
	uint64_t kept;                /* the last commit that has it in a set */
	uint32_t path_next;           /* numbers of others of its path; 0: none */
	uint32_t path_prev;
};

_Static_assert(sizeof(struct lvs_dest) == 2 * (size_t)LVS_CACHE_LINE, "two lines");

/* What a worker sees of a service between two commits. Immutable. */
struct lvs_service_set {
	union {
		struct lvs_leaf leaf; /* what a lookup compares, so it comes first */
		struct {
			uint32_t hash;
			struct lvs_service_key key; /* in its one form */
			uint32_t zero;
		};
	};
	struct lvs_service_conf conf;   /* conf.sched is never NULL */
	struct lvs_sched_set sched_set; /* dest_n, dest[]: the newest first */
	void *sched_state;              /* of conf.sched; moved by picks, atomically */
	struct lvs_service_ident *ident;
	bool large; /* some of its connections have an IPv6 address: they need long records */
	bool built; /* the scheduler's build() ran, so fini() must */
	uint32_t state_size; /* of sched_state; both of the control side */
};

_Static_assert(offsetof(struct lvs_service_set, conf) == sizeof(struct lvs_leaf), "a leaf");

/* The destination with an index of sched_set.dest[]: the gauge there is its. */
LVS_INLINE struct lvs_dest *lvs_set_dest(const struct lvs_service_set *set, uint32_t i)
{
	return LVS_CONTAINER((uintptr_t)set->sched_set.dest[i].gauge, struct lvs_dest, gauge);
}

/* And the number of its forwarding method: they stand behind what the scheduler sees. */
LVS_INLINE unsigned lvs_set_forwarder(const struct lvs_service_set *set, uint32_t i)
{
	return ((const uint8_t *)(set->sched_set.dest + set->sched_set.dest_n))[i];
}

/* A destination's place in a set whose scheduler wants to know of loads that move. Immutable. */
struct lvs_dest_watch {
	const struct lvs_service_set *set;
	uint32_t index;
};

struct lvs_services_conf {
	const struct lvs_alloc *alloc;
	const struct lvs_log *log;
	struct lvs_epoch *epoch;
	uint64_t seed;
	uint8_t sched_key[16];
	uint32_t default_mtu;
	const struct lvs_settings *settings; /* both for schedulers */
	const struct lvs_clock *clock;
	/* Makes room for the counters of destinations numbered up to @p number, before they are
	 * published. 0 or LVS_ERR_NO_MEMORY. */
	int (*reserve)(void *user, uint32_t number);
	/* The traffic of a destination number since the director began. */
	void (*stats)(void *user, uint32_t number, struct lvs_stats *stats);
	/* The same of some numbers, at most 64, for a worker, which does not wait: false when
	 * somebody else is at the counters. */
	bool (*sample)(void *user, const uint32_t *number, uint32_t n, struct lvs_stats *stats);
	/* The latest tick (base/tick.h) of any worker: how long has a thing in the trash idled. */
	uint32_t (*tick)(void *user);
	void *user;
};

struct lvs_services;

/* 0 or LVS_ERR_NO_MEMORY. */
int lvs_services_new(const struct lvs_services_conf *conf, struct lvs_services **services);
/* Nobody reads any more. NULL is fine. */
void lvs_services_del(struct lvs_services *services);

/* The lock that serialises control calls; a transaction holds it from begin to commit or abort. */
/* 0, or LVS_ERR_BUSY when this thread holds it already: it is inside its own transaction. */
int lvs_services_lock(struct lvs_services *services);
void lvs_services_unlock(struct lvs_services *services);

/* --- Workers, inside an epoch --- */

/*
 * The service of a new connection, NULL: none. By mark; by address and port; the FTP service of
 * the address, where the port may be that of a data connection: 20, or one above the privileged
 * ones; the service of every port of the address.
 */
const struct lvs_service_set *lvs_services_match(const struct lvs_services *services,
						 const struct lvs_flow *flow, uint32_t mark);

/* Whether there is any service of a family. Without one the kernel does not see its packets. */
bool lvs_services_any(const struct lvs_services *services, unsigned family);

/* How many destinations were removed while LVS_SET_EXPIRE_NODEST was set. Any thread. */
uint64_t lvs_services_removals(const struct lvs_services *services);

/* Whether a service or a destination may have an address; never false where one has. */
bool lvs_services_know_service(const struct lvs_services *services, unsigned family,
			       const union lvs_addr *addr);
bool lvs_services_know_dest(const struct lvs_services *services, unsigned family,
			    const union lvs_addr *addr);

/* The destination of a number that a live connection holds. */
struct lvs_dest *lvs_services_dest(const struct lvs_services *services, uint32_t number);

/* The forwarding method of a number that a live connection holds. */
const struct lvs_forward_ops *lvs_services_forwarder(const struct lvs_services *services,
						     unsigned number);

/* Whether a packet comes from where a server's replies come that pass here (NAT). */
bool lvs_services_is_server(const struct lvs_services *services, const struct lvs_flow *flow);

/* The service and the destination whose packet of this flow may begin a connection, the newest
 * destination where there are several; NULL: none. */
const struct lvs_service_set *lvs_services_speaker(const struct lvs_services *services,
						   const struct lvs_flow *flow,
						   struct lvs_dest **dest);

/* Lets the schedulers do what goes by time. */
void lvs_services_expire(struct lvs_services *services, uint64_t now_ns);

/* When that is to be called next; UINT64_MAX: never. Outside an epoch too. */
uint64_t lvs_services_expiry(const struct lvs_services *services);

/* A destination of @p set has a connection more, or a packet that has none. */
void lvs_services_wake(struct lvs_services *services, const struct lvs_service_set *set,
		       uint64_t now_ns);

LVS_INLINE void lvs_services_stir(struct lvs_services *services, const struct lvs_service_set *set,
				  uint64_t now_ns)
{
	/* relaxed: who reads an old 1 has counted long before the visit that lets it go, which
	 * comes two seconds behind the one that writes the 0 */
	if (lvs_unlikely(!atomic_load_explicit(&set->ident->queued, memory_order_relaxed)))
		lvs_services_wake(services, set, now_ns);
}

/* Brings the rates up to now, of about @p budget destinations; 0 is no limit. One worker at a time.
 */
void lvs_services_estimate(struct lvs_services *services, uint64_t now_ns, unsigned budget);

/* When that is to be called next; UINT64_MAX: never. Outside an epoch too. */
uint64_t lvs_services_estimation(const struct lvs_services *services);

LVS_INLINE const struct lvs_path_conf *lvs_dest_path(const struct lvs_dest *dest)
{
	/* acquire: pairs with the release in lvs_services_set_path() */
	return atomic_load_explicit(&dest->path, memory_order_acquire);
}

LVS_INLINE unsigned lvs_dest_forwarder(const struct lvs_dest *dest)
{
	return atomic_load_explicit(&dest->forwarder, memory_order_acquire);
}

LVS_INLINE bool lvs_dest_available(const struct lvs_dest *dest)
{
	return atomic_load_explicit(&dest->flags, memory_order_relaxed) & LVS_DEST_AVAILABLE;
}

LVS_INLINE bool lvs_dest_drained(const struct lvs_dest *dest)
{
	return atomic_load_explicit(&dest->flags, memory_order_relaxed) & LVS_DEST_DRAINED;
}

/* Two readings of a gauge: in between, one step was ours. */
struct lvs_gauge_move {
	uint64_t before;
	uint64_t after;
};

/* The key of its service; zeroes where it has none. Fixed; any thread that may see @p dest. */
void lvs_dest_service_key(const struct lvs_dest *dest, struct lvs_service_key *key);

/* A connection begins or ends there; thresholds are kept (ipvs-behaviour: set when total reaches
 * upper, cleared when it falls below lower). */
struct lvs_gauge_move lvs_dest_bind(struct lvs_dest *dest, bool active);
struct lvs_gauge_move lvs_dest_unbind(struct lvs_dest *dest, bool active);
/* It was overloaded elsewhere and comes here with its connections: it is so still where they are
 * not fewer than its lower threshold. */
void lvs_dest_overload(struct lvs_dest *dest);
/* A template that binds clients to it begins or ends. */
void lvs_dest_stick(struct lvs_dest *dest, bool more);
/* A connection or template of a removed destination ends at a tick: how long it is remembered. */
void lvs_dest_left(struct lvs_dest *dest, uint32_t tick);
/* A connection turns active or inactive. */
void lvs_dest_activate(struct lvs_dest *dest, bool active);

/* --- Control calls --- */

int lvs_services_begin(struct lvs_services *services, struct lvs_txn **txn);
/* Counting begins anew: of a service and its destinations, or of all (NULL), the whole director's
 * rates included. 0, LVS_ERR_NO_SERVICE or LVS_ERR_FAMILY. The mutex is held. */
int lvs_services_zero(struct lvs_services *services, const struct lvs_service_key *key);
/* The whole director's rates. Any thread. */
void lvs_services_rates(const struct lvs_services *services, struct lvs_rates *rates);
/* @p path NULL: back to the default. Takes the mutex. */
int lvs_services_set_path(struct lvs_services *services, enum lvs_family family,
			  const union lvs_addr *addr, const struct lvs_path_conf *path);

/* --- Any thread; @p reader is the caller's, outside its epoch --- */

int lvs_services_next_service(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			      struct lvs_cursor *cursor, struct lvs_service_info *info);
int lvs_services_get_service(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			     const struct lvs_service_key *key, struct lvs_service_info *info);
int lvs_services_next_dest(const struct lvs_services *services, struct lvs_epoch_reader *reader,
			   const struct lvs_service_key *key, struct lvs_cursor *cursor,
			   struct lvs_dest_info *info);

/* The highest number of a destination that was ever given out. The mutex is held. */
uint32_t lvs_services_dest_numbers(const struct lvs_services *services);

/* Every gauge and reference against what @p count says a destination's connections are; NULL when
 * all is well, else a static sentence. For tests and lvs_director_check(). */
struct lvs_dest_count {
	uint32_t active;
	uint32_t total;
	uint32_t persistent;
};
const char *lvs_services_check(struct lvs_services *services, const struct lvs_dest_count *count,
			       uint32_t count_n);
/* The same, the mutex being held. */
const char *lvs_services_check_locked(struct lvs_services *services,
				      const struct lvs_dest_count *count, uint32_t count_n);

#endif
