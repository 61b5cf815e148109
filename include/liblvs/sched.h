/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Schedulers: how a destination is picked for a new connection, and how to
 * bring a scheduler of one's own.
 */
#ifndef LIBLVS_SCHED_H
#define LIBLVS_SCHED_H

#include <stdbool.h>

#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The load of one destination; read it with lvs_gauge_load(). */
struct lvs_gauge {
	uint64_t word; /**< Total in bits 0..30, overload in bit 31, active in bits 32..62. */
};

/** One consistent reading of a gauge. Any thread. */
static inline uint64_t lvs_gauge_load(const struct lvs_gauge *gauge)
{
	return __atomic_load_n(&gauge->word, __ATOMIC_RELAXED);
}

/** All connections in a reading, active and inactive. */
static inline uint32_t lvs_gauge_total(uint64_t reading)
{
	return (uint32_t)reading & 0x7fffffff;
}

/**
 * Active connections in a reading. For nanoseconds it may lag behind the total, when a
 * connection ends while another worker still turns it active; more than all is none.
 */
static inline uint32_t lvs_gauge_active(uint64_t reading)
{
	uint32_t active = (uint32_t)(reading >> 32) & 0x7fffffff;

	return active <= lvs_gauge_total(reading) ? active : 0;
}

/** Whether the upper threshold was reached and the lower not yet undercut. */
static inline int lvs_gauge_overloaded(uint64_t reading)
{
	return (int)(reading >> 31) & 1;
}

/** The time, coarsely; read it with lvs_clock_ns(). */
struct lvs_clock {
	uint64_t ticks; /**< Of 2^27 ns, 134 ms. */
};

/** The latest time that any worker was called with, rounded down to a tick. Any thread. */
static inline uint64_t lvs_clock_ns(const struct lvs_clock *clock)
{
	return __atomic_load_n(&clock->ticks, __ATOMIC_RELAXED) << 27;
}

/** A destination as a scheduler sees it. Immutable but for what the gauge points to. */
struct lvs_sched_dest {
	const struct lvs_gauge *gauge; /**< Its load; moves while a pick runs. */
	uint64_t created;              /**< Order of addition: a larger number is newer. */
	int32_t weight;                /**< 0 takes no new connections. */
	int32_t last_weight;  /**< The last weight that was not 0, or 0 if there was none. */
	union lvs_addr addr;  /**< Its address. */
	lvs_be16 port;        /**< Its port, 0 keeps the packet's. */
	uint16_t family;      /**< enum lvs_family of addr. */
	uint32_t number;      /**< Identity while it lives: the same in old and new sets. */
	uint32_t edits;       /**< How often it was edited since it was added; wraps. */
	uint8_t reserved[12]; /**< Zero; an element of an array cannot grow. */
};

/** Flags of a service that its scheduler reads; the kernel's bits. */
enum lvs_sched_flag {
	LVS_SCHED_FLAG1 = 0x08, /**< sh-fallback, mh-fallback. */
	LVS_SCHED_FLAG2 = 0x10, /**< sh-port, mh-port. */
	LVS_SCHED_FLAG3 = 0x20, /**< flag-3, unused by the schedulers of the library. */
};

struct lvs_settings;

/** The destinations of one service between two commits. Immutable. */
struct lvs_sched_set {
	uint32_t size;                       /**< sizeof of this structure. */
	uint32_t flags;                      /**< enum lvs_sched_flag. */
	uint32_t dest_n;                     /**< Destinations in dest[]. */
	uint32_t family;                     /**< enum lvs_family of the service. */
	const struct lvs_sched_dest *dest;   /**< The newest first, as the kernel keeps them. */
	uint64_t seed;                       /**< For random choices; the service's own. */
	const uint8_t *sched_key;            /**< 16 bytes, shared by a cluster. */
	const struct lvs_settings *settings; /**< The director's, every default filled in. */
	const struct lvs_clock *clock;       /**< The director's; moves while a pick runs. */
};

/** What pick() answers when no destination will do. */
#define LVS_SCHED_NONE UINT32_MAX

/** Flags of a pick. */
enum lvs_pick_flag {
	LVS_PICK_PEEK = 0x1, /**< Answer as if, but move nothing. */
	/**
	 * For an ICMP error about a reply of the flow (LVS_SET_SCHEDULE_ICMP). What goes by the
	 * wanted address takes that which the reply was for, the client's, as the kernel does.
	 */
	LVS_PICK_ERROR = 0x2,
};

/** Properties of a scheduler. */
enum lvs_sched_ops_flag {
	/** The same flow and set give the same pick, whatever came before. */
	LVS_SCHED_HASH = 0x1,
};

/**
 * A scheduler. All functions but pick() run on the control side, serialised.
 * The core allocates the state and frees it when no worker can see it. The
 * object itself must outlive the director.
 */
struct lvs_sched_ops {
	uint32_t size;    /**< sizeof of this structure. */
	uint32_t flags;   /**< enum lvs_sched_ops_flag. */
	const char *name; /**< As in configuration, at most 15 characters. */

	/** Bytes of state for a set; 0 for none. NULL means none. */
	size_t (*state_size)(const struct lvs_sched_set *set);

	/**
	 * Prepares @p state (zeroed, aligned to a cache line) for @p set. @p old_set
	 * is what the service had before (NULL: it is new), @p old the state then if
	 * it had this scheduler (else NULL), so that cursors live on; workers may
	 * still move them. Returns 0 or a negative enum lvs_err. NULL means nothing to prepare.
	 */
	int (*build)(void *state, const struct lvs_sched_set *set, const void *old,
		     const struct lvs_sched_set *old_set);

	/**
	 * Picks an index into set->dest, or LVS_SCHED_NONE; the set may be empty. The
	 * core does not look again: pick() itself skips destinations of weight 0 and those
	 * that lvs_gauge_overloaded(). Runs on workers, side by side, with a lock held: it
	 * must be quick, allocate nothing, not wait, and not call the library; state it
	 * moves is moved by atomics. @p flow: src is the client.
	 * @p flags: enum lvs_pick_flag.
	 */
	uint32_t (*pick)(const struct lvs_sched_set *set, void *state, const struct lvs_flow *flow,
			 unsigned flags);

	/** Lets go of what build() took besides @p state. NULL means nothing. */
	void (*fini)(void *state, const struct lvs_sched_set *set);

	/**
	 * Does what is due by @p now_ns and says when there is something to do next, in
	 * nanoseconds; UINT64_MAX: never. It is called soon after a commit, then at that time, by
	 * lvs_worker_handle_expiry(), beside picks and perhaps beside itself; what holds for
	 * pick() holds for it. The director asks so of all workers together, not of each. NULL
	 * means nothing goes by time.
	 */
	uint64_t (*expiry)(const struct lvs_sched_set *set, void *state, uint64_t now_ns);

	/**
	 * Whether @p state remembers a destination that was removed from the service (@p dest:
	 * its address, port and family count): so long its counters wait for its return, as while
	 * it has connections. Asked by control calls, beside picks. NULL means none.
	 */
	bool (*remembers)(const struct lvs_sched_set *set, void *state,
			  const struct lvs_sched_dest *dest);

	/**
	 * The load of set->dest[@p index] has moved, or its overload: for schedulers that keep an
	 * order of many. Called by who moved it, beside picks and beside itself, where the set has
	 * a state; it reads the gauge itself, and what holds for pick() holds for it. Whoever
	 * comes last has seen every move. When a set comes into force it is called once for each
	 * destination, so that what moved since build() is not missed. NULL means not to be told.
	 */
	void (*moved)(const struct lvs_sched_set *set, void *state, uint32_t index);

	/**
	 * Whether @p state is what the gauges say, for lvs_director_check(): NULL, or a static
	 * sentence that says what is wrong. Between two calls of every worker. NULL means nothing
	 * to look at.
	 */
	const char *(*check)(const struct lvs_sched_set *set, void *state);
};

/**
 * A scheduler of the library by name ("rr", "wrr", "lc", "wlc", "sed", "nq", "fo",
 * "ovf", "lblc", "lblcr", "dh", "sh", "mh", "twos"). Any thread; static, or NULL where there is
 * none of that name.
 */
LVS_API const struct lvs_sched_ops *lvs_sched_find(const char *name);

/** The @p i-th scheduler of the library, NULL behind the last. Any thread. */
LVS_API const struct lvs_sched_ops *lvs_sched_at(unsigned i);

#ifdef __cplusplus
}
#endif
#endif
