/* SPDX-License-Identifier: BSD-2-Clause */
/* One finished line to the embedder's callback. */
#ifndef LVS_BASE_LOG_H
#define LVS_BASE_LOG_H

#include <liblvs/types.h>

#include "base/compiler.h"

/* Formats and hands on a line of at most 255 characters; silent without a callback. */
void lvs_log(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...)
	LVS_PRINTF(3, 4);

#endif
