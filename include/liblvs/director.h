/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * The director and its workers: packets and the time go in, verdicts come out.
 *
 * Time is the caller's monotonic clock in nanoseconds. A worker's time never
 * goes back; workers may differ by 100 ms.
 */
#ifndef LIBLVS_DIRECTOR_H
#define LIBLVS_DIRECTOR_H

#include <liblvs/error.h>
#include <liblvs/forward.h>
#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lvs_director;
struct lvs_worker;

/** What happens to a new connection when max_conns is reached. */
enum lvs_full_policy {
	LVS_FULL_DEFAULT = 0,   /**< LVS_FULL_REFUSE, the kernel's way. */
	LVS_FULL_REFUSE = 1,    /**< The packet is dropped. */
	LVS_FULL_EVICT = 2,     /**< An embryonic or closing entry makes room, or one of UDP with
				     no more than two packets; else as UNTRACKED. */
	LVS_FULL_UNTRACKED = 3, /**< Forwarded without an entry where the scheduler is a hash
				     and the method needs no replies; else refused. Its later
				     packets too, when there is room again. */
};

/** How a SYN that hits a closed connection's entry is treated (the kernel's conn_reuse_mode). */
enum lvs_reuse {
	LVS_REUSE_DEFAULT = 0,  /**< LVS_REUSE_CLOSED. */
	LVS_REUSE_NEVER = 1,    /**< It goes to the old destination. */
	LVS_REUSE_CLOSED = 2,   /**< Scheduled anew from TIME_WAIT and CLOSE. */
	LVS_REUSE_FIN_WAIT = 3, /**< Also from FIN_WAIT where replies are not seen. */
};

/** Switches; all off is the kernel's default. */
enum lvs_settings_flag {
	LVS_SET_SLOPPY_TCP = 0x1,        /**< Any TCP packet but RST may open a connection. */
	LVS_SET_EXPIRE_NODEST = 0x2,     /**< Entries of removed destinations end at once (the next
					      lvs_worker_handle_expiry(), or their next packet),
					      those of drained ones with a SYN. */
	LVS_SET_NO_PMTU_DISC = 0x4,      /**< Tunnels ignore the DF bit. */
	LVS_SET_SLOPPY_SCTP = 0x8,       /**< Any SCTP packet but ABORT may open a connection. */
	LVS_SET_EXPIRE_QUIESCENT = 0x10, /**< Templates of destinations of weight 0 are not used. */
	LVS_SET_SCHEDULE_ICMP = 0x20,    /**< An ICMP error about an unknown flow may open its
					      connection. */
	LVS_SET_IGNORE_TUNNELED = 0x40, /**< Packets of other protocols, tunnels among them, pass as
					     `tunneled`: who takes them apart does not hand in what
					     was inside. */
	LVS_SET_CACHE_BYPASS = 0x80,    /**< Firewall mark, no destination: the packet goes on to
					     its own address. */
	LVS_SET_NAT_ICMP_SEND = 0x100,  /**< A NAT server's packet without a connection is
					     answered: port unreachable. */
	LVS_SET_BACKUP_ONLY = 0x200,    /**< Nothing is balanced while connection sync's backup
					     runs. */
	LVS_SET_NO_ESTIMATION = 0x400,  /**< Rates are not computed. */
};

/** How much memory there is, by the embedder's own measure: for the defences against floods. */
struct lvs_memory {
	/** What is available, in the unit of lvs_settings::amemthresh. Called about once a second
	 * by one worker, with no lock held; it must not call the library. NULL: always plenty. */
	uint64_t (*available)(void *user);
	void *user; /**< Handed to available(); owned by the embedder. */
};

/** How a defence against floods works; the numbers are the kernel's. */
enum lvs_defence {
	LVS_DEFENCE_OFF = 0,     /**< Not at all. */
	LVS_DEFENCE_AUTO = 1,    /**< While memory is short; now it is not. */
	LVS_DEFENCE_AUTO_ON = 2, /**< While memory is short; now it is. */
	LVS_DEFENCE_ON = 3,      /**< Always. */
};

/**
 * Settings of a director. Zero is the default everywhere. Which can change while it runs is told in
 * docs/settings.md; see lvs_director_change().
 */
struct lvs_settings {
	uint32_t size;  /**< sizeof of this structure. */
	uint32_t flags; /**< enum lvs_settings_flag. */
	/** Connections at most, templates included, up to 536,870,912; default 1,048,576. */
	uint32_t max_conns;
	uint32_t shards;       /**< Shards of the table, a power of two, 1 to 65536; default 256. */
	uint32_t full_policy;  /**< enum lvs_full_policy. */
	uint32_t reuse;        /**< enum lvs_reuse. */
	uint32_t default_mtu;  /**< MTU of paths that name none; default 1500. */
	uint32_t max_workers;  /**< Worker objects at most; default 64. */
	uint8_t table_key[16]; /**< Secret of the table's hash: random, private to this director. */
	uint8_t sched_key[16]; /**< Key for schedulers, shared by a cluster of directors. */
	uint64_t seed;         /**< Seeds random choices; the same seed gives the same choices. */
	struct lvs_alloc alloc; /**< Where memory comes from; zeroed: the C library. */
	struct lvs_log log;     /**< Where log lines go; zeroed: nowhere. */
	uint32_t events;        /**< Events (liblvs/event.h) kept a worker, 128 bytes each, at most
				     1,048,576; 0: none are written. */
	uint32_t nearly_full;   /**< Percent of max_conns at which the table is called nearly full;
				     default 90. */
	uint32_t icmp_ratelimit_ms;  /**< Between two ICMP errors to one address, six at once;
					  default 1000, LVS_UNLIMITED for no limit. */
	uint32_t icmp_ratemask;      /**< Types that both limits hold for, as bits of ICMP's own
					  numbers; ICMPv6's count as their like. Default 6168. */
	uint32_t icmp_msgs_per_sec;  /**< ICMP errors a second to all addresses together;
					  default 1000, LVS_UNLIMITED for no limit. */
	uint32_t icmp_msgs_burst;    /**< So many of those at once; default 50. */
	uint32_t pmtu_expires_s;     /**< Life of a learned path MTU; default 600. */
	uint32_t reserved;           /**< Zero. */
	uint32_t fragment_bytes;     /**< Memory for fragmented datagrams on their way; default
					  4,194,304. */
	uint32_t fragment_datagrams; /**< Those known at a time at most; default 16,384. */
	uint32_t fragment_time_s;    /**< What one may take from its first fragment to come to its
					  last; default 30. */
	uint32_t fragment_ranges;    /**< Separate pieces that one may have; default 64. */
	uint32_t lblc_expiration_s;  /**< lblc forgets an address that was not wanted for so long;
					  default 86,400. */
	uint32_t lblcr_expiration_s; /**< The same for lblcr, where it also is the time for which a
					  set must not have changed to shrink; default 86,400. */
	uint32_t lblc_entries;       /**< Addresses that a service with lblc or lblcr knows before
					  it forgets those not wanted for six minutes; half as many
					  again at most; default 16,384. */
	uint32_t drop_entry;  /**< enum lvs_defence: random embryonic and idle entries end. */
	uint32_t drop_packet; /**< enum lvs_defence: some packets that would open a connection are
				   dropped. */
	uint32_t secure_tcp;  /**< enum lvs_defence: the table of states that keeps half-open
				   connections apart. */
	uint32_t amemthresh;  /**< Memory is short below this, in the unit of memory.available();
				   default 1024. */
	uint32_t am_droprate; /**< drop_packet with LVS_DEFENCE_ON: one of so many; default 10. */
	uint32_t reserved2;   /**< Zero. */
	struct lvs_memory memory; /**< For the defences that are AUTO. */
};

#define LVS_UNLIMITED 0xffffffffu /**< A limit that holds nothing back. */

/** Fills in the defaults: what the kernel's IPVS does. Any thread. */
LVS_API void lvs_settings_init(struct lvs_settings *settings);

/** Fills in what users have long asked for instead (docs/settings.md lists it). Any thread. */
LVS_API void lvs_settings_modern(struct lvs_settings *settings);

/** Timeouts that the kernel's tools can set, in seconds; 0 keeps the present value. */
struct lvs_timeouts {
	uint32_t size;      /**< sizeof of this structure. */
	uint32_t tcp_s;     /**< TCP, established; default 900. */
	uint32_t tcp_fin_s; /**< TCP, after a FIN; default 120. */
	uint32_t udp_s;     /**< UDP; default 300. */
};

/**
 * Makes a director without services.
 *
 * @param settings Copied; NULL takes the defaults.
 * @param director Set on success.
 * @return 0, LVS_ERR_NO_MEMORY, or LVS_ERR_INVALID or LVS_ERR_RANGE for a setting.
 *
 * Any thread.
 */
LVS_API int lvs_director_new(const struct lvs_settings *settings, struct lvs_director **director);

/**
 * Changes settings while workers run, which take each number up with their next packet: all of
 * them, or none when it fails. What was given to lvs_director_new() for good (shards, keys, seed,
 * allocator, log, memory, workers, events, default MTU, lblc's size) must be as it is. max_conns
 * cannot be more than it was then; when it is lowered, connections beyond it stay until they end.
 *
 * @param settings Best filled in by lvs_director_get_settings() and then changed; zero is the
 *        default here, too. Fields that an older, smaller structure does not have stay.
 * @param fault Set to a static sentence that says what is wrong, NULL where nothing is. May be
 *        NULL.
 * @return 0, LVS_ERR_UNSUPPORTED for a field that cannot change, LVS_ERR_INVALID or LVS_ERR_RANGE
 *         as lvs_director_new(), or LVS_ERR_BUSY inside a transaction of this thread.
 *
 * Control call: any thread, beside running workers.
 */
LVS_API int lvs_director_change(struct lvs_director *director, const struct lvs_settings *settings,
				const char **fault);

/**
 * Reads the settings in force, keys and all; settings->size is an input. The modes of defences are
 * as the last measure of memory has left them. Any thread.
 */
LVS_API void lvs_director_get_settings(const struct lvs_director *director,
				       struct lvs_settings *settings);

/** Ends a director, its workers having been deleted. NULL is fine. Control call. */
LVS_API void lvs_director_del(struct lvs_director *director);

/**
 * Makes a worker: the packet side, used by one thread at a time.
 *
 * @return 0, LVS_ERR_NO_MEMORY, LVS_ERR_FULL beyond lvs_settings::max_workers, or
 *         LVS_ERR_BUSY inside a transaction of this thread.
 *
 * Control call: any thread, beside running workers.
 */
LVS_API int lvs_worker_new(struct lvs_director *director, struct lvs_worker **worker);

/**
 * Ends a worker; its counters live on in the director, events not yet taken end with it. NULL is
 * fine. Control call.
 */
LVS_API void lvs_worker_del(struct lvs_worker *worker);

/**
 * Decides about packets, one after the other in order. Fills the second line of
 * each and rewrites those that are to be forwarded.
 *
 * @param worker Used by this thread alone during the call.
 * @param packets Array of @p n; buffers stay the caller's.
 * @param n How many; any number, 32 and more is fast.
 * @param now_ns The caller's monotonic clock.
 *
 * Worker call: never blocks on control calls; a packet of a known connection
 * costs no lock, no allocation and no system call. A fragment takes a lock that all workers
 * share, and may be copied (LVS_HELD): see lvs_worker_outbox().
 */
LVS_API void lvs_worker_process(struct lvs_worker *worker, struct lvs_packet *packets, unsigned n,
				uint64_t now_ns);

/**
 * Takes what the library itself must send or give back: fragments that it held
 * (LVS_HELD) and now lets go. To be called after each lvs_worker_process() until
 * it returns 0; what is not taken stays, counts as held, and so may keep others out.
 *
 * @param worker Used by this thread alone during the call.
 * @param packets Room for @p n; each is filled wholly. The first line is that of the
 *        packet that was held (mark, ifindex, vlan, link_type; user is NULL), its data in
 *        memory of the library with headroom for any tunnel header. The second line is as
 *        lvs_worker_process() gives it; the verdict is LVS_FORWARD, LVS_PASS or LVS_REPLY.
 * @return How many were filled, in the order of their release. They stay valid until the
 *         next call of this function or lvs_worker_del() for this worker.
 *
 * Worker call.
 */
LVS_API unsigned lvs_worker_outbox(struct lvs_worker *worker, struct lvs_packet *packets,
				   unsigned n);

/**
 * When lvs_worker_handle_expiry() has something to do next, in nanoseconds of
 * the caller's clock; UINT64_MAX when there is nothing to wait for. Not later than
 * now when a budget has left something undone. Worker call.
 */
LVS_API uint64_t lvs_worker_expiry(const struct lvs_worker *worker);

/**
 * Ends connections whose time has come, at most about @p budget of them, and
 * gives up as many datagrams whose fragments have not all come in time.
 * Connections end on time for every packet even when this is called late; it
 * gives back their memory and moves the counts of their destinations. So it does for
 * fragments that are held, unless others come. Rates are brought up to now, of as many
 * destinations; called late by some periods of two seconds, all that came counts in the first of
 * them.
 *
 * It also makes memory ready that new connections will need soon, at most a piece of 2 MiB a call:
 * the system may take long to give it, and packets would wait for it. Called late, they do.
 *
 * Once a second, where lvs_settings arms a defence, memory is measured and a part of the table
 * looked through; what drop_entry ends counts, too.
 *
 * @param budget Entries to look at, some of which have only moved; 0 is no limit. The same for
 *        what a defence looks at.
 * @return How many connections ended. There is more to do while lvs_worker_expiry() is not
 *         later than @p now_ns.
 *
 * Worker call. Any worker may end any connection, and any datagram.
 */
LVS_API unsigned lvs_worker_handle_expiry(struct lvs_worker *worker, uint64_t now_ns,
					  unsigned budget);

/**
 * Sets timeouts (ipvsadm --set). Connections take them up with their next packet.
 * @return 0, or LVS_ERR_INVALID above 8,589,934 s. Control call.
 */
LVS_API int lvs_director_set_timeouts(struct lvs_director *director,
				      const struct lvs_timeouts *timeouts);

/** Reads the timeouts in force; timeouts->size is an input. Any thread. */
LVS_API void lvs_director_get_timeouts(const struct lvs_director *director,
				       struct lvs_timeouts *timeouts);

/**
 * Says how an address is reached, for destinations of all services there. May
 * come before the destination, and at any time; workers see it at once.
 *
 * @param path Copied; NULL forgets what was said.
 * @return 0, LVS_ERR_NO_MEMORY, LVS_ERR_FAMILY, LVS_ERR_INVALID, or LVS_ERR_BUSY inside a
 *         transaction of this thread. Control call.
 */
LVS_API int lvs_director_set_path(struct lvs_director *director, enum lvs_family family,
				  const union lvs_addr *addr, const struct lvs_path_conf *path);

/**
 * Says that connection sync's backup role runs on this host, or no longer does: with
 * LVS_SET_BACKUP_ONLY nothing is balanced meanwhile and all is the host's (LVS_PASS) but replies of
 * connections that are known. Where director and real servers are the same hosts, a backup that
 * balanced too would send packets round in circles. Any thread.
 */
LVS_API void lvs_director_set_backup(struct lvs_director *director, int running);

/** Answers how an address is reached; see lvs_director_set_path_lookup(). */
typedef int (*lvs_path_lookup)(void *user, enum lvs_family family, const union lvs_addr *addr,
			       struct lvs_path_conf *path);

/**
 * Says who answers for addresses that are no destinations': clients, to which
 * replies go. Without it a packet's next hop is its own destination address.
 * @p lookup returns 0 and fills @p path, or a negative error for no way there;
 * it runs on workers, side by side. To be set before the first packet. Control call.
 */
LVS_API void lvs_director_set_path_lookup(struct lvs_director *director, lvs_path_lookup lookup,
					  void *user);

#ifdef __cplusplus
}
#endif
#endif
