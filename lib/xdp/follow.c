/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces are followed by their names. One that is gone takes its program and sockets along; on
 * one of its name that comes both are made anew: the program here, the sockets by each io, which
 * looks at lvs_xdp::changes.
 */
#include <net/if.h>
#include <string.h>

#include "io/io_log.h"
#include "xdp/state.h"

int lvs_xdp_port_place(struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	if (port->queue_n <= port->place_n)
		return 0;
	if (xdp->place_n + port->queue_n > STEER_SOCKETS) {
		lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
			   "xdp: the interfaces have more than %d queues", STEER_SOCKETS);
		return LVS_ERR_UNSUPPORTED;
	}
	port->first = xdp->place_n;
	port->place_n = port->queue_n;
	xdp->place_n += port->queue_n;
	return 0;
}

/* The ios are to look again. */
static void tell(struct lvs_xdp *xdp, _Atomic uint64_t *count)
{
	atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&xdp->changes, 1, memory_order_release);
}

static void lose(struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	lvs_io_log(&xdp->conf.log, LVS_LOG_INFO, "xdp: interface %s is gone", port->name);
	pthread_mutex_lock(&xdp->lock);
	/* It may have another name now. */
	lvs_xdp_detach(xdp, port);
	lvs_xdp_maps_del_link(xdp, port);
	lvs_xdp_port_close(port);
	port->gone = true;
	pthread_mutex_unlock(&xdp->lock);
	tell(xdp, &xdp->gone_n);
}

/* @port: opened. The program is on it when there is something to steer. */
static int make_ready(struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	int err = lvs_xdp_port_place(xdp, port);

	if (!err)
		err = lvs_xdp_attach_check(xdp, port);
	if (!err)
		err = lvs_xdp_maps_put_link(xdp, port);
	if (!err && xdp->rules.n)
		err = lvs_xdp_attach(xdp, port);
	return err;
}

static int take_up(struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	struct lvs_xdp_port found;
	int err = lvs_xdp_port_open(xdp, &found, port->name);

	if (err)
		return err;
	found.first = port->first;
	found.place_n = port->place_n;
	err = make_ready(xdp, &found);
	if (err) {
		lvs_xdp_maps_del_link(xdp, &found);
		lvs_xdp_port_close(&found);
		return err;
	}
	lvs_io_log(&xdp->conf.log, LVS_LOG_INFO, "xdp: interface %s is taken up", port->name);
	pthread_mutex_lock(&xdp->lock);
	*port = found;
	pthread_mutex_unlock(&xdp->lock);
	tell(xdp, &xdp->back_n);
	return 0;
}

static int follow(struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	bool changed = false;
	int err = 0;

	if (!port->gone) {
		err = lvs_xdp_port_read(xdp, port, &changed);
		if (err == LVS_ERR_NO_DEVICE)
			lose(xdp, port);
		else if (!err && changed)
			err = lvs_xdp_maps_put_link(xdp, port);
	}
	if (port->gone)
		err = if_nametoindex(port->name) ? take_up(xdp, port) : 0;
	return err;
}

int lvs_xdp_follow(struct lvs_xdp *xdp)
{
	int failed = 0;

	for (unsigned i = 0; i < xdp->port_n; i++) {
		int err = follow(xdp, &xdp->port[i]);

		failed = failed ? failed : err;
	}
	return failed;
}
