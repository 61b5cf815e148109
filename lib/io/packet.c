/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "packet": AF_PACKET sockets, a tap beside the host.
 *
 *   interfaces --> rx --> the caller --> tx --> interfaces
 *                                    \-> wait (neighbour unknown) -^
 *                                    \-> pass: a TUN --> the host
 */
#include <liblvs/host.h>
#include <liblvs/io.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "io/adapters.h"
#include "io/io_log.h"
#include "io/io_resolve.h"
#include "io/packet_pass.h"
#include "io/packet_rx.h"
#include "io/packet_tx.h"
#include "io/packet_wait.h"

#define RETRY_NS 5000000  /* between two looks for a neighbour's answer */
#define DOWN_NS 200000000 /* between two looks whether an interface is down or gone */

struct packet_io {
	struct lvs_io_conf conf; /* target and pass_name are not valid any more */
	struct lvs_io_count count;
	struct lvs_afp_rx rx;
	struct lvs_afp_tx tx;
	struct lvs_afp_wait wait;
	struct lvs_afp_pass pass;
	uint64_t retry_at; /* not before */
	int epoll;
	int timer;   /* runs while packets wait, or a link is down */
	long period; /* the timer's, ns; 0: it does not run */
};

static void packet_close(void *state)
{
	struct packet_io *io = state;

	lvs_afp_wait_fini(&io->wait);
	lvs_afp_pass_close(&io->pass);
	lvs_afp_tx_close(&io->tx);
	lvs_afp_rx_close(&io->rx);
	if (io->timer >= 0)
		close(io->timer);
	if (io->epoll >= 0)
		close(io->epoll);
	free(io);
}

static int watch(struct packet_io *io, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	lvs_io_log(&io->conf.log, LVS_LOG_ERROR, "packet: epoll_ctl: %s", strerror(errno));
	return LVS_ERR_IO;
}

static int open_descriptors(struct packet_io *io)
{
	int err;

	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	io->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (io->epoll < 0 || io->timer < 0) {
		lvs_io_log(&io->conf.log, LVS_LOG_ERROR, "packet: epoll or timer: %s",
			   strerror(errno));
		return LVS_ERR_IO;
	}
	err = watch(io, io->timer);
	return err ? err : lvs_afp_rx_watch(&io->rx, io->epoll);
}

static int open_parts(struct packet_io *io)
{
	const struct lvs_io_conf *conf = &io->conf;
	int err = lvs_afp_rx_open(&io->rx, conf, &io->count);

	if (!err)
		err = lvs_afp_tx_open(&io->tx, &conf->log, &io->count);
	if (!err)
		err = open_descriptors(io);
	if (!err && conf->captured)
		err = lvs_afp_pass_open(&io->pass, conf->pass_name ? conf->pass_name : "lvs%d",
					&conf->log);
	return err;
}

static int packet_open(const struct lvs_io_conf *conf, void **state)
{
	struct packet_io *io;
	int err;

	if (!conf->target || (!conf->host && !conf->resolve)) {
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "packet: expected a target (\"eth0,eth1\"), and a host or resolve()");
		return LVS_ERR_INVALID;
	}
	io = calloc(1, sizeof(*io));
	if (!io)
		return LVS_ERR_NO_MEMORY;
	io->conf = *conf;
	io->epoll = io->timer = io->pass.fd = io->tx.fd = -1;
	lvs_afp_wait_init(&io->wait, conf->wait_n, conf->wait_len, &io->count);
	err = open_parts(io);
	if (err) {
		packet_close(io);
		return err;
	}
	io->conf.target = io->conf.pass_name = NULL;
	*state = io;
	return 0;
}

static int packet_fd(const void *state)
{
	const struct packet_io *io = state;

	return io->epoll;
}

/* Queues a packet for its next hop. False when the neighbour has yet to answer. */
static bool try_send(struct packet_io *io, const struct lvs_packet *packet)
{
	struct lvs_host_link link;
	int err;

	memset(&link, 0, sizeof(link));
	err = lvs_io_resolve(&io->conf, packet, &link);
	if (err == LVS_ERR_BUSY)
		return false;
	if (err)
		lvs_io_count_add(&io->count, LVS_IO_COUNT_unreachable, 1);
	else
		lvs_afp_tx_add(&io->tx, packet, &link);
	return true;
}

static bool still_waits(void *user, const struct lvs_packet *packet)
{
	struct packet_io *io = user;

	if (!try_send(io, packet))
		return true;
	/* The copy goes when this returns. */
	lvs_afp_tx_flush(&io->tx);
	return false;
}

static void run_timer(struct packet_io *io)
{
	long period = io->wait.n ? RETRY_NS : lvs_afp_rx_is_down(&io->rx) ? DOWN_NS : 0;
	struct itimerspec time = {.it_interval.tv_nsec = period, .it_value.tv_nsec = period};

	/* Setting it, to 0 too, takes back that it was readable. */
	if (period != io->period && timerfd_settime(io->timer, 0, &time, NULL) == 0)
		io->period = period;
}

static void retry_waiting(struct packet_io *io)
{
	uint64_t now, ticks;

	if (!io->period)
		return;
	now = lvs_io_clock();
	if (now < io->retry_at)
		return;
	io->retry_at = now + RETRY_NS / 2;
	/* Makes the timer unreadable; it need not have fired. */
	(void)!read(io->timer, &ticks, sizeof(ticks));
	lvs_afp_wait_retry(&io->wait, now, still_waits, io);
	run_timer(io);
}

static int packet_rx(void *state, struct lvs_packet *packets, unsigned n)
{
	struct packet_io *io = state;
	int got;

	retry_waiting(io);
	got = lvs_afp_rx_receive(&io->rx, packets, n);
	run_timer(io);
	return got;
}

static void send_on(struct packet_io *io, const struct lvs_packet *packet)
{
	if (try_send(io, packet))
		return;
	lvs_afp_wait_add(&io->wait, packet, lvs_io_clock());
	run_timer(io);
}

static void pass_back(struct packet_io *io, const struct lvs_packet *packet)
{
	if (io->pass.fd < 0 || !io->conf.captured(io->conf.captured_user, packet))
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_seen, 1);
	else if (lvs_afp_pass_write(&io->pass, packet))
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_failed, 1);
	else
		lvs_io_count_add(&io->count, LVS_IO_COUNT_passed, 1);
}

static int packet_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct packet_io *io = state;

	/* First those that came first. */
	retry_waiting(io);
	for (unsigned i = 0; i < n; i++) {
		switch (packets[i].verdict) {
		case LVS_FORWARD:
		case LVS_REPLY:
			send_on(io, &packets[i]);
			break;
		case LVS_PASS:
			pass_back(io, &packets[i]);
			break;
		case LVS_HELD:
			lvs_io_count_add(&io->count, LVS_IO_COUNT_held, 1);
			break;
		default:
			lvs_io_count_add(&io->count, LVS_IO_COUNT_dropped, 1);
		}
	}
	lvs_afp_tx_flush(&io->tx);
	return 0;
}

static int packet_flush(void *state)
{
	retry_waiting(state);
	return 0;
}

static void packet_caps(const void *state, struct lvs_io_caps *caps)
{
	const struct packet_io *io = state;

	caps->flags = LVS_IO_LINK_LAYER | LVS_IO_SUPER_PACKETS | LVS_IO_PARTIAL_CSUM;
	/* Where nothing is captured the host gets everything by itself. */
	caps->flags |= LVS_IO_PASS;
	caps->headroom = LVS_AFP_ROOM;
	caps->mtu = UINT32_MAX;
	for (unsigned i = 0; i < io->rx.socket_n; i++)
		if (io->rx.socket[i].mtu < caps->mtu)
			caps->mtu = io->rx.socket[i].mtu;
}

static uint64_t packet_count(const void *state, unsigned counter)
{
	const struct packet_io *io = state;

	return counter == LVS_IO_COUNT_rx_lost ? lvs_afp_rx_lost(&io->rx)
					       : lvs_io_count_get(&io->count, counter);
}

const struct lvs_io_ops lvs_io_packet_ops = {
	.size = sizeof(lvs_io_packet_ops),
	.name = "packet",
	.open = packet_open,
	.close = packet_close,
	.fd = packet_fd,
	.rx = packet_rx,
	.tx = packet_tx,
	.flush = packet_flush,
	.caps = packet_caps,
	.count = packet_count,
};
