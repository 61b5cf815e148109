/* SPDX-License-Identifier: BSD-2-Clause */
/* Services and servers as the command lines that would make them. */
#ifndef LVSADM_SAVE_H
#define LVSADM_SAVE_H

#include <liblvs/ipvs.h>

#include <stdbool.h>
#include <stdio.h>

/* full: what ipvsadm leaves out as well: thresholds, flags of liblvs's own. */
void save_service(const struct lvs_ipvs_service *service, bool numeric, bool full, FILE *out);
void save_dest(const struct lvs_ipvs_service *service, const struct lvs_ipvs_dest *dest,
	       bool numeric, bool full, FILE *out);

#endif
