/* SPDX-License-Identifier: BSD-2-Clause */
/* Log lines of liblvs-io; the core's own are hidden in it. */
#ifndef LVS_IO_IO_LOG_H
#define LVS_IO_IO_LOG_H

#include <liblvs/types.h>

#include "base/compiler.h"

/* Formats and hands on a line of at most 255 characters; silent without a callback. */
void lvs_io_log(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...)
	LVS_PRINTF(3, 4);

/* The enum lvs_err that says the same as an errno value; LVS_ERR_IO where there is none. */
int lvs_io_error(int system_errno);

#endif
