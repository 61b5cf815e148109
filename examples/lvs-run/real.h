/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's own functions, behind those of the preload library. */
#ifndef LVS_RUN_REAL_H
#define LVS_RUN_REAL_H

#include <stddef.h>

/* Finds one; the program ends where it is not there, as nothing would work. */
void *real_find(const char *name);

/* The function of this name. Side by side, threads find the same. */
#define REAL(name)                                                                                 \
	({                                                                                         \
		static __typeof__(&(name)) found;                                                  \
		__typeof__(&(name)) it = __atomic_load_n(&found, __ATOMIC_RELAXED);                \
		if (!it) {                                                                         \
			void *symbol = real_find(#name);                                           \
			__builtin_memcpy(&it, &symbol, sizeof(it));                                \
			__atomic_store_n(&found, it, __ATOMIC_RELAXED);                            \
		}                                                                                  \
		it;                                                                                \
	})

#endif
