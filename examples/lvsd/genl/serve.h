/* SPDX-License-Identifier: BSD-2-Clause */
/* What a change over the control socket means to the rest of lvsd. */
#ifndef LVSD_GENL_SERVE_H
#define LVSD_GENL_SERVE_H

#include <liblvs/ipvs.h>

struct lvsd;

/* How far the host follows what clients changed. Zeroed: in step. */
struct genl_follow {
	int behind;       /* whether something has changed since */
	uint64_t next_ns; /* not before; of the monotonic clock */
};

void genl_serve_init(struct lvsd *lvsd, struct lvs_ipvs_server *server);

/* Milliseconds until genl_serve_go_on() has something to do; -1: for ever. */
int genl_serve_wait_ms(const struct lvsd *lvsd);
void genl_serve_go_on(struct lvsd *lvsd);

/* lvsd->rules are what the director has: before anything is compared with them. */
void genl_serve_catch_up(struct lvsd *lvsd);

#endif
