/* SPDX-License-Identifier: BSD-2-Clause */
/* One worker: a thread with an adapter of its own, from packets to packets. */
#ifndef LVSD_WORKER_H
#define LVSD_WORKER_H

#include "gate.h"

#include <liblvs/director.h>
#include <liblvs/io.h>
#include <liblvs/mark.h>

#include <pthread.h>
#include <stdatomic.h>

struct worker {
	struct lvs_worker *worker;
	struct lvs_io *io;
	struct lvs_log log;
	unsigned number; /* from 0 */
	int cpu;         /* that it is pinned to; -1: none */
	/* What packets are marked by, NULL: nothing; changed while the gate is closed. */
	const struct lvs_marks *marks;
	struct gate *gate; /* where it can be held; not its own */
	int wait_max_ms;   /* the longest that it waits for packets; -1: for ever */
	int stop_fd;       /* readable when it is to end; not its own */
	int ended_fd;      /* eventfd that it adds 1 to when it ends by itself; not its own */
	int epoll;
	_Atomic uint64_t now; /* the adapter's clock when it looked last, for others; relaxed */
	int failed;           /* what ended it, for who joins it: 0 or a negative enum lvs_err */
	pthread_t thread;
};

/*
 * Makes the library's worker and opens the adapter. `worker` has its number, processor, log and
 * descriptors. Returns 0 or a negative enum lvs_err, having left nothing behind;
 * the reason is logged.
 */
int worker_open(struct worker *worker, struct lvs_director *director, const struct lvs_io_ops *ops,
		const struct lvs_io_conf *conf);

/* Starts the thread, on its processor. 0, or a negative enum lvs_err with the reason logged. */
int worker_start(struct worker *worker);

/* Waits for the thread, which was told to stop or has ended. */
void worker_join(struct worker *worker);

/* Once it has been joined, or was never started. */
void worker_close(struct worker *worker);

#endif
