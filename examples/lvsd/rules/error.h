/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a rules file is wrong, and what was expected there. */
#ifndef LVSD_RULE_ERROR_H
#define LVSD_RULE_ERROR_H

#include <stddef.h>

struct rule_error {
	const char *file;
	unsigned line;
	char *text; /* the caller's buffer of len bytes */
	size_t len;
};

/* Writes "file:line: ..." and returns -1. */
__attribute__((format(printf, 2, 3))) int rule_fail(struct rule_error *error, const char *format,
						    ...);

#endif
