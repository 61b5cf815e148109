/* SPDX-License-Identifier: BSD-2-Clause */
/* What a packet's sender, or a card in between, left to be done: checksum and segmentation. */
#ifndef DECAP_OFFLOAD_H
#define DECAP_OFFLOAD_H

#include "count.h"
#include "inner.h"

#include <linux/virtio_net.h>

/* Fills the header that goes to the TUN in front of the packet. */
void offload_describe(const struct inner_packet *inner, unsigned mtu, struct virtio_net_hdr *header,
		      struct decap_counts *counts);

#endif
