/* SPDX-License-Identifier: BSD-2-Clause */
/* The other side's errors in ipvsadm's words. */
#ifndef LVSADM_ERROR_H
#define LVSADM_ERROR_H

#include "option.h"

/* error: a negative errno, that what the command asked for was answered with. */
const char *error_text(enum command command, int error);

#endif
