/* SPDX-License-Identifier: BSD-2-Clause */
/* The host, put together. Who may touch what:
 *
 *   ifaces, routes, capture.rules    written by the control thread with all stripes held,
 *                                    read by workers with one, by the control thread with none
 *   neighs                           see host/neigh.h
 *   the rest                         control thread only, or fixed
 */
#ifndef LVS_IO_HOST_STATE_H
#define LVS_IO_HOST_STATE_H

#include <liblvs/host.h>

#include "base/compiler.h"
#include "io/host/address.h"
#include "io/host/capture.h"
#include "io/host/link.h"
#include "io/host/neigh.h"
#include "io/host/netlink.h"
#include "io/host/route.h"
#include "io/host/setup.h"
#include "io/host/steer.h"
#include "io/host/stripes.h"

/* What must be read anew. */
enum lvs_host_resync {
	LVS_RESYNC_NONE = 0,
	LVS_RESYNC_ROUTES = 1, /* the kernel dropped some without a word */
	LVS_RESYNC_ALL = 2,    /* notifications were lost */
};

struct lvs_host {
	struct lvs_stripes stripes;
	struct lvs_ifaces ifaces;
	struct lvs_routes routes;
	struct lvs_neighs neighs;
	struct lvs_capture capture;
	struct lvs_services services;
	struct lvs_setup setup;
	struct lvs_steer steer;
	struct lvs_netlink events; /* notifications, and questions for neighbours */
	struct lvs_netlink ask;    /* questions that are waited for */
	int epoll;                 /* of all descriptors: what the embedder waits on */
	int timer;
	int wake;  /* eventfd: a worker wants a neighbour */
	int claim; /* the instance name's socket, or -1 */
	enum lvs_host_resync resync;
	bool changed;       /* the embedder is to be told */
	uint64_t resync_ns; /* when */
	uint64_t look_ns;   /* when neighbours are looked at next */
	uint64_t probe_ns;
	uint64_t announce_ns;
	uint32_t confirm_s;
	uint32_t flags; /* enum lvs_host_flag */
	char name[LVS_HOST_NAME_MAX + 1];
	void (*tell_changed)(void *user);
	void (*tell_conflict)(void *user, enum lvs_family family, const union lvs_addr *addr,
			      const uint8_t *mac);
	void *user;
	struct lvs_log log;
};

/* Whether the host may be changed. */
static inline bool lvs_host_usable(const struct lvs_host *host)
{
	return (host->flags & (LVS_HOST_NO_SETUP | LVS_HOST_DRY_RUN)) == 0;
}

/* The monotonic clock, nanoseconds. */
uint64_t lvs_host_now(void);

/* One line to the embedder. */
void lvs_host_log(const struct lvs_host *host, enum lvs_log_level level, const char *format, ...)
	LVS_PRINTF(3, 4);

/* Watches a descriptor for the embedder. */
int lvs_host_watch_fd(struct lvs_host *host, int fd);

/* Soon everything of a kind is read anew; several wishes at once are one. */
void lvs_host_want_resync(struct lvs_host *host, enum lvs_host_resync what);

/* Reads anew what host->resync says. */
int lvs_host_resync(struct lvs_host *host);

/* Sets the timer to what is due next. */
void lvs_host_arm(struct lvs_host *host);

/* Reads the notifications that wait. */
int lvs_host_read_events(struct lvs_host *host);

/* Interfaces came or went: the capture's chains follow. */
int lvs_host_capture_follow(struct lvs_host *host);

#endif
