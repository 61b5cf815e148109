/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtio-net header (virtio 1.2, section 5.1.6; the legacy one of 10 bytes
 * in the machine's byte order) and the fields of a packet that say the same:
 * which checksum is missing, and into what a super-packet is to be cut.
 *
 *   header:  offsets from the link-layer header      packet: offsets from the IP header
 */
#ifndef LVS_IO_VNET_H
#define LVS_IO_VNET_H

#include <stdbool.h>

#include <linux/virtio_net.h>

#include <liblvs/packet.h>

enum {
	LVS_VNET_LEN = 10,       /* bytes of the header */
	LVS_VNET_GSO_UDP_L4 = 5, /* younger than some kernel headers */
};

/*
 * Takes a received header into @packet, of which data, len and linear_len are
 * set. @link_len: bytes of the link-layer header. False when it says what a packet
 * cannot.
 */
bool lvs_vnet_read(const struct virtio_net_hdr *header, uint32_t link_len,
		   struct lvs_packet *packet);

/* Fills the header for sending @packet behind @link_len bytes of link-layer header. */
void lvs_vnet_write(struct virtio_net_hdr *header, uint32_t link_len,
		    const struct lvs_packet *packet);

/* Bytes of the longest packet that the link will see of @packet. */
uint32_t lvs_vnet_longest(const struct lvs_packet *packet);

#endif
