/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's frame, completed by what reached the server. */
#ifndef KERNEL_ANSWER_H
#define KERNEL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who answers is known only when the request has gone to somebody: the frame comes with zeroes for
 * the sender's link-layer address, address and port, and with checksums that count them as zero.
 * This writes in whom `to` went to, the inner packet where it is a tunnel's, and moves the
 * checksums along; wrong ones stay wrong. False when `to` has no such sender.
 */
bool answer_fill(uint8_t *frame, size_t len, const uint8_t *to, size_t to_len);

#endif
