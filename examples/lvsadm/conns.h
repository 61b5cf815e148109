/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of connections: from lines of the kernel's file ip_vs_conn to ipvsadm's. */
#ifndef LVSADM_CONNS_H
#define LVSADM_CONNS_H

#include <stdbool.h>
#include <stdio.h>

/* data: with the columns of persistence engines. */
void conns_title(bool data, FILE *out);

/* One line of the file; its title is no connection. Returns whether it was one. */
bool conns_print(const char *line, bool data, bool numeric, FILE *out);

#endif
