/* SPDX-License-Identifier: BSD-2-Clause */
/* Does what one command line asks for. */
#ifndef LVSADM_RUN_H
#define LVSADM_RUN_H

#include "link.h"

/* Returns the exit status; what failed is told on stderr. No COMMAND_RESTORE. */
int run_request(const struct link *link, const struct request *request);

#endif
