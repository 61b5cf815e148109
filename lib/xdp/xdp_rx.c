/* SPDX-License-Identifier: BSD-2-Clause */
/* Receiving: what the program has steered to the sockets. */
#include "xdp/xdp_io.h"

#include <string.h>
#include <sys/epoll.h>

#include <liblvs/error.h>

#include "io/adapters.h"
#include "xdp/csum.h"

enum {
	LOSS_CALLS = 64, /* how often the kernel is asked for its losses */
	IDLE_CALLS = 32, /* how often, with nothing to do, whether the interface is there */
};

static const struct lvs_xdp *xdp_of(const struct lvs_xdp_io *io)
{
	return io->conf.adapter;
}

/* Describes a frame. The program has read its headers. */
static bool describe(struct lvs_xdp_io *io, const struct lvs_xsk *xsk, const struct xdp_desc *desc,
		     struct lvs_packet *packet)
{
	struct lvs_xsks *xsks = &io->xsks;
	uint32_t frame = (uint32_t)(desc->addr / LVS_XDP_FRAME);
	uint32_t offset = (uint32_t)(desc->addr % LVS_XDP_FRAME);

	if (!lvs_frames_give(&xsks->frames, frame))
		return false;
	if (desc->len <= LVS_XDP_LINK_LEN || offset + desc->len > LVS_XDP_FRAME)
		return false;
	packet->data = lvs_xsks_frame(xsks, frame) + offset + LVS_XDP_LINK_LEN;
	packet->len = packet->linear_len = desc->len - LVS_XDP_LINK_LEN;
	packet->headroom = (uint16_t)(offset + LVS_XDP_LINK_LEN);
	packet->tailroom = (uint16_t)(LVS_XDP_FRAME - offset - desc->len);
	packet->ifindex = xsk->ifindex;
	packet->link_type = LVS_LINK_HOST;
	lvs_xdp_csum(packet, (enum lvs_xdp_csum)xdp_of(io)->conf.csum);
	return true;
}

/* Up to @n packets of a socket. Returns how many. */
static unsigned read_socket(struct lvs_xdp_io *io, struct lvs_xsk *xsk, struct lvs_packet *packets,
			    unsigned n)
{
	uint32_t at, got = xsk_ring_cons__peek(&xsk->rx, n, &at);
	unsigned filled = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < got; i++) {
		if (describe(io, xsk, xsk_ring_cons__rx_desc(&xsk->rx, at + i), &packets[filled]))
			bytes += packets[filled++].len;
		else
			lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_bad, 1);
	}
	if (!got)
		return 0;
	xsk_ring_cons__release(&xsk->rx, got);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx, filled);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_bytes, bytes);
	return filled;
}

/* What came back from the kernel goes round. */
static void turn_over(struct lvs_xdp_io *io)
{
	lvs_frames_take_back(&io->xsks.frames);
	for (unsigned i = 0; i < io->xsks.n; i++)
		lvs_xsk_reclaim(&io->xsks, &io->xsks.xsk[i]);
	for (unsigned i = 0; i < io->xsks.n; i++)
		lvs_xsk_refill(&io->xsks, &io->xsks.xsk[i]);
}

/* One whose interface is gone would make the descriptor readable for ever. */
static void let_go(struct lvs_xdp_io *io, struct lvs_xsk *xsk)
{
	(void)epoll_ctl(io->wake.epoll, EPOLL_CTL_DEL, xsk->fd, NULL);
	xsk->dead = io->lost = true;
}

/* A driver that sleeps for want of frames, or is polled by us alone. With nothing to do, whether
 * the interface is still there. */
static void look_after(struct lvs_xdp_io *io, bool idle)
{
	bool polls =
		xdp_of(io)->conf.busy_poll_us != 0 || (idle && ++io->idle_calls % IDLE_CALLS == 0);

	for (unsigned i = 0; i < io->xsks.n; i++) {
		struct lvs_xsk *xsk = &io->xsks.xsk[i];

		if (!xsk->dead && (polls || xsk_ring_prod__needs_wakeup(&xsk->fill)) &&
		    lvs_xsk_poll(xsk))
			let_go(io, xsk);
	}
	if (io->calls++ % LOSS_CALLS == 0)
		for (unsigned i = 0; i < io->xsks.n; i++)
			lvs_xsk_count_losses(&io->xsks, &io->xsks.xsk[i]);
}

/* Whether interfaces have come or gone, or sockets could not be had the last time. */
static bool is_stale(const struct lvs_xdp_io *io)
{
	if (io->tries)
		return lvs_io_clock() >= io->reopen_at;
	/* relaxed: lvs_xdp_io_reopen() acquires */
	return io->changes != atomic_load_explicit(&xdp_of(io)->changes, memory_order_relaxed);
}

int lvs_xdp_io_rx(void *state, struct lvs_packet *packets, unsigned n)
{
	struct lvs_xdp_io *io = state;
	unsigned filled = 0, s;
	int err = 0;

	lvs_xdp_io_retry(io);
	if (is_stale(io))
		err = lvs_xdp_io_reopen(io);
	if (err)
		return err;
	turn_over(io);
	s = io->next;
	for (unsigned asked = 0; asked < io->xsks.n && filled < n; asked++) {
		filled += read_socket(io, &io->xsks.xsk[s], packets + filled, n - filled);
		s = s + 1 < io->xsks.n ? s + 1 : 0;
	}
	/* Another goes first next time, so that a busy one does not keep the others out. */
	io->next = io->next + 1 < io->xsks.n ? io->next + 1 : 0;
	look_after(io, filled == 0);
	lvs_xdp_io_run_timer(io);
	return (int)filled;
}
