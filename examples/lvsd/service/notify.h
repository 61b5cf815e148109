/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the service manager is told (sd_notify(3)): one datagram each to $NOTIFY_SOCKET. Nothing
 * where there is none. Control thread.
 */
#ifndef LVSD_NOTIFY_H
#define LVSD_NOTIFY_H

#include <liblvs/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody wants to know */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ns; /* how long it may hear nothing; 0: as long as it likes */
	uint64_t due_ns;      /* when it hears next */
	bool stuck;           /* a worker is, and the log has said so */
};

/*
 * From the environment, which forgets it: it is for this process alone. A socket that cannot be
 * made is logged.
 */
void notify_open(struct notify *notify, const struct lvs_log *log);
void notify_close(struct notify *notify);

/* Lines NAME=VALUE; one that is lost is lost. */
void notify_send(const struct notify *notify, const char *lines);

/* "STATUS=" and what is printed; `state` stands in front, with its line's end, or is "". */
__attribute__((format(printf, 3, 4))) void
notify_status(const struct notify *notify, const char *state, const char *format, ...);

/* "RELOADING=1", with the time that belongs to it. */
void notify_reloading(const struct notify *notify);

struct worker;

/* How long a worker may not have looked for packets without being taken for stuck; and the longest
 * that one waits for packets while there is a watchdog. */
#define NOTIFY_STUCK_NS UINT64_C(2000000000)
enum { NOTIFY_WAIT_MS = 1000 };

/* Milliseconds until notify_go_on() has something to do; -1: for ever. */
int notify_wait_ms(const struct notify *notify);

/* Feeds the watchdog when it is due, unless a worker does not get on: that is logged. */
void notify_go_on(struct notify *notify, const struct worker *workers, unsigned worker_n,
		  const struct lvs_log *log);

#endif
