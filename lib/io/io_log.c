/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/io_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <liblvs/error.h>

void lvs_io_log(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...)
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

int lvs_io_error(int system_errno)
{
	switch (system_errno) {
	case ENOENT:
		return LVS_ERR_NO_ENTRY;
	case ENOMEM:
	case ENOBUFS:
		return LVS_ERR_NO_MEMORY;
	case EPERM:
	case EACCES:
		return LVS_ERR_PERMISSION;
	case EBUSY:
		return LVS_ERR_BUSY;
	case ENODEV:
	case ENXIO:
		return LVS_ERR_NO_DEVICE;
	case ENOPROTOOPT:
	case EOPNOTSUPP:
		return LVS_ERR_UNSUPPORTED;
	default:
		return LVS_ERR_IO;
	}
}
