/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/error.h"

#include <stdarg.h>
#include <stdio.h>

int rule_fail(struct rule_error *error, const char *format, ...)
{
	va_list args;
	int len = snprintf(error->text, error->len, "%s:%u: ", error->file, error->line);

	va_start(args, format);
	if (len >= 0 && (size_t)len < error->len)
		vsnprintf(error->text + len, error->len - (size_t)len, format, args);
	va_end(args);
	return -1;
}
