/* SPDX-License-Identifier: BSD-2-Clause */
/* Integers of 128 bits: the compiler's where it has them, else two halves. */
#ifndef LVS_BASE_WIDE_H
#define LVS_BASE_WIDE_H

#include <stdint.h>

#include "base/compiler.h"

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 lvs_wide;

LVS_INLINE lvs_wide lvs_wide_of(uint64_t upper, uint64_t lower)
{
	return (lvs_wide)upper << 64 | lower;
}

LVS_INLINE uint64_t lvs_wide_upper(lvs_wide value)
{
	return (uint64_t)(value >> 64);
}

/* @p sum + @p a * @p b modulo 2^128. */
LVS_INLINE lvs_wide lvs_wide_add_product(lvs_wide sum, lvs_wide a, uint64_t b)
{
	return sum + a * b;
}

#else

typedef struct {
	uint64_t lower;
	uint64_t upper;
} lvs_wide;

LVS_INLINE lvs_wide lvs_wide_of(uint64_t upper, uint64_t lower)
{
	return (lvs_wide){lower, upper};
}

LVS_INLINE uint64_t lvs_wide_upper(lvs_wide value)
{
	return value.upper;
}

/* The product of two words, from products of their halves. */
LVS_INLINE lvs_wide lvs_wide_product(uint64_t a, uint64_t b)
{
	uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX);
	uint64_t mid = (a >> 32) * (b & UINT32_MAX) + (low >> 32);
	uint64_t mid2 = (a & UINT32_MAX) * (b >> 32) + (mid & UINT32_MAX);

	return (lvs_wide){mid2 << 32 | (low & UINT32_MAX),
			  (a >> 32) * (b >> 32) + (mid >> 32) + (mid2 >> 32)};
}

LVS_INLINE lvs_wide lvs_wide_add_product(lvs_wide sum, lvs_wide a, uint64_t b)
{
	lvs_wide product = lvs_wide_product(a.lower, b);
	uint64_t lower = sum.lower + product.lower;

	return (lvs_wide){lower, sum.upper + product.upper + a.upper * b + (lower < sum.lower)};
}

#endif

#endif
