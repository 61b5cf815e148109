/* SPDX-License-Identifier: BSD-2-Clause */
/* Compiler extensions and the machine: the only header that knows them. */
#ifndef LVS_BASE_COMPILER_H
#define LVS_BASE_COMPILER_H

#include <stdint.h>

#define LVS_CACHE_LINE 64

#if defined(__SANITIZE_THREAD__)
#define LVS_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LVS_THREAD_SANITIZER 1
#endif
#endif
#ifndef LVS_THREAD_SANITIZER
#define LVS_THREAD_SANITIZER 0
#endif

#define lvs_likely(x) __builtin_expect(!!(x), 1)
#define lvs_unlikely(x) __builtin_expect(!!(x), 0)
#define lvs_prefetch(p) __builtin_prefetch((p), 0, 3)
#define lvs_prefetch_write(p) __builtin_prefetch((p), 1, 3)
#define LVS_ALIGNED _Alignas(LVS_CACHE_LINE)
#define LVS_INLINE static inline __attribute__((always_inline))
#define LVS_NOINLINE __attribute__((noinline))
#define LVS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/* No guide for a fuzzer: checks that run after each of its steps would drown what it looks for. */
#if defined(__clang__)
#define LVS_UNTRACED __attribute__((no_sanitize("coverage"), noinline))
#else
#define LVS_UNTRACED
#endif

/* A loop of a few constant rounds, written out: -O2 alone would keep the counter. */
#if defined(__clang__)
#define LVS_UNROLL _Pragma("unroll")
#else
#define LVS_UNROLL _Pragma("GCC unroll 16")
#endif

/* A number that others may change meanwhile and that orders nothing. */
#define lvs_read_relaxed(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

#define LVS_ARRAY_N(array) (sizeof(array) / sizeof((array)[0]))

/** Number of the lowest set bit; @p x is not 0. */
#define lvs_ctz64(x) ((unsigned)__builtin_ctzll(x))
/** Number of the highest set bit; @p x is not 0. */
#define lvs_fls64(x) (63u - (unsigned)__builtin_clzll(x))

/** How many bits are set: Warren, "Hacker's Delight", 2002, figure 5-2. Not every processor has an
 * instruction for it, and then the compiler would call a function. */
LVS_INLINE unsigned lvs_popcount64(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(x * UINT64_C(0x0101010101010101) >> 56);
}

/* Tells a sibling hyperthread that this one only waits. */
LVS_INLINE void lvs_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

#endif
