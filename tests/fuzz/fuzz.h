/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target shares: the entry, and an assertion that no build turns off. */
#ifndef LVS_TESTS_FUZZ_H
#define LVS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer calls it, and so does replay.c for each file of the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A copy of exactly so many bytes, so that the address sanitizer sees one byte too far. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	FUZZ_CHECK(copy);
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i];
	return copy;
}

#endif
