/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_LEN = 1024 };

static const char *level_name(enum lvs_log_level level)
{
	switch (level) {
	case LVS_LOG_ERROR:
		return "error: ";
	case LVS_LOG_WARNING:
		return "warning: ";
	case LVS_LOG_DEBUG:
		return "debug: ";
	default: /* news needs no name */
		return "";
	}
}

/* One call, so that lines of several threads do not mix. */
static void write_line(void *user, enum lvs_log_level level, const char *text)
{
	const enum lvs_log_level *least = user;

	if (level <= *least)
		fprintf(stderr, "lvsd: %s%s\n", level_name(level), text);
}

struct lvs_log log_to_stderr(enum lvs_log_level *level)
{
	return (struct lvs_log){.line = write_line, .user = level};
}

void log_line(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...)
{
	char text[LINE_MAX_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log->line(log->user, level, text);
}
