/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A director within an event loop that is there already: libuv's. Direct routing, either family.
 *
 *     uv-director eth0 2001:db8::80 80 2001:db8::11 2001:db8::12
 *
 * The idea to see here: the library never waits. Two descriptors become readable, the adapter's
 * and the host's, and a timer runs to the worker's next expiry.
 */
#include "service.h"

#include <liblvs/io.h>

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum {
	BATCH = 64,
	BATCHES = 16, /* before the loop's other work has its turn */
	EXPIRY_BUDGET = 1024,
	NS_PER_MS = 1000000,
};

struct balancer {
	struct service service;
	struct lvs_worker *worker;
	struct lvs_io *io;
	uv_timer_t expiry;
};

/* Ends connections whose time has come, and has the timer run to the next. */
static void expire(uv_timer_t *timer)
{
	struct balancer *balancer = timer->data;
	uint64_t now = lvs_io_now(balancer->io), then;

	lvs_worker_handle_expiry(balancer->worker, now, EXPIRY_BUDGET);
	then = lvs_worker_expiry(balancer->worker);
	if (then != UINT64_MAX)
		uv_timer_start(timer, expire, then <= now ? 0 : (then - now) / NS_PER_MS + 1, 0);
}

/* One batch. False when nothing was there. */
static bool process(struct balancer *balancer)
{
	struct lvs_packet packets[BATCH];
	int n = lvs_io_rx(balancer->io, packets, BATCH);

	check(n < 0 ? n : 0, "receive");
	if (n <= 0)
		return false;
	lvs_worker_process(balancer->worker, packets, (unsigned)n, lvs_io_now(balancer->io));
	do
		check(lvs_io_tx(balancer->io, packets, (unsigned)n), "send");
	while ((n = (int)lvs_worker_outbox(balancer->worker, packets, BATCH)) > 0);
	return true;
}

/* What is left after the last batch keeps the descriptor readable: the loop comes back. */
static void packets_ready(uv_poll_t *poll, int status, int events)
{
	struct balancer *balancer = poll->data;

	(void)events;
	check(status ? LVS_ERR_IO : 0, "poll");
	for (int i = 0; i < BATCHES; i++)
		if (!process(balancer))
			break;
	expire(&balancer->expiry);
}

static void host_changed(uv_poll_t *poll, int status, int events)
{
	const struct balancer *balancer = poll->data;

	(void)events;
	check(status ? LVS_ERR_IO : lvs_host_handle(balancer->service.host), "host");
}

static void stop(uv_signal_t *signal, int number)
{
	(void)number;
	uv_stop(signal->loop);
}

static void run(struct balancer *balancer)
{
	uv_loop_t *loop = uv_default_loop();
	uv_poll_t io = {.data = balancer}, host = {.data = balancer};
	uv_signal_t signal;

	balancer->expiry.data = balancer;
	uv_timer_init(loop, &balancer->expiry);
	uv_poll_init(loop, &io, lvs_io_fd(balancer->io));
	uv_poll_init(loop, &host, lvs_host_fd(balancer->service.host));
	uv_signal_init(loop, &signal);
	uv_poll_start(&io, UV_READABLE, packets_ready);
	uv_poll_start(&host, UV_READABLE, host_changed);
	uv_signal_start(&signal, stop, SIGTERM);
	uv_run(loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
	struct lvs_io_conf conf = {.size = sizeof(conf), .target = argv[1]};
	struct balancer balancer;

	if (argc < 5) {
		fprintf(stderr, "usage: uv-director INTERFACE ADDRESS PORT SERVER...\n");
		return 2;
	}
	service_open(&balancer.service, "uv", LVS_METHOD_DR, argv + 2);
	check(lvs_worker_new(balancer.service.director, &balancer.worker), "worker");
	conf.host = conf.captured_user = balancer.service.host;
	conf.captured = lvs_host_captured_callback; /* gets back what is not ours */
	check(lvs_io_open(lvs_io_find("packet"), &conf, &balancer.io), argv[1]);
	service_start(&balancer.service, (const char *const *)argv + 1, 1);
	fprintf(stderr, "uv-director: ready\n");
	run(&balancer);
	lvs_io_close(balancer.io);
	lvs_worker_del(balancer.worker);
	service_close(&balancer.service);
	return EXIT_SUCCESS;
}
