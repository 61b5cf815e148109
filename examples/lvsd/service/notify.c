/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/notify.h"
#include "log.h"
#include "worker.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, LINES_MAX = 512 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

/* A path, or with '@' a name of the abstract kind. 0, or -1. */
static int take_address(struct notify *notify, const char *path)
{
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || !path[1] || len >= sizeof(notify->to.sun_path))
		return -1;
	notify->to.sun_family = AF_UNIX;
	memcpy(notify->to.sun_path, path, len);
	if (path[0] == '@')
		notify->to.sun_path[0] = 0;
	notify->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

/* What is meant for another process is none of ours. */
static void take_watchdog(struct notify *notify)
{
	uint64_t pid = number_of("WATCHDOG_PID");

	if (pid && pid != (uint64_t)getpid())
		return;
	notify->watchdog_ns = number_of("WATCHDOG_USEC") * NS_PER_US;
	notify->due_ns = now_ns() + notify->watchdog_ns / 2;
}

void notify_open(struct notify *notify, const struct lvs_log *log)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*notify = (struct notify){.fd = -1};
	if (path) {
		if (take_address(notify, path) == 0)
			notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (notify->fd < 0)
			log_line(log, LVS_LOG_WARNING, "NOTIFY_SOCKET %s: cannot be used", path);
		else
			take_watchdog(notify);
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *lines)
{
	if (notify->fd >= 0)
		(void)sendto(notify->fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT,
			     (const struct sockaddr *)&notify->to, notify->to_len);
}

void notify_status(const struct notify *notify, const char *state, const char *format, ...)
{
	char lines[LINES_MAX];
	int at = snprintf(lines, sizeof(lines), "%sSTATUS=", state);
	va_list args;

	va_start(args, format);
	vsnprintf(lines + at, sizeof(lines) - (size_t)at, format, args);
	va_end(args);
	notify_send(notify, lines);
}

void notify_reloading(const struct notify *notify)
{
	char lines[LINES_MAX];

	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
		 now_ns() / NS_PER_US);
	notify_send(notify, lines);
}

int notify_wait_ms(const struct notify *notify)
{
	uint64_t now;

	if (!notify->watchdog_ns)
		return -1;
	now = now_ns();
	return notify->due_ns <= now
		       ? 0
		       : (int)((notify->due_ns - now + NS_PER_MS - 1) / NS_PER_MS % INT32_MAX);
}

/* A stopped worker that has ended by itself is told of elsewhere. */
static const struct worker *stuck(const struct worker *workers, unsigned worker_n, uint64_t now)
{
	for (unsigned i = 0; i < worker_n; i++) {
		uint64_t last = atomic_load_explicit(&workers[i].now, memory_order_relaxed);

		if (last + NOTIFY_STUCK_NS < now)
			return &workers[i];
	}
	return NULL;
}

void notify_go_on(struct notify *notify, const struct worker *workers, unsigned worker_n,
		  const struct lvs_log *log)
{
	const struct worker *worker;
	uint64_t now;

	if (!notify->watchdog_ns)
		return;
	now = now_ns();
	if (now < notify->due_ns)
		return;
	worker = stuck(workers, worker_n, now);
	notify->due_ns = now + notify->watchdog_ns / (worker ? 8 : 2);
	if (!worker)
		notify_send(notify, "WATCHDOG=1");
	else if (!notify->stuck)
		log_line(log, LVS_LOG_ERROR,
			 "worker %u does not look for packets any more: the watchdog is not told "
			 "that all is well",
			 worker->number);
	notify->stuck = worker != NULL;
}
