/* SPDX-License-Identifier: BSD-2-Clause */
/* The listings of services and servers, to the byte as ipvsadm prints them. */
#ifndef LVSADM_TABLE_H
#define LVSADM_TABLE_H

#include <liblvs/ipvs.h>

#include <stdint.h>
#include <stdio.h>

/* options: OF(NUMERIC), OF(EXACT), and which table: OF(STATS) and so on; none is the usual one. */
void table_title(uint64_t options, FILE *out);
void table_service(const struct lvs_ipvs_service *service, uint64_t options, FILE *out);

/* protocol: of its service. */
void table_dest(const struct lvs_ipvs_dest *dest, unsigned protocol, uint64_t options, FILE *out);

/* The words that -b has for flags, with commas between; at most 40 characters. */
const char *table_flags(const struct lvs_ipvs_service *service, char text[64]);

#endif
