/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Looking in: services, destinations, connections, counters.
 *
 * Any thread, beside running workers and transactions; nobody waits for anybody.
 * What is there throughout a listing is listed exactly once.
 */
#ifndef LIBLVS_LIST_H
#define LIBLVS_LIST_H

#include <liblvs/control.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Traffic since it was made, or since lvs_director_zero(). Bytes are those of IP packets. */
struct lvs_stats {
	uint64_t conns;       /**< Connections scheduled. */
	uint64_t in_pkts;     /**< Packets, client to server. */
	uint64_t out_pkts;    /**< Packets, server to client, as far as they pass here. */
	uint64_t in_bytes;    /**< Bytes, client to server. */
	uint64_t out_bytes;   /**< Bytes, server to client, as far as they pass here. */
	uint64_t reserved[3]; /**< Zero; it stands inside other structures and cannot grow. */
};

/**
 * Traffic a second, by the estimator of the kernel's IPVS: every two seconds the average goes a
 * quarter of the way to what these two brought. 0 while LVS_SET_NO_ESTIMATION is on from the start;
 * where it is switched on later they stay as they are.
 */
struct lvs_rates {
	uint64_t conns;       /**< Connections scheduled. */
	uint64_t in_pkts;     /**< Packets, client to server. */
	uint64_t out_pkts;    /**< Packets, server to client, as far as they pass here. */
	uint64_t in_bytes;    /**< Bytes, client to server. */
	uint64_t out_bytes;   /**< Bytes, server to client, as far as they pass here. */
	uint64_t reserved[3]; /**< Zero; it stands inside other structures and cannot grow. */
};

/** Where a listing stands. Zeroed: at the start. */
struct lvs_cursor {
	uint64_t position[4]; /**< The library's own. */
};

/** A service in a listing. */
struct lvs_service_info {
	uint32_t size;                /**< sizeof of this structure: an input. */
	uint32_t dest_n;              /**< How many destinations it has. */
	struct lvs_service_key key;   /**< What it is known by. */
	struct lvs_stats stats;       /**< Its traffic. */
	struct lvs_rates rates;       /**< The same a second. */
	struct lvs_service_conf conf; /**< How it behaves. Last, since it grows. */
};

/** A destination in a listing. */
struct lvs_dest_info {
	uint32_t size;             /**< sizeof of this structure: an input. */
	uint32_t active;           /**< Active connections. */
	uint32_t inactive;         /**< The others. */
	uint32_t persistent;       /**< Persistence templates. */
	uint32_t overloaded;       /**< Whether its upper threshold stops new connections. */
	uint32_t reserved;         /**< Zero. */
	struct lvs_dest_key key;   /**< What it is known by. */
	struct lvs_stats stats;    /**< Its traffic. */
	struct lvs_rates rates;    /**< The same a second. */
	struct lvs_dest_conf conf; /**< How it behaves. Last, since it grows. */
};

/** What a listed connection is besides. */
enum lvs_conn_info_flag {
	LVS_CONN_INFO_TEMPLATE = 0x1, /**< A persistence template: client is a network, client_port
					   0; service is the mark (network order) and protocol 0
					   where it is by mark; service_port 0 is every port. */
	LVS_CONN_INFO_INVALID = 0x2,  /**< A template that is not used any more: its ports are
					   65535, as the kernel shows them. */
	LVS_CONN_INFO_NO_PORT = 0x4,  /**< It waits for its first packet; client_port is 0. */
};

/** A connection in a listing. */
struct lvs_conn_info {
	uint32_t size;          /**< sizeof of this structure: an input. */
	uint32_t number;        /**< As lvs_packet::conn. */
	union lvs_addr client;  /**< Who opened it. */
	union lvs_addr service; /**< The address the client sent to. */
	union lvs_addr dest;    /**< The real server; LVS_METHOD_BYPASS: zero, and its port. */
	lvs_be16 client_port;   /**< Client's port. */
	lvs_be16 service_port;  /**< Port the client sent to. */
	lvs_be16 dest_port;     /**< Real server's port. */
	uint8_t family;         /**< enum lvs_family of client and service. */
	uint8_t dest_family;    /**< enum lvs_family of dest. */
	uint8_t protocol;       /**< enum lvs_protocol. */
	uint8_t active;         /**< Whether it counts as active. */
	uint8_t method;         /**< enum lvs_method. */
	uint8_t reserved[3];    /**< Zero. */
	const char *state;      /**< As ipvsadm prints it, for instance "ESTABLISHED"; static. */
	uint64_t expires_ns;    /**< When it ends unless a packet comes, on the workers' clock. */
	uint32_t flags;         /**< enum lvs_conn_info_flag. */
	uint32_t fwmark;        /**< The mark that its service is known by; 0: by address, or
				     LVS_METHOD_BYPASS, which belongs to none. */
	uint32_t controller;    /**< Number of the template or connection that it was made under
				     and that lives as long as it does; 0: none. It is not listed
				     where it was killed. */
	uint32_t control_n;     /**< How many were made under this one and are there. */
	const char *pe;         /**< A template: the name of its persistence engine, the engine's
				     own text; NULL: it has none. */
	char pe_data[LVS_PE_DATA + 1]; /**< What its clients stick by besides their network, as
					    the engine shows it; "" where there is nothing. */
};

/** Leaves out one kind or the other. */
enum lvs_conn_filter_flag {
	LVS_CONN_FILTER_NO_TEMPLATES = 0x1, /**< Connections alone. */
	LVS_CONN_FILTER_TEMPLATES = 0x2,    /**< Templates alone. */
};

/** Which connections are meant, templates among them. Zeroed: all. */
struct lvs_conn_filter {
	uint32_t size;                         /**< sizeof of this structure. */
	uint32_t flags;                        /**< enum lvs_conn_filter_flag. */
	const struct lvs_service_key *service; /**< Only those of this service: that it scheduled,
					       or whose helper expected them. */
	const struct lvs_dest_key *dest; /**< Only those of this real server; port 0 is any. */
	const union lvs_addr *client;    /**< Only those of this client; templates: of this
					      network, as they are listed. */
	uint8_t client_family;           /**< enum lvs_family of client. */
	uint8_t reserved2[7];            /**< Zero. */
};

/**
 * The next service, in order of its creation.
 * @return 1 with @p info filled, 0 behind the last, LVS_ERR_FULL when too many
 *         threads read at once, or LVS_ERR_INVALID.
 */
LVS_API int lvs_director_next_service(const struct lvs_director *director,
				      struct lvs_cursor *cursor, struct lvs_service_info *info);

/**
 * One service by what it is known by.
 * @return 0 with @p info filled, LVS_ERR_NO_SERVICE, LVS_ERR_FULL when too many threads read at
 *         once, or LVS_ERR_INVALID.
 */
LVS_API int lvs_director_get_service(const struct lvs_director *director,
				     const struct lvs_service_key *key,
				     struct lvs_service_info *info);

/**
 * The next destination of a service, the newest first.
 * @return 1 with @p info filled, 0 behind the last, LVS_ERR_NO_SERVICE, LVS_ERR_FULL when
 *         too many threads read at once, or LVS_ERR_INVALID.
 */
LVS_API int lvs_director_next_dest(const struct lvs_director *director,
				   const struct lvs_service_key *service, struct lvs_cursor *cursor,
				   struct lvs_dest_info *info);

/**
 * The next connection that @p filter (NULL: any) lets through, in no order.
 * @return 1 with @p info filled, 0 behind the last, LVS_ERR_FULL when too many
 *         threads read at once, or LVS_ERR_INVALID.
 */
LVS_API int lvs_director_next_conn(const struct lvs_director *director,
				   const struct lvs_conn_filter *filter, struct lvs_cursor *cursor,
				   struct lvs_conn_info *info);

/**
 * Ends connections. Later packets of theirs are new or unknown.
 * @param filter NULL: all.
 * @return How many ended, LVS_ERR_INVALID, or LVS_ERR_BUSY inside a transaction of this
 *         thread. Control call.
 */
LVS_API int64_t lvs_director_kill_conns(struct lvs_director *director,
					const struct lvs_conn_filter *filter);

/** Connections and templates in the table now. Any thread. */
LVS_API uint32_t lvs_director_conn_n(const struct lvs_director *director);

/**
 * How many packets got each reason, over all workers that ever were.
 * @param counts Array of @p n, indexed by enum lvs_reason; those beyond the
 *        library's own are set to 0. Any thread.
 */
LVS_API void lvs_director_reasons(const struct lvs_director *director, uint64_t *counts,
				  unsigned n);

/** All traffic of a director. */
struct lvs_totals {
	uint32_t size;          /**< sizeof of this structure: an input. */
	uint32_t reserved;      /**< Zero. */
	struct lvs_stats stats; /**< Of all services that ever were, since the last zero. */
	struct lvs_rates rates; /**< The same a second: of each service in its turn, within 2 s. */
};

/**
 * Reads the traffic of all services together (the kernel's /proc/net/ip_vs_stats). Takes some
 * milliseconds where there are 100,000 destinations.
 * @return 0 or LVS_ERR_INVALID. Any thread.
 */
LVS_API int lvs_director_totals(const struct lvs_director *director, struct lvs_totals *totals);

/**
 * Counts from 0 again (ipvsadm -Z): what there is becomes the base that listings subtract, and
 * rates begin at 0. Gauges (connections) stay. Beside running workers: what they count meanwhile
 * lies before or behind it, and nothing is lost or counted twice.
 *
 * A destination that was removed and comes back has what it had: only those that a service has
 * now are taken.
 *
 * @param service Only this one, with its destinations; NULL: all, and the director's totals.
 * @return 0, LVS_ERR_NO_SERVICE, LVS_ERR_FAMILY, LVS_ERR_NO_MEMORY (nothing has changed; what has
 *         been estimated once needs none), or LVS_ERR_BUSY inside a transaction of this thread.
 *         Control call.
 */
LVS_API int lvs_director_zero(struct lvs_director *director, const struct lvs_service_key *service);

/** What the table did, for measuring and for watching. */
struct lvs_table_stats {
	uint32_t size;    /**< sizeof of this structure: an input. */
	uint32_t conns;   /**< Connections now. */
	uint64_t bytes;   /**< Memory of table, records and timers. */
	uint64_t evicted; /**< Entries that made room for new ones. */
	uint64_t refused; /**< New connections refused for lack of room. */
	uint64_t expired; /**< Entries whose time had come. */
	uint64_t grown;   /**< Times that a shard doubled its index. */
	uint64_t dropped; /**< Entries ended by the defence drop_entry. */
};

/** Reads the table's figures. @return 0 or LVS_ERR_INVALID. Any thread. */
LVS_API int lvs_director_table_stats(const struct lvs_director *director,
				     struct lvs_table_stats *stats);

/** How far a check in parts has come, and what it found. Zeroed but for size: at the start. */
struct lvs_check {
	uint32_t size;        /**< sizeof of this structure: an input. */
	uint32_t conns;       /**< Connections looked at so far. */
	uint32_t findings;    /**< Things that did not agree so far, at most one a part. */
	uint32_t reserved;    /**< Zero. */
	const char *fault;    /**< What the last part found, a static sentence; NULL: nothing. */
	uint64_t position[2]; /**< The library's own. */
};

/**
 * The next part of a look whether everything agrees with everything else, beside running workers:
 * each connection is found by each of its keys and has a timer; each entry of the index and each
 * timer is of a connection that is there. What is told is a fault, never a coincidence.
 *
 * A part takes about a millisecond where a shard has some thousand connections. Meanwhile the
 * lock of one shard is held, which only connections that begin or end wait for.
 *
 * @param check lvs_check::fault and the counts are set.
 * @return 1 when there is more, 0 behind the last part, LVS_ERR_INVALID for a wrong size, or
 *         LVS_ERR_BUSY inside a transaction of this thread. Control call.
 */
LVS_API int lvs_director_check_part(struct lvs_director *director, struct lvs_check *check);

/**
 * The other half of it: each destination, a removed one too, counts as many connections, active
 * and in all, as the table holds; each connection's destination is there; no timer comes later
 * than its connection's end.
 *
 * Every worker must be between two calls: beside a running one the counts move while they are
 * compared. Takes some 20 ms for a million connections, and memory by the number of destinations.
 *
 * @param check As above; only conns, findings and fault are used and set. conns becomes the
 *        number of connections there are.
 * @return 0, LVS_ERR_INVALID for a wrong size, LVS_ERR_NO_MEMORY, or LVS_ERR_BUSY inside a
 *         transaction of this thread. Control call.
 */
LVS_API int lvs_director_check_counts(struct lvs_director *director, struct lvs_check *check);

/**
 * Both at once, up to the first fault. Every worker must be between two calls.
 *
 * @param fault Set to a static sentence, NULL where none was found. May be NULL.
 * @return 0, LVS_ERR_INVALID when something does not agree, LVS_ERR_NO_MEMORY, or
 *         LVS_ERR_BUSY inside a transaction of this thread. Control call.
 */
LVS_API int lvs_director_check(struct lvs_director *director, const char **fault);

#ifdef __cplusplus
}
#endif
#endif
