/* SPDX-License-Identifier: BSD-2-Clause */
/* An io's life, and its ops. */
#include "xdp/xdp_io.h"

#include <stdlib.h>

#include "io/io_cut.h"
#include "io/io_log.h"

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

static int open_descriptors(struct lvs_xdp_io *io)
{
	int err = lvs_io_wake_open(&io->wake, "xdp", &io->conf.log);

	for (unsigned i = 0; i < io->xsks.n && !err; i++)
		err = lvs_io_wake_watch(&io->wake, io->xsks.xsk[i].fd, "xdp", &io->conf.log);
	return err;
}

static int open_parts(struct lvs_xdp_io *io)
{
	const struct lvs_io_conf *conf = &io->conf;
	int err = lvs_xsks_open(&io->xsks, conf->adapter, conf->worker, &io->count);

	if (!err)
		err = lvs_afp_tx_open(&io->other, &conf->log, &io->count);
	if (!err)
		err = open_descriptors(io);
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
	const struct lvs_xdp *xdp = io->xsks.xdp;

	caps->flags = LVS_IO_LINK_LAYER | LVS_IO_PASS;
	caps->headroom = LVS_XDP_KERNEL;
	caps->mtu = UINT32_MAX;
	for (unsigned i = 0; i < xdp->port_n; i++) {
		uint32_t mtu = atomic_load_explicit(&xdp->port[i].mtu, memory_order_relaxed);

		if (mtu < caps->mtu)
			caps->mtu = mtu;
	}
}

static uint64_t io_count(const void *state, unsigned counter)
{
	const struct lvs_xdp_io *io = state;

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
