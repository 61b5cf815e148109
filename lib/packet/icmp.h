/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP and ICMPv6 errors: what they are, their checksums, and how a packet becomes one. */
#ifndef LVS_PACKET_ICMP_H
#define LVS_PACKET_ICMP_H

#include <stdbool.h>

#include <liblvs/packet.h>

enum {
	/* RFC 792 */
	LVS_ICMP_UNREACHABLE = 3,
	LVS_ICMP_SOURCE_QUENCH = 4,
	LVS_ICMP_TIME_EXCEEDED = 11,
	LVS_ICMP_PORT_UNREACHABLE = 3, /* code */
	LVS_ICMP_FRAG_NEEDED = 4,      /* code */
	/* RFC 4443 */
	LVS_ICMPV6_UNREACHABLE = 1,
	LVS_ICMPV6_TOO_BIG = 2,
	LVS_ICMPV6_TIME_EXCEEDED = 3,
	LVS_ICMPV6_PORT_UNREACHABLE = 4, /* code */
	LVS_ICMPV6_INFO = 128,           /* the first type that is no error */
};

/* What an error says, in the words of the packet's own family. */
struct lvs_icmp_error {
	uint8_t type;
	uint8_t code;
	uint32_t info;         /* second word of the header */
	union lvs_addr source; /* who says so */
};

/* Whether a type is an error that concerns a connection, as the kernel's IPVS sees it. */
bool lvs_icmp_is_error(unsigned family, uint8_t type);

/* Fills in "fragmentation needed" or "packet too big", with the MTU as far as it may be said. */
void lvs_icmp_too_big(unsigned family, uint32_t mtu, struct lvs_icmp_error *error);

/* Whether the checksum is right. The packet is linear. */
bool lvs_icmp_valid(const struct lvs_packet *packet, const struct lvs_headers *headers);
/* The sum over what is there of an error, before it is changed. The packet is linear. */
uint64_t lvs_icmp_sum(const struct lvs_packet *packet, const struct lvs_headers *headers);
/* Puts the checksum right by what has changed since. Lengths and parts have not. */
void lvs_icmp_repair(struct lvs_packet *packet, const struct lvs_headers *headers, uint64_t before);
/* Puts it right. The packet is linear. */
void lvs_icmp_finish(struct lvs_packet *packet, const struct lvs_headers *headers);

/*
 * Whether an error may be sent about a packet at all (RFC 1122 3.2.2, RFC 4443 2.4 e): not about
 * ICMP, a later fragment, what was not sent to this host alone or has no sender; and whether
 * there is room for one in its buffer.
 */
bool lvs_icmp_may_answer(const struct lvs_packet *packet, const struct lvs_headers *headers,
			 const struct lvs_icmp_error *error);

/*
 * Makes the packet an error about itself, in its own buffer, from @p error->source to its
 * sender. IPv4: 576 bytes at most in all, IPv6: 1280. lvs_icmp_may_answer() has agreed.
 */
void lvs_icmp_build(struct lvs_packet *packet, const struct lvs_headers *headers,
		    const struct lvs_icmp_error *error);

#endif
