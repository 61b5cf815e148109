/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet's sender, or a card in between, left to be done: checksum and segmentation. */
#ifndef DECAP_OFFLOAD_H
#define DECAP_OFFLOAD_H

#include "count.h"
#include "inner.h"

#include <linux/virtio_net.h>

/* Whether its transport checksum is unfinished, which no packet's is that came over a wire. It has
 * been checked. */
int offload_is_partial(const struct inner_packet *inner);

/* Fills the header that goes to the TUN in front of the packet; a remote checksum is completed
 * here where the host cannot be asked. */
void offload_describe(struct inner_packet *inner, unsigned mtu, struct virtio_net_hdr *header,
		      struct decap_counts *counts);

#endif
