/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with what was asked, and the exit status that goes with it. */
#ifndef LVSADM_COMPLAINT_H
#define LVSADM_COMPLAINT_H

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,  /* a listing failed, as with ipvsadm */
	STATUS_USAGE = 2,   /* options that do not go together, values that are none */
	STATUS_ERROR = 255, /* words that are no options; errors of the other side */
};

struct complaint {
	int status;
	int ends;       /* among the lines of -R it is the last */
	char text[480]; /* without a line's end; longer ones are cut */
};

/* Returns -1. */
int complain(struct complaint *complaint, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
