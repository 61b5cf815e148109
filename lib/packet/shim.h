/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tunnel puts between its IP header and the packet inside, other than nothing:
 *
 *	GRE (RFC 2784, 2.1)                     GUE, version 0 (draft-ietf-intarea-gue), behind UDP
 *	|C|        0        | Ver |  Protocol | |Ver|C|Hlen |  Protocol |         Flags         |
 *	|    Checksum (C)   |        0        | |  Private flags: remote checksum offload (P)   |
 *	                                        |         start         |         place         |
 *
 * Protocol is an EtherType in GRE and a number of IP in GUE. Hlen counts words behind the first.
 * GUE's flags are 0, or P alone, which announces the second and third word; start and place
 * (draft-herbert-remotecsumoffload) count from the end of the GUE header. Key and sequence number
 * of GRE, and whatever else there is, are not read.
 */
#ifndef LVS_PACKET_SHIM_H
#define LVS_PACKET_SHIM_H

#include <stdbool.h>

#include <liblvs/packet.h>

enum {
	LVS_GRE_LEN = 4,      /* without checksum */
	LVS_GRE_CSUM_LEN = 8, /* with it */
	LVS_GRE_CSUM_FLAG = 0x8000,
	LVS_GRE_CSUM = 4, /* place of the checksum */
	LVS_ETHERTYPE_IPV4 = 0x0800,
	LVS_ETHERTYPE_IPV6 = 0x86dd,

	LVS_GUE_LEN = 4,          /* behind UDP, without options */
	LVS_GUE_REMCSUM_LEN = 12, /* with those of remote checksum offload */
	LVS_GUE_PRIVATE = 0x0001, /* flags: a word of private ones follows */
};

#define LVS_GUE_REMCSUM 0x80000000u /* private flags: start and place follow */

/* What was read. */
struct lvs_shim {
	uint8_t len;    /* bytes to the packet inside, UDP's included */
	uint8_t family; /* enum lvs_family of that packet */
	bool has_csum;  /* GRE, or UDP's is not 0 */
	bool is_remote; /* GUE: the inner checksum is for the tunnel's end to complete */
};

/* Reads GRE at @p gre, or UDP and GUE at @p udp, of which @p room bytes are at hand. False: it is
 * cut short, or has what we never write. */
bool lvs_shim_gre(const uint8_t *gre, uint32_t room, struct lvs_shim *shim);
bool lvs_shim_gue(const uint8_t *udp, uint32_t room, struct lvs_shim *shim);

#endif
