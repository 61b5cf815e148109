/* SPDX-License-Identifier: BSD-2-Clause */
/* Whom lvsadm talks to: lvsd by its control socket, or the kernel. */
#ifndef LVSADM_LINK_H
#define LVSADM_LINK_H

#include "request.h"

#include <stdbool.h>

#define LINK_PATH "/run/lvsd/control" /* where lvsd listens unless told otherwise */

struct link {
	const char *path; /* NULL: the kernel */
	struct lvs_ipvs_client *client;
};

/* Connects. Returns 0, or the exit status: a line is on stderr. */
int link_open(struct link *link);
void link_close(struct link *link);

/* Asks for one thing; a failure is told on stderr. Returns 0 or a negative errno. */
int link_change(const struct link *link, const struct request *request);

/* Says what went wrong, in ipvsadm's words and, behind them, in the server's own. */
void link_tell(const struct link *link, enum command command, int error);

#endif
