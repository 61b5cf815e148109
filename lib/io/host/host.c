/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's life, and what is due when. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "io/host/state.h"

#define SECOND_NS 1000000000u
#define MS_NS 1000000u

uint64_t lvs_host_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

void lvs_host_log(const struct lvs_host *host, enum lvs_log_level level, const char *format, ...)
{
	char text[256];
	va_list args;

	if (host->log.line == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	host->log.line(host->log.user, level, text);
}

int lvs_host_watch_fd(struct lvs_host *host, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(host->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? lvs_netlink_error(errno) : 0;
}

static bool name_ok(const char *name)
{
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && len <= LVS_HOST_NAME_MAX && name[len] == 0;
}

/* Defaults, and the limits. */
static int take_conf(struct lvs_host *host, const struct lvs_host_conf *conf, uint32_t *neighbours)
{
	const char *name = conf->name ? conf->name : "0";

	if (conf->size < sizeof(*conf) || !name_ok(name))
		return LVS_ERR_INVALID;
	*neighbours = conf->max_neighbours ? conf->max_neighbours : 65536;
	if (*neighbours < 16 || *neighbours > 1u << 20)
		return LVS_ERR_RANGE;
	memcpy(host->name, name, strlen(name));
	host->flags = conf->flags;
	host->confirm_s = conf->confirm_s ? conf->confirm_s : 20;
	host->probe_ns = (uint64_t)(conf->probe_ms ? conf->probe_ms : 300) * MS_NS;
	host->announce_ns = (uint64_t)(conf->announce_ms ? conf->announce_ms : 1000) * MS_NS;
	host->tell_changed = conf->changed;
	host->tell_conflict = conf->conflict;
	host->user = conf->user;
	host->log = conf->log;
	return 0;
}

/* Says which system call failed, and how. */
static int failed(const struct lvs_host *host, const char *what)
{
	int err = errno;

	lvs_host_log(host, LVS_LOG_ERROR, "host: %s: %s", what, strerror(err));
	return lvs_netlink_error(err);
}

/*
 * An abstract socket name belongs to the network namespace and goes with the process. Who works
 * with a set-up made by hand claims it, too: another would take that set-up for a crashed
 * instance's.
 */
static int claim_name(struct lvs_host *host)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int len = snprintf(addr.sun_path + 1, sizeof(addr.sun_path) - 1, "liblvs/host/%s",
			   host->name);

	if (host->flags & LVS_HOST_DRY_RUN)
		return 0;
	host->claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (host->claim < 0)
		return failed(host, "socket");
	if (bind(host->claim, (const struct sockaddr *)&addr,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0)
		return errno == EADDRINUSE ? LVS_ERR_BUSY : failed(host, "bind");
	return 0;
}

static int open_descriptors(struct lvs_host *host)
{
	static const int groups[] = {RTNLGRP_LINK,
				     RTNLGRP_NEIGH,
				     RTNLGRP_IPV4_IFADDR,
				     RTNLGRP_IPV4_ROUTE,
				     RTNLGRP_IPV6_IFADDR,
				     RTNLGRP_IPV6_ROUTE,
				     0};
	int err;

	host->epoll = epoll_create1(EPOLL_CLOEXEC);
	host->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	host->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (host->epoll < 0 || host->timer < 0 || host->wake < 0)
		return failed(host, "epoll, timer or event descriptor");
	err = lvs_netlink_open(&host->events, NETLINK_ROUTE, groups);
	if (err == 0)
		err = lvs_netlink_open(&host->ask, NETLINK_ROUTE, NULL);
	if (err != 0)
		failed(host, "netlink");
	if (err == 0)
		err = lvs_host_watch_fd(host, host->timer);
	if (err == 0)
		err = lvs_host_watch_fd(host, host->wake);
	if (err == 0)
		err = lvs_host_watch_fd(host, mnl_socket_get_fd(host->events.socket));
	return err;
}

static int read_all(struct lvs_host *host)
{
	int err;

	host->resync = LVS_RESYNC_ALL;
	err = lvs_host_resync(host);
	host->changed = false;
	return err;
}

static int start(struct lvs_host *host, const struct lvs_host_conf *conf)
{
	uint32_t neighbours;
	int err = take_conf(host, conf, &neighbours);

	if (err == 0)
		err = claim_name(host);
	if (err == 0)
		err = open_descriptors(host);
	if (err == 0)
		err = lvs_neighs_init(&host->neighs, neighbours, host->wake);
	if (err != 0)
		return err;
	lvs_services_init(&host->services, host->name);
	lvs_steer_init(host);
	err = read_all(host);
	if (err != 0)
		return err;
	err = lvs_capture_init(&host->capture, host->name, lvs_host_usable(host));
	if (err != 0)
		return err;
	/* What was removed would count as somebody else's until its notification is read. */
	if (lvs_host_usable(host) && lvs_services_clean(host))
		err = read_all(host);
	if (err != 0)
		return err;
	host->look_ns = lvs_host_now() + SECOND_NS;
	lvs_host_arm(host);
	return 0;
}

int lvs_host_new(const struct lvs_host_conf *conf, struct lvs_host **out)
{
	struct lvs_host *host = aligned_alloc(LVS_CACHE_LINE, sizeof(*host));
	int err;

	if (host == NULL)
		return LVS_ERR_NO_MEMORY;
	memset(host, 0, sizeof(*host));
	host->epoll = host->timer = host->wake = host->claim = -1;
	lvs_stripes_init(&host->stripes);
	err = start(host, conf);
	if (err != 0) {
		lvs_host_del(host);
		return err;
	}
	*out = host;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void lvs_host_del(struct lvs_host *host)
{
	if (host == NULL)
		return;
	lvs_setup_undo(host);
	lvs_capture_fini(&host->capture);
	lvs_services_fini(&host->services);
	lvs_neighs_fini(&host->neighs);
	lvs_routes_fini(&host->routes);
	lvs_ifaces_fini(&host->ifaces);
	lvs_netlink_close(&host->events);
	lvs_netlink_close(&host->ask);
	close_fd(host->timer);
	close_fd(host->wake);
	close_fd(host->claim);
	close_fd(host->epoll);
	lvs_stripes_fini(&host->stripes);
	free(host);
}

int lvs_host_fd(const struct lvs_host *host)
{
	return host->epoll;
}

uint32_t lvs_host_ifindex(const struct lvs_host *host, const char *name)
{
	const struct lvs_iface *iface = lvs_ifaces_find_name(&host->ifaces, name);

	return iface ? iface->ifindex : 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void lvs_host_arm(struct lvs_host *host)
{
	uint64_t due = earlier(host->look_ns, lvs_services_due(&host->services));
	struct itimerspec when = {.it_interval = {0, 0}};

	if (host->changed) /* read beside lvs_host_handle(), which has yet to follow */
		due = 0;
	if (host->resync != LVS_RESYNC_NONE)
		due = earlier(due, host->resync_ns);
	if (due == 0)
		due = 1; /* 0 would stop the timer */
	when.it_value.tv_sec = (time_t)(due / SECOND_NS);
	when.it_value.tv_nsec = (long)(due % SECOND_NS);
	timerfd_settime(host->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void clear(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return; /* it was not set */
}

static void serve_neighbours(struct lvs_host *host, uint64_t now)
{
	int fd = mnl_socket_get_fd(host->events.socket);
	pthread_rwlock_t *lock = lvs_stripes_read(&host->stripes);

	lvs_neighs_ask_wanted(&host->neighs, fd);
	if (host->look_ns <= now) {
		lvs_neighs_look(&host->neighs, fd, host->confirm_s);
		host->look_ns = now + SECOND_NS;
	}
	lvs_stripes_read_end(lock);
}

/* What hangs on interfaces, addresses and routes. */
static int follow_changes(struct lvs_host *host, uint64_t now)
{
	pthread_rwlock_t *lock;
	int err;

	if (!host->changed)
		return 0;
	host->changed = false;
	lock = lvs_stripes_read(&host->stripes);
	lvs_neighs_follow(&host->neighs, &host->ifaces);
	lvs_stripes_read_end(lock);
	err = lvs_host_capture_follow(host);
	if (err != 0)
		lvs_host_log(host, LVS_LOG_ERROR, "the filter table cannot follow: %s",
			     lvs_strerror(err));
	lvs_steer_follow(host);
	if (lvs_host_usable(host))
		lvs_services_follow(host, now);
	lvs_watch_follow(host);
	if (host->tell_changed != NULL)
		host->tell_changed(host->user);
	return err;
}

int lvs_host_handle(struct lvs_host *host)
{
	uint64_t now = lvs_host_now();
	int err;
	int failed;

	clear(host->wake);
	clear(host->timer);
	err = lvs_host_read_events(host);
	if (host->resync != LVS_RESYNC_NONE && host->resync_ns <= now) {
		failed = lvs_host_resync(host);
		err = err ? err : failed;
	}
	failed = follow_changes(host, now);
	err = err ? err : failed;
	serve_neighbours(host, now);
	lvs_watch_read(host);
	lvs_services_step(host, now);
	lvs_host_arm(host);
	return err;
}
