/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compare of a line's ten tags at once: in ordinary words on any machine, or by
 * the vectors that every x86-64 has. Which of both is used makes no difference but
 * time; tests/unit/test_table_hash.c tests both.
 */
#ifndef LVS_CONN_TAGS_H
#define LVS_CONN_TAGS_H

#include <stddef.h>

#include "conn/index.h"

#if defined(__x86_64__)
#define LVS_TAGS_VECTOR 1
#include <emmintrin.h>
#else
#define LVS_TAGS_VECTOR 0
#endif

/* Which one is used. The thread sanitizer knows no vector that others store into. */
#define LVS_TAGS_BY_VECTOR (LVS_TAGS_VECTOR && !LVS_THREAD_SANITIZER)

#define LVS_TAGS_LANES UINT64_C(0x0001000100010001)

/* High bit of each 16-bit lane that is zero; exact, no lane disturbs its neighbour. */
LVS_INLINE uint64_t lvs_tags_zero_lanes(uint64_t x)
{
	const uint64_t low = 0x7fff * LVS_TAGS_LANES;

	return ~(((x & low) + low) | x | low);
}

/*
 * The slots of a line with a tag, as a set: bit 16 * (slot % 4) + slot / 4. @p passed
 * becomes the line's count. One set of all ten: which word it was is not predictable.
 */
LVS_INLINE uint64_t lvs_tags_words(const struct lvs_index_line *line, uint64_t tag,
				   uint32_t *passed)
{
	const uint64_t tags = tag * LVS_TAGS_LANES;
	/* acquire: pairs with the releases in lvs_index_add() and lvs_index_drop() */
	uint64_t a = atomic_load_explicit(&line->tags[0], memory_order_acquire);
	uint64_t b = atomic_load_explicit(&line->tags[1], memory_order_acquire);
	uint64_t c = atomic_load_explicit(&line->tags[2], memory_order_acquire);

	*passed = (uint32_t)(c >> 32);
	return lvs_tags_zero_lanes(a ^ tags) >> 15 | lvs_tags_zero_lanes(b ^ tags) >> 14 |
	       (lvs_tags_zero_lanes(c ^ tags) & UINT32_MAX) >> 13;
}

/* The first slot of such a set that is not empty. */
LVS_INLINE unsigned lvs_tags_word_slot(uint64_t slots)
{
	unsigned bit = lvs_ctz64(slots);

	return bit / 16 + bit % 4 * 4;
}

#if LVS_TAGS_VECTOR

_Static_assert(offsetof(struct lvs_index_line, tags) == 0, "two words at the beginning");

/*
 * The same as a set of bits by slot. Two words come by one load of a vector: each of them, being
 * aligned, is whole, as if they had been loaded one by one (Intel SDM, volume 3, 9.1.1; AMD APM,
 * volume 2, 7.3.2), and loads are in order on these machines; the fence keeps the compiler to it.
 */
LVS_INLINE uint64_t lvs_tags_vector(const struct lvs_index_line *line, uint64_t tag,
				    uint32_t *passed)
{
	__m128i first = _mm_load_si128((const __m128i *)(const void *)line);
	/* acquire: pairs with the releases in lvs_index_add() and lvs_index_drop() */
	uint64_t c = atomic_load_explicit(&line->tags[2], memory_order_acquire);
	__m128i last = _mm_cvtsi64_si128((long long)c);
	__m128i all = _mm_set1_epi16((short)tag);

	atomic_signal_fence(memory_order_acquire);
	first = _mm_cmpeq_epi16(first, all);
	last = _mm_cmpeq_epi16(last, all);
	*passed = (uint32_t)(c >> 32);
	return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(first, last)) & 0x3ff;
}

#endif

/* The slots of a line with a tag, as a set; @p passed becomes the line's count. */
LVS_INLINE uint64_t lvs_index_slots(const struct lvs_index_line *line, uint64_t tag,
				    uint32_t *passed)
{
#if LVS_TAGS_BY_VECTOR
	return lvs_tags_vector(line, tag, passed);
#else
	return lvs_tags_words(line, tag, passed);
#endif
}

/* The first slot of a set that is not empty. */
LVS_INLINE unsigned lvs_index_slot(uint64_t slots)
{
#if LVS_TAGS_BY_VECTOR
	return lvs_ctz64(slots);
#else
	return lvs_tags_word_slot(slots);
#endif
}

/* Into an empty slot: its tag is 0. */
LVS_INLINE void lvs_index_put(struct lvs_index_line *line, unsigned slot, uint64_t hash,
			      uint32_t ref)
{
	uint64_t tags = atomic_load_explicit(&line->tags[slot / 4], memory_order_relaxed) |
			lvs_index_tag(hash) << slot % 4 * 16;

	/* release: the record is whole; pairs with the acquire of who reads the reference */
	atomic_store_explicit(&line->refs[slot], ref, memory_order_release);
	/* release: as in index.c */
	atomic_store_explicit(&line->tags[slot / 4], tags, memory_order_release);
}

/* What lvs_index_add() does where the home line is full. */
unsigned lvs_index_add_behind(struct lvs_index index, uint64_t hash, uint32_t ref);

/* lvs_index_add() */
LVS_INLINE unsigned lvs_index_add_near(struct lvs_index index, uint64_t hash, uint32_t ref)
{
	struct lvs_index_line *line = lvs_index_line_of(index, hash);
	uint32_t passed;
	uint64_t empty = lvs_index_slots(line, 0, &passed);

	if (lvs_unlikely(!empty))
		return lvs_index_add_behind(index, hash, ref);
	lvs_index_put(line, lvs_index_slot(empty), hash, ref);
	return 1;
}

/* Takes out what lies in a slot of its home line; the shard's lock is held. */
LVS_INLINE void lvs_index_clear(struct lvs_index_line *line, unsigned slot)
{
	uint64_t tags = atomic_load_explicit(&line->tags[slot / 4], memory_order_relaxed);

	/* release: as in index.c */
	atomic_store_explicit(&line->tags[slot / 4], tags & ~(UINT64_C(0xffff) << slot % 4 * 16),
			      memory_order_release);
}

/* Whether no slot has the tag and no entry went on to later lines. */
LVS_INLINE bool lvs_index_lacks(const struct lvs_index_line *line, uint64_t tag)
{
	uint32_t passed;

	return !lvs_index_slots(line, tag, &passed) && !passed;
}

#endif
