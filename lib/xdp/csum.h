/* SPDX-License-Identifier: BSD-2-Clause */
/* Checksums of received packets, of which a frame does not tell whether they are whole. Pure. */
#ifndef LVS_XDP_CSUM_H
#define LVS_XDP_CSUM_H

#include <liblvs/packet.h>
#include <liblvs/xdp.h>

/*
 * Completes the transport checksum of a packet in place, as @how says. Fragments have whole ones:
 * who cuts completes. What is made anew, or completed, is LVS_PACKET_CSUM_VALID then.
 */
void lvs_xdp_csum(struct lvs_packet *packet, enum lvs_xdp_csum how);

#endif
