/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4 and the kernel's hsiphash (SipHash-1-3). Aumasson, Bernstein: "SipHash: a fast
 * short-input PRF", 2012. */
#ifndef LVS_BASE_SIPHASH_H
#define LVS_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 of @p len bytes under a 16-byte key. */
uint64_t lvs_siphash(const uint8_t key[16], const void *data, size_t len);

/* What the 64-bit kernel's hsiphash_1u32() gives: the low half of SipHash-1-3 of @p value as
 * four little-endian bytes, under the key {k0, k1}. */
uint32_t lvs_hsiphash_u32(uint32_t value, uint64_t k0, uint64_t k1);

#endif
