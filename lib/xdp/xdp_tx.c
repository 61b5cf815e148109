/* SPDX-License-Identifier: BSD-2-Clause */
/* Carrying out verdicts. */
#include "xdp/xdp_io.h"

#include "io/io_verdict.h"

#define LOST_NS 200000000 /* between two looks whether an interface is back */

void lvs_xdp_io_run_timer(struct lvs_xdp_io *io)
{
	bool soon = io->hop.wait.n || io->behind || io->tries;

	lvs_io_wake_run(&io->wake, soon ? LVS_IO_RETRY_NS : io->lost ? LOST_NS : 0);
}

void lvs_xdp_io_retry(struct lvs_xdp_io *io)
{
	uint64_t now;

	if (!lvs_io_wake_due(&io->wake, &now))
		return;
	lvs_io_hop_retry(&io->hop, now);
	lvs_xdp_io_kick(io);
	lvs_xdp_io_run_timer(io);
}

static int send_on(void *state, const struct lvs_packet *packet)
{
	struct lvs_xdp_io *io = state;

	lvs_io_hop_send(&io->hop, packet);
	return 0;
}

static void pass_back(void *state, const struct lvs_packet *packet)
{
	struct lvs_xdp_io *io = state;

	lvs_afp_pass_back(&io->pass, packet, &io->conf, &io->count);
}

int lvs_xdp_io_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct lvs_xdp_io *io = state;

	/* First those that came first. */
	lvs_xdp_io_retry(io);
	(void)lvs_io_carry_out(packets, n, &io->count, send_on, pass_back, io);
	lvs_xdp_io_kick(io);
	lvs_xdp_io_run_timer(io);
	return 0;
}

int lvs_xdp_io_flush(void *state)
{
	struct lvs_xdp_io *io = state;

	lvs_xdp_io_retry(io);
	lvs_xdp_io_kick(io);
	return 0;
}
