/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's files below /proc/net that IPVS has, as lvsd tells them. */
#ifndef LVS_RUN_FILE_H
#define LVS_RUN_FILE_H

/* The name of such a file ("ip_vs_conn"), or NULL for another path. */
const char *file_name(const char *path);

/* Its text in a descriptor of its own, to be read from the beginning; -1 with errno set. */
int file_open(const char *name);

#endif
