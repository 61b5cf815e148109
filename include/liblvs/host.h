/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * The host beneath a director (liblvs-io, Linux): its links, addresses, routes
 * and neighbours followed by notification, the traffic that is taken away from
 * it, and the service addresses that are put on it.
 *
 * What is followed: the routing tables `local` and `main` (no policy rules, no
 * VRF, no source-specific routes). All is done by netlink inside the network
 * namespace of the thread that called lvs_host_new(); no program is run. In a
 * user namespace it needs CAP_NET_ADMIN and CAP_NET_RAW there.
 *
 * Threads: control calls come from one thread at a time. Calls marked "worker
 * call" may run on any number of threads beside them. Memory is the C library's.
 */
#ifndef LIBLVS_HOST_H
#define LIBLVS_HOST_H

#include <stdbool.h>

#include <liblvs/error.h>
#include <liblvs/forward.h>
#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The host's state and what was made on it. Opaque. */
struct lvs_host;

/** Longest instance name, without the terminating zero. */
#define LVS_HOST_NAME_MAX 15

/** Flags of a host. */
enum lvs_host_flag {
	/** Nothing on the host is changed: no filter, address or sysctl (`--no-setup`). The calls
	 * that would do so succeed and do nothing; lvs_host_captured() is false throughout. The
	 * name is claimed all the same. */
	LVS_HOST_NO_SETUP = 0x1,
	/** Nothing is changed either, but what would be made is recorded for
	 * lvs_host_setup_print() (`--print-setup`). Nothing need be permitted. */
	LVS_HOST_DRY_RUN = 0x2,
	/** Service addresses are taken without asking whether another host has them. */
	LVS_HOST_NO_PROBE = 0x4,
};

/** What lvs_host_new() is told. Zero is the default everywhere. */
struct lvs_host_conf {
	uint32_t size;           /**< sizeof of this structure. */
	uint32_t flags;          /**< enum lvs_host_flag. */
	const char *name;        /**< Instance: letters, digits, `_` and `-`, at most
				      LVS_HOST_NAME_MAX; default "0". Copied. The filter table is
				      `lvs_<name>`, and what a crashed instance of that name left
				      is ours. */
	uint32_t max_neighbours; /**< Next hops known at a time, 16 to 1,048,576; default 65,536. */
	uint32_t confirm_s;      /**< How often the kernel is asked to confirm a neighbour in use,
				      seconds; default 20. */
	uint32_t probe_ms;       /**< Between the three probes for a service address, and from the
				      last to the taking; default 300. RFC 5227 would take 1 to 2 s. */
	uint32_t announce_ms;    /**< Between the three announcements; default 1000. */
	/** Links, addresses or routes have changed: read the paths of destinations again.
	 * Called from lvs_host_handle(), at most once a call. May be NULL. */
	void (*changed)(void *user);
	/** Another host (@p mac, 6 bytes) answers for a service address. It was given up, and
	 * stays in the state LVS_HOST_ADDRESS_CONFLICT until it is deleted or added again.
	 * Called from lvs_host_handle(). May be NULL. */
	void (*conflict)(void *user, enum lvs_family family, const union lvs_addr *addr,
			 const uint8_t *mac);
	void *user;         /**< Handed to both; owned by the embedder. */
	struct lvs_log log; /**< Where log lines go; zeroed: nowhere. Called from control calls. */
};

/**
 * Reads the host's links, addresses and routes, and begins to follow them. But for
 * a dry run it claims the instance name in this network namespace: two hosts need
 * two names. With set-up allowed it also removes service addresses that a crashed
 * instance of that name left. A leftover filter table stays until
 * lvs_host_capture_set() replaces it or lvs_host_del() removes it, so that nothing
 * slips through at a restart.
 *
 * @param conf Copied.
 * @param host Set on success.
 * @return 0, LVS_ERR_INVALID or LVS_ERR_RANGE for a setting, LVS_ERR_BUSY when a
 *         living instance has the name, LVS_ERR_NO_MEMORY, LVS_ERR_PERMISSION, LVS_ERR_IO.
 *
 * Control call.
 */
LVS_API int lvs_host_new(const struct lvs_host_conf *conf, struct lvs_host **host);

/**
 * Undoes what was set up, in reverse order but for the capture, which goes last,
 * and ends the host. No worker call may be running or come later. NULL is fine. Control call.
 */
LVS_API void lvs_host_del(struct lvs_host *host);

/** A descriptor to wait on for reading (it is level-triggered); owned by the host. Any thread. */
LVS_API int lvs_host_fd(const struct lvs_host *host);

/**
 * Does what has become due: reads notifications, asks for neighbours, sends
 * probes and announcements. Never waits for the network. After lost
 * notifications everything is read anew. To be called soon after the descriptor
 * becomes readable: workers' questions for neighbours go out from here.
 *
 * @return 0, or LVS_ERR_IO or LVS_ERR_NO_MEMORY; the next call tries again.
 *
 * Control call; the callbacks of the configuration come from here.
 */
LVS_API int lvs_host_handle(struct lvs_host *host);

/**
 * How an address is reached now, for lvs_director_set_path(): longest prefix,
 * then lowest metric, of a multipath route the first way that is alive.
 *
 * @param path path->size is an input. Filled: flags; mtu (the route's or the
 *        link's); source (the route's preferred one or the interface's address
 *        toward there; LVS_UNSPEC family where there is none); next_hop
 *        (gateway or the address itself); handle, which names the next hop for
 *        lvs_host_resolve() and stays valid while the host lives. A local or
 *        unreachable address has handle 0.
 * @return 0, also when LVS_PATH_UNREACHABLE is set for want of a route;
 *         LVS_ERR_FAMILY, or LVS_ERR_INVALID for a wrong size. When every next
 *         hop is promised to a destination the handle is 0.
 *
 * Control call.
 */
LVS_API int lvs_host_path(struct lvs_host *host, enum lvs_family family, const union lvs_addr *addr,
			  struct lvs_path_conf *path);

/**
 * The same for lvs_director_set_path_lookup(): pass this function, and the host
 * as its user pointer.
 *
 * The handle may be given to another next hop when this one was idle and the
 * table is full; lvs_host_resolve() notices. Costs one uncontended reader lock
 * (of sixteen, picked by thread), a hash probe for each prefix length in use and
 * one for the next hop: 60 to 200 ns. Only a next hop not seen before takes a
 * common lock.
 *
 * @param host A struct lvs_host.
 * @return 0 and a filled path; LVS_ERR_NO_ENTRY when there is no way there.
 *
 * Worker call.
 */
LVS_API int lvs_host_path_lookup(void *host, enum lvs_family family, const union lvs_addr *addr,
				 struct lvs_path_conf *path);

/** Flags of a resolved next hop. */
enum lvs_host_link_flag {
	LVS_HOST_LINK_NO_ADDRESS = 0x1, /**< The link has no link-layer addresses (tun, lo). */
};

/** How to send to a next hop on its link. */
struct lvs_host_link {
	uint32_t ifindex;    /**< Interface to send through. */
	uint32_t mtu;        /**< Its MTU, bytes of IP packet. */
	uint8_t src[6];      /**< Source link-layer address. */
	uint8_t dst[6];      /**< Destination link-layer address. */
	uint8_t flags;       /**< enum lvs_host_link_flag. */
	uint8_t reserved[3]; /**< Zero. */
};

/**
 * The link-layer address of a next hop. A stale neighbour's is used, and the
 * kernel is asked to confirm it. An unknown one is asked for, at most once a
 * second while it is wanted.
 *
 * @param handle lvs_packet::path; 0, or one that names another next hop by now,
 *        costs a route lookup.
 * @param family Of the next hop, lvs_packet::next_hop_family.
 * @param next_hop lvs_packet::next_hop.
 * @param out Filled on success.
 * @return 0; LVS_ERR_BUSY while it is being resolved; LVS_ERR_NO_ENTRY when the
 *         neighbour does not answer, or there is no way to it; LVS_ERR_IO when
 *         the link is down; LVS_ERR_FULL when every number is promised.
 *
 * Worker call: an array index and a check in the common case (one cache line is
 * read, none written), no lock.
 */
LVS_API int lvs_host_resolve(struct lvs_host *host, uint32_t handle, enum lvs_family family,
			     const union lvs_addr *next_hop, struct lvs_host_link *out);

/** Which end of a packet a capture rule describes. */
enum lvs_host_direction {
	LVS_HOST_TO = 0,   /**< Destination: a virtual service. */
	LVS_HOST_FROM = 1, /**< Source: a real server behind NAT, whose replies must not pass. */
};

/** Flags of a capture rule. */
enum lvs_host_rule_flag {
	LVS_HOST_HIGH_PORTS = 0x1, /**< Ports from 1024 on, where FTP has its data connections;
					lvs_host_rule::port is 0. */
};

/** Traffic to be taken away from the host. */
struct lvs_host_rule {
	union lvs_addr addr; /**< The address. */
	lvs_be16 port;       /**< The port; 0 is every port. */
	uint8_t family;      /**< enum lvs_family. */
	uint8_t protocol;    /**< LVS_TCP, LVS_UDP or LVS_SCTP, with port 0 any protocol number,
				  of ICMP and ICMPv6 errors only; 0 with port 0 stands for these
				  three. */
	uint8_t direction;   /**< enum lvs_host_direction. */
	uint8_t flags;       /**< enum lvs_host_rule_flag. */
	uint8_t reserved[2]; /**< Zero. */
};

/**
 * Says at which interfaces traffic is taken away. They need not exist yet; one
 * that comes, or comes again, is taken up. Frames to other hosts, those tagged
 * for a VLAN (name its own interface instead), and what comes in elsewhere, stay the host's.
 *
 * @param names Array of @p n; copied.
 * @return 0, LVS_ERR_INVALID for a name, LVS_ERR_NO_MEMORY, LVS_ERR_PERMISSION, LVS_ERR_IO;
 *         on an error the former list is in force.
 *
 * Control call.
 */
LVS_API int lvs_host_capture_interfaces(struct lvs_host *host, const char *const *names,
					unsigned n);

/**
 * Says what is taken away from the host: an nft table of the netdev family drops
 * it at ingress, behind the taps (an AF_PACKET socket still sees it). Call it
 * before packets are read. The change is one transaction: no packet meets half
 * of it. The whole list is compared with the former, what changed is sent.
 *
 * Taken along is what belongs to such traffic but shows no port where the filter
 * could read it: fragments by address and protocol, first and later ones, and
 * ICMP errors that quote a packet to a captured server or from a service, whoever
 * sends them. lvs_host_captured() tells of each; of other ports' the verdict is PASS.
 * Of ICMP nothing but errors is ever taken (unreachable, source quench, time
 * exceeded; ICMPv6 types below 128): neighbour discovery stays on its link.
 *
 * @param rules Array of @p n, copied; none removes the table.
 * @return 0, LVS_ERR_INVALID or LVS_ERR_FAMILY for a rule, LVS_ERR_NO_MEMORY,
 *         LVS_ERR_PERMISSION, LVS_ERR_UNSUPPORTED (no nf_tables here), LVS_ERR_IO; on an
 *         error the former rules are in force.
 *
 * Control call.
 */
LVS_API int lvs_host_capture_set(struct lvs_host *host, const struct lvs_host_rule *rules,
				 unsigned n);

/**
 * Says that captured traffic is not dropped but routed into a TUN device, for an
 * adapter that reads it there. The filter table then marks it, and policy routing
 * of our own takes what has the mark into the device: a rule of priority 0 for
 * each captured interface (`lookup local` is put behind them, without a moment
 * without it) and a routing table. Table and mark have one number, 0x4c56 and a
 * hash of the instance's name; rules and routes bear protocol 128 + a hash of the
 * name. While the device is down or gone what is captured is lost, as a filter's would be.
 *
 * lvs_host_captured() then says of every packet whether it is given back: all are
 * but those of servers that must not leave untranslated.
 *
 * To be called before lvs_host_capture_set(), which makes rules and routes; those of a family
 * that no rule is about are not made. The host must forward at the captured interfaces. The sysctl
 * net.ipv4.ip_early_demux is set to 0, as by lvs_host_sysctl_set(): what has a socket on the host
 * would not be forwarded.
 *
 * @param tun The device's name. It may come later.
 * @return 0 or LVS_ERR_INVALID for the name. Control call.
 */
LVS_API int lvs_host_steer(struct lvs_host *host, const char *tun);

/**
 * Says that somebody else takes captured traffic away from the host, instead of the filter table,
 * and gives an adapter that traffic alone: the XDP program of liblvs-xdp.
 *
 * lvs_host_captured() then says of every packet whether it is given back, as with
 * lvs_host_steer(). To be called before lvs_host_capture_set(), and not with lvs_host_steer(). A
 * table that a crashed instance left is removed once set() has succeeded.
 *
 * @param set Called by lvs_host_capture_set() with its arguments, unless the host is not to be
 *        changed; what it returns is returned, and on an error the former rules are in force. NULL:
 *        the filter table again.
 * @param user Handed to set(); owned by the embedder.
 *
 * Control call.
 */
LVS_API void lvs_host_capture_by(struct lvs_host *host,
				 int (*set)(void *user, const struct lvs_host_rule *rules,
					    unsigned n),
				 void *user);

/**
 * Whether a packet that came in on packet::ifindex (0: on a captured interface)
 * was taken away from the host and must be given back when the verdict is PASS.
 * Reads packet's first line and its headers as they came.
 *
 * What a real server sends from a captured port goes back only when it begins a
 * connection (TCP, SCTP), answers a client that asked the server itself, past the
 * director, or is sent to the host itself. Such clients are learned from their
 * packets, which is why every packet of verdict PASS is to be asked about,
 * captured or not, in the order of the verdicts. Later fragments from a server go
 * where the first went. ICMP goes back always; so does UDP that only a rule for every port
 * has taken: a server that asks others by it begins no connection that could be told. All
 * else is left of a connection that the director has forgotten, and would leave untranslated.
 *
 * Worker call; one uncontended reader lock, at most ten hash probes, and of what a server sent
 * that goes to nobody known a route lookup.
 */
LVS_API bool lvs_host_captured(struct lvs_host *host, const struct lvs_packet *packet);

/** The same for lvs_io_conf::captured: @p host is a struct lvs_host. Worker call. */
LVS_API bool lvs_host_captured_callback(void *host, const struct lvs_packet *packet);

/** Where a service address stands. */
enum lvs_host_address_state {
	LVS_HOST_ADDRESS_NONE = 0,     /**< Not asked for. */
	LVS_HOST_ADDRESS_PROBING = 1,  /**< The network is asked whether another host has it. */
	LVS_HOST_ADDRESS_HELD = 2,     /**< On the interface, announced, put there by us. */
	LVS_HOST_ADDRESS_FOREIGN = 3,  /**< On the host already, put there by somebody else. */
	LVS_HOST_ADDRESS_CONFLICT = 4, /**< Given up: another host answers for it. */
	LVS_HOST_ADDRESS_FAILED = 5,   /**< The kernel refused it; the log says why. */
};

/**
 * Puts a service address on an interface, as /32 or /128, so that the kernel
 * answers ARP and neighbour discovery for it. Unless LVS_HOST_NO_PROBE is set
 * the network is asked first (RFC 5227, RFC 4862 section 5.4) and the address
 * comes some 900 ms later, from lvs_host_handle(). It is then announced three
 * times and watched. IPv6 addresses come without the kernel's own detection, and
 * deprecated, so that they are no source of the host's own connections.
 * An address that is on the host already is left alone, now and at the end.
 *
 * The mark by which a later instance knows it: address protocol 128 + a hash of
 * the name (Linux 5.18 and later), and for IPv4 the label `<interface>:<name>` cut to
 * 15 characters. On an older kernel a crashed instance's IPv6 address is not
 * recognised and counts as somebody else's.
 *
 * @param ifindex Interface; on one without link-layer addresses nothing is asked
 *        or announced.
 * @return 0; LVS_ERR_EXISTS when it was added already and is no conflict;
 *         LVS_ERR_FAMILY, LVS_ERR_NO_DEVICE, LVS_ERR_NO_MEMORY, LVS_ERR_PERMISSION, LVS_ERR_IO.
 *
 * Control call.
 */
LVS_API int lvs_host_address_add(struct lvs_host *host, enum lvs_family family,
				 const union lvs_addr *addr, uint32_t ifindex);

/**
 * Takes a service address off again, if it was put there by us.
 * @return 0, or LVS_ERR_NO_ENTRY when it was not added there. Control call.
 */
LVS_API int lvs_host_address_del(struct lvs_host *host, enum lvs_family family,
				 const union lvs_addr *addr, uint32_t ifindex);

/** Where a service address stands; the first one added of that address. Control call. */
LVS_API enum lvs_host_address_state lvs_host_address_get_state(const struct lvs_host *host,
							       enum lvs_family family,
							       const union lvs_addr *addr);

/**
 * Announces every address that is held, three times: gratuitous ARP, unsolicited
 * neighbour advertisement with the override flag, and the router flag where the
 * host forwards. Control call.
 */
LVS_API void lvs_host_address_announce(struct lvs_host *host);

/**
 * Sets a sysctl of this network namespace and remembers its value, which comes
 * back at lvs_host_del(). After a crash it does not. Forwarding is to be switched on
 * after lvs_host_capture_set(), lest the host forward replies meanwhile.
 *
 * @param path As below /proc/sys, for instance "net/ipv4/conf/lvs0/rp_filter".
 * @param value Text without a line feed.
 * @return 0 (nothing is written or remembered when it has the value already);
 *         LVS_ERR_INVALID, LVS_ERR_NO_ENTRY, LVS_ERR_PERMISSION, LVS_ERR_NO_MEMORY, LVS_ERR_IO.
 *
 * Control call.
 */
LVS_API int lvs_host_sysctl_set(struct lvs_host *host, const char *path, const char *value);

/**
 * Adds a line to lvs_host_setup_print(): what somebody else makes on the host
 * and will remove himself, for instance an adapter's TUN device.
 * @return 0 or LVS_ERR_NO_MEMORY. Control call.
 */
LVS_API int lvs_host_setup_note(struct lvs_host *host, const char *line);

/**
 * Tells what was made on the host, or would be with LVS_HOST_DRY_RUN, as lines
 * for a shell (`nft ...`, `ip addr add ...`, `sysctl -w ...`), in the order of making.
 *
 * @param line Called for each, without a line feed; the text is valid for the call.
 *
 * Control call.
 */
LVS_API void lvs_host_setup_print(const struct lvs_host *host,
				  void (*line)(void *user, const char *text), void *user);

/** The number of an interface by its name; 0 if there is none. Control call. */
LVS_API uint32_t lvs_host_ifindex(const struct lvs_host *host, const char *name);

#ifdef __cplusplus
}
#endif
#endif
