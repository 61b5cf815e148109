/* SPDX-License-Identifier: BSD-2-Clause */
/* Services and servers, as `ipvsadm -Ln` shows them. */
#ifndef LVSD_REPORT_SERVICES_H
#define LVSD_REPORT_SERVICES_H

#include <liblvs/list.h>

#include <stdio.h>

/*
 * The tables of -Ln and of -Ln --stats, and as far as there is something to show those of
 * --rate, --thresholds, --persistent-conn and --tun-info.
 */
void report_services(const struct lvs_director *director, FILE *out);

#endif
