/* SPDX-License-Identifier: BSD-2-Clause */
/* The mirror of the kernel's tables: read whole at first, then followed. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <liblvs/error.h>

#include "io/host/state.h"

#define BUFFERS_A_CALL 256
#define DUMP_TRIES 4
#define RESYNC_DELAY_NS 50000000 /* several changes at once are read once */

/* A dump on its way into new tables. */
struct dump {
	struct lvs_host *host;
	struct lvs_ifaces ifaces;
	struct lvs_routes routes;
	bool no_memory;
};

static int on_link(const struct nlmsghdr *message, void *user)
{
	struct dump *dump = user;

	if (lvs_ifaces_take(&dump->ifaces, message) & LVS_LINK_MEMORY)
		dump->no_memory = true;
	return MNL_CB_OK;
}

static int on_route(const struct nlmsghdr *message, void *user)
{
	struct dump *dump = user;

	if (lvs_routes_take_dump(&dump->routes, message) == LVS_ROUTE_MEMORY)
		dump->no_memory = true;
	return MNL_CB_OK;
}

static int on_neighbour(const struct nlmsghdr *message, void *user)
{
	struct dump *dump = user;
	pthread_rwlock_t *lock = lvs_stripes_read(&dump->host->stripes);

	lvs_neighs_take(&dump->host->neighs, &dump->host->ifaces, message);
	lvs_stripes_read_end(lock);
	return MNL_CB_OK;
}

static int dump_links(struct dump *dump)
{
	struct lvs_netlink *ask = &dump->host->ask;
	int err = lvs_netlink_dump(ask, RTM_GETLINK, AF_UNSPEC, on_link, dump);

	return err ? err : lvs_netlink_dump(ask, RTM_GETADDR, AF_UNSPEC, on_link, dump);
}

static int dump_routes(struct dump *dump)
{
	struct lvs_netlink *ask = &dump->host->ask;
	int err = lvs_netlink_dump(ask, RTM_GETROUTE, AF_INET, on_route, dump);

	return err ? err : lvs_netlink_dump(ask, RTM_GETROUTE, AF_INET6, on_route, dump);
}

/* One try; a change in its midst makes it LVS_ERR_BUSY. */
static int try_dump(struct lvs_host *host, struct dump *dump)
{
	int err;

	memset(dump, 0, sizeof(*dump));
	dump->host = host;
	lvs_routes_init(&dump->routes);
	err = host->resync == LVS_RESYNC_ALL ? dump_links(dump) : 0;
	if (err == 0)
		err = dump_routes(dump);
	if (err == 0 && dump->no_memory)
		err = LVS_ERR_NO_MEMORY;
	if (err != 0) {
		lvs_ifaces_fini(&dump->ifaces);
		lvs_routes_fini(&dump->routes);
	}
	return err;
}

static void publish(struct lvs_host *host, struct dump *dump)
{
	struct lvs_routes routes = host->routes;
	struct lvs_ifaces ifaces = host->ifaces;

	lvs_stripes_write(&host->stripes);
	host->routes = dump->routes;
	if (host->resync == LVS_RESYNC_ALL) {
		host->ifaces = dump->ifaces;
		lvs_neighs_forget(&host->neighs);
		lvs_neighs_follow(&host->neighs, &host->ifaces);
	}
	lvs_stripes_write_end(&host->stripes);
	lvs_routes_fini(&routes);
	if (host->resync == LVS_RESYNC_ALL)
		lvs_ifaces_fini(&ifaces);
}

int lvs_host_resync(struct lvs_host *host)
{
	struct dump dump;
	int err = LVS_ERR_BUSY;

	for (unsigned i = 0; i < DUMP_TRIES && err == LVS_ERR_BUSY; i++)
		err = try_dump(host, &dump);
	if (err != 0) {
		host->resync_ns = lvs_host_now() + RESYNC_DELAY_NS * 4;
		return err == LVS_ERR_BUSY ? LVS_ERR_IO : err;
	}
	publish(host, &dump);
	if (host->resync == LVS_RESYNC_ALL)
		err = lvs_netlink_dump(&host->ask, RTM_GETNEIGH, AF_UNSPEC, on_neighbour, &dump);
	host->resync = LVS_RESYNC_NONE;
	host->changed = true;
	return err == LVS_ERR_BUSY ? 0 : err;
}

void lvs_host_want_resync(struct lvs_host *host, enum lvs_host_resync what)
{
	if (host->resync == LVS_RESYNC_NONE)
		host->resync_ns = lvs_host_now() + RESYNC_DELAY_NS;
	if (host->resync < what)
		host->resync = what;
}

static void take_link(struct lvs_host *host, const struct nlmsghdr *message)
{
	unsigned change;

	lvs_stripes_write(&host->stripes);
	change = lvs_ifaces_take(&host->ifaces, message);
	lvs_stripes_write_end(&host->stripes);
	if (change & LVS_LINK_MEMORY)
		lvs_host_want_resync(host, LVS_RESYNC_ALL);
	if (change & LVS_LINK_LOST)
		lvs_host_want_resync(host, LVS_RESYNC_ROUTES);
	if (change & LVS_LINK_CHANGED)
		host->changed = true;
}

static void take_route(struct lvs_host *host, const struct nlmsghdr *message)
{
	enum lvs_route_news news;

	lvs_stripes_write(&host->stripes);
	news = lvs_routes_take(&host->routes, message);
	lvs_stripes_write_end(&host->stripes);
	if (news == LVS_ROUTE_UNSURE || news == LVS_ROUTE_MEMORY)
		lvs_host_want_resync(host, LVS_RESYNC_ROUTES);
	if (news != LVS_ROUTE_NOTHING)
		host->changed = true;
}

/* A request for a neighbour that the kernel would not take; RTM_GETNEIGH merely finds none. */
static void take_error(struct lvs_host *host, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	pthread_rwlock_t *lock;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error) || error->error == 0 ||
	    error->msg.nlmsg_type != RTM_NEWNEIGH)
		return;
	lock = lvs_stripes_read(&host->stripes);
	lvs_neighs_refused(&host->neighs, error->msg.nlmsg_seq);
	lvs_stripes_read_end(lock);
}

static void take(struct lvs_host *host, const struct nlmsghdr *message)
{
	struct dump neighbour = {.host = host};

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_link(host, message);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		take_route(host, message);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		on_neighbour(message, &neighbour);
		break;
	case NLMSG_ERROR:
		take_error(host, message);
		break;
	}
}

int lvs_host_read_events(struct lvs_host *host)
{
	uint8_t buffer[LVS_NETLINK_BUFFER];
	int fd = mnl_socket_get_fd(host->events.socket);

	for (unsigned i = 0; i < BUFFERS_A_CALL; i++) {
		const struct nlmsghdr *message = (const void *)buffer;
		ssize_t got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		int len = (int)got;

		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got < 0 && errno == ENOBUFS) {
			lvs_host_log(host, LVS_LOG_NOTICE, "notifications were lost, reading anew");
			lvs_host_want_resync(host, LVS_RESYNC_ALL);
		} else if (got < 0) {
			return LVS_ERR_IO;
		}
		for (; got > 0 && mnl_nlmsg_ok(message, len);
		     message = mnl_nlmsg_next(message, &len))
			take(host, message);
	}
	return 0;
}
