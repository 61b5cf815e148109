/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/compiler.h"

#define HUGE_PAGE ((size_t)2 << 20)

/* Large tables are walked at random: a huge page is one miss less for each line. It is advice;
 * whether the system takes it makes no difference but time. */
static void advise(void *memory, size_t size, size_t align)
{
#ifdef MADV_HUGEPAGE
	if (memory && align >= HUGE_PAGE)
		(void)madvise(memory, size, MADV_HUGEPAGE);
#else
	(void)memory;
	(void)size;
	(void)align;
#endif
}

static void *libc_alloc(void *user, size_t size, size_t align)
{
	void *memory;

	(void)user;
	if (align <= _Alignof(max_align_t))
		return malloc(size);
	/* aligned_alloc() wants a multiple of the alignment */
	size = (size + align - 1) & ~(align - 1);
	memory = aligned_alloc(align, size);
	advise(memory, size, align);
	return memory;
}

static void libc_free(void *user, void *memory, size_t size, size_t align)
{
	(void)user;
	(void)size;
	(void)align;
	free(memory);
}

const struct lvs_alloc lvs_alloc_libc = {.alloc = libc_alloc, .free = libc_free};

void *lvs_mem_alloc(const struct lvs_alloc *alloc, size_t size, size_t align)
{
	return alloc->alloc(alloc->user, size, align);
}

void *lvs_mem_zalloc(const struct lvs_alloc *alloc, size_t size, size_t align)
{
	void *memory = lvs_mem_alloc(alloc, size, align);

	if (memory)
		memset(memory, 0, size);
	return memory;
}

void lvs_mem_free(const struct lvs_alloc *alloc, void *memory, size_t size, size_t align)
{
	if (memory)
		alloc->free(alloc->user, memory, size, align);
}
