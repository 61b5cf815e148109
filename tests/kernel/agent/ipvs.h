/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's IPVS, asked by its own messages: no program is started for it. */
#ifndef AGENT_IPVS_H
#define AGENT_IPVS_H

#include <stdbool.h>
#include <stdio.h>

/* A socket in the caller's namespace, or -1. */
int ipvs_open(void);

/* Carries a command in ipvsadm's words out. Returns 0, an errno, or 255 for no command. */
int ipvs_rule(int socket, char *args);

enum ipvs_what { IPVS_CONF, IPVS_COUNTERS, IPVS_RATES };

/* Services and destinations as lines (steps/entry.h), with counters, or with these and rates. */
int ipvs_list(int socket, enum ipvs_what what, FILE *out);

#endif
