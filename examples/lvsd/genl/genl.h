/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control socket: many clients, who speak the kernel's IPVS protocol (docs/control.md). Served
 * by the control thread in bounded steps, apart from the packets' workers.
 */
#ifndef LVSD_GENL_H
#define LVSD_GENL_H

struct lvsd;
struct genl;

#define GENL_PATH "/run/lvsd/control" /* where it is unless told otherwise */

/* Listens, where lvsd->options.control names a path; else lvsd->genl is NULL. Returns 0, or -1
 * with the reason logged. */
int genl_open(struct lvsd *lvsd);

/* Clients go, and the socket's file. NULL is fine. */
void genl_close(struct genl *genl);

/* To be waited on for reading; -1 for NULL. */
int genl_fd(const struct genl *genl);

/* Milliseconds until genl_handle() has something to do without that; -1: for ever. */
int genl_wait_ms(const struct genl *genl);

/* Some milliseconds of work at most, but for what one client's transaction takes. */
void genl_handle(struct lvsd *lvsd);

#endif
