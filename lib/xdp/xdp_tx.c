/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out verdicts. */
#include "xdp/xdp_io.h"

#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "io/adapters.h"
#include "io/io_resolve.h"

#define RETRY_NS 5000000 /* between two looks for a neighbour's answer */

/* Queues a packet for its next hop. False when the neighbour has yet to answer. */
static bool try_send(struct lvs_xdp_io *io, const struct lvs_packet *packet)
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
		lvs_xdp_io_send(io, packet, &link);
	return true;
}

static bool still_waits(void *user, const struct lvs_packet *packet)
{
	struct lvs_xdp_io *io = user;

	if (!try_send(io, packet))
		return true;
	/* The copy goes when this returns. */
	lvs_afp_tx_flush(&io->other);
	return false;
}

static void run_timer(struct lvs_xdp_io *io)
{
	long period = io->wait.n || io->behind ? RETRY_NS : 0;
	struct itimerspec time = {.it_interval.tv_nsec = period, .it_value.tv_nsec = period};

	/* Setting it, to 0 too, takes back that it was readable. */
	if (period != io->period && timerfd_settime(io->timer, 0, &time, NULL) == 0)
		io->period = period;
}

void lvs_xdp_io_retry(struct lvs_xdp_io *io)
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
	lvs_xdp_io_kick(io);
	run_timer(io);
}

static void send_on(struct lvs_xdp_io *io, const struct lvs_packet *packet)
{
	if (try_send(io, packet))
		return;
	lvs_afp_wait_add(&io->wait, packet, lvs_io_clock());
	run_timer(io);
}

static void pass_back(struct lvs_xdp_io *io, const struct lvs_packet *packet)
{
	if (io->pass.fd < 0 || !io->conf.captured(io->conf.captured_user, packet))
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_seen, 1);
	else if (lvs_afp_pass_write(&io->pass, packet))
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_failed, 1);
	else
		lvs_io_count_add(&io->count, LVS_IO_COUNT_passed, 1);
}

int lvs_xdp_io_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct lvs_xdp_io *io = state;

	/* First those that came first. */
	lvs_xdp_io_retry(io);
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
	lvs_xdp_io_kick(io);
	run_timer(io);
	return 0;
}

int lvs_xdp_io_flush(void *state)
{
	struct lvs_xdp_io *io = state;

	lvs_xdp_io_retry(io);
	lvs_xdp_io_kick(io);
	return 0;
}
