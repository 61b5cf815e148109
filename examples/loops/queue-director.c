/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread for each queue: a TUN device with several of them. NAT, either family.
 *
 *     queue-director 4 eth0 eth1 2001:db8::80 80 2001:db8:1::11 2001:db8:1::12
 *
 * The idea to see here: a worker and an io are one thread's, and no packet waits for another
 * thread. Any packet may come to any of them. The host and its news are the main thread's.
 */
#include "service.h"

#include <liblvs/io.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

enum { BATCH = 64, EXPIRY_BUDGET = 64, QUEUES_MAX = 64 };

#define DEVICE "lvs-queues"

struct queue {
	struct lvs_worker *worker;
	struct lvs_io *io;
	int stop; /* readable at the end */
	pthread_t thread;
};

static void *run(void *argument)
{
	struct queue *queue = argument;
	struct pollfd wait[] = {{.fd = lvs_io_fd(queue->io), .events = POLLIN},
				{.fd = queue->stop, .events = POLLIN}};
	struct lvs_packet packets[BATCH];

	while (poll(wait, 2, 1000) >= 0 && !wait[1].revents) {
		int n = lvs_io_rx(queue->io, packets, BATCH);

		check(n < 0 ? n : 0, "receive");
		lvs_worker_process(queue->worker, packets, (unsigned)n, lvs_io_now(queue->io));
		do
			check(lvs_io_tx(queue->io, packets, (unsigned)n), "send");
		while ((n = (int)lvs_worker_outbox(queue->worker, packets, BATCH)) > 0);
		lvs_worker_handle_expiry(queue->worker, lvs_io_now(queue->io), EXPIRY_BUDGET);
	}
	return NULL;
}

/* All queues are there before a packet comes. */
static void open_queues(const struct service *service, struct queue *queues, unsigned n, int stop)
{
	struct lvs_io_conf conf = {
		.size = sizeof(conf),
		.target = DEVICE,
		.worker_n = n,
		.captured = lvs_host_captured_callback,
		.captured_user = service->host,
	};

	for (conf.worker = 0; conf.worker < n; conf.worker++) {
		struct queue *queue = &queues[conf.worker];

		queue->stop = stop;
		check(lvs_worker_new(service->director, &queue->worker), "worker");
		check(lvs_io_open(lvs_io_find("tun"), &conf, &queue->io), DEVICE);
	}
}

/* The way into the device is forwarding. */
static void forward(const struct service *service, const char *interface)
{
	char path[64];

	snprintf(path, sizeof(path), "net/ipv4/conf/%.15s/forwarding", interface);
	check(lvs_host_sysctl_set(service->host, path, "1"), path);
	if (service->key.family == LVS_INET6)
		check(lvs_host_sysctl_set(service->host, "net/ipv6/conf/all/forwarding", "1"),
		      "forwarding");
}

/* Until it is told to end. */
static void follow_host(struct lvs_host *host, const sigset_t *signals)
{
	struct pollfd wait[] = {{.fd = lvs_host_fd(host), .events = POLLIN},
				{.fd = signalfd(-1, signals, SFD_CLOEXEC), .events = POLLIN}};

	while (poll(wait, 2, -1) >= 0 && !wait[1].revents)
		check(lvs_host_handle(host), "host");
}

static void close_queues(struct queue *queues, unsigned n, int stop)
{
	eventfd_write(stop, 1);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(queues[i].thread, NULL);
		lvs_io_close(queues[i].io);
		lvs_worker_del(queues[i].worker);
	}
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	int stop = eventfd(0, EFD_CLOEXEC);
	struct queue queues[QUEUES_MAX];
	struct service service;
	sigset_t signals;

	if (argc < 7 || n < 1 || n > QUEUES_MAX) {
		fprintf(stderr,
			"usage: queue-director QUEUES OUTER INNER ADDRESS PORT SERVER...\n");
		return 2;
	}
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	service_open(&service, "queue", LVS_METHOD_NAT, argv + 4);
	open_queues(&service, queues, n, stop);
	check(lvs_host_steer(service.host, DEVICE), DEVICE);
	service_start(&service, (const char *const *)argv + 2, 2);
	forward(&service, argv[2]);
	forward(&service, argv[3]);
	for (unsigned i = 0; i < n; i++)
		check(pthread_create(&queues[i].thread, NULL, run, &queues[i]) ? LVS_ERR_NO_MEMORY
									       : 0,
		      "thread");
	fprintf(stderr, "queue-director: ready\n");
	follow_host(service.host, &signals);
	close_queues(queues, n, stop);
	service_close(&service);
	return EXIT_SUCCESS;
}
