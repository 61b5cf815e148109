/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker.h"
#include "log.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	BATCH = 64,
	EXPIRY_BUDGET = 1024, /* connections ended at a time, between two batches */
	STOP_CHECK = 1024,    /* batches without a pause before the stop is looked for */
	NS_PER_MS = 1000000,
	/* How long the adapter is asked again before the thread sleeps: about what falling asleep
	 * and being woken costs, the sender's part included. */
	AWAKE_NS = 5000,
};

static int watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int worker_open(struct worker *worker, struct lvs_director *director, const struct lvs_io_ops *ops,
		const struct lvs_io_conf *conf)
{
	int err = lvs_worker_new(director, &worker->worker);

	if (err) {
		log_line(&worker->log, LVS_LOG_ERROR, "worker: %s", lvs_strerror(err));
		return err;
	}
	err = lvs_io_open(ops, conf, &worker->io);
	if (err) {
		log_line(&worker->log, LVS_LOG_ERROR, "%s:%s: %s", ops->name, conf->target,
			 lvs_strerror(err));
		goto del;
	}
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0 || watch(worker->epoll, lvs_io_fd(worker->io)) < 0 ||
	    watch(worker->epoll, worker->stop_fd) < 0) {
		log_line(&worker->log, LVS_LOG_ERROR, "epoll: %s", strerror(errno));
		err = LVS_ERR_IO;
		goto close_io;
	}
	return 0;

close_io:
	if (worker->epoll >= 0)
		close(worker->epoll);
	lvs_io_close(worker->io);
	worker->io = NULL;
del:
	lvs_worker_del(worker->worker);
	worker->worker = NULL;
	return err;
}

/* Milliseconds to the next expiry, rounded up, as far as it may wait; -1 is for ever. */
static int wait_ms(const struct worker *worker)
{
	uint64_t now = lvs_io_now(worker->io);
	uint64_t then = lvs_worker_expiry(worker->worker);
	uint64_t ms;

	if (then == UINT64_MAX)
		return worker->wait_max_ms;
	ms = then <= now ? 0 : (then - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms < 1000 ? (int)ms : 1000;
}

/* Waits up to `timeout_ms`. Returns whether to go on. */
static int wait_for_work(const struct worker *worker, int timeout_ms)
{
	struct epoll_event event[2];
	int n;

	if (timeout_ms)
		gate_leave(worker->gate);
	n = epoll_wait(worker->epoll, event, 2, timeout_ms);
	if (timeout_ms)
		gate_enter(worker->gate);
	for (int i = 0; i < n; i++)
		if (event[i].data.fd == worker->stop_fd)
			return 0;
	return 1;
}

/* A batch through the worker, and fragments that it had held. */
static int process(struct worker *worker, struct lvs_packet *packets, unsigned n, uint64_t now)
{
	int err;

	lvs_marks_set(worker->marks, packets, n);
	lvs_worker_process(worker->worker, packets, n, now);
	do
		err = lvs_io_tx(worker->io, packets, n);
	while (!err && (n = lvs_worker_outbox(worker->worker, packets, BATCH)) > 0);
	return err;
}

static int run(struct worker *worker)
{
	struct lvs_packet packets[BATCH];
	struct lvs_io_caps caps = {.size = sizeof(caps)};
	unsigned busy = 0;
	uint64_t awake = 0; /* until then */

	lvs_io_caps(worker->io, &caps);
	for (;;) {
		int n = lvs_io_rx(worker->io, packets, BATCH);
		uint64_t now = lvs_io_now(worker->io);

		atomic_store_explicit(&worker->now, now, memory_order_relaxed);
		if (n < 0 || (n == 0 && caps.flags & LVS_IO_FINITE))
			return n;
		if (n > 0) {
			int err = process(worker, packets, (unsigned)n, now);

			if (err)
				return err;
		}
		if (lvs_worker_expiry(worker->worker) <= now)
			lvs_worker_handle_expiry(worker->worker, now, EXPIRY_BUDGET);
		gate_pass(worker->gate);
		if (n > 0)
			awake = lvs_io_now(worker->io) + AWAKE_NS;
		if ((n == 0 && now >= awake) || ++busy % STOP_CHECK == 0)
			if (!wait_for_work(worker, n ? 0 : wait_ms(worker)))
				return 0;
	}
}

static void *thread_main(void *arg)
{
	struct worker *worker = arg;

	gate_enter(worker->gate);
	worker->failed = run(worker);
	gate_leave(worker->gate);
	if (!worker->failed)
		worker->failed = lvs_io_flush(worker->io);
	if (worker->failed)
		log_line(&worker->log, LVS_LOG_ERROR, "worker %u: %s: %s: the others end, too",
			 worker->number, lvs_io_name(worker->io), lvs_strerror(worker->failed));
	eventfd_write(worker->ended_fd, 1);
	return NULL;
}

/* Before the thread runs: what it touches first is near its processor then. 0 or an errno. */
static int pin(pthread_attr_t *attr, int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	return pthread_attr_setaffinity_np(attr, sizeof(set), &set);
}

static int create(struct worker *worker)
{
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	err = pin(&attr, worker->cpu);
	if (!err)
		err = pthread_create(&worker->thread, &attr, thread_main, worker);
	pthread_attr_destroy(&attr);
	return err;
}

int worker_start(struct worker *worker)
{
	char name[16];
	int err = create(worker);

	if (!err) {
		snprintf(name, sizeof(name), "lvsd-%u", worker->number);
		(void)pthread_setname_np(worker->thread, name);
		return 0;
	}
	if (worker->cpu >= 0)
		log_line(&worker->log, LVS_LOG_ERROR, "worker %u on processor %d: %s",
			 worker->number, worker->cpu, strerror(err));
	else
		log_line(&worker->log, LVS_LOG_ERROR, "worker %u: %s", worker->number,
			 strerror(err));
	return err == EINVAL ? LVS_ERR_INVALID : LVS_ERR_NO_MEMORY;
}

void worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void worker_close(struct worker *worker)
{
	close(worker->epoll);
	lvs_io_close(worker->io);
	lvs_worker_del(worker->worker);
}
