/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames that ask for, announce and claim an address: ARP (RFC 826, 5227), neighbour discovery
 * (RFC 4861, 4862). Pure. */
#ifndef LVS_IO_HOST_FRAME_H
#define LVS_IO_HOST_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include <liblvs/types.h>

#define LVS_FRAME_MAX 96

/* Asks whether anybody has the address, without claiming it. Returns its length. */
size_t lvs_frame_probe(uint8_t *frame, unsigned family, const uint8_t *mac,
		       const union lvs_addr *addr);

/* Tells everybody that @p mac has the address. IPv6 also tells whether it is a router's: who has
 * taken it for one until now would take it out of his routers. */
size_t lvs_frame_announce(uint8_t *frame, unsigned family, const uint8_t *mac,
			  const union lvs_addr *addr, bool router);

/* What a frame says of an address. */
struct lvs_claim {
	union lvs_addr addr;
	uint8_t family;
	uint8_t mac[6]; /* whose frame it is */
	bool probe;     /* it only asks whether it is free */
};

/* False if the frame says nothing of that kind. */
bool lvs_frame_read(const uint8_t *frame, size_t len, struct lvs_claim *claim);

#endif
