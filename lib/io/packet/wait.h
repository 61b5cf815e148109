/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that wait until the link-layer address of their next hop is known: copies, bounded. */
#ifndef LVS_IO_PACKET_WAIT_H
#define LVS_IO_PACKET_WAIT_H

#include <stdbool.h>

#include <liblvs/packet.h>

#include "io/io_count.h"

#define LVS_AFP_WAIT_NS UINT64_C(3000000000) /* as long as three questions of the kernel's */

struct lvs_afp_waiting {
	struct lvs_afp_waiting *next;
	uint64_t deadline;
	struct lvs_packet packet; /* data points to bytes */
	uint8_t bytes[];
};

struct lvs_afp_wait {
	struct lvs_afp_waiting *first; /* the oldest */
	struct lvs_afp_waiting **last; /* where the next is hung */
	uint32_t n, len;               /* packets and bytes that wait */
	uint32_t n_max, len_max;
	struct lvs_io_count *count;
};

void lvs_afp_wait_init(struct lvs_afp_wait *wait, uint32_t n_max, uint32_t len_max,
		       struct lvs_io_count *count);
void lvs_afp_wait_fini(struct lvs_afp_wait *wait);

/* Keeps a copy of a packet; the oldest make room. */
void lvs_afp_wait_add(struct lvs_afp_wait *wait, const struct lvs_packet *packet, uint64_t now);

/*
 * Offers every packet, the oldest first, to @try, which says whether it still
 * has to wait. Those whose time is over are lost.
 */
void lvs_afp_wait_retry(struct lvs_afp_wait *wait, uint64_t now,
			bool (*try)(void *user, const struct lvs_packet *packet), void *user);

#endif
