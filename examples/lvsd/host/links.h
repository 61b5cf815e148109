/* SPDX-License-Identifier: BSD-2-Clause */
/* The interfaces of --io, which may go and come again as others of the same name. */
#ifndef LVSD_LINKS_H
#define LVSD_LINKS_H

struct lvsd;

/* Which they are at start. Returns 0, or -1 with the reason logged: service addresses need the
 * first. */
int links_open(struct lvsd *lvsd);

/* After the host's news: what hangs on an interface goes where its name is now. */
void links_follow(struct lvsd *lvsd);

#endif
