/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a socket receives, in memory shared with the kernel (TPACKET_V2): frames of one length,
 * taken in turns.
 *
 *   | header | from | ... | room | vnet | link layer | packet | room |     one frame
 *                                 tp_mac^
 *
 * A frame is the kernel's until its status says otherwise, and ours until it is released.
 */
#ifndef LVS_IO_PACKET_RING_H
#define LVS_IO_PACKET_RING_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lvs_afp_ring {
	uint8_t *map; /* NULL: not open */
	size_t len;
	uint32_t frame_len;
	uint32_t frame_n;
	uint32_t next;   /* the frame that comes next */
	uint32_t held_n; /* frames in front of it that are not released */
};

/* Opens the socket's ring for packets of up to @mtu bytes, of at most @len bytes. 0 or -1 with
 * errno set. */
int lvs_afp_ring_open(struct lvs_afp_ring *ring, int fd, uint32_t mtu, size_t len);
void lvs_afp_ring_close(struct lvs_afp_ring *ring);

/* The next frame that the kernel has filled, or NULL. It is held then. */
const struct tpacket2_hdr *lvs_afp_ring_next(struct lvs_afp_ring *ring);

/* Gives all that are held back to the kernel. */
void lvs_afp_ring_release(struct lvs_afp_ring *ring);

#endif
