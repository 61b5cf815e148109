/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the table, the gauges and the timers of the running director agree: in parts beside the
 * workers, then the counts while they are held for a moment. Control thread.
 */
#ifndef LVSD_SELF_CHECK_H
#define LVSD_SELF_CHECK_H

#include <liblvs/list.h>

#include <stdbool.h>
#include <stdint.h>

struct lvsd;

struct check {
	struct lvs_check state;
	bool running;
	uint64_t due_ns;   /* when the next begins by itself; UINT64_MAX: never */
	uint64_t began_ns; /* of the monotonic clock */
	uint64_t part_ns;  /* the longest part: how long one shard's new connections waited */
	char line[160];    /* what the last one came to; empty before the first */
};

/* With options read: the first that comes by itself. */
void check_init(struct lvsd *lvsd);

/* Begins one, unless one is running. */
void check_begin(struct lvsd *lvsd);

/* Milliseconds until check_go_on() has something to do; -1: for ever. */
int check_wait_ms(const struct lvsd *lvsd);

/* Begins what is due; does some parts of what is running, or ends it: the workers are held then.
 * What it came to is logged, each finding as an error. */
void check_go_on(struct lvsd *lvsd);

#endif
