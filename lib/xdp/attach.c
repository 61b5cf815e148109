/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program's place on an interface. It is held by the kernel and not by a descriptor of ours, so
 * that it outlives a crash: what it steers is then lost, instead of being answered by the host, or
 * sent on by it untranslated, until the next director puts its own in its place.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "io/io_log.h"
#include "xdp/state.h"

/* What is on an interface. */
struct found {
	uint32_t id; /* 0: nothing */
	uint32_t mode;
	char name[LVS_XDP_NAME_LEN];
};

static int find(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port, struct found *found)
{
	struct bpf_xdp_query_opts query = {.sz = sizeof(query)};
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int fd, err = bpf_xdp_query((int)port->ifindex, 0, &query);

	memset(found, 0, sizeof(*found));
	if (err)
		return lvs_xdp_failed(xdp, port->name, "asking for its XDP program", -err);
	found->mode = query.skb_prog_id ? LVS_XDP_MODE_GENERIC : LVS_XDP_MODE_NATIVE;
	found->id = query.skb_prog_id   ? query.skb_prog_id
		    : query.drv_prog_id ? query.drv_prog_id
					: query.prog_id;
	if (!found->id)
		return 0;
	fd = bpf_prog_get_fd_by_id(found->id);
	if (fd < 0)
		return lvs_xdp_failed(xdp, port->name, "opening its XDP program", -fd);
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (err)
		return lvs_xdp_failed(xdp, port->name, "asking its XDP program", -err);
	memcpy(found->name, info.name, sizeof(found->name) - 1);
	return 0;
}

static int check(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port,
		 const struct found *found)
{
	if (!found->id || strcmp(found->name, LVS_XDP_PROGRAM) == 0)
		return 0;
	lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
		   "xdp: interface %s has another's XDP program, \"%s\" (%u)", port->name,
		   found->name, found->id);
	return LVS_ERR_EXISTS;
}

int lvs_xdp_attach_check(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port)
{
	struct found found;
	int err = find(xdp, port, &found);

	return err ? err : check(xdp, port, &found);
}

static uint32_t mode_flag(uint32_t mode)
{
	return mode == LVS_XDP_MODE_GENERIC ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* In the place of @old if that is not 0. A negative errno. */
static int attach_as(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port, uint32_t mode,
		     uint32_t old)
{
	struct bpf_xdp_attach_opts opts = {.sz = sizeof(opts)};
	uint32_t flags = mode_flag(mode) | (old ? XDP_FLAGS_REPLACE : XDP_FLAGS_UPDATE_IF_NOEXIST);
	int err;

	if (old) {
		opts.old_prog_fd = bpf_prog_get_fd_by_id(old);
		if (opts.old_prog_fd < 0)
			return opts.old_prog_fd;
	}
	err = bpf_xdp_attach((int)port->ifindex, xdp->program.fd, flags, &opts);
	if (old)
		close(opts.old_prog_fd);
	return err;
}

/* A driver and the stack cannot have one each. */
static void make_room(const struct lvs_xdp_port *port, struct found *found, uint32_t mode)
{
	if (!found->id || found->mode == mode)
		return;
	(void)bpf_xdp_detach((int)port->ifindex, mode_flag(found->mode), NULL);
	found->id = 0;
}

/* 0 or a negative errno. */
static int try_modes(const struct lvs_xdp *xdp, struct lvs_xdp_port *port, struct found *found)
{
	uint32_t mode = xdp->conf.mode ? xdp->conf.mode : LVS_XDP_MODE_NATIVE;
	int err;

	make_room(port, found, mode);
	err = attach_as(xdp, port, mode, found->id);
	if (err && xdp->conf.mode == LVS_XDP_MODE_AUTO && err != -EPERM && err != -ENODEV) {
		lvs_io_log(&xdp->conf.log, LVS_LOG_NOTICE,
			   "xdp: interface %s: its driver (%s) does not run XDP programs here: %s; "
			   "the stack does, which is slower",
			   port->name, port->driver, strerror(-err));
		mode = LVS_XDP_MODE_GENERIC;
		make_room(port, found, mode);
		err = attach_as(xdp, port, mode, found->id);
	}
	if (!err)
		port->mode = mode;
	return err;
}

int lvs_xdp_attach(const struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	struct found found;
	int err = find(xdp, port, &found);

	if (!err)
		err = check(xdp, port, &found);
	if (err)
		return err;
	if (found.id)
		lvs_io_log(&xdp->conf.log, LVS_LOG_NOTICE,
			   "xdp: interface %s: the program of a director that crashed is replaced",
			   port->name);
	err = try_modes(xdp, port, &found);
	if (err)
		return lvs_xdp_failed(xdp, port->name, "attaching the XDP program", -err);
	port->attached = true;
	if (port->mode == LVS_XDP_MODE_GENERIC && strcmp(port->driver, "veth") == 0)
		lvs_io_log(
			&xdp->conf.log, LVS_LOG_WARNING,
			"xdp: interface %s: super-packets of its peer cannot be steered and go to "
			"the host; switch them off there (ethtool -K PEER tso off gso off)",
			port->name);
	return 0;
}

void lvs_xdp_detach(const struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	struct bpf_xdp_attach_opts opts = {.sz = sizeof(opts), .old_prog_fd = xdp->program.fd};

	if (!port->attached)
		return;
	port->attached = false;
	/* If it is still ours. It goes with an interface that is gone. */
	(void)bpf_xdp_detach((int)port->ifindex, mode_flag(port->mode) | XDP_FLAGS_REPLACE, &opts);
}
