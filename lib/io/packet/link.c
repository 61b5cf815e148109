/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/link.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/adapters.h"
#include "io/io_log.h"
#include "io/packet/socket.h"

#define LOOK_NS 150000000 /* between two looks for an interface that is gone; under the timer's */

int lvs_afp_link_watch(const struct lvs_afp_rx *rx, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(rx->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	lvs_io_log(&rx->log, LVS_LOG_ERROR, "packet: epoll_ctl: %s", strerror(errno));
	return LVS_ERR_IO;
}

/* The kernel unbinds the sockets of an interface that ends; one of its name made anew is another.
 */
static bool is_unbound(const struct lvs_afp_socket *socket)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address);
	void *generic = &address;

	return getsockname(socket->fd, generic, &len) == 0 && address.sll_ifindex < 0;
}

/* What befalls an interface befalls it for all workers: one of them counts it, and tells. */
static void count_link(struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket,
		       enum lvs_io_counter what, enum lvs_log_level level, const char *text)
{
	if (rx->conf->worker)
		return;
	lvs_io_count_add(rx->count, what, 1);
	lvs_io_log(&rx->log, level, "packet: interface %s %s", socket->name, text);
}

void lvs_afp_link_down(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	if (!socket->down)
		count_link(rx, socket, LVS_IO_COUNT_link_down, LVS_LOG_WARNING, "is down");
	socket->down = true;
}

void lvs_afp_link_look(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	if (!is_unbound(socket))
		return;
	count_link(rx, socket, LVS_IO_COUNT_link_gone, LVS_LOG_INFO,
		   "is gone; one of that name is waited for");
	socket->gone = true;
	socket->told = false;
	rx->gone_n++;
}

/* What did not fit into the receive buffer since it was last asked. */
static void ask_losses(const struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(socket->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		atomic_fetch_add_explicit(rx->lost, stats.tp_drops, memory_order_relaxed);
}

void lvs_afp_link_losses(const struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		ask_losses(rx, &rx->socket[i]);
}

uint64_t lvs_afp_rx_lost(const struct lvs_afp_rx *rx)
{
	lvs_afp_link_losses(rx);
	return atomic_load_explicit(rx->lost, memory_order_relaxed);
}

/* Puts the socket @fresh in the place of one that is bound to nothing, under the same number, which
 * another thread may be asking about. */
static bool replace(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket,
		    struct lvs_afp_socket *fresh)
{
	int fd = socket->fd;
	bool replaced;

	ask_losses(rx, socket);
	replaced = dup3(fresh->fd, fd, O_CLOEXEC) == fd;
	close(fresh->fd);
	if (!replaced || lvs_afp_link_watch(rx, fd)) {
		lvs_afp_ring_close(&fresh->ring);
		return false;
	}
	lvs_afp_ring_close(&socket->ring);
	*socket = *fresh;
	socket->fd = fd;
	return true;
}

static void take_up(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	struct lvs_afp_socket fresh = {.fd = -1};
	struct lvs_io_conf conf = *rx->conf;

	memcpy(fresh.name, socket->name, sizeof(fresh.name));
	if (!if_nametoindex(fresh.name))
		return;
	/* It is tried again and again; what fails is told once. */
	if (socket->told)
		conf.log.line = NULL;
	socket->told = true;
	if (lvs_afp_socket_open(&fresh, &conf) || !replace(rx, socket, &fresh))
		return;
	/* Until something comes: it may be down, which is nothing new. */
	socket->down = true;
	count_link(rx, socket, LVS_IO_COUNT_link_back, LVS_LOG_INFO, "is there again");
	rx->gone_n--;
}

void lvs_afp_link_take_up(struct lvs_afp_rx *rx)
{
	uint64_t now = lvs_io_clock();

	if (now < rx->look_at)
		return;
	rx->look_at = now + LOOK_NS;
	for (unsigned i = 0; i < rx->socket_n; i++)
		if (rx->socket[i].gone)
			take_up(rx, &rx->socket[i]);
}
