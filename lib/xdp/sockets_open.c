/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets made, and put into the program's map; and taken away again. */
#include "xdp/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <bpf/bpf.h>

#include "io/io_log.h"

/* Younger than some headers. */
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif
#ifndef SO_BUSY_POLL_BUDGET
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9
#endif

enum {
	POLL_BUDGET = 64,  /* packets that one poll takes from a driver */
	SEND_BUDGET = 128, /* frames that one call may send, else 32 */
	SEND_BUFFER = 16 << 20,
};

static unsigned count_queues(const struct lvs_xdp *xdp, uint32_t worker)
{
	unsigned n = 0;

	for (unsigned i = 0; i < xdp->port_n; i++)
		if (!xdp->port[i].gone)
			for (uint32_t q = worker; q < xdp->port[i].queue_n; q += xdp->conf.worker_n)
				n++;
	return n;
}

static int open_memory(struct lvs_xsks *xsks)
{
	const struct lvs_xdp *xdp = xsks->xdp;
	struct xsk_umem_config conf = {
		.fill_size = xdp->conf.ring,
		.comp_size = xdp->conf.ring,
		.frame_size = LVS_XDP_FRAME,
	};
	uint32_t frames = xsks->n * 2 * xdp->conf.ring + LVS_XSK_RESERVE;
	size_t len = (size_t)frames * LVS_XDP_FRAME;
	void *area;
	int err = lvs_frames_init(&xsks->frames, frames);

	if (err)
		return err;
	area = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return LVS_ERR_NO_MEMORY;
	xsks->area = area;
	/* Its rings are the first socket's. */
	err = xsk_umem__create(&xsks->umem, area, len, &xsks->xsk[0].fill, &xsks->xsk[0].done,
			       &conf);
	if (!err)
		return 0;
	xsks->umem = NULL;
	return lvs_xdp_failed(xdp, NULL,
			      err == -EPERM     ? "memory for sockets (needs CAP_NET_RAW)"
			      : err == -ENOBUFS ? "memory for sockets (RLIMIT_MEMLOCK)"
						: "memory for sockets",
			      -err);
}

static uint16_t bind_flags(const struct lvs_xdp *xdp)
{
	switch (xdp->conf.copy) {
	case LVS_XDP_COPY_ALWAYS:
		return XDP_USE_NEED_WAKEUP | XDP_COPY;
	case LVS_XDP_COPY_NEVER:
		return XDP_USE_NEED_WAKEUP | XDP_ZEROCOPY;
	default:
		return XDP_USE_NEED_WAKEUP;
	}
}

/* What it may be without. */
static void set_options(const struct lvs_xdp *xdp, const struct lvs_xsk *xsk)
{
	int one = 1, us = (int)xdp->conf.busy_poll_us, budget = POLL_BUDGET, send = SEND_BUDGET;
	int buffer = SEND_BUFFER;

	(void)setsockopt(xsk->fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	(void)setsockopt(xsk->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &send, sizeof(send));
	if (!us)
		return;
	if (setsockopt(xsk->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &one, sizeof(one)) ||
	    setsockopt(xsk->fd, SOL_SOCKET, SO_BUSY_POLL, &us, sizeof(us)) ||
	    setsockopt(xsk->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		lvs_io_log(&xdp->conf.log, LVS_LOG_WARNING,
			   "xdp: interface %s: no busy polling: %s", xsk->name, strerror(errno));
}

static int put_in_map(const struct lvs_xdp *xdp, const struct lvs_xsk *xsk, uint32_t first)
{
	uint32_t place = first + xsk->queue;
	int err = bpf_map_update_elem(xdp->program.sockets, &place, &xsk->fd, BPF_ANY);

	return err ? lvs_xdp_failed(xdp, xsk->name, "the map of sockets", -err) : 0;
}

static int open_socket(struct lvs_xsks *xsks, struct lvs_xsk *xsk, uint32_t first, bool again)
{
	const struct lvs_xdp *xdp = xsks->xdp;
	struct xsk_socket_config conf = {
		.rx_size = xdp->conf.ring,
		.tx_size = xdp->conf.ring,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = bind_flags(xdp),
	};
	int err = xsk_socket__create_shared(&xsk->socket, xsk->name, xsk->queue, xsks->umem,
					    &xsk->rx, &xsk->tx, &xsk->fill, &xsk->done, &conf);

	if (err) {
		xsk->socket = NULL;
		if (again && (err == -EBUSY || err == -ENODEV || err == -EBADF))
			return err == -EBUSY ? LVS_ERR_BUSY : LVS_ERR_NO_DEVICE;
		return lvs_xdp_failed(xdp, xsk->name,
				      err == -EBUSY        ? "another program has this queue"
				      : err == -EOPNOTSUPP ? "binding a socket (zero-copy)"
							   : "binding a socket",
				      -err);
	}
	xsk->fd = xsk_socket__fd(xsk->socket);
	set_options(xdp, xsk);
	lvs_xsk_refill(xsks, xsk);
	return put_in_map(xdp, xsk, first);
}

static int open_port(struct lvs_xsks *xsks, struct lvs_xsk **next, const struct lvs_xdp_port *port,
		     uint32_t worker, bool again)
{
	for (uint32_t q = worker; q < port->queue_n; q += xsks->xdp->conf.worker_n) {
		struct lvs_xsk *xsk = (*next)++;
		int err;

		xsk->name = port->name;
		xsk->ifindex = port->ifindex;
		xsk->queue = q;
		err = open_socket(xsks, xsk, port->first, again);
		if (err)
			return err;
	}
	return 0;
}

static int open_all(struct lvs_xsks *xsks, uint32_t worker, bool again)
{
	const struct lvs_xdp *xdp = xsks->xdp;
	struct lvs_xsk *next;
	int err;

	xsks->n = count_queues(xdp, worker);
	xsks->xsk = calloc(xsks->n + 1, sizeof(*xsks->xsk));
	if (!xsks->xsk)
		return LVS_ERR_NO_MEMORY;
	if (!xsks->n)
		return lvs_frames_init(&xsks->frames, LVS_XSK_RESERVE);
	next = xsks->xsk;
	err = open_memory(xsks);
	for (unsigned i = 0; i < xdp->port_n && !err; i++)
		if (!xdp->port[i].gone)
			err = open_port(xsks, &next, &xdp->port[i], worker, again);
	return err;
}

int lvs_xsks_open(struct lvs_xsks *xsks, struct lvs_xdp *xdp, uint32_t worker,
		  struct lvs_io_count *count, bool again)
{
	int err;

	memset(xsks, 0, sizeof(*xsks));
	xsks->xdp = xdp;
	xsks->count = count;
	pthread_mutex_lock(&xdp->lock);
	err = open_all(xsks, worker, again);
	pthread_mutex_unlock(&xdp->lock);
	return err;
}

/* The kernel takes a socket that is closed out of the map. */
void lvs_xsks_close(struct lvs_xsks *xsks)
{
	for (unsigned i = xsks->n; i > 0 && xsks->xsk; i--)
		if (xsks->xsk[i - 1].socket)
			xsk_socket__delete(xsks->xsk[i - 1].socket);
	if (xsks->umem)
		(void)xsk_umem__delete(xsks->umem);
	if (xsks->area)
		munmap(xsks->area, (size_t)xsks->frames.n * LVS_XDP_FRAME);
	lvs_frames_fini(&xsks->frames);
	free(xsks->xsk);
	memset(xsks, 0, sizeof(*xsks));
}
