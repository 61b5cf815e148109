/* SPDX-License-Identifier: BSD-2-Clause */
/* What a director holds, in ipvsadm's format. Lines begin with "text ". */
#ifndef SUBJECT_SHOW_H
#define SUBJECT_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include <liblvs/liblvs.h>

/* Services and servers: `ipvsadm -Ln`. */
void show_services(const struct lvs_director *director, FILE *out);

/* The same with what passed: `ipvsadm -Ln --stats --exact`. */
void show_stats(const struct lvs_director *director, FILE *out);

/* The same with rates: `ipvsadm -Ln --rate`. */
void show_rates(const struct lvs_director *director, FILE *out);

/* The same with templates: `ipvsadm -Ln --persistent-conn`. */
void show_persistent(const struct lvs_director *director, FILE *out);

/* The same with limits: `ipvsadm -Ln --thresholds`. */
void show_thresholds(const struct lvs_director *director, FILE *out);

/* Connections: `ipvsadm -Lnc`, with `engines` also what engines found, as the kernel's file has it.
 */
void show_conns(const struct lvs_director *director, uint64_t now_ns, bool engines, FILE *out);

#endif
