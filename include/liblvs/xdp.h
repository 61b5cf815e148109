/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * The packet adapter "xdp" (liblvs-xdp, Linux 5.11): AF_XDP sockets, one for each queue of each
 * interface, and the XDP program that steers to them what belongs to the director's services. All
 * else goes to the host's stack as if the program were not there.
 *
 *     lvs_xdp_new(&xdp_conf, &xdp);
 *     lvs_host_capture_by(host, lvs_xdp_capture_callback, xdp);
 *     for (each worker)
 *             lvs_io_open(lvs_xdp_ops(), &io_conf, &io);   // io_conf.adapter = xdp
 *     lvs_host_capture_set(host, rules, n);                // from here on it steers
 *     ...
 *     lvs_io_close(io), for each worker;
 *     lvs_host_del(host);
 *     lvs_xdp_del(xdp);                                    // the program is gone
 *
 * Needs CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF and CAP_PERFMON in the initial user namespace; see
 * docs/io.md.
 */
#ifndef LIBLVS_XDP_H
#define LIBLVS_XDP_H

#include <liblvs/error.h>
#include <liblvs/host.h>
#include <liblvs/io.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The program on its interfaces, its maps, and what the workers' ios share. Opaque. */
struct lvs_xdp;

/** How the program is attached. */
enum lvs_xdp_mode {
	LVS_XDP_MODE_AUTO = 0,    /**< By the driver where it can, else by the stack. */
	LVS_XDP_MODE_NATIVE = 1,  /**< By the driver, or not at all. */
	LVS_XDP_MODE_GENERIC = 2, /**< By the stack, behind the driver: any driver, slower. */
};

/** Whether frames are copied between driver and sockets. */
enum lvs_xdp_copy {
	LVS_XDP_COPY_AUTO = 0,   /**< Not where the driver can do without. */
	LVS_XDP_COPY_ALWAYS = 1, /**< Copied. */
	LVS_XDP_COPY_NEVER = 2,  /**< Zero-copy, or not at all. Built, but tried with no driver. */
};

/**
 * What is thought of the transport checksum of a received packet, which comes without a word about
 * it. Only what was made on the same machine (veth, virtio) can be half-made: it holds the sum of
 * the pseudo-header, for a link to complete that none of us is.
 */
enum lvs_xdp_csum {
	/** LVS_XDP_CSUM_DETECT, which is right for every driver. */
	LVS_XDP_CSUM_AUTO = 0,
	/** It is taken as it is. A wrong one stays wrong. For network cards. */
	LVS_XDP_CSUM_TRUST = 1,
	/** One that equals the pseudo-header's sum is half-made and completed (of SCTP: one of 0);
	 * a wrong one stays wrong. Costs a look at the headers, and a sum over packets that are
	 * half-made. One in 65,536 right ones looks so, too, and comes out as it was. */
	LVS_XDP_CSUM_DETECT = 2,
	/** Computed anew over each packet. A wrong one becomes right: only for links that damage
	 * nothing. */
	LVS_XDP_CSUM_RECOMPUTE = 3,
};

/** What lvs_xdp_new() is told. Zero is the default everywhere but for size and interfaces. */
struct lvs_xdp_conf {
	uint32_t size;                 /**< sizeof of this structure. */
	uint32_t interface_n;          /**< Names at interfaces, 1 to 32. */
	const char *const *interfaces; /**< Where traffic is steered from. Copied. */
	uint32_t worker_n; /**< Workers that share the queues, by turns; default 1. Not more than
				any interface has queues. */
	uint32_t mode;     /**< enum lvs_xdp_mode. */
	uint32_t copy;     /**< enum lvs_xdp_copy. */
	uint32_t csum;     /**< enum lvs_xdp_csum. */
	uint32_t ring;     /**< Frames of each ring, a power of two from 64 to 16,384; default 2048.
				A worker takes twice as many 4 KiB frames for each of its queues. */
	uint32_t busy_poll_us; /**< Busy polling: how long the kernel may poll the driver in one
				    lvs_io_rx(), microseconds; 0: interrupts drive it. */
	uint32_t rule_max; /**< Entries of the rules' map, of which a service or a server behind NAT
				takes three to seven; default 262,144. */
	struct lvs_log log; /**< Where log lines go; zeroed: nowhere. Called from control calls. */
};

/** Every counter of the program: name, sentence. Frames; new ones are appended. */
#define LVS_XDP_COUNTERS(X)                                                                        \
	X(steered, "given to a socket")                                                            \
	X(left, "left to the host: of no service, or not IP")                                      \
	X(tagged, "left to the host: tagged for a VLAN")                                           \
	X(other, "left to the host: addressed to another host, or to several")                     \
	X(unread, "left to the host: its headers are cut short or too many")                       \
	X(too_long, "left to the host: a service's, longer than the link or a socket takes")       \
	X(no_socket, "lost: a service's, on a queue without a socket")

/** Numbers of the counters. */
enum lvs_xdp_counter {
#define LVS_XDP_COUNTER_ENUM(name, text) LVS_XDP_COUNT_##name, /**< text */
	LVS_XDP_COUNTERS(LVS_XDP_COUNTER_ENUM)
#undef LVS_XDP_COUNTER_ENUM
		LVS_XDP_COUNT_N, /**< How many there are in this version. */
};

/**
 * The adapter's operations, for lvs_io_open(), with lvs_io_conf::adapter the struct lvs_xdp and
 * lvs_io_conf::worker_n as in lvs_xdp_conf. lvs_io_conf::target is not read. Worker @e w has the
 * queues @e w, @e w + worker_n and so on of each interface. What leaves by an interface that is not
 * among the named leaves by a packet socket. Any thread; static.
 *
 * lvs_io_open() gives LVS_ERR_INVALID, LVS_ERR_NO_MEMORY, LVS_ERR_PERMISSION, LVS_ERR_BUSY (another
 * program has a queue), LVS_ERR_NO_DEVICE, LVS_ERR_UNSUPPORTED (no zero-copy there, no AF_XDP in
 * the kernel) or LVS_ERR_IO.
 */
LVS_API const struct lvs_io_ops *lvs_xdp_ops(void);

/**
 * Loads the program and makes its maps, and claims the interfaces. Nothing is attached, and nothing
 * steered, before the first lvs_xdp_capture(); what a crashed program has left there stays in force
 * until then.
 *
 * @param xdp Set on success.
 * @return 0; LVS_ERR_INVALID or LVS_ERR_RANGE for a setting; LVS_ERR_NO_DEVICE; LVS_ERR_BUSY (a
 *         living director has the interface); LVS_ERR_EXISTS (another's XDP program is there, which
 *         the log names); LVS_ERR_PERMISSION; LVS_ERR_UNSUPPORTED (not Ethernet, fewer queues than
 *         workers, no BPF in the kernel); LVS_ERR_NO_MEMORY; LVS_ERR_IO.
 *
 * Control call, in the network namespace of the interfaces.
 */
LVS_API int lvs_xdp_new(const struct lvs_xdp_conf *conf, struct lvs_xdp **xdp);

/** Detaches the program and frees all. Its ios are closed before. NULL is fine. Control call. */
LVS_API void lvs_xdp_del(struct lvs_xdp *xdp);

/**
 * Says what is steered, in the words of lvs_host_capture_set(), which calls this after
 * lvs_host_capture_by(). New rules are in force before old ones go, so that what both lists have is
 * steered throughout; the program is attached at the first list that is not empty. Between a crash
 * and the next start it drops what it would steer, as there is no socket.
 *
 * @param rules Array of @p n, read during the call only; none: nothing is steered any more.
 * @return 0; LVS_ERR_INVALID or LVS_ERR_FAMILY for a rule; LVS_ERR_FULL (lvs_xdp_conf::rule_max);
 *         LVS_ERR_NO_MEMORY; or as the program could not be attached: LVS_ERR_EXISTS,
 *         LVS_ERR_UNSUPPORTED, LVS_ERR_PERMISSION, LVS_ERR_NO_DEVICE, LVS_ERR_IO. On an error the
 *         former rules are in force.
 *
 * Control call.
 */
LVS_API int lvs_xdp_capture(struct lvs_xdp *xdp, const struct lvs_host_rule *rules, unsigned n);

/** The same for lvs_host_capture_by(): @p xdp is a struct lvs_xdp. Control call. */
LVS_API int lvs_xdp_capture_callback(void *xdp, const struct lvs_host_rule *rules, unsigned n);

/**
 * Follows the interfaces: to be called when links have changed (lvs_host_conf::changed). Their
 * link-layer addresses and MTUs are read again. One that was deleted or renamed is given up, and
 * one of its name that has come is taken up: the program is attached to it, and each io opens its
 * sockets anew in an lvs_io_rx() within 200 ms, at all interfaces, by which what is
 * under way there is lost.
 * @return 0, or what one that is there could not be taken up for, as lvs_xdp_new(); the others
 *         are followed all the same, and it is tried again the next time. Control call.
 */
LVS_API int lvs_xdp_follow(struct lvs_xdp *xdp);

/** An interface from which is steered. */
struct lvs_xdp_port_info {
	uint32_t size;     /**< sizeof of this structure: an input. */
	uint32_t ifindex;  /**< Interface. */
	char name[16];     /**< Its name. */
	char driver[32];   /**< Its driver, empty where it tells none. */
	uint32_t queue_n;  /**< Receive queues, each with a socket. */
	uint32_t mode;     /**< enum lvs_xdp_mode in force; 0 before the program is attached. */
	uint32_t reserved; /**< Zero. */
	uint32_t attached; /**< 1 while the program is. */
};

/** The @p i-th interface. @return 0, or LVS_ERR_NO_ENTRY behind the last. Control call. */
LVS_API int lvs_xdp_port(const struct lvs_xdp *xdp, unsigned i, struct lvs_xdp_port_info *info);

/**
 * Reads the program's counters, sums of all interfaces and processors. @param counts Array of @p n,
 * indexed by enum lvs_xdp_counter; those beyond the library's own are set to 0. Any thread.
 */
LVS_API void lvs_xdp_counts(const struct lvs_xdp *xdp, uint64_t *counts, unsigned n);

/** A counter's name, for instance "steered". Never NULL. Any thread. */
LVS_API const char *lvs_xdp_counter_name(unsigned counter);

/** A counter as a sentence. Never NULL. Any thread. */
LVS_API const char *lvs_xdp_counter_text(unsigned counter);

#ifdef __cplusplus
}
#endif
#endif
