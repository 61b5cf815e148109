/* SPDX-License-Identifier: BSD-2-Clause */
/* -L and -S: asks the other side, and prints. */
#ifndef LVSADM_LIST_H
#define LVSADM_LIST_H

#include "link.h"

/* Each returns the exit status; what failed is told on stderr. */
int list_run(const struct link *link, const struct request *request);
int list_save(const struct link *link, const struct request *request);

#endif
