/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options with values take, on the command line and by the keys of the YAML file. */
#ifndef LVSD_OPTION_VALUE_H
#define LVSD_OPTION_VALUE_H

#include "options.h"

enum option_name {
	OPTION_HELP = 256, /* above every letter */
	OPTION_VERSION,
	OPTION_CONFIG,
	OPTION_IO,
	OPTION_RULES,
	OPTION_WORKERS,
	OPTION_PIN,
	OPTION_SPREAD,
	OPTION_XDP,
	OPTION_TABLE_SIZE,
	OPTION_SET,
	OPTION_FTP,
	OPTION_NAME,
	OPTION_LOG_LEVEL,
	OPTION_CHECK_EVERY,
	OPTION_CONTROL,
	OPTION_METRICS
};

struct option_error {
	char text[512];
};

/*
 * Takes up a value; `options` may keep pointers to `text`, which is NULL where an option stands
 * without one. Returns 0, or -1 with "expected ..., got ..." in `error`.
 */
int option_take(int option, const char *text, struct options *options, struct option_error *error);

#endif
