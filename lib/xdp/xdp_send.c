/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet on its way out: in the frame that it came in where it can be, else copied. */
#include "xdp/xdp_io.h"

#include <string.h>

#include "base/byteorder.h"
#include "io/io_cut.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ROOM = 64, /* in front of a packet that is copied */
};

/* The socket that a worker sends through by an interface, NULL where it has none. */
static struct lvs_xsk *socket_of(struct lvs_xdp_io *io, const struct lvs_host_link *link)
{
	if (link->flags & LVS_HOST_LINK_NO_ADDRESS)
		return NULL;
	for (unsigned i = 0; i < io->xsks.n; i++)
		if (io->xsks.xsk[i].ifindex == link->ifindex && !io->xsks.xsk[i].dead)
			return &io->xsks.xsk[i];
	return NULL;
}

/* The frame that holds a packet and is the caller's, with room for a link-layer header. */
static uint32_t frame_of(const struct lvs_xsks *xsks, const struct lvs_packet *packet)
{
	uintptr_t area = (uintptr_t)xsks->area, data = (uintptr_t)packet->data;
	uint64_t frame = (data - area) / LVS_XDP_FRAME;
	uint64_t offset = (data - area) % LVS_XDP_FRAME;

	if (data < area || frame >= xsks->frames.n || offset < LVS_XDP_LINK_LEN ||
	    offset + packet->len > LVS_XDP_FRAME)
		return LVS_FRAME_NONE;
	return (uint32_t)frame;
}

static void put_header(uint8_t *ip, const struct lvs_host_link *link)
{
	memcpy(ip - LVS_XDP_LINK_LEN, link->dst, 6);
	memcpy(ip - LVS_XDP_LINK_LEN + 6, link->src, 6);
	lvs_store16(ip - 2, ip[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
}

/* Sends a frame that is LVS_FRAME_SENT already. */
static void queue(struct lvs_xdp_io *io, struct lvs_xsk *xsk, uint32_t frame, uint8_t *ip,
		  uint32_t len, const struct lvs_host_link *link)
{
	put_header(ip, link);
	if (lvs_xsk_queue(&io->xsks, xsk, ip - LVS_XDP_LINK_LEN, len + LVS_XDP_LINK_LEN))
		return;
	lvs_frames_put(&io->xsks.frames, frame);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_full, 1);
}

static bool is_too_long(struct lvs_xdp_io *io, uint32_t len, const struct lvs_host_link *link)
{
	if (len <= link->mtu && len <= LVS_XDP_FRAME - ROOM)
		return false;
	lvs_io_count_add(&io->count, LVS_IO_COUNT_too_long, 1);
	return true;
}

/* A frame to copy into; LVS_FRAME_NONE is a loss, and counted. */
static uint32_t take_frame(struct lvs_xdp_io *io, struct lvs_xsk *xsk)
{
	uint32_t frame = lvs_frames_take(&io->xsks.frames, LVS_FRAME_SENT);

	if (frame == LVS_FRAME_NONE) {
		lvs_xsk_kick(&io->xsks, xsk);
		lvs_xsk_reclaim(&io->xsks, xsk);
		frame = lvs_frames_take(&io->xsks.frames, LVS_FRAME_SENT);
	}
	if (frame == LVS_FRAME_NONE)
		lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_full, 1);
	return frame;
}

static void send_whole(struct lvs_xdp_io *io, struct lvs_xsk *xsk, const struct lvs_packet *packet,
		       const struct lvs_host_link *link)
{
	uint32_t frame = frame_of(&io->xsks, packet);
	uint8_t *ip = packet->data;

	if (is_too_long(io, packet->len, link))
		return;
	if (frame == LVS_FRAME_NONE || !lvs_frames_send(&io->xsks.frames, frame)) {
		frame = take_frame(io, xsk);
		if (frame == LVS_FRAME_NONE)
			return;
		ip = lvs_xsks_frame(&io->xsks, frame) + ROOM;
		memcpy(ip, packet->data, packet->len);
	}
	queue(io, xsk, frame, ip, packet->len, link);
}

static void send_pieces(struct lvs_xdp_io *io, struct lvs_xsk *xsk, struct lvs_io_cut *cut,
			const struct lvs_host_link *link)
{
	for (;;) {
		struct lvs_packet piece = {.tailroom = LVS_XDP_FRAME - ROOM};
		uint32_t frame = take_frame(io, xsk);
		int got;

		if (frame == LVS_FRAME_NONE)
			return;
		piece.data = lvs_xsks_frame(&io->xsks, frame) + ROOM;
		got = lvs_io_cut_next(cut, &piece);
		if (got > 0 && !is_too_long(io, piece.len, link)) {
			queue(io, xsk, frame, piece.data, piece.len, link);
			continue;
		}
		lvs_frames_put(&io->xsks.frames, frame);
		if (got < 0)
			lvs_io_count_add(&io->count, LVS_IO_COUNT_uncut, 1);
		if (got <= 0)
			return;
	}
}

void lvs_xdp_io_send(void *state, const struct lvs_packet *packet, const struct lvs_host_link *link)
{
	struct lvs_xdp_io *io = state;
	struct lvs_xsk *xsk = socket_of(io, link);
	struct lvs_io_cut cut;

	if (!xsk) {
		lvs_afp_tx_add(&io->other, packet, link);
		return;
	}
	if (!packet->len || packet->linear_len < packet->len) {
		lvs_io_count_add(&io->count, LVS_IO_COUNT_uncut, 1);
		return;
	}
	if (lvs_io_cut_start(&cut, packet, false, io->segment_buffer))
		send_pieces(io, xsk, &cut, link);
	else
		send_whole(io, xsk, packet, link);
}

void lvs_xdp_io_kick(struct lvs_xdp_io *io)
{
	io->behind = false;
	for (unsigned i = 0; i < io->xsks.n; i++) {
		struct lvs_xsk *xsk = &io->xsks.xsk[i];

		if (!lvs_xsk_is_behind(xsk) && !xsk->queued_n)
			continue;
		lvs_xsk_kick(&io->xsks, xsk);
		io->behind |= lvs_xsk_is_behind(xsk);
	}
	lvs_afp_tx_flush(&io->other);
}
