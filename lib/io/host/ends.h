/* SPDX-License-Identifier: BSD-2-Clause */
/* What the table's expressions load of a packet: its ends, and whether it is a piece of one. */
#ifndef LVS_IO_HOST_ENDS_H
#define LVS_IO_HOST_ENDS_H

#include <stdbool.h>

#include <liblvs/types.h>

struct lvs_ends {
	union lvs_addr src;
	union lvs_addr dst;
	uint32_t id; /* of a fragment: which datagram's */
	uint32_t l4; /* where the transport header stands, or what is here of a later fragment */
	lvs_be16 src_port;
	lvs_be16 dst_port;
	uint8_t family;
	uint8_t protocol;          /* the transport's, of a later fragment as far as it is known */
	uint8_t fragment_protocol; /* of a fragment: the same for each of a datagram */
	bool ports;                /* the protocol has them, and the bytes of both are there */
	bool opens;                /* a SYN that answers nothing, or SCTP's INIT */
	bool fragment;             /* IPv6: has such a header, be it the only one (RFC 6946) */
	bool later;                /* not the first */
};

/* Whether the transport begins with two ports. */
static inline bool lvs_ends_has_ports(unsigned protocol)
{
	return protocol == LVS_TCP || protocol == LVS_UDP || protocol == LVS_SCTP;
}

/* Reads the first @p len bytes of a packet. False where not even the addresses are there. */
bool lvs_ends_read(const uint8_t *data, uint32_t len, struct lvs_ends *ends);

/* Where an address stands in the header of its family. */
static inline unsigned lvs_ends_addr_offset(unsigned family, bool source)
{
	if (family == LVS_INET6)
		return source ? 8 : 24;
	return source ? 12 : 16;
}

#endif
