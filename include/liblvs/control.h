/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Services and destinations, changed by transactions that are all or nothing.
 *
 * Control calls: any thread, beside running workers, which never wait for them.
 * A transaction holds the director's control lock from begin to commit; control
 * calls of other threads wait for it. To the thread that began it the other
 * control calls of the same director answer LVS_ERR_BUSY until then.
 */
#ifndef LIBLVS_CONTROL_H
#define LIBLVS_CONTROL_H

#include <liblvs/director.h>
#include <liblvs/pe.h>
#include <liblvs/sched.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lvs_txn;

/**
 * What a service is known by: family, protocol, address and port, or family and
 * firewall mark. With a mark the other fields are ignored.
 */
struct lvs_service_key {
	union lvs_addr addr; /**< The virtual address. */
	uint32_t fwmark;     /**< Firewall mark, 0 for none. */
	lvs_be16 port;       /**< Port; 0 is every port that no other service has, which is of use
				  with LVS_SERVICE_PERSISTENT alone. */
	uint8_t family;      /**< enum lvs_family. */
	uint8_t protocol;    /**< LVS_TCP, LVS_UDP or LVS_SCTP. */
};

/** Flags of a service: those of enum lvs_sched_flag, and these; the kernel's bits. */
enum lvs_service_flag {
	LVS_SERVICE_PERSISTENT = 0x1, /**< Clients stick to their destination. */
	/** Each UDP packet is scheduled by itself, counted as a connection, and has no entry in the
	 * table; so replies by NAT are not translated. Packets of other protocols do not care. */
	LVS_SERVICE_ONE_PACKET = 0x4,
	LVS_SERVICE_MSS_CLAMP = 0x100, /**< SYN and SYN/ACK: MSS lowered to what the path takes. */
};

/** How a service behaves. */
struct lvs_service_conf {
	uint32_t size;                     /**< sizeof of this structure. */
	uint32_t flags;                    /**< enum lvs_service_flag | enum lvs_sched_flag. */
	const struct lvs_sched_ops *sched; /**< Must outlive the director. NULL: wlc. */
	uint32_t timeout_s; /**< Persistence: so long after its last new connection a client goes
				 to the same destination, in seconds. Templates that are there
				 keep the time they were made with. */
	uint32_t netmask;   /**< Persistence: which clients stick together; an IPv4 mask of any
				 bits (network order), 0 being all clients, or an IPv6 prefix
				 length, 1 to 128. */
	const struct lvs_pe_ops
		*pe; /**< Persistence: what clients stick by besides their network
			  (liblvs/pe.h). Must outlive the director. NULL: nothing. */
};

/** What a destination of a service is known by. */
struct lvs_dest_key {
	union lvs_addr addr; /**< Its address. */
	lvs_be16 port;       /**< Its port; 0 keeps the packet's. */
	uint8_t family;      /**< enum lvs_family. */
	uint8_t reserved;    /**< Zero. */
};

/** How a destination behaves. */
struct lvs_dest_conf {
	uint32_t size;   /**< sizeof of this structure. */
	uint32_t method; /**< enum lvs_method; LVS_METHOD_CUSTOM with forward. */
	const struct lvs_forward_ops *forward; /**< Own method; must outlive the director. */
	int32_t weight;                        /**< 0 takes no new connections; never negative. */
	uint32_t upper;    /**< Overloaded when it has this many connections; 0 never. */
	uint32_t lower;    /**< No longer so below this many; 0 is three quarters of upper. */
	uint8_t tun_type;  /**< LVS_METHOD_TUNNEL: enum lvs_tunnel. An edit of this and the
				next two holds for connections that there are. */
	uint8_t tun_flags; /**< The same: enum lvs_tunnel_flag; other bits say nothing. */
	lvs_be16 tun_port; /**< LVS_TUNNEL_GUE: the UDP port of the tunnel's end, not 0. */
	uint32_t reserved; /**< Zero. */
};

/**
 * Starts a transaction.
 * @return 0, LVS_ERR_NO_MEMORY, or LVS_ERR_BUSY when this thread has one of this director open.
 */
LVS_API int lvs_txn_begin(struct lvs_director *director, struct lvs_txn **txn);

/**
 * Adds a service. A call that fails leaves the transaction as it was.
 * @return 0, LVS_ERR_EXISTS, LVS_ERR_FAMILY, LVS_ERR_INVALID, LVS_ERR_UNSUPPORTED (protocol,
 *         a flag) or LVS_ERR_NO_MEMORY.
 */
LVS_API int lvs_txn_add_service(struct lvs_txn *txn, const struct lvs_service_key *key,
				const struct lvs_service_conf *conf);

/** Changes a service, all of @p conf. @return As lvs_txn_add_service(), or LVS_ERR_NO_SERVICE. */
LVS_API int lvs_txn_edit_service(struct lvs_txn *txn, const struct lvs_service_key *key,
				 const struct lvs_service_conf *conf);

/** Adds a service, or changes it where it exists. @return As lvs_txn_add_service(). */
LVS_API int lvs_txn_set_service(struct lvs_txn *txn, const struct lvs_service_key *key,
				const struct lvs_service_conf *conf);

/**
 * Removes a service with its destinations.
 * @return 0, LVS_ERR_NO_SERVICE, LVS_ERR_FAMILY, LVS_ERR_INVALID or LVS_ERR_NO_MEMORY.
 */
LVS_API int lvs_txn_del_service(struct lvs_txn *txn, const struct lvs_service_key *key);

/** Removes every service. @return 0 or LVS_ERR_NO_MEMORY. */
LVS_API int lvs_txn_flush(struct lvs_txn *txn);

/**
 * Adds a destination. One that was removed and still has connections comes
 * back with them and with its counters.
 * @return 0, LVS_ERR_NO_SERVICE, LVS_ERR_EXISTS, LVS_ERR_FAMILY, LVS_ERR_RANGE (weight below 0,
 *         lower above upper), LVS_ERR_INVALID, LVS_ERR_UNSUPPORTED, LVS_ERR_FULL (a director
 *         has had 248 forwarding methods of the embedder's) or LVS_ERR_NO_MEMORY.
 */
LVS_API int lvs_txn_add_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
			     const struct lvs_dest_key *key, const struct lvs_dest_conf *conf);

/** Changes a destination, all of @p conf. @return As lvs_txn_add_dest(), or LVS_ERR_NO_ENTRY. */
LVS_API int lvs_txn_edit_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
			      const struct lvs_dest_key *key, const struct lvs_dest_conf *conf);

/** Adds a destination, or changes it where it exists. @return As lvs_txn_add_dest(). */
LVS_API int lvs_txn_set_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
			     const struct lvs_dest_key *key, const struct lvs_dest_conf *conf);

/**
 * Removes a destination: it gets no more packets. Drain it first (weight 0) to
 * let its connections finish.
 * @return 0, LVS_ERR_NO_SERVICE, LVS_ERR_NO_ENTRY, LVS_ERR_FAMILY, LVS_ERR_INVALID or
 *         LVS_ERR_NO_MEMORY.
 */
LVS_API int lvs_txn_del_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
			     const struct lvs_dest_key *key);

/**
 * Makes all changes at once and ends the transaction, also when it fails; @p txn is gone then,
 * and why it failed goes to the log. To be called by the thread that began it.
 * @return 0, or LVS_ERR_NO_MEMORY, LVS_ERR_RANGE (more than 1,048,575 destinations, those
 *         that were removed and still have connections included) or what a scheduler's build()
 *         gave: then nothing has changed.
 */
LVS_API int lvs_txn_commit(struct lvs_txn *txn);

/** Ends a transaction without a change; by the thread that began it. NULL is fine. */
LVS_API void lvs_txn_abort(struct lvs_txn *txn);

/**
 * A sentence about the last call of @p txn that failed: what, where, what was
 * expected. Owned by the transaction, so not after commit; "" when none failed.
 */
LVS_API const char *lvs_txn_error(const struct lvs_txn *txn);

#ifdef __cplusplus
}
#endif
#endif
