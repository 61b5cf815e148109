/* SPDX-License-Identifier: BSD-2-Clause */
/* The MSS option of TCP (RFC 9293, 3.7.1): how much a segment to its sender may hold. */
#ifndef LVS_PACKET_MSS_H
#define LVS_PACKET_MSS_H

#include <liblvs/packet.h>

/*
 * Lowers the MSS option of a parsed TCP packet so that an IP packet without options or
 * extension headers has @p mtu bytes at the most. One without the option is left alone: it
 * stands for 536 or 1220 bytes. The checksum is repaired.
 */
void lvs_mss_clamp(struct lvs_packet *packet, const struct lvs_headers *headers, uint32_t mtu);

#endif
