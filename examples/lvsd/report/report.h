/* SPDX-License-Identifier: BSD-2-Clause */
/* What runs, as `ipvsadm -Ln` and `ipvsadm -Lnc` show it, and what became of packets. */
#ifndef LVSD_REPORT_H
#define LVSD_REPORT_H

#include "lvsd.h"

#include <stdio.h>

void report_print(const struct lvsd *lvsd, FILE *out);

#endif
