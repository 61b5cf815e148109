/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * What a director would do with a packet now, and why (docs/explain.md).
 */
#ifndef LIBLVS_EXPLAIN_H
#define LIBLVS_EXPLAIN_H

#include <liblvs/list.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a service came to be asked. */
enum lvs_matched {
	LVS_MATCHED_NONE = 0,  /**< None was looked for, or none matches. */
	LVS_MATCHED_MARK = 1,  /**< By the packet's firewall mark. */
	LVS_MATCHED_EXACT = 2, /**< By address, protocol and port. */
	LVS_MATCHED_FTP =
		3, /**< FTP's of the address: the port may be that of a data connection. */
	LVS_MATCHED_PORT_0 = 4, /**< That of every port of the address. */
	LVS_MATCHED_SERVER =
		5,            /**< The packet is one of its servers', which begins a connection. */
	LVS_MATCHED_CONN = 6, /**< Not asked: it is the service of the connection that was found. */
	LVS_MATCHED_N,        /**< How many there are in this version. */
};

/** Which parts of an explanation say something. */
enum lvs_explained {
	LVS_EXPLAINED_HEADERS = 0x1,  /**< headers: the packet was parsed. */
	LVS_EXPLAINED_CONN = 0x2,     /**< conn: the packet is one of a known connection. */
	LVS_EXPLAINED_TEMPLATE = 0x4, /**< persistence: the template that led to the destination. */
	LVS_EXPLAINED_ASKED = 0x8,    /**< picked: the scheduler was asked. */
	LVS_EXPLAINED_DEST = 0x10,    /**< dest: there is a destination. */
	LVS_EXPLAINED_BEFORE = 0x20,  /**< before: the connection's state. */
	LVS_EXPLAINED_AFTER = 0x40,   /**< after: that behind the packet. */
	LVS_EXPLAINED_OUT = 0x80,     /**< out, out_ttl: it was sent on or answered. */
	LVS_EXPLAINED_OUTER = 0x100,  /**< outer, outer_len: what was put in front. */
	LVS_EXPLAINED_FULL = 0x200,   /**< The connection table is full now: settings decide what
					   becomes of a new connection, which was not tried. */
};

/** An address and a port. */
struct lvs_explained_end {
	union lvs_addr addr; /**< Address. */
	lvs_be16 port;       /**< Port, 0 where there is none. */
	uint8_t family;      /**< enum lvs_family of addr, LVS_UNSPEC for none. */
	uint8_t reserved[5]; /**< Zero. */
};

/** Flags of a destination in an explanation. */
enum lvs_explained_dest_flag {
	LVS_EXPLAINED_OVERLOADED = 0x1, /**< Its upper threshold stops new connections. */
	LVS_EXPLAINED_REMOVED = 0x2,    /**< No longer configured; its connections are there. */
};

/** A destination and its load at that moment. An array's element: it does not grow. */
struct lvs_explained_dest {
	struct lvs_explained_end end; /**< Address and port, 0 being the packet's own. */
	int32_t weight;               /**< 0 takes no new connections. */
	uint32_t flags;               /**< enum lvs_explained_dest_flag. */
	uint32_t active;              /**< Active connections. */
	uint32_t inactive;            /**< The others. */
	uint32_t persistent;          /**< Persistence templates. */
	uint32_t upper;               /**< Threshold above which it is overloaded, 0 for none. */
	uint32_t lower;               /**< Threshold below which it is no longer. */
	uint8_t method;               /**< enum lvs_method. */
	uint8_t tun_type;             /**< enum lvs_tunnel, where method is LVS_METHOD_TUNNEL. */
	uint8_t reserved[10];         /**< Zero. */
};

/** A connection or template as it was found. It does not grow. */
struct lvs_explained_conn {
	uint32_t number;                  /**< As lvs_packet::conn. */
	uint32_t flags;                   /**< enum lvs_conn_info_flag. */
	struct lvs_explained_end client;  /**< Who opened it; of a template a network. */
	struct lvs_explained_end service; /**< What the client sent to; of a template by mark the
					       mark, in network order. */
	struct lvs_explained_end dest;    /**< The real server. */
	uint64_t expires_ns;              /**< When it ends unless a packet comes. */
	const char *state;                /**< As ipvsadm prints it; static. */
	uint32_t controller; /**< Number of the template or connection that it was made under; 0:
				  none. */
	uint32_t control_n;  /**< How many were made under this one. */
	uint8_t protocol;    /**< enum lvs_protocol; 0 for a template by mark. */
	uint8_t reply;       /**< The packet goes from its server's side to its client's. */
	uint8_t reserved[6]; /**< Zero. */
};

/** A connection's state before or behind the packet. It does not grow. */
struct lvs_explained_state {
	const char *name;    /**< As ipvsadm prints it; static. */
	uint64_t timeout_ns; /**< It ends so long after its last packet. */
	uint8_t active;      /**< Whether it counts as active. */
	uint8_t reserved[7]; /**< Zero. */
};

/**
 * A decision. The first four fields are inputs, all others are set; zero means "nothing to say".
 * Texts are static, or as long-lived as the schedulers and engines whose names they are.
 */
struct lvs_explanation {
	uint32_t size;                    /**< sizeof of this structure: an input. */
	uint32_t dest_max;                /**< Room in dests: an input; 0 is fine. */
	struct lvs_explained_dest *dests; /**< Candidates, the caller's array: an input. */

	uint32_t flags;   /**< enum lvs_explained. */
	uint32_t dest_n;  /**< How many candidates the service has; dests holds the first of them,
			       the newest first, as the scheduler sees them. */
	uint32_t picked;  /**< The scheduler's pick as an index among all candidates;
			       LVS_SCHED_NONE where it was not asked or has none. */
	uint32_t verdict; /**< enum lvs_verdict. */
	uint32_t reason;  /**< enum lvs_reason. */
	uint32_t mark;    /**< The packet's, as it came. */
	uint64_t now_ns;  /**< The time for which this holds. */

	struct lvs_headers headers; /**< What came, parsed. */

	uint32_t matched;               /**< enum lvs_matched. */
	uint32_t service_flags;         /**< enum lvs_service_flag | enum lvs_sched_flag. */
	struct lvs_service_key service; /**< Where matched is not LVS_MATCHED_NONE. */
	const char *sched;              /**< Its scheduler's name; NULL: not known. */
	const char *pe;                 /**< Its persistence engine's; NULL: it has none. */
	uint32_t timeout_s;             /**< Its persistence, in seconds. */
	uint32_t reserved;              /**< Zero. */

	struct lvs_explained_conn conn;        /**< The connection that was found. */
	struct lvs_explained_conn persistence; /**< The template that was found. */
	struct lvs_explained_dest dest;        /**< Where the packet's connection goes. */
	struct lvs_explained_state before;     /**< The state as it is. */
	struct lvs_explained_state after;      /**< The state that it would have. */

	struct lvs_flow out;               /**< The packet's ends when it leaves, those of a
						tunnel aside. */
	struct lvs_explained_end outer[2]; /**< Source and destination of what was put in front. */
	uint32_t outer_len;                /**< Bytes of it. */
	uint32_t path;                     /**< lvs_path_conf::handle of the way out. */
	struct lvs_explained_end next_hop; /**< Where the link layer would send it; no port. */
	uint32_t cut;                      /**< enum lvs_cut. */
	uint32_t cut_len;                  /**< MTU to fragment to. */
	uint32_t len;                      /**< Bytes of the packet when it leaves. */
	uint8_t out_ttl;                   /**< Its TTL or hop limit then. */
	uint8_t reserved2[3];              /**< Zero. */
	uint32_t conn_n;                   /**< Connections in the table. */
	uint32_t max_conns;                /**< And at most. */
};

/**
 * Asks what a director would do with a packet now. The packet path's own code decides, with a
 * recorder, and nothing is moved by it: no connection, cursor, counter, timer or limit. So the same
 * packet gets the same verdict and reason when it comes next, with three exceptions: new memory is
 * not tried, so that LVS_REASON_TABLE_FULL, NO_MEMORY and FRAGMENT_FULL are not foretold (but see
 * LVS_EXPLAINED_FULL); a closed connection whose place a new one takes still counts in the load by
 * which a scheduler picks; and other workers may come in between.
 *
 * Callbacks of the embedder are asked as for a packet: the path lookup, filters (with
 * LVS_FILTER_PEEK), schedulers (with LVS_PICK_PEEK), engines, helpers (with a copy of their state).
 *
 * @param director Is not changed, workers do not wait.
 * @param packet As for lvs_worker_process(): rewritten as it would be, its second line filled in.
 *        The buffer is the caller's.
 * @param now_ns The workers' clock; a time before the latest of theirs, 0 for instance, is that.
 * @param out out->size, dests and dest_max are inputs.
 * @return 0, LVS_ERR_INVALID for a size that is too small or a missing array, LVS_ERR_NO_MEMORY
 * (some 50 KB are taken meanwhile), or LVS_ERR_FULL when too many threads read at once.
 *
 * Any thread, beside running workers and transactions.
 */
LVS_API int lvs_explain(const struct lvs_director *director, struct lvs_packet *packet,
			uint64_t now_ns, struct lvs_explanation *out);

/** Bytes of a buffer that lvs_explain_packet() needs at most, room for any tunnel included. */
#define LVS_EXPLAIN_PACKET 256

/**
 * Makes a packet to ask about: TCP with @p tcp_flags and no data, UDP with no data, or SCTP with
 * an INIT chunk; TTL 64, checksums right.
 *
 * @param flow Sender and receiver.
 * @param tcp_flags enum lvs_tcp_flag; ignored for others.
 * @param buffer Of LVS_EXPLAIN_PACKET bytes, the caller's; the packet refers to it.
 * @param packet Filled wholly; a mark, for instance, can be set afterwards.
 * @return 0, LVS_ERR_FAMILY, or LVS_ERR_UNSUPPORTED for another protocol.
 *
 * Any thread; no allocation, pure.
 */
LVS_API int lvs_explain_packet(const struct lvs_flow *flow, uint8_t tcp_flags, uint8_t *buffer,
			       struct lvs_packet *packet);

/**
 * An explanation as lines of text for people.
 *
 * @param text Of @p size bytes, ended by 0 where size is not 0; may be NULL where it is.
 * @return The length of the whole text, without its end: more than @p size - 1 where it was cut.
 *
 * Any thread; no allocation, pure.
 */
LVS_API size_t lvs_explanation_text(const struct lvs_explanation *explanation, char *text,
				    size_t size);

/**
 * An explanation as one JSON object (RFC 8259), without a line feed. Members that have nothing to
 * say are left out; docs/explain.md names them all. As lvs_explanation_text().
 */
LVS_API size_t lvs_explanation_json(const struct lvs_explanation *explanation, char *text,
				    size_t size);

/** How a service matched, in lower case: "mark", "exact"... Any thread; static, never NULL. */
LVS_API const char *lvs_matched_name(unsigned match);

#ifdef __cplusplus
}
#endif
#endif
