/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines on standard error: "lvsd: warning: ...", or "<4>..." where that is the journal. Any thread.
 */
#ifndef LVSD_LOG_H
#define LVSD_LOG_H

#include <liblvs/types.h>

#include <stddef.h>

/* Less important lines than this are left out. `level` is the caller's, and must stay. */
struct lvs_log log_to_stderr(enum lvs_log_level *level);

__attribute__((format(printf, 3, 4))) void
log_line(const struct lvs_log *log, enum lvs_log_level level, const char *format, ...);

/* The end of a word that counts n things. */
static inline const char *log_plural(size_t n)
{
	return n == 1 ? "" : "s";
}

#endif
