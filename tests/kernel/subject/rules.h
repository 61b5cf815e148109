/* SPDX-License-Identifier: BSD-2-Clause */
/* ipvsadm's commands, carried out on a director. */
#ifndef SUBJECT_RULES_H
#define SUBJECT_RULES_H

#include <liblvs/liblvs.h>

#include "host.h"

/* 0, a negative enum lvs_err, or LVS_ERR_UNSUPPORTED for a command it does not know. */
int rules_apply(struct lvs_director *director, struct host *host, char *args);

#endif
