/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet_pass.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/io_log.h"
#include "io/tun_device.h"
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
	lvs_tun_quieten(&tun);
	err = lvs_tun_bring_up(&tun);
	if (err)
		lvs_afp_pass_close(pass);
	return err;
}

void lvs_afp_pass_close(struct lvs_afp_pass *pass)
{
	if (pass->fd >= 0)
		close(pass->fd);
	pass->fd = -1;
}

int lvs_afp_pass_write(struct lvs_afp_pass *pass, const struct lvs_packet *packet)
{
	struct virtio_net_hdr header;
	struct iovec iov[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = packet->data, .iov_len = packet->len},
	};

	if (packet->linear_len < packet->len)
		return LVS_ERR_INVALID;
	lvs_vnet_write(&header, 0, packet);
	return writev(pass->fd, iov, 2) < 0 ? lvs_io_error(errno) : 0;
}
