/* SPDX-License-Identifier: BSD-2-Clause */
/* One option of a request, with its value. */
#ifndef LVSADM_REQUEST_VALUE_H
#define LVSADM_REQUEST_VALUE_H

#include "request.h"

/* What has to wait until all options are there. */
struct request_late {
	const char *flags; /* of -b; NULL: none */
};

/* word: from WORD_FIRST on; value: NULL where none was given. Returns 0, or -1 with a complaint. */
int request_value(struct request *request, int word, const char *value, struct request_late *late,
		  struct complaint *complaint);

/* The value of --start-daemon and --stop-daemon. */
int request_state(struct request *request, const char *value, struct complaint *complaint);

#endif
