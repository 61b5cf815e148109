/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * The control protocol: the kernel's IPVS generic-netlink family as messages, read and written.
 *
 * A *datagram* is one or more netlink messages, as a netlink socket carries them; over a UNIX
 * socket (SOCK_SEQPACKET) they are the same bytes. One shape, struct lvs_ipvs_message, stands for
 * every message of either direction; its members' `given` say which attributes the message has, as
 * bits LVS_IPVS_BIT(number), the numbers being those of <linux/ip_vs.h>.
 *
 * @code
 *   client:  lvs_ipvs_encode(request)  -> socket ->  lvs_ipvs_decode(): answers, until done
 *   server:  lvs_ipvs_decode(request)  -> ... ->     lvs_ipvs_encode(answers)
 * @endcode
 *
 * Families: IPVS is the kernel's, all 17 commands. What that lacks (transactions, connections,
 * text) is in a second family of the same form, "LVS" (docs/control.md). Their numbers are
 * LVS_IPVS_FAMILY and LVS_IPVS_FAMILY_LVS over a socket of this library's; a kernel has a number of
 * its own for the first, which LVS_IPVS_CTRL messages ask for.
 *
 * The codec allocates nothing and keeps nothing: any thread. What is decoded is copied, but for
 * lvs_ipvs_message::text, which points into the datagram.
 *
 * Errors are negative errno values here, more than enum lvs_err has, for they are the protocol's:
 * -ESRCH no such service, -ENOENT no such destination, scheduler or engine, -EEXIST, -EINVAL,
 * -ERANGE, -EAFNOSUPPORT, -EPERM, -EOPNOTSUPP, -EBUSY, -ENOMEM, -EMSGSIZE.
 */
#ifndef LIBLVS_IPVS_H
#define LIBLVS_IPVS_H

#include <liblvs/list.h>

#include <linux/ip_vs.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LVS_IPVS_FAMILY 0x0021     /**< The type of IPVS messages over sockets of this library. */
#define LVS_IPVS_FAMILY_LVS 0x0022 /**< The type of LVS messages. */
#define LVS_IPVS_LVS_NAME "LVS"    /**< The name of the second family. */
#define LVS_IPVS_LVS_VERSION 1     /**< Its version. */
#define LVS_IPVS_DATAGRAM 16384    /**< No datagram of a server's is longer, in bytes. */
#define LVS_IPVS_REQUESTS 131072   /**< No datagram of a client's may be longer, in bytes. */

/** The bit of attribute @p number in a member `given`. */
#define LVS_IPVS_BIT(number) (UINT32_C(1) << (number))

/** Traffic and rates: IPVS_*_ATTR_STATS and _STATS64 are written both, of what is read the longer
 * counts. */
struct lvs_ipvs_stats {
	uint32_t given;     /**< IPVS_STATS_ATTR_. */
	uint32_t reserved;  /**< Zero. */
	uint64_t conns;     /**< Connections scheduled. */
	uint64_t in_pkts;   /**< Packets, client to server. */
	uint64_t out_pkts;  /**< Packets, server to client. */
	uint64_t in_bytes;  /**< Bytes, client to server. */
	uint64_t out_bytes; /**< Bytes, server to client. */
	uint64_t cps;       /**< Connections a second. */
	uint64_t in_pps;    /**< Packets a second, client to server. */
	uint64_t out_pps;   /**< Packets a second, server to client. */
	uint64_t in_bps;    /**< Bytes a second, client to server. */
	uint64_t out_bps;   /**< Bytes a second, server to client. */
};

/** A virtual service: IPVS_CMD_ATTR_SERVICE. */
struct lvs_ipvs_service {
	uint32_t given;      /**< IPVS_SVC_ATTR_. */
	uint16_t family;     /**< enum lvs_family. */
	uint16_t protocol;   /**< enum lvs_protocol. */
	union lvs_addr addr; /**< Virtual address. */
	uint32_t fwmark;     /**< Firewall mark; with it there is no protocol and address. */
	uint32_t flags;      /**< IPVS_SVC_F_; enum lvs_service_flag. */
	uint32_t mask;       /**< Which flags count, behind them: ~0 but in an edit. */
	uint32_t timeout_s;  /**< Persistence. */
	uint32_t netmask;    /**< IPv4: a mask, network order; IPv6: prefix length. */
	lvs_be16 port;       /**< Port. */
	uint8_t reserved[2]; /**< Zero. */
	char sched[16];      /**< Scheduler. */
	char pe[20];         /**< Persistence engine, 16 characters at most. */
	uint32_t reserved2;  /**< Zero. */
	struct lvs_ipvs_stats stats; /**< IPVS_SVC_ATTR_STATS, IPVS_SVC_ATTR_STATS64. */
};

/** A destination: IPVS_CMD_ATTR_DEST. */
struct lvs_ipvs_dest {
	uint32_t given;              /**< IPVS_DEST_ATTR_. */
	uint16_t family;             /**< enum lvs_family; not given: the service's. */
	lvs_be16 port;               /**< Port. */
	union lvs_addr addr;         /**< Address. */
	uint32_t method;             /**< enum lvs_method. */
	uint32_t weight;             /**< Weight, an int32_t. */
	uint32_t upper;              /**< Upper threshold. */
	uint32_t lower;              /**< Lower threshold. */
	uint32_t active;             /**< Active connections. */
	uint32_t inactive;           /**< The others. */
	uint32_t persistent;         /**< Templates. */
	lvs_be16 tun_port;           /**< Port of the tunnel's end. */
	uint16_t tun_flags;          /**< enum lvs_tunnel_flag. */
	uint8_t tun_type;            /**< enum lvs_tunnel. */
	uint8_t reserved[7];         /**< Zero. */
	struct lvs_ipvs_stats stats; /**< IPVS_DEST_ATTR_STATS, IPVS_DEST_ATTR_STATS64. */
};

/** A daemon of connection sync: IPVS_CMD_ATTR_DAEMON. */
struct lvs_ipvs_daemon {
	uint32_t given;        /**< IPVS_DAEMON_ATTR_. */
	uint32_t state;        /**< IP_VS_STATE_MASTER or IP_VS_STATE_BACKUP. */
	uint32_t sync_id;      /**< 0 to 255. */
	lvs_be32 group;        /**< IPv4 multicast group. */
	union lvs_addr group6; /**< IPv6 multicast group. */
	uint16_t maxlen;       /**< Bytes a datagram. */
	uint16_t port;         /**< Port, this machine's order. */
	uint8_t ttl;           /**< TTL. */
	uint8_t reserved[3];   /**< Zero. */
	char interface[16];    /**< Where it sends. */
};

/** A family of generic netlink: what LVS_IPVS_CTRL messages tell. */
struct lvs_ipvs_family {
	uint32_t given;    /**< CTRL_ATTR_ of <linux/genetlink.h>. */
	uint16_t id;       /**< The type of its messages. */
	uint16_t reserved; /**< Zero. */
	uint32_t version;  /**< Version. */
	uint32_t hdrsize;  /**< Bytes of a header of its own. */
	uint32_t maxattr;  /**< Largest number of an attribute. */
	char name[16];     /**< "IPVS". */
};

/** Commands of the family LVS. An answer has the number of its request. */
enum lvs_ipvs_own {
	LVS_IPVS_BEGIN = 1,    /**< What follows is kept, until commit or abort. */
	LVS_IPVS_COMMIT = 2,   /**< All of it, or nothing: FLAGS enum lvs_ipvs_commit_flag. */
	LVS_IPVS_ABORT = 3,    /**< Forgets it. */
	LVS_IPVS_GET_CONN = 4, /**< Dump: connections that a filter lets through. */
	LVS_IPVS_DEL_CONN = 5, /**< Ends those that a filter lets through: COUNT. */
	LVS_IPVS_GET_TEXT =
		6, /**< Dump: NAME, one of the kernel's files ("ip_vs_conn") in parts. */
	LVS_IPVS_GET_SETTING = 7, /**< Dump, or one by NAME: NAME, VALUE, DEFAULT. */
	LVS_IPVS_SET_SETTING = 8, /**< NAME, VALUE. */
	/** Dump: what would become of a packet (lvs_explain()), as TEXT. CONN has its family,
	 * protocol, client, service and ports, and a mark where the server is not to say it; VALUE
	 * enum lvs_tcp_flag, else SYN; FLAGS enum lvs_ipvs_explain_flag. */
	LVS_IPVS_EXPLAIN = 9,
	LVS_IPVS_OWN_MAX = 9 /**< The last. */
};

/** How a transaction is committed. */
enum lvs_ipvs_commit_flag {
	LVS_IPVS_DRY_RUN = 0x1, /**< Answers as if, and changes nothing. */
	LVS_IPVS_REPLACE = 0x2, /**< What is added is the whole: what is there already is changed,
				     what is not named goes. */
};

/** What LVS_IPVS_EXPLAIN is asked with. */
enum lvs_ipvs_explain_flag {
	LVS_IPVS_JSON = 0x1, /**< lvs_explanation_json(), not lvs_explanation_text(). */
};

/** Attributes of the family LVS, the first level. */
enum lvs_ipvs_own_attr {
	LVS_IPVS_ATTR_SERVICE = 1,  /**< Nest, IPVS_SVC_ATTR_. */
	LVS_IPVS_ATTR_DEST = 2,     /**< Nest, IPVS_DEST_ATTR_. */
	LVS_IPVS_ATTR_CONN = 3,     /**< Nest, enum lvs_ipvs_conn_attr. */
	LVS_IPVS_ATTR_FLAGS = 4,    /**< u32, of the command. */
	LVS_IPVS_ATTR_NAME = 5,     /**< String, up to 31 characters. */
	LVS_IPVS_ATTR_VALUE = 6,    /**< u32. */
	LVS_IPVS_ATTR_DEFAULT = 7,  /**< u32. */
	LVS_IPVS_ATTR_COUNT = 8,    /**< u64. */
	LVS_IPVS_ATTR_ADDED = 9,    /**< u32: services and destinations. */
	LVS_IPVS_ATTR_CHANGED = 10, /**< u32. */
	LVS_IPVS_ATTR_REMOVED = 11, /**< u32. */
	LVS_IPVS_ATTR_TEXT = 12,    /**< Bytes. */
};

/** Attributes of a connection. */
enum lvs_ipvs_conn_attr {
	LVS_IPVS_CONN_FAMILY = 1,       /**< u16, of client and service. */
	LVS_IPVS_CONN_PROTOCOL = 2,     /**< u16. */
	LVS_IPVS_CONN_CLIENT = 3,       /**< 16 bytes. */
	LVS_IPVS_CONN_CLIENT_PORT = 4,  /**< be16. */
	LVS_IPVS_CONN_SERVICE = 5,      /**< 16 bytes. */
	LVS_IPVS_CONN_SERVICE_PORT = 6, /**< be16. */
	LVS_IPVS_CONN_DEST_FAMILY = 7,  /**< u16. */
	LVS_IPVS_CONN_DEST = 8,         /**< 16 bytes. */
	LVS_IPVS_CONN_DEST_PORT = 9,    /**< be16. */
	LVS_IPVS_CONN_STATE = 10,       /**< String. */
	LVS_IPVS_CONN_EXPIRES = 11,     /**< u32, milliseconds from now. */
	LVS_IPVS_CONN_FLAGS = 12,       /**< u32, enum lvs_conn_info_flag. */
	LVS_IPVS_CONN_METHOD = 13,      /**< u32, as IPVS_DEST_ATTR_FWD_METHOD. */
	LVS_IPVS_CONN_FWMARK = 14,      /**< u32. */
	LVS_IPVS_CONN_PE = 15,          /**< String. */
	LVS_IPVS_CONN_PE_DATA = 16,     /**< String. */
	LVS_IPVS_CONN_ACTIVE = 17,      /**< u8. */
};

/** A connection or template: LVS_IPVS_ATTR_CONN. In a filter only family and client count. */
struct lvs_ipvs_conn {
	uint32_t given;                /**< enum lvs_ipvs_conn_attr. */
	uint16_t family;               /**< enum lvs_family of client and service. */
	uint16_t dest_family;          /**< enum lvs_family of dest. */
	union lvs_addr client;         /**< As in struct lvs_conn_info, all of them. */
	union lvs_addr service;        /**< The address the client sent to. */
	union lvs_addr dest;           /**< The real server. */
	lvs_be16 client_port;          /**< Client's port. */
	lvs_be16 service_port;         /**< Service's. */
	lvs_be16 dest_port;            /**< Server's. */
	uint16_t protocol;             /**< enum lvs_protocol. */
	uint32_t expires_ms;           /**< From now, 0 if over. */
	uint32_t flags;                /**< enum lvs_conn_info_flag. */
	uint32_t method;               /**< enum lvs_method. */
	uint32_t fwmark;               /**< Mark of its service. */
	uint8_t active;                /**< Whether it counts as active. */
	uint8_t reserved[3];           /**< Zero. */
	char state[16];                /**< "ESTABLISHED". */
	char pe[20];                   /**< Persistence engine. */
	char pe_data[LVS_PE_DATA + 1]; /**< What its clients stick by. */
};

/** Which kind of message it is. */
enum lvs_ipvs_kind {
	LVS_IPVS_OTHER = 0, /**< Of a type that this library does not know. */
	LVS_IPVS_IPVS = 1,  /**< A command of IPVS; IPVS_CMD_. */
	LVS_IPVS_OWN = 2,   /**< A command of LVS; enum lvs_ipvs_own. */
	LVS_IPVS_CTRL = 3,  /**< Resolution of a family; CTRL_CMD_. */
	LVS_IPVS_ERROR = 4, /**< The end of an answer: error, 0 for done as asked. */
	LVS_IPVS_DONE = 5,  /**< The end of a dump. */
};

/** A message of either direction. Zeroed but for size: to be filled in. */
struct lvs_ipvs_message {
	uint32_t size;     /**< sizeof of this structure: an input of either call. */
	uint16_t kind;     /**< enum lvs_ipvs_kind. */
	uint8_t command;   /**< Of the kind. */
	uint8_t version;   /**< Of the family; encoding, 0 is the present one. */
	uint16_t type;     /**< The message's; encoding, 0 is that of the kind. */
	uint16_t nl_flags; /**< NLM_F_ of <linux/netlink.h>. */
	uint32_t seq;      /**< Number of the request, the client's own. */
	uint32_t port;     /**< Whom it is for, the client's own; 0 in requests. */
	int32_t error;     /**< LVS_IPVS_ERROR and _DONE: 0 or a negative errno. */
	uint32_t bad_attr; /**< LVS_IPVS_ERROR: what of the request is wrong lies at this offset in
				bytes; 0 is not said. */
	uint16_t of_type;  /**< LVS_IPVS_ERROR: type of the request. */
	uint16_t of_flags; /**< LVS_IPVS_ERROR: nl_flags of the request. */
	uint32_t text_len; /**< Bytes at text. */
	uint32_t reserved; /**< Zero. */
	/** LVS_IPVS_ERROR: the sentence (NLMSGERR_ATTR_MSG) that says what is wrong, not ended by
	 * 0; LVS_IPVS_OWN: LVS_IPVS_ATTR_TEXT. Decoding, it points into the datagram. */
	const char *text;
	uint32_t given;                  /**< IPVS_CMD_ATTR_, enum lvs_ipvs_own_attr. */
	uint32_t info_given;             /**< IPVS_INFO_ATTR_, of IPVS_CMD_SET_INFO. */
	uint32_t tcp_s;                  /**< IPVS_CMD_ATTR_TIMEOUT_TCP. */
	uint32_t tcp_fin_s;              /**< IPVS_CMD_ATTR_TIMEOUT_TCP_FIN. */
	uint32_t udp_s;                  /**< IPVS_CMD_ATTR_TIMEOUT_UDP. */
	uint32_t ipvs_version;           /**< IPVS_INFO_ATTR_VERSION. */
	uint32_t conn_tab_size;          /**< IPVS_INFO_ATTR_CONN_TAB_SIZE. */
	uint32_t flags;                  /**< LVS_IPVS_ATTR_FLAGS. */
	uint32_t value;                  /**< LVS_IPVS_ATTR_VALUE. */
	uint32_t default_value;          /**< LVS_IPVS_ATTR_DEFAULT. */
	uint32_t added;                  /**< LVS_IPVS_ATTR_ADDED. */
	uint32_t changed;                /**< LVS_IPVS_ATTR_CHANGED. */
	uint32_t removed;                /**< LVS_IPVS_ATTR_REMOVED. */
	uint32_t reserved2;              /**< Zero. */
	uint64_t count;                  /**< LVS_IPVS_ATTR_COUNT. */
	char name[32];                   /**< LVS_IPVS_ATTR_NAME. */
	struct lvs_ipvs_service service; /**< IPVS_CMD_ATTR_SERVICE, LVS_IPVS_ATTR_SERVICE. */
	struct lvs_ipvs_dest dest;       /**< IPVS_CMD_ATTR_DEST, LVS_IPVS_ATTR_DEST. */
	struct lvs_ipvs_daemon daemon;   /**< IPVS_CMD_ATTR_DAEMON. */
	struct lvs_ipvs_family family;   /**< LVS_IPVS_CTRL. */
	struct lvs_ipvs_conn conn;       /**< LVS_IPVS_ATTR_CONN. */
};

/* Any thread: the codec. */

/**
 * Reads the first message of a datagram.
 *
 * @param data Where it begins, aligned to 4; @p len bytes, whoever sent them.
 * @param ipvs The type of IPVS messages: LVS_IPVS_FAMILY, or the kernel's.
 * @param message Filled in wholly, but for lvs_ipvs_message::size, an input.
 * @param error Set where the message is there but wrong: -EINVAL, as the kernel answers it;
 * bad_attr and text of @p message say more, its numbers are right. Else 0.
 * @return The bytes to the next message, more than 0 and at most @p len; 0 when there is none, or
 *         less than one.
 */
LVS_API size_t lvs_ipvs_decode(const void *data, size_t len, uint16_t ipvs,
			       struct lvs_ipvs_message *message, int *error);

/**
 * Writes a message.
 *
 * @param buffer Of @p size bytes, aligned to 4.
 * @return Its length, a multiple of 4; 0 when it does not fit.
 */
LVS_API size_t lvs_ipvs_encode(void *buffer, size_t size, const struct lvs_ipvs_message *message);

/** What the service is known by, of a listing's or a request's. @return 0, -EINVAL where something
 * is missing, or -EAFNOSUPPORT. */
LVS_API int lvs_ipvs_get_service_key(const struct lvs_ipvs_service *service,
				     struct lvs_service_key *key);

/** The other way; @p service gets the attributes of its name and loses all others. */
LVS_API void lvs_ipvs_set_service_key(struct lvs_ipvs_service *service,
				      const struct lvs_service_key *key);

/** A listing's service with all attributes. */
LVS_API void lvs_ipvs_set_service_info(struct lvs_ipvs_service *service,
				       const struct lvs_service_info *info);

/** A listing's destination with all attributes. */
LVS_API void lvs_ipvs_set_dest_info(struct lvs_ipvs_dest *dest, const struct lvs_dest_info *info);

/* A server: whoever has a director. A session is used by one thread at a time; control calls are
 * made in it, and no transaction of the caller's may be open. */

/** What a server serves, and what its embedder has to say. Zeroed but for size and director:
 * enough. */
struct lvs_ipvs_server {
	uint32_t size;                 /**< sizeof of this structure. */
	uint32_t conn_tab_size;        /**< What IPVS_CMD_GET_INFO tells; 0: 4096. */
	struct lvs_director *director; /**< Must outlive the sessions. */
	void *user;                    /**< Handed to all functions; owned by the embedder. */
	/**
	 * A change is about to be made: IPVS_CMD_NEW_SERVICE, _SET_SERVICE, _NEW_DEST or _SET_DEST,
	 * all attributes that it needs being there. Here its way is made ready (paths).
	 * @param request Valid for the call.
	 * @param dry_run Not 0: nothing comes of it, only the answer counts.
	 * @param sentence Of @p size bytes, "" before: what is wrong.
	 * @return 0, or a negative errno that the client gets with the sentence. NULL: all is well.
	 */
	int (*check)(void *user, const struct lvs_ipvs_message *request, int dry_run,
		     char *sentence, size_t size);
	/** Services or destinations have changed, by one transaction; before it is answered. */
	void (*changed)(void *user);
	/** The time on the workers' clock, in nanoseconds; NULL: CLOCK_MONOTONIC. */
	uint64_t (*now)(void *user);
	/** A scheduler by its name, NULL if there is none. NULL: lvs_sched_find(). */
	const struct lvs_sched_ops *(*find_sched)(void *user, const char *name);
	/**
	 * The @p i-th setting: name (static), present value and default.
	 * @return Whether there is one. NULL: there are none.
	 */
	int (*get_setting)(void *user, unsigned i, const char **name, uint32_t *value,
			   uint32_t *default_value);
	/** Sets one. @return As check(). NULL: -EOPNOTSUPP. */
	int (*set_setting)(void *user, const char *name, uint32_t value, char *sentence,
			   size_t size);
	/** Timeouts have been set (ipvsadm --set). NULL: not to be told. */
	void (*timeouts)(void *user, const struct lvs_timeouts *timeouts);
	/** Bytes of requests that a transaction may have; 0: 67,108,864. */
	size_t txn_size;
	/** Marks a packet that LVS_IPVS_EXPLAIN asks about, as the workers do. NULL: no mark. */
	void (*mark)(void *user, struct lvs_packet *packet);
};

struct lvs_ipvs_session;

/** What the client of a session may do. */
enum lvs_ipvs_session_flag {
	LVS_IPVS_ADMIN = 0x1, /**< Everything; without it each command answers -EPERM. */
};

/**
 * Begins to serve one client.
 * @param server Copied.
 * @param flags enum lvs_ipvs_session_flag.
 * @return 0, -EINVAL for a wrong size or no director, -ENOMEM.
 */
LVS_API int lvs_ipvs_session_new(const struct lvs_ipvs_server *server, uint32_t flags,
				 struct lvs_ipvs_session **session);

/** The client has gone; its transaction, if one is open, is forgotten. NULL is fine. */
LVS_API void lvs_ipvs_session_del(struct lvs_ipvs_session *session);

/**
 * Takes a datagram of the client's, to be answered by lvs_ipvs_session_answer().
 * @param data Of @p len bytes, anything; copied.
 * @return 0, -EBUSY while the one before is not answered, -EMSGSIZE above LVS_IPVS_REQUESTS,
 *         -ENOMEM.
 */
LVS_API int lvs_ipvs_session_take(struct lvs_ipvs_session *session, const void *data, size_t len);

/**
 * Does some of what was asked and writes the next datagram for the client: as much as fits into
 * one, or 256 changes at most. A client that does not read is one whom this is not called for:
 * what it asked for waits, and takes no more room.
 *
 * @param buffer Of @p size bytes, at least LVS_IPVS_DATAGRAM, aligned to 4.
 * @param len Set to the length of the datagram; 0 when there is none to send yet.
 * @return 1 when there is more to do, 0 when all is answered, -EMSGSIZE for a small buffer.
 */
LVS_API int lvs_ipvs_session_answer(struct lvs_ipvs_session *session, void *buffer, size_t size,
				    size_t *len);

/**
 * Both at once: takes a datagram, and gives each datagram of the answer to @p send until it is
 * done or @p send returns less than 0.
 * @return 0, what @p send returned, or as lvs_ipvs_session_take(); what was not sent is gone.
 */
LVS_API int lvs_ipvs_serve(struct lvs_ipvs_session *session, const void *data, size_t len,
			   int (*send)(void *user, const void *datagram, size_t len), void *user);

/* A client: whoever asks lvsd, another server of this library, or the kernel. */

struct lvs_ipvs_client;

/**
 * Connects.
 * @param path A server's socket; NULL: the kernel's IPVS.
 * @return 0, or a negative errno: -ENOENT, -ECONNREFUSED nobody is there (the kernel: it has no
 *         IPVS), -EACCES, -ENOMEM.
 */
LVS_API int lvs_ipvs_client_new(const char *path, struct lvs_ipvs_client **client);

/** Ends it. NULL is fine. */
LVS_API void lvs_ipvs_client_del(struct lvs_ipvs_client *client);

/** What answers come to. @return 0, or less: no more are wanted, and the asking call returns it. */
typedef int (*lvs_ipvs_answer)(void *user, const struct lvs_ipvs_message *answer);

/**
 * Asks, and waits for the end of the answer. Used by one thread at a time.
 *
 * @param request Its kind, command and attributes, and NLM_F_DUMP in nl_flags where all are asked
 *        for; numbers and the other flags are filled in.
 * @param answer Gets each message but the end; NULL: none.
 * @return 0, the server's error, what @p answer returned, or -EPIPE, -EPROTO, -EMSGSIZE for a
 *         connection or a request that is of no use.
 */
LVS_API int lvs_ipvs_ask(struct lvs_ipvs_client *client, struct lvs_ipvs_message *request,
			 lvs_ipvs_answer answer, void *user);

/** The sentence of the last error that a server told; "" where there was none. The client's. */
LVS_API const char *lvs_ipvs_client_sentence(const struct lvs_ipvs_client *client);

/**
 * Sends a request with others behind it, as few datagrams as may be, and does not wait: for
 * transactions, where what goes wrong is told by the commit, and else by lvs_ipvs_flush().
 * @param request Its lvs_ipvs_message::seq is set, to one more than that of the request before.
 * @return 0, -EPIPE, -EMSGSIZE.
 */
LVS_API int lvs_ipvs_put(struct lvs_ipvs_client *client, struct lvs_ipvs_message *request);

/**
 * Sends what was put and waits until all of it has been looked at.
 * @return 0, or the first error (lvs_ipvs_client_bad()); the others were done, or not, each by
 *         itself.
 */
LVS_API int lvs_ipvs_flush(struct lvs_ipvs_client *client);

/** lvs_ipvs_message::seq of the first request that failed since the last lvs_ipvs_ask() or
 * lvs_ipvs_flush() began; 0: none. */
LVS_API uint32_t lvs_ipvs_client_bad(const struct lvs_ipvs_client *client);

#ifdef __cplusplus
}
#endif
#endif
