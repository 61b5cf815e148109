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
	/* LINES_SETTING: */
	char name[32];
	uint32_t value;
};

enum lines_next {
	LINES_END = 0,
	LINES_REQUEST = 1,
	LINES_SETTING = 2, /* "set NAME VALUE" */
	LINES_WRONG = -1,  /* a complaint */
};

/* Reads all of it. Returns 0 or a negative errno. */
int lines_read(struct lines *lines, FILE *in);

/* Takes the next line that is not empty. own: not as ipvsadm has it, but with settings, and with
 * comments, which are passed by. */
enum lines_next lines_take(struct lines *lines, bool own, struct request *request,
			   struct complaint *complaint);
void lines_free(struct lines *lines);

#endif
