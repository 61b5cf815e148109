/* SPDX-License-Identifier: BSD-2-Clause */
/* An io's life, and its ops. */
#include "xdp/xdp_io.h"

#include <stdlib.h>

#include "io/adapters.h"
#include "io/io_cut.h"
#include "io/io_log.h"

enum {
	TRIES = 400, /* to open sockets anew, one each 5 ms or so */
};

static void io_close(void *state)
{
	struct lvs_xdp_io *io = state;

	lvs_io_hop_fini(&io->hop);
	lvs_afp_pass_close(&io->pass);
	lvs_afp_tx_close(&io->other);
	lvs_xsks_close(&io->xsks);
	lvs_io_wake_close(&io->wake);
	free(io->segment_buffer);
	free(io);
}

static int watch_sockets(struct lvs_xdp_io *io)
{
	int err = 0;

	for (unsigned i = 0; i < io->xsks.n && !err; i++)
		err = lvs_io_wake_watch(&io->wake, io->xsks.xsk[i].fd, "xdp", &io->conf.log);
	return err;
}

/* Whether an interface is waited for. */
static bool is_one_gone(struct lvs_xdp *xdp)
{
	bool gone = false;

	pthread_mutex_lock(&xdp->lock);
	for (unsigned i = 0; i < xdp->port_n; i++)
		gone |= xdp->port[i].gone;
	pthread_mutex_unlock(&xdp->lock);
	return gone;
}

/* The kernel lets go of a queue some time after its socket was closed. */
int lvs_xdp_io_reopen(struct lvs_xdp_io *io)
{
	struct lvs_xdp *xdp = io->conf.adapter;
	int err;

	/* acquire: with the release of follow.c */
	io->changes = atomic_load_explicit(&xdp->changes, memory_order_acquire);
	io->lost = is_one_gone(xdp);
	io->next = 0;
	lvs_xsks_close(&io->xsks);
	err = lvs_xsks_open(&io->xsks, xdp, io->conf.worker, &io->count, io->tries < TRIES);
	if (!err)
		err = watch_sockets(io);
	if (!err) {
		io->tries = 0;
		return 0;
	}
	lvs_xsks_close(&io->xsks);
	io->reopen_at = lvs_io_clock() + LVS_IO_RETRY_NS;
	return io->tries++ < TRIES && (err == LVS_ERR_BUSY || err == LVS_ERR_NO_DEVICE) ? 0 : err;
}

static int open_parts(struct lvs_xdp_io *io)
{
	const struct lvs_io_conf *conf = &io->conf;
	struct lvs_xdp *xdp = conf->adapter;
	int err;

	io->changes = atomic_load_explicit(&xdp->changes, memory_order_acquire);
	io->lost = is_one_gone(xdp);
	err = lvs_xsks_open(&io->xsks, xdp, conf->worker, &io->count, false);

	if (!err)
		err = lvs_afp_tx_open(&io->other, &conf->log, &io->count);
	if (!err)
		err = lvs_io_wake_open(&io->wake, "xdp", &conf->log);
	if (!err)
		err = watch_sockets(io);
	if (!err && conf->captured)
		err = lvs_afp_pass_open(&io->pass, conf->pass_name ? conf->pass_name : "lvs%d",
					&conf->log);
	return err;
}

static int check_conf(const struct lvs_io_conf *conf)
{
	const struct lvs_xdp *xdp = conf->adapter;

	if (xdp && (conf->host || conf->resolve) && conf->worker_n == xdp->conf.worker_n)
		return 0;
	lvs_io_log(
		&conf->log, LVS_LOG_ERROR,
		"xdp: expected a struct lvs_xdp as adapter, its number of workers, and a host or "
		"resolve()");
	return LVS_ERR_INVALID;
}

static void flush_other(void *state)
{
	struct lvs_xdp_io *io = state;

	lvs_afp_tx_flush(&io->other);
}

static int io_open(const struct lvs_io_conf *conf, void **state)
{
	struct lvs_xdp_io *io;
	int err = check_conf(conf);

	if (err)
		return err;
	io = calloc(1, sizeof(*io));
	if (!io)
		return LVS_ERR_NO_MEMORY;
	io->conf = *conf;
	io->pass.fd = io->other.fd = -1;
	lvs_io_wake_init(&io->wake);
	lvs_io_hop_init(&io->hop, &io->conf, &io->count);
	io->hop.send = lvs_xdp_io_send;
	io->hop.flush = flush_other;
	io->hop.state = io;
	io->segment_buffer = malloc(LVS_IO_PIECE_MAX);
	err = io->segment_buffer ? open_parts(io) : LVS_ERR_NO_MEMORY;
	if (err) {
		io_close(io);
		return err;
	}
	io->conf.target = io->conf.pass_name = NULL;
	*state = io;
	return 0;
}

static int io_fd(const void *state)
{
	const struct lvs_xdp_io *io = state;

	return io->wake.epoll;
}

static void io_caps(const void *state, struct lvs_io_caps *caps)
{
	const struct lvs_xdp_io *io = state;
	const struct lvs_xdp *xdp = io->conf.adapter;

	caps->flags = LVS_IO_LINK_LAYER | LVS_IO_PASS;
	caps->headroom = LVS_XDP_KERNEL;
	caps->mtu = UINT32_MAX;
	for (unsigned i = 0; i < xdp->port_n; i++) {
		uint32_t mtu = atomic_load_explicit(&xdp->port[i].mtu, memory_order_relaxed);

		if (mtu < caps->mtu)
			caps->mtu = mtu;
	}
}

/* The interfaces' are all ios': the first tells them. */
static uint64_t io_count(const void *state, unsigned counter)
{
	const struct lvs_xdp_io *io = state;
	const struct lvs_xdp *xdp = io->conf.adapter;

	if (io->conf.worker == 0 && counter == LVS_IO_COUNT_link_gone)
		return atomic_load_explicit(&xdp->gone_n, memory_order_relaxed);
	if (io->conf.worker == 0 && counter == LVS_IO_COUNT_link_back)
		return atomic_load_explicit(&xdp->back_n, memory_order_relaxed);
	return lvs_io_count_get(&io->count, counter);
}

static const struct lvs_io_ops ops = {
	.size = sizeof(ops),
	.lacks = LVS_IO_FINITE | LVS_IO_SUPER_PACKETS | LVS_IO_PARTIAL_CSUM,
	.name = "xdp",
	.open = io_open,
	.close = io_close,
	.fd = io_fd,
	.rx = lvs_xdp_io_rx,
	.tx = lvs_xdp_io_tx,
	.flush = lvs_xdp_io_flush,
	.caps = io_caps,
	.count = io_count,
};

const struct lvs_io_ops *lvs_xdp_ops(void)
{
	return &ops;
}
