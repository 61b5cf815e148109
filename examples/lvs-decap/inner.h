/* SPDX-License-Identifier: BSD-2-Clause */
/* The packet in the tunnel: is it one, where does it end, and may it go on. */
#ifndef DECAP_INNER_H
#define DECAP_INNER_H

#include "address.h"
#include "count.h"

#include <stddef.h>

struct inner_packet {
	uint8_t *ip; /* in the receive buffer; changed in place */
	size_t len;  /* by its own header, once checked */
	uint8_t family;
	size_t csum_start; /* remote checksum offload: the sum starts here, and covers all behind */
	size_t csum_place; /* and goes here; 0: it is complete */
};

/*
 * Checks lengths, the IPv4 header checksum and the place of a remote one, and cuts off what lies
 * behind.
 * Returns 0, or -1 for a packet that was counted and is to be dropped.
 */
int inner_check(struct inner_packet *inner, struct decap_counts *counts);

/* Where the packet goes to; it has been checked. */
struct address inner_destination(const struct inner_packet *inner);

/*
 * Brings the outer header's congestion mark in: RFC 6040, section 4.2.
 * Returns 0, or -1 for a packet that was counted and is to be dropped.
 */
int inner_decap_ecn(struct inner_packet *inner, uint8_t outer_ecn, struct decap_counts *counts);

/* Adds the 16-bit words of `bytes` to a one's complement sum (RFC 1071). */
uint64_t inner_sum(uint64_t sum, const uint8_t *bytes, size_t len);

/* The sum in 16 bits, not complemented. */
uint16_t inner_fold(uint64_t sum);

#endif
