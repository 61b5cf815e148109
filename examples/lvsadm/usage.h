/* SPDX-License-Identifier: BSD-2-Clause */
/* What lvsadm tells about itself. */
#ifndef LVSADM_USAGE_H
#define LVSADM_USAGE_H

#include <stdio.h>

void usage_help(FILE *out);
void usage_version(FILE *out);

#endif
