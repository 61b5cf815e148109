/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory from the embedder's allocator. */
#ifndef LVS_BASE_MEMORY_H
#define LVS_BASE_MEMORY_H

#include <liblvs/types.h>

/* The C library's allocator. */
extern const struct lvs_alloc lvs_alloc_libc;

/* Returns @p size bytes, zeroed, aligned to @p align, or NULL. */
void *lvs_mem_zalloc(const struct lvs_alloc *alloc, size_t size, size_t align);

/* Returns @p size bytes, contents undefined, or NULL. */
void *lvs_mem_alloc(const struct lvs_alloc *alloc, size_t size, size_t align);

/* Gives memory back; NULL is fine. */
void lvs_mem_free(const struct lvs_alloc *alloc, void *memory, size_t size, size_t align);

#endif
