/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing packets into the device, whence the host routes them on: cut where
 * they must be, but super-packets and partial checksums whole where the
 * virtio-net header can say so.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/uio.h>

#include "io/adapters.h"
#include "io/io_cut.h"
#include "io/io_log.h"
#include "io/io_verdict.h"
#include "io/tun/hop.h"
#include "io/tun/io.h"

#define QUIET_NS UINT64_C(10000000000)

/* What becomes of a packet's hops as it is written. */
enum hop {
	HOP_KEPT,
	HOP_GIVEN, /* the host will count one */
	HOP_TAKEN, /* the one that was given when it was read */
};

/* 0, or an errno. */
static int write_packet(const struct lvs_tun_io *io, const struct lvs_packet *packet, enum hop hop)
{
	struct virtio_net_hdr vnet;
	uint8_t head[LVS_TUN_HOP_HEAD];
	uint32_t head_len = packet->len < sizeof(head) ? 0 : sizeof(head);
	struct iovec iov[3] = {
		{.iov_base = &vnet, .iov_len = sizeof(vnet)},
		{.iov_base = head, .iov_len = head_len},
		{.iov_base = packet->data + head_len, .iov_len = packet->len - head_len},
	};

	lvs_vnet_write(&vnet, 0, packet);
	/* A copy: the packet is the caller's. */
	memcpy(head, packet->data, head_len);
	if (head_len && hop != HOP_KEPT && !(io->conf.flags & LVS_IO_COUNT_HOPS))
		lvs_tun_hop(head, hop == HOP_GIVEN);
	while (writev(io->fd, iov, 3) < 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

static void refused(struct lvs_tun_io *io, const struct lvs_packet *packet, int err)
{
	uint64_t now;

	if (err == EAGAIN || err == ENOBUFS) {
		lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_full, 1);
		return;
	}
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_failed, 1);
	now = lvs_io_clock();
	if (now < io->quiet_until)
		return;
	io->quiet_until = now + QUIET_NS;
	lvs_io_log(&io->conf.log, LVS_LOG_WARNING,
		   "tun: TUN %s refuses %" PRIu32 " bytes: %s (the counters tell of more)",
		   io->device.name, packet->len, err == EIO ? "it is down" : strerror(err));
}

static void send_piece(struct lvs_tun_io *io, const struct lvs_packet *packet)
{
	int err = write_packet(io, packet, HOP_GIVEN);

	if (err) {
		refused(io, packet, err);
		return;
	}
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx, 1);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_bytes, packet->len);
}

static void send_pieces(struct lvs_tun_io *io, struct lvs_io_cut *cut)
{
	for (;;) {
		struct lvs_packet piece = {.data = io->piece, .tailroom = LVS_IO_PIECE_MAX};
		int got = lvs_io_cut_next(cut, &piece);

		if (got < 0)
			lvs_io_count_add(&io->count, LVS_IO_COUNT_uncut, 1);
		if (got <= 0)
			return;
		send_piece(io, &piece);
	}
}

static bool is_whole(struct lvs_tun_io *io, const struct lvs_packet *packet)
{
	if (packet->len && packet->linear_len >= packet->len)
		return true;
	lvs_io_count_add(&io->count, LVS_IO_COUNT_uncut, 1);
	return false;
}

static int send_on(void *state, const struct lvs_packet *packet)
{
	struct lvs_tun_io *io = state;
	bool by_device = lvs_io_cut_by_link(packet);
	struct lvs_io_cut cut;

	if (!is_whole(io, packet))
		return 0;
	if (lvs_io_cut_start(&cut, packet, by_device, io->segment_buffer))
		send_pieces(io, &cut);
	else
		send_piece(io, packet);
	return 0;
}

/*
 * Without captured() nobody knows that the host does not route it here again: then its way here
 * counts, so that it comes to an end.
 */
static int give(void *user, const struct lvs_packet *packet)
{
	const struct lvs_tun_io *io = user;

	return write_packet(io, packet, io->conf.captured ? HOP_KEPT : HOP_TAKEN);
}

/* The host gets it as it was before it came here. */
static void pass_back(void *state, const struct lvs_packet *packet)
{
	struct lvs_tun_io *io = state;
	const struct lvs_io_conf *conf = &io->conf;

	if (conf->captured && !conf->captured(conf->captured_user, packet)) {
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_seen, 1);
		return;
	}
	if (lvs_io_cut_for_host(packet, io->piece, give, io))
		lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_failed, 1);
	else
		lvs_io_count_add(&io->count, LVS_IO_COUNT_passed, 1);
}

int lvs_tun_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct lvs_tun_io *io = state;

	return lvs_io_carry_out(packets, n, &io->count, send_on, pass_back, io);
}
