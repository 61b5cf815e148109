/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/io_wake.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "io/adapters.h"
#include "io/io_log.h"

void lvs_io_wake_init(struct lvs_io_wake *wake)
{
	memset(wake, 0, sizeof(*wake));
	wake->epoll = wake->timer = -1;
}

int lvs_io_wake_watch(const struct lvs_io_wake *wake, int fd, const char *who,
		      const struct lvs_log *log)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(wake->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	lvs_io_log(log, LVS_LOG_ERROR, "%s: epoll_ctl: %s", who, strerror(errno));
	return LVS_ERR_IO;
}

int lvs_io_wake_open(struct lvs_io_wake *wake, const char *who, const struct lvs_log *log)
{
	wake->epoll = epoll_create1(EPOLL_CLOEXEC);
	wake->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (wake->epoll >= 0 && wake->timer >= 0)
		return lvs_io_wake_watch(wake, wake->timer, who, log);
	lvs_io_log(log, LVS_LOG_ERROR, "%s: epoll or timer: %s", who, strerror(errno));
	return LVS_ERR_IO;
}

void lvs_io_wake_close(struct lvs_io_wake *wake)
{
	if (wake->timer >= 0)
		close(wake->timer);
	if (wake->epoll >= 0)
		close(wake->epoll);
	wake->epoll = wake->timer = -1;
}

void lvs_io_wake_run(struct lvs_io_wake *wake, long ns)
{
	struct itimerspec time = {.it_interval.tv_nsec = ns, .it_value.tv_nsec = ns};

	/* Setting it, to 0 too, takes back that it was readable. */
	if (ns != wake->period && timerfd_settime(wake->timer, 0, &time, NULL) == 0)
		wake->period = ns;
}

bool lvs_io_wake_due(struct lvs_io_wake *wake, uint64_t *now)
{
	uint64_t ticks;

	if (!wake->period)
		return false;
	*now = lvs_io_clock();
	if (*now < wake->retry_at)
		return false;
	wake->retry_at = *now + LVS_IO_RETRY_NS / 2;
	/* Makes the timer unreadable; it need not have fired. */
	(void)!read(wake->timer, &ticks, sizeof(ticks));
	return true;
}
