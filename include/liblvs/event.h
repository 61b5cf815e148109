/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * What happened in a director, written down for whoever wants to know: off
 * unless lvs_settings::events is set. Each worker writes into a ring of its own, and
 * what a control call does goes to the director's.
 */
#ifndef LIBLVS_EVENT_H
#define LIBLVS_EVENT_H

#include <liblvs/control.h>
#include <liblvs/director.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Every event: name, name in lower case, sentence. New ones are appended. */
#define LVS_EVENTS(X)                                                                              \
	X(LOST, lost, "so many events found no room here")                                         \
	X(MADE, made, "a connection was made")                                                     \
	X(GONE, gone, "a connection has ended")                                                    \
	X(DRAINED, drained, "the last connection of a drained or removed destination has ended")   \
	X(OVERLOAD_SET, overload_set, "a destination has reached its upper threshold")             \
	X(OVERLOAD_CLEARED, overload_cleared,                                                      \
	  "a destination has fallen below its lower threshold")                                    \
	X(TABLE_SET, table_set, "the table is nearly full")                                        \
	X(TABLE_CLEARED, table_cleared, "the table is no longer nearly full")                      \
	X(TEMPLATE_MADE, template_made, "a persistence template was made")                         \
	X(TEMPLATE_GONE, template_gone, "a persistence template has ended")

/** What happened. */
enum lvs_event_type {
#define LVS_EVENT_ENUM(name, lower, text) LVS_EVENT_##name, /**< text */
	LVS_EVENTS(LVS_EVENT_ENUM)
#undef LVS_EVENT_ENUM
		LVS_EVENT_N, /**< How many there are in this version. */
};

/** Every way for a connection to end: name, name in lower case, sentence. New ones are appended. */
#define LVS_GONES(X)                                                                               \
	X(NONE, none, "it has not ended")                                                          \
	X(EXPIRED, expired, "no packet came for its time")                                         \
	X(EVICTED, evicted, "it made room for another")                                            \
	X(KILLED, killed, "by lvs_director_kill_conns()")                                          \
	X(REUSED, reused, "a SYN opened another in its place")                                     \
	X(DEST_GONE, dest_gone, "its destination was removed (LVS_SET_EXPIRE_NODEST)")             \
	X(DROPPED, dropped, "by the defence drop_entry")

/** Why a connection ended. */
enum lvs_gone {
#define LVS_GONE_ENUM(name, lower, text) LVS_GONE_##name, /**< text */
	LVS_GONES(LVS_GONE_ENUM)
#undef LVS_GONE_ENUM
		LVS_GONE_N, /**< How many there are in this version. */
};

/** An event. What does not concern its type is zero; MADE and GONE are also said for those of
 * templates, whose client is a network, port 0, and whose addr may be a firewall mark. */
struct lvs_event {
	uint64_t now_ns; /**< The time that the worker was called with; of a control call, the
			      latest tick of any worker. */
	/** MADE, GONE: when it ends or would have ended unless a packet came, as
	 * lvs_conn_info::expires_ns. LOST: how many. TABLE_SET, TABLE_CLEARED: connections. */
	uint64_t value;
	uint32_t conn;                  /**< MADE, GONE: as lvs_packet::conn. */
	uint32_t order;                 /**< MADE, GONE: how many were made before it; wraps. */
	uint8_t type;                   /**< enum lvs_event_type. */
	uint8_t why;                    /**< GONE: enum lvs_gone. */
	uint8_t protocol;               /**< MADE, GONE: enum lvs_protocol. */
	uint8_t family;                 /**< MADE, GONE: enum lvs_family of client and addr. */
	lvs_be16 client_port;           /**< MADE, GONE: the client's port. */
	lvs_be16 port;                  /**< MADE, GONE: the port that the client sent to. */
	union lvs_addr client;          /**< MADE, GONE: who opened it. */
	union lvs_addr addr;            /**< MADE, GONE: the address that the client sent to. */
	struct lvs_service_key service; /**< The service; not of LOST and TABLE. */
	struct lvs_dest_key dest;       /**< The destination; not of LOST and TABLE. */
	uint8_t reserved[20];           /**< Zero. */
};

#ifdef __cplusplus
static_assert(sizeof(struct lvs_event) == 128, "lvs_event is frozen");
#else
_Static_assert(sizeof(struct lvs_event) == 128, "lvs_event is frozen");
#endif

/**
 * Takes a worker's oldest events. Where there was no room the newest were left
 * out, and an event LOST stands in their place.
 *
 * They come in the order of what happened. Those of one lvs_worker_handle_expiry() are
 * put in order: ends by deadline, then by age, then what follows from them for
 * destinations. So, expiry run to completion and nothing lost, the order does
 * not depend on shards.
 *
 * DRAINED is told when a last connection ends. Of a destination that has none
 * when it is drained or removed, and of thresholds that a transaction changes,
 * nothing is told: who did it can look. While workers still pick by the configuration
 * of before, a drained destination may get a connection and be drained again.
 *
 * @param out Array of @p n, the caller's.
 * @return How many were written. Worker call.
 */
LVS_API unsigned lvs_worker_events(struct lvs_worker *worker, struct lvs_event *out, unsigned n);

/**
 * Takes the oldest events of control calls (lvs_director_kill_conns()), as
 * lvs_worker_events() does.
 * @return How many were written; none inside a transaction of this thread. Control call.
 */
LVS_API unsigned lvs_director_events(struct lvs_director *director, struct lvs_event *out,
				     unsigned n);

/** The type's name in lower case, for instance "made". Any thread; never NULL. */
LVS_API const char *lvs_event_name(unsigned type);

/** The way to end's name in lower case, for instance "expired". Any thread; never NULL. */
LVS_API const char *lvs_gone_name(unsigned why);

#ifdef __cplusplus
}
#endif
#endif
