/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Helpers: what looks into the payload of connections whose protocol speaks of addresses and ports
 * of other connections, as FTP's does, and how to bring one of one's own (docs/helpers.md).
 */
#ifndef LIBLVS_HELPER_H
#define LIBLVS_HELPER_H

#include <liblvs/director.h>
#include <liblvs/forward.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of a segment that a helper sees. */
enum lvs_helper_segment_flag {
	LVS_HELPER_REPLY = 0x1, /**< Server to client; else client to server. */
};

/** The payload of one TCP segment. Valid for the call only. */
struct lvs_helper_segment {
	uint32_t size;                     /**< sizeof of this structure, the library's. */
	uint32_t flags;                    /**< enum lvs_helper_segment_flag. */
	const struct lvs_binding *binding; /**< The connection's ends; its path is NULL. */
	const uint8_t *data;               /**< As its sender sent it. */
	uint32_t len;                      /**< Bytes at data, never 0. */
};

/** Flags of an answer. */
enum lvs_helper_answer_flag {
	LVS_HELPER_EXPECT = 0x1,  /**< Make the connection in lvs_helper_answer::expect. */
	LVS_HELPER_REWRITE = 0x2, /**< Put lvs_helper_answer::text in place of some bytes. */
};

/** Most bytes that a rewrite puts in. */
#define LVS_HELPER_TEXT 40

/**
 * A connection that will be opened soon, between a client and the server of the helped connection.
 * Its service's address is that of the helped connection, its way to forward NAT.
 */
struct lvs_helper_expect {
	union lvs_addr client; /**< The client's address. */
	union lvs_addr dest;   /**< The server's address. */
	lvs_be16 client_port;  /**< The client's port; 0: that of the first packet. */
	lvs_be16 service_port; /**< The port at the service's address. */
	lvs_be16 dest_port;    /**< The server's port. */
	uint16_t reserved;     /**< Zero. */
};

/** What a helper wants. Zeroed but for its size before each call. */
struct lvs_helper_answer {
	uint32_t size;                   /**< sizeof of this structure, the library's. */
	uint32_t flags;                  /**< enum lvs_helper_answer_flag. */
	struct lvs_helper_expect expect; /**< With LVS_HELPER_EXPECT. */
	uint32_t cut_at;   /**< With LVS_HELPER_REWRITE: where, from lvs_helper_segment::data. */
	uint32_t cut_len;  /**< The same: so many bytes go, at least one. */
	uint32_t text_len; /**< The same: so many bytes of text come. */
	uint8_t text[LVS_HELPER_TEXT]; /**< The same: not 0-terminated. */
};

/**
 * A helper. It is asked about each segment with data of an established connection, in both
 * directions; a super-packet is shown segment by segment. Its functions run on workers, for one
 * connection one at a time, with a lock held: they are quick, allocate nothing, do not wait, and do
 * not call the library. The object itself must outlive the director.
 */
struct lvs_helper_ops {
	uint32_t size;       /**< sizeof of this structure. */
	uint32_t flags;      /**< Zero. */
	const char *name;    /**< For configuration and logs, at most 15 characters. */
	uint32_t state_size; /**< Bytes of state a connection, at most LVS_HELPER_STATE. */
	uint32_t reserved;   /**< Zero. */

	/**
	 * Looks at a segment. Retransmitted data may be shown again, but what was rewritten: that
	 * the library rewrites again by itself. A rewrite of bytes that have passed is not done.
	 *
	 * @param state The connection's, zeroed at first, aligned to 8 bytes; for an explanation
	 *        it is a copy.
	 * @return Whether the segment goes on; false drops it (LVS_REASON_HELPER_REFUSED).
	 */
	int (*segment)(void *state, const struct lvs_helper_segment *segment,
		       struct lvs_helper_answer *answer);

	/**
	 * Whether a segment of a direction is to come that may be rewritten (@p flags as
	 * lvs_helper_segment::flags). Meanwhile segments behind a gap are dropped, for their
	 * sequence numbers cannot be known; their sender sends them again. NULL: never.
	 */
	int (*awaits)(const void *state, unsigned flags);
};

/** Most bytes of state a connection that a helper may have. */
#define LVS_HELPER_STATE 64

/** Ports that one helper may be bound to. */
#define LVS_HELPER_PORTS 8

/** A helper of the library by name: "ftp". Any thread; static, or NULL. */
LVS_API const struct lvs_helper_ops *lvs_helper_find(const char *name);

/**
 * Binds a helper to a port: new connections by NAT (LVS_METHOD_NAT) whose client sends to that
 * port, of whatever service, are helped for all their life. None is bound at first.
 *
 * @param ops Must outlive the director.
 * @param protocol LVS_TCP.
 * @param port Network order, not 0.
 * @return 0, LVS_ERR_INVALID for ops without size, name or segment(), or port 0, LVS_ERR_RANGE for
 *         too large a state, LVS_ERR_UNSUPPORTED for another protocol, LVS_ERR_EXISTS where a
 *         helper has the port, LVS_ERR_FULL beyond LVS_HELPER_PORTS of this one,
 *         LVS_ERR_NO_MEMORY, or LVS_ERR_BUSY inside a transaction of this thread. Control call.
 */
LVS_API int lvs_director_bind_helper(struct lvs_director *director,
				     const struct lvs_helper_ops *ops, uint8_t protocol,
				     lvs_be16 port);

/**
 * Takes a port from its helper; connections that are helped stay so.
 * @return 0, LVS_ERR_NO_ENTRY, LVS_ERR_NO_MEMORY, or LVS_ERR_BUSY inside a transaction of this
 *         thread. Control call.
 */
LVS_API int lvs_director_unbind_helper(struct lvs_director *director, uint8_t protocol,
				       lvs_be16 port);

#ifdef __cplusplus
}
#endif
#endif
