/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as pairs of hexadecimal digits. */
#ifndef KERNEL_HEX_H
#define KERNEL_HEX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Reads digits up to the end or a space. Returns how many bytes, or -1 when it is not hex
 * or does not fit. */
int hex_read(const char *text, uint8_t *bytes, size_t size);

/* Writes 2 * len digits. */
void hex_write(FILE *out, const uint8_t *bytes, size_t len);

#endif
