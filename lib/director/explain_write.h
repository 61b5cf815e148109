/* SPDX-License-Identifier: BSD-2-Clause */
/* Text into a buffer that may be too short: how long it would have been is known all the same. */
#ifndef LVS_DIRECTOR_EXPLAIN_WRITE_H
#define LVS_DIRECTOR_EXPLAIN_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include <liblvs/types.h>

#include "base/compiler.h"

#define LVS_PROTOCOL_TEXT 16
#define LVS_TCP_FLAGS_TEXT 40

struct lvs_writing {
	char *text;
	size_t size;
	size_t len; /* of the whole */
	bool comma; /* JSON: the next member is not the first of its object or array */
};

void lvs_write(struct lvs_writing *to, const char *format, ...) LVS_PRINTF(2, 3);

/* "tcp", or the number. @p text has LVS_PROTOCOL_TEXT bytes; returned. */
const char *lvs_write_protocol(unsigned protocol, char *text);

/* "SYN|ACK"; "" for none. @p text has LVS_TCP_FLAGS_TEXT bytes; returned. */
const char *lvs_write_tcp_flags(unsigned flags, char *text);

/* "nat", "dr"... static. */
const char *lvs_write_method(unsigned method);

#endif
