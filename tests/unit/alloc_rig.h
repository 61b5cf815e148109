/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An allocator that counts what lives and fails when told to.
 *
 *	struct alloc_rig rig = {.fail_at = 3};	the third allocation from now fails, once
 *	struct lvs_alloc alloc = alloc_rig(&rig);
 *	...
 *	ck_assert_uint_eq(rig.live_n, 0);
 *
 * What it gives is filled with garbage, and sizes and alignments given back are checked.
 */
#ifndef LVS_TESTS_ALLOC_RIG_H
#define LVS_TESTS_ALLOC_RIG_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/types.h>

#include "unit.h"

/* An assertion for hot loops and for threads: check's own writes a message each time it holds. */
#define must(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			ck_abort_msg("%s", #condition);                                            \
	} while (0)

struct alloc_rig {
	uint64_t live_n;     /* allocations that were not freed */
	uint64_t live_bytes; /* of them, as asked for */
	uint64_t asked;      /* allocations asked for so far */
	uint64_t fail_at;    /* counts down with each; that which reaches 0 fails; 0: none */
	uint64_t failed;     /* allocations that failed */
	int fail_all;        /* every one fails */
};

/* Stands behind what was given, at the end of its memory. */
struct alloc_rig_tag {
	uint64_t size;
	uint64_t align;
};

static inline size_t alloc_rig_round(size_t size, size_t align)
{
	return (size + sizeof(struct alloc_rig_tag) + align - 1) / align * align;
}

static inline void *alloc_rig_alloc(void *user, size_t size, size_t align)
{
	struct alloc_rig *rig = user;
	struct alloc_rig_tag tag = {size, align};
	uint8_t *memory;

	rig->asked++;
	if (rig->fail_all || (rig->fail_at > 0 && --rig->fail_at == 0)) {
		rig->failed++;
		return NULL;
	}
	if (align < sizeof(void *))
		align = sizeof(void *);
	memory = aligned_alloc(align, alloc_rig_round(size, align));
	must(memory);
	memset(memory, 0xa5, size);
	memcpy(memory + size, &tag, sizeof(tag));
	rig->live_n++;
	rig->live_bytes += size;
	return memory;
}

static inline void alloc_rig_free(void *user, void *memory, size_t size, size_t align)
{
	struct alloc_rig *rig = user;
	struct alloc_rig_tag tag;

	must(memory);
	memcpy(&tag, (uint8_t *)memory + size, sizeof(tag));
	must(tag.size == size);
	must(tag.align == align);
	memset(memory, 0x5a, size);
	free(memory);
	rig->live_n--;
	rig->live_bytes -= size;
}

static inline struct lvs_alloc alloc_rig(struct alloc_rig *rig)
{
	return (struct lvs_alloc){.alloc = alloc_rig_alloc, .free = alloc_rig_free, .user = rig};
}

#endif
