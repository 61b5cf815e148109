/* SPDX-License-Identifier: BSD-2-Clause */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* What the journal reads in front of a line: syslog's number of the level. */
static int level_number(enum lvs_log_level level)
{
	switch (level) {
	case LVS_LOG_ERROR:
		return 3;
	case LVS_LOG_WARNING:
		return 4;
	case LVS_LOG_NOTICE:
		return 5;
	case LVS_LOG_INFO:
		return 6;
	default:
		return 7;
	}
}

/* For the journal, which knows who writes, and the time. */
static void write_journal(void *user, enum lvs_log_level level, const char *text)
{
	const enum lvs_log_level *least = user;

	if (level <= *least)
		fprintf(stderr, "<%d>%s\n", level_number(level), text);
}

/* Whether standard error is what JOURNAL_STREAM names (systemd.exec(5)), and not sent elsewhere. */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char ours[64];

	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)status.st_dev,
		 (unsigned long long)status.st_ino);
	return !strcmp(stream, ours);
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
	return (struct lvs_log){.line = is_journal() ? write_journal : write_line, .user = level};
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
