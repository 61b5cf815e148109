/* SPDX-License-Identifier: BSD-2-Clause */
/* An ICMP error about a frame that left. */
#ifndef KERNEL_QUOTE_H
#define KERNEL_QUOTE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The error comes as frame, IP header without options and the eight bytes of ICMP; this appends at
 * most `bytes` of the packet in `about` and sets lengths and checksums. It goes to the sender of
 * that packet; from its receiver where the source address is zero. An ICMP checksum that is not
 * zero is a fault to be put in: it is added to the right one. Returns the length, or -1 when
 * `about` is no packet of the error's family or it does not fit into `size`.
 */
int quote_fill(uint8_t *frame, size_t len, size_t size, const uint8_t *about, size_t about_len,
	       size_t bytes);

#endif
