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

#include <stdlib.h>

#include "io/adapters.h"
#include "io/io_hop.h"
#include "io/io_log.h"
#include "io/io_verdict.h"
#include "io/io_wake.h"
#include "io/packet/pass.h"
#include "io/packet/rx.h"
#include "io/packet/tx.h"

#define DOWN_NS 200000000 /* between two looks whether an interface is down or gone */

struct packet_io {
	struct lvs_io_conf conf; /* target and pass_name are not valid any more */
	struct lvs_io_count count;
	struct lvs_afp_rx rx;
	struct lvs_afp_tx tx;
	struct lvs_afp_pass pass;
	struct lvs_io_hop hop;
	struct lvs_io_wake wake; /* its timer runs while packets wait, or a link is down */
};

static void packet_close(void *state)
{
	struct packet_io *io = state;

	lvs_io_hop_fini(&io->hop);
	lvs_afp_pass_close(&io->pass);
	lvs_afp_tx_close(&io->tx);
	lvs_afp_rx_close(&io->rx);
	lvs_io_wake_close(&io->wake);
	free(io);
}

static int open_parts(struct packet_io *io)
{
	const struct lvs_io_conf *conf = &io->conf;
	int err = lvs_afp_rx_open(&io->rx, conf, &io->count);

	if (!err)
		err = lvs_afp_tx_open(&io->tx, &conf->log, &io->count);
	if (!err)
		err = lvs_io_wake_open(&io->wake, "packet", &conf->log);
	if (!err)
		err = lvs_afp_rx_watch(&io->rx, io->wake.epoll);
	if (!err && conf->captured)
		err = lvs_afp_pass_open(&io->pass, conf->pass_name ? conf->pass_name : "lvs%d",
					&conf->log);
	return err;
}

static void send_to(void *state, const struct lvs_packet *packet, const struct lvs_host_link *link)
{
	struct packet_io *io = state;

	lvs_afp_tx_add(&io->tx, packet, link);
}

static void flush_tx(void *state)
{
	struct packet_io *io = state;

	lvs_afp_tx_flush(&io->tx);
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
	io->pass.fd = io->tx.fd = -1;
	lvs_io_wake_init(&io->wake);
	lvs_io_hop_init(&io->hop, &io->conf, &io->count);
	io->hop.send = send_to;
	io->hop.flush = flush_tx;
	io->hop.state = io;
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

	return io->wake.epoll;
}

static void run_timer(struct packet_io *io)
{
	lvs_io_wake_run(&io->wake, io->hop.wait.n                ? LVS_IO_RETRY_NS
				   : lvs_afp_rx_is_down(&io->rx) ? DOWN_NS
								 : 0);
}

static void retry_waiting(struct packet_io *io)
{
	uint64_t now;

	if (!lvs_io_wake_due(&io->wake, &now))
		return;
	lvs_io_hop_retry(&io->hop, now);
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

static int send_on(void *state, const struct lvs_packet *packet)
{
	struct packet_io *io = state;

	lvs_io_hop_send(&io->hop, packet);
	return 0;
}

static void pass_back(void *state, const struct lvs_packet *packet)
{
	struct packet_io *io = state;

	lvs_afp_pass_back(&io->pass, packet, &io->conf, &io->count);
}

static int packet_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct packet_io *io = state;

	/* First those that came first. */
	retry_waiting(io);
	(void)lvs_io_carry_out(packets, n, &io->count, send_on, pass_back, io);
	lvs_afp_tx_flush(&io->tx);
	run_timer(io);
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
