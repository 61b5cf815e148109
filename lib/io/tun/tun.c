/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "tun": a TUN device, into which the host routes what is to be
 * balanced, and from which it routes on what comes out.
 *
 *   interfaces --> the host's routing --> TUN --> rx --> the caller
 *   interfaces <-- the host's routing <-- TUN <-- tx <--/
 */
#include <liblvs/host.h>
#include <liblvs/io.h>

#include <errno.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/adapters.h"
#include "io/io_cut.h"
#include "io/io_log.h"
#include "io/tun/io.h"

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

static void tun_close(void *state)
{
	struct lvs_tun_io *io = state;

	if (io->fd >= 0)
		close(io->fd);
	free(io->buffers);
	free(io->piece);
	free(io->segment_buffer);
	free(io);
}

static bool is_there(const struct lvs_tun *device)
{
	return if_nametoindex(device->name) != 0;
}

/* Worker 0 makes the device, the others find it; with LVS_IO_EXISTING somebody else has made it. */
static int open_queue(struct lvs_tun_io *io)
{
	bool existing = io->conf.flags & LVS_IO_EXISTING;
	bool makes = !existing && io->conf.worker == 0;

	if (makes == is_there(&io->device)) {
		lvs_io_log(&io->conf.log, LVS_LOG_ERROR, "tun: TUN %s: %s", io->device.name,
			   makes ? "there is an interface of that name already"
				 : "there is no such interface");
		return makes ? LVS_ERR_EXISTS : LVS_ERR_NO_DEVICE;
	}
	return lvs_tun_open(&io->device, IFF_MULTI_QUEUE | (makes ? IFF_TUN_EXCL : 0));
}

/* What comes may be as the interface brought it: the device is told what we can take. */
static int set_offloads(struct lvs_tun_io *io)
{
	static const unsigned long offers[] = {
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN | TUN_F_USO4 | TUN_F_USO6,
		TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(offers); i++)
		if (ioctl(io->fd, TUNSETOFFLOAD, offers[i]) == 0)
			return 0;
	return lvs_tun_failed(&io->device, "TUNSETOFFLOAD");
}

/*
 * What the host must allow on the device: to route on what comes out, though it is from
 * everywhere, the host's own addresses too (a service's, in replies; the director's, around tunnel
 * packets). An MTU that is never in the way: those of the interfaces count.
 */
static int set_up(struct lvs_tun_io *io)
{
	int err = lvs_tun_set_mtu(&io->device, LVS_TUN_MTU_MAX);

	if (!err)
		err = lvs_tun_set_queue(&io->device, LVS_TUN_QUEUE);
	if (err)
		return err;
	lvs_tun_quieten(&io->device);
	if (lvs_tun_set(&io->device, "ipv4", "accept_local", '1') ||
	    lvs_tun_set(&io->device, "ipv4", "forwarding", '1'))
		lvs_io_log(&io->conf.log, LVS_LOG_WARNING,
			   "tun: TUN %s: cannot set accept_local and forwarding: %s",
			   io->device.name, strerror(errno));
	return lvs_tun_bring_up(&io->device);
}

static int open_device(struct lvs_tun_io *io)
{
	int err = open_queue(io);

	if (err < 0)
		return err;
	io->fd = err;
	io->ifindex = if_nametoindex(io->device.name);
	err = set_offloads(io);
	if (!err && io->conf.worker == 0 && !(io->conf.flags & LVS_IO_EXISTING))
		err = set_up(io);
	if (!err)
		err = lvs_tun_get_mtu(&io->device, &io->mtu);
	if (!err && io->conf.worker == 0)
		io->lost_before = lvs_tun_lost(io->ifindex);
	return err;
}

static int open_buffers(struct lvs_tun_io *io)
{
	io->buffers = malloc((size_t)io->conf.batch * (LVS_TUN_ROOM + LVS_TUN_DATA + LVS_TUN_ROOM));
	io->piece = malloc(LVS_IO_PIECE_MAX);
	io->segment_buffer = malloc(LVS_IO_PIECE_MAX);
	return io->buffers && io->piece && io->segment_buffer ? 0 : LVS_ERR_NO_MEMORY;
}

static int tun_open(const struct lvs_io_conf *conf, void **state)
{
	struct lvs_tun_io *io = calloc(1, sizeof(*io));
	int err;

	if (!io)
		return LVS_ERR_NO_MEMORY;
	io->fd = -1;
	io->conf = *conf;
	io->device.who = "tun";
	io->device.log = &io->conf.log;
	if (!conf->target || strchr(conf->target, '%') ||
	    !lvs_tun_name(&io->device, conf->target)) {
		lvs_io_log(
			&conf->log, LVS_LOG_ERROR,
			"tun: target \"%s\": expected the name of a TUN device, 1 to 15 characters",
			conf->target ? conf->target : "");
		free(io);
		return LVS_ERR_INVALID;
	}
	io->conf.target = io->conf.pass_name = NULL;
	err = open_buffers(io);
	if (!err)
		err = open_device(io);
	if (err) {
		tun_close(io);
		return err;
	}
	*state = io;
	return 0;
}

static int tun_fd(const void *state)
{
	const struct lvs_tun_io *io = state;

	return io->fd;
}

static void tun_caps(const void *state, struct lvs_io_caps *caps)
{
	const struct lvs_tun_io *io = state;

	caps->flags = LVS_IO_SUPER_PACKETS | LVS_IO_PARTIAL_CSUM | LVS_IO_PASS;
	caps->headroom = LVS_TUN_ROOM;
	caps->mtu = io->mtu;
}

/* The kernel counts what the queues could not take for all of them: the first worker tells it. */
static uint64_t tun_count(const void *state, unsigned counter)
{
	const struct lvs_tun_io *io = state;
	uint64_t lost;

	if (counter != LVS_IO_COUNT_rx_lost || io->conf.worker)
		return lvs_io_count_get(&io->count, counter);
	lost = lvs_tun_lost(io->ifindex);
	return lost > io->lost_before ? lost - io->lost_before : 0;
}

const struct lvs_io_ops lvs_io_tun_ops = {
	.size = sizeof(lvs_io_tun_ops),
	.lacks = LVS_IO_LINK_LAYER | LVS_IO_FINITE,
	.name = "tun",
	.open = tun_open,
	.close = tun_close,
	.fd = tun_fd,
	.rx = lvs_tun_rx,
	.tx = lvs_tun_tx,
	.caps = tun_caps,
	.count = tun_count,
};
