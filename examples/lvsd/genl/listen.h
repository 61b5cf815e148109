/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that clients connect to, and who of them may do something. */
#ifndef LVSD_GENL_LISTEN_H
#define LVSD_GENL_LISTEN_H

#include <liblvs/types.h>

#include <stdbool.h>

/*
 * Makes it, with the folder it lies in where that is missing; its owner alone may connect, and
 * root. What a crashed lvsd has left is replaced. Returns a listening socket, or -1 with the reason
 * logged.
 */
int genl_listen_open(const char *path, const struct lvs_log *log);

/* Removes the file. */
void genl_listen_close(int fd);

/* Whether who connected is root or lvsd's own user. */
bool genl_listen_may(int fd);

#endif
