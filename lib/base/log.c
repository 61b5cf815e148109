/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void lvs_log(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...)
{
	char line[256];
	va_list args;

	if (!log->line)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	log->line(log->user, level, line);
}
