/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * A filter of the embedder's: who may open a connection. It is asked behind the
 * match of a service and before a destination is picked; packets of known
 * connections never ask it.
 */
#ifndef LIBLVS_FILTER_H
#define LIBLVS_FILTER_H

#include <liblvs/control.h>
#include <liblvs/director.h>
#include <liblvs/packet.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a filter answers. */
enum lvs_filter_answer {
	LVS_FILTER_ACCEPT = 0, /**< Go on: schedule it. */
	LVS_FILTER_DROP = 1,   /**< Forget it: LVS_REASON_FILTERED. */
	LVS_FILTER_PASS = 2,   /**< Leave it to the host: LVS_REASON_FILTER_PASS. */
};

/** What a filter needs, lvs_filter_ops::flags. */
enum lvs_filter_need {
	LVS_FILTER_WHOLE = 0x1, /**< Datagrams in fragments are gathered before it is asked. */
};

/** Flags of a question. */
enum lvs_filter_flag {
	LVS_FILTER_PEEK = 0x1, /**< Answer as if, but move nothing. */
};

/** A packet that would open a connection, or go without one. Valid for the call only. */
struct lvs_filter_query {
	uint32_t size;                         /**< sizeof of this structure, the library's. */
	uint32_t flags;                        /**< enum lvs_filter_flag. */
	const struct lvs_service_key *service; /**< The service that matched. */
	const struct lvs_flow *flow;           /**< Its addresses and ports: src is the client. */
	/** All that came with it: of a fragmented datagram the first fragment, or with
	 * LVS_FILTER_WHOLE the datagram, as one packet in memory of the library. */
	const struct lvs_packet *packet;
	uint64_t now_ns; /**< The time that the worker was called with. */
};

/** A filter. */
struct lvs_filter_ops {
	uint32_t size;    /**< sizeof of this structure. */
	uint32_t flags;   /**< enum lvs_filter_need. */
	const char *name; /**< For logs and explanations; must outlive the director. */

	/**
	 * Answers with enum lvs_filter_answer; anything else is LVS_FILTER_DROP. Runs on
	 * workers, side by side: what it moves in @p user it moves by atomics or
	 * under a lock of its own. It makes no call to the director. Each packet that could
	 * open a connection asks, a retransmitted SYN too; where two workers make one
	 * connection at the same time, a packet may ask twice. So does each packet that may go
	 * without an entry (LVS_FULL_UNTRACKED, LVS_FULL_EVICT).
	 */
	int (*accept)(void *user, const struct lvs_filter_query *query);

	/**
	 * Nobody asks the filter any more: @p user may go. Called once, from a later
	 * control call or from lvs_director_del(). It makes no call to the director.
	 * NULL means that nobody wants to know.
	 */
	void (*fini)(void *user);
};

/**
 * Sets the director's filter, or replaces it; workers see the new one from
 * their next call on, at the latest. Without one everything is accepted.
 *
 * @param ops Copied but for its name; NULL sets none.
 * @param user Handed to the functions; owned by the embedder, until fini() is called.
 * @return 0, LVS_ERR_INVALID for ops without accept(), LVS_ERR_NO_MEMORY, or LVS_ERR_BUSY
 *         inside a transaction of this thread: then the old filter stays, and @p user is
 *         not taken. Control call.
 */
LVS_API int lvs_director_set_filter(struct lvs_director *director, const struct lvs_filter_ops *ops,
				    void *user);

#ifdef __cplusplus
}
#endif
#endif
