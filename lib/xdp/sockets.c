/* SPDX-License-Identifier: BSD-2-Clause */
#include "xdp/sockets.h"

#include <errno.h>
#include <sys/socket.h>

#include <liblvs/error.h>

enum {
	KICKS = 16, /* that one batch may take: the kernel sends 32 frames in one */
};

void lvs_xsk_reclaim(struct lvs_xsks *xsks, struct lvs_xsk *xsk)
{
	uint32_t at, n = xsk_ring_cons__peek(&xsk->done, UINT32_MAX, &at);

	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&xsk->done, at + i);

		lvs_frames_put(&xsks->frames, (uint32_t)(addr / LVS_XDP_FRAME));
	}
	if (n)
		xsk_ring_cons__release(&xsk->done, n);
}

void lvs_xsk_refill(struct lvs_xsks *xsks, struct lvs_xsk *xsk)
{
	uint32_t room = xsk_prod_nb_free(&xsk->fill, xsk->fill.size);
	uint32_t n =
		xsks->frames.free_n > LVS_XSK_RESERVE ? xsks->frames.free_n - LVS_XSK_RESERVE : 0;
	uint32_t at;

	if (n > room)
		n = room;
	if (!n || !xsk_ring_prod__reserve(&xsk->fill, n, &at))
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t frame = lvs_frames_take(&xsks->frames, LVS_FRAME_FILL);

		*xsk_ring_prod__fill_addr(&xsk->fill, at + i) = (uint64_t)frame * LVS_XDP_FRAME;
	}
	xsk_ring_prod__submit(&xsk->fill, n);
}

bool lvs_xsk_queue(struct lvs_xsks *xsks, struct lvs_xsk *xsk, const uint8_t *data, uint32_t len)
{
	struct xdp_desc *desc;
	uint32_t at;

	if (!xsk_ring_prod__reserve(&xsk->tx, 1, &at)) {
		lvs_xsk_kick(xsks, xsk);
		lvs_xsk_reclaim(xsks, xsk);
		if (!xsk_ring_prod__reserve(&xsk->tx, 1, &at))
			return false;
	}
	desc = xsk_ring_prod__tx_desc(&xsk->tx, at);
	desc->addr = (uint64_t)(data - xsks->area);
	desc->len = len;
	desc->options = 0;
	xsk_ring_prod__submit(&xsk->tx, 1);
	xsk->queued_n++;
	xsk->queued_len += len - LVS_XDP_LINK_LEN;
	return true;
}

/* One call. 0, or an errno. */
static int kick_once(const struct lvs_xsk *xsk)
{
	return sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

void lvs_xsk_kick(struct lvs_xsks *xsks, struct lvs_xsk *xsk)
{
	uint32_t lost = 0;

	for (unsigned i = 0; i < KICKS && xsk_ring_prod__needs_wakeup(&xsk->tx); i++) {
		int err = kick_once(xsk);

		/* EAGAIN: there are more, or its own queue is full; EBUSY: one was lost there. */
		if (err == EBUSY)
			lost++;
		else if (err != EAGAIN && err != ENOBUFS)
			break;
		lvs_xsk_reclaim(xsks, xsk);
	}
	if (lost > xsk->queued_n)
		lost = xsk->queued_n;
	lvs_io_count_add(xsks->count, LVS_IO_COUNT_tx_full, lost);
	lvs_io_count_add(xsks->count, LVS_IO_COUNT_tx, xsk->queued_n - lost);
	lvs_io_count_add(xsks->count, LVS_IO_COUNT_tx_bytes, xsk->queued_len);
	xsk->queued_n = 0;
	xsk->queued_len = 0;
}

int lvs_xsk_poll(const struct lvs_xsk *xsk)
{
	if (recvfrom(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 &&
	    (errno == ENXIO || errno == ENODEV))
		return LVS_ERR_NO_DEVICE;
	return 0;
}

void lvs_xsk_count_losses(struct lvs_xsks *xsks, struct lvs_xsk *xsk)
{
	struct xdp_statistics stats = {0};
	socklen_t len = sizeof(stats);
	uint64_t lost;

	if (getsockopt(xsk->fd, SOL_XDP, XDP_STATISTICS, &stats, &len) != 0)
		return;
	lost = stats.rx_dropped + stats.rx_ring_full;
	lvs_io_count_add(xsks->count, LVS_IO_COUNT_rx_lost, lost - xsk->lost);
	xsk->lost = lost;
}
