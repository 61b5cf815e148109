/* SPDX-License-Identifier: BSD-2-Clause */
/* The one descriptor that an io is waited on by: its sockets', and a timer's that runs on demand.
 */
#ifndef LVS_IO_IO_WAKE_H
#define LVS_IO_IO_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include <liblvs/types.h>

#define LVS_IO_RETRY_NS 5000000 /* between two tries of what could not be sent at once */

struct lvs_io_wake {
	int epoll;         /* -1: not open */
	int timer;         /* -1: not open */
	long period;       /* the timer's, ns; 0: it does not run */
	uint64_t retry_at; /* not before, ns */
};

/* Not open yet: may be closed. */
void lvs_io_wake_init(struct lvs_io_wake *wake);
/* @who: the adapter's name, for log lines. 0 or LVS_ERR_IO with the reason logged. */
int lvs_io_wake_open(struct lvs_io_wake *wake, const char *who, const struct lvs_log *log);
void lvs_io_wake_close(struct lvs_io_wake *wake);

/* Has it watch @fd for input, too. As lvs_io_wake_open(). */
int lvs_io_wake_watch(const struct lvs_io_wake *wake, int fd, const char *who,
		      const struct lvs_log *log);

/* Makes the timer run with a period of @ns, below a second; 0 stops it. */
void lvs_io_wake_run(struct lvs_io_wake *wake, long ns);

/* Whether it is time to try again: the timer runs, and half of LVS_IO_RETRY_NS is over since it
 * was last. @now is set when it is. The descriptor is not readable any more then. */
bool lvs_io_wake_due(struct lvs_io_wake *wake, uint64_t *now);

#endif
