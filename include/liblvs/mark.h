/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Marks for firewall-mark services (liblvs-io). No adapter sees the mark that a host's firewall
 * gives a packet; these rules give one instead, between lvs_io_rx() and lvs_worker_process():
 *
 *     n = lvs_io_rx(io, packets, 64);
 *     lvs_marks_set(marks, packets, n);
 *     lvs_worker_process(worker, packets, n, lvs_io_now(io));
 */
#ifndef LIBLVS_MARK_H
#define LIBLVS_MARK_H

#include <stdbool.h>

#include <liblvs/error.h>
#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lvs_marks;

enum {
	LVS_MARKS_MAX = 4096, /**< Rules of one list at most. */
};

/**
 * Which packets get a mark. Zero is "any" everywhere, but that reserved bytes are zero.
 *
 * Ports are those of TCP, UDP and SCTP: a rule that names some matches nothing else, nor fragments
 * but the first of a datagram; the director has the others follow the first.
 */
struct lvs_mark_rule {
	union lvs_addr src;     /**< Sender's address, of which src_len bits count. */
	union lvs_addr dst;     /**< Receiver's address, of which dst_len bits count. */
	uint32_t mark;          /**< What a packet gets; 0: none, nor by a later rule. */
	uint32_t ifindex;       /**< lvs_packet::ifindex; 0 any. */
	uint16_t src_port;      /**< Sender's port, the lowest, as a number of this machine. */
	uint16_t src_port_last; /**< The highest; with src_port 0, 0 is any port at all. */
	uint16_t dst_port;      /**< Receiver's port, the lowest. */
	uint16_t dst_port_last; /**< The highest; with dst_port 0, 0 is any port at all. */
	uint8_t family;         /**< enum lvs_family; LVS_UNSPEC: either, where no bits count. */
	uint8_t protocol;       /**< The transport's number, behind extension headers; 0 any. */
	uint8_t src_len;        /**< Bits of src, up to 32 or 128; the others are zero. */
	uint8_t dst_len;        /**< Bits of dst, likewise. */
	uint8_t reserved[4];    /**< Zero. */
};

/**
 * Makes a list. The first rule that matches a packet decides.
 *
 * @param rules Array of @p n, copied; their order is that of the matching.
 * @param n At most LVS_MARKS_MAX; 0 is an empty list.
 * @param marks Set on success.
 * @return 0, LVS_ERR_INVALID (bits beyond a length, a last port below the first, reserved bytes),
 *         LVS_ERR_FAMILY, LVS_ERR_RANGE (a length, or too many rules), LVS_ERR_NO_MEMORY.
 *
 * Any thread.
 */
LVS_API int lvs_marks_new(const struct lvs_mark_rule *rules, unsigned n, struct lvs_marks **marks);

/** Ends a list that nobody uses any more. NULL is fine. Any thread. */
LVS_API void lvs_marks_del(struct lvs_marks *marks);

/**
 * Sets lvs_packet::mark of each packet that a rule matches; of one that none does, or that
 * lvs_packet_parse() refuses, it stays. Only first lines and headers are read. Costs parsing, and a
 * few instructions a rule of the packet's family.
 *
 * @param marks Not changed, so that any number of threads may use it; NULL does nothing.
 *
 * Worker call; any thread, no allocation, no lock.
 */
LVS_API void lvs_marks_set(const struct lvs_marks *marks, struct lvs_packet *packets, unsigned n);

/**
 * Whether some packet that a service may take (TCP, UDP, SCTP, AH, ESP) gets the mark: there is a
 * rule that sets it for that family and that no single rule above it covers wholly.
 *
 * @param marks NULL: no rules. Any thread.
 */
LVS_API bool lvs_marks_reach(const struct lvs_marks *marks, enum lvs_family family, uint32_t mark);

#ifdef __cplusplus
}
#endif
#endif
