/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections and persistence templates, as `ipvsadm -Lnc` shows them. */
#ifndef LVSD_REPORT_CONNS_H
#define LVSD_REPORT_CONNS_H

#include <liblvs/list.h>

#include <stdio.h>

/* `now_ns` is of the workers' clock. */
void report_conns(const struct lvs_director *director, uint64_t now_ns, FILE *out);

#endif
