/* SPDX-License-Identifier: BSD-2-Clause */
/* A text of command lines. */
#ifndef LVSADM_LINES_H
#define LVSADM_LINES_H

#include "request.h"

#include <stdbool.h>
#include <stdio.h>

struct lines {
	char *text; /* owned */
	size_t len;
	size_t at;       /* where the next line begins */
	unsigned number; /* of the last one taken, from 1 on */
};

enum lines_next {
	LINES_END = 0,
	LINES_REQUEST = 1,
	LINES_WRONG = -1, /* a complaint */
};

/* Reads all of it. Returns 0 or a negative errno. */
int lines_read(struct lines *lines, FILE *in);

/* Takes the next line that is not empty. comments: those that begin with # are passed by. */
enum lines_next lines_take(struct lines *lines, bool comments, struct request *request,
			   struct complaint *complaint);
void lines_free(struct lines *lines);

#endif
