/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/io_cut.h"
#include "io/io_log.h"
#include "io/tun/device.h"
#include "io/vnet.h"

int lvs_afp_pass_open(struct lvs_afp_pass *pass, const char *name, const struct lvs_log *log)
{
	struct lvs_tun tun = {.who = "packet", .log = log};
	int err;

	if (!lvs_tun_name(&tun, name)) {
		lvs_io_log(log, LVS_LOG_ERROR,
			   "packet: TUN %s: expected an interface's name, 1 to 15 characters",
			   name);
		return LVS_ERR_INVALID;
	}
	err = pass->fd = lvs_tun_open(&tun, 0);
	if (err < 0)
		return err;
	pass->piece = malloc(LVS_IO_PIECE_MAX);
	lvs_tun_quieten(&tun);
	err = pass->piece ? lvs_tun_bring_up(&tun) : LVS_ERR_NO_MEMORY;
	if (err)
		lvs_afp_pass_close(pass);
	return err;
}

void lvs_afp_pass_close(struct lvs_afp_pass *pass)
{
	if (pass->fd >= 0)
		close(pass->fd);
	pass->fd = -1;
	free(pass->piece);
	pass->piece = NULL;
}

static int write_packet(void *user, const struct lvs_packet *packet)
{
	const struct lvs_afp_pass *pass = user;
	struct virtio_net_hdr header;
	struct iovec iov[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = packet->data, .iov_len = packet->len},
	};

	lvs_vnet_write(&header, 0, packet);
	return writev(pass->fd, iov, 2) < 0 ? lvs_io_error(errno) : 0;
}

void lvs_afp_pass_back(struct lvs_afp_pass *pass, const struct lvs_packet *packet,
		       const struct lvs_io_conf *conf, struct lvs_io_count *count)
{
	if (pass->fd < 0 || !conf->captured(conf->captured_user, packet))
		lvs_io_count_add(count, LVS_IO_COUNT_pass_seen, 1);
	else if (lvs_io_cut_for_host(packet, pass->piece, write_packet, pass))
		lvs_io_count_add(count, LVS_IO_COUNT_pass_failed, 1);
	else
		lvs_io_count_add(count, LVS_IO_COUNT_passed, 1);
}
