/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/tx.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/byteorder.h"
#include "io/adapters.h"
#include "io/io_cut.h"
#include "io/io_log.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	LOOPBACK_IFINDEX = 1, /* in every network namespace; has an Ethernet header, of zeros */
	SEND_BUFFER = 16 << 20,
};

_Static_assert(sizeof(struct lvs_afp_head) == LVS_VNET_LEN + LVS_AFP_ETHERNET_LEN, "no padding");

static int open_socket(struct lvs_afp_tx *tx)
{
	int one = 1, size = SEND_BUFFER;

	/* Protocol 0: it never receives. */
	tx->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (tx->fd >= 0 &&
	    setsockopt(tx->fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) == 0) {
		/* Beyond the limit for everybody where that is permitted. */
		if (setsockopt(tx->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
			(void)setsockopt(tx->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		return 0;
	}
	lvs_io_log(&tx->log, LVS_LOG_ERROR, "packet: %s for sending: %s",
		   tx->fd < 0 ? "socket" : "PACKET_VNET_HDR", strerror(errno));
	return lvs_io_error(errno);
}

/* What is the same for every message. */
static void prepare_messages(struct lvs_afp_tx *tx)
{
	for (unsigned i = 0; i < LVS_AFP_TX_QUEUE; i++) {
		struct msghdr *header = &tx->message[i].msg_hdr;

		header->msg_name = &tx->to[i];
		header->msg_namelen = sizeof(tx->to[i]);
		header->msg_iov = tx->iov[i];
		header->msg_iovlen = 2;
		tx->iov[i][0].iov_base = &tx->head[i];
		tx->to[i].sll_family = AF_PACKET;
	}
}

int lvs_afp_tx_open(struct lvs_afp_tx *tx, const struct lvs_log *log, struct lvs_io_count *count)
{
	memset(tx, 0, sizeof(*tx));
	tx->fd = -1;
	tx->log = *log;
	tx->count = count;
	tx->pieces = malloc(LVS_AFP_TX_PIECES);
	tx->segment_buffer = malloc(LVS_IO_PIECE_MAX);
	if (!tx->pieces || !tx->segment_buffer)
		return LVS_ERR_NO_MEMORY;
	prepare_messages(tx);
	return open_socket(tx);
}

void lvs_afp_tx_close(struct lvs_afp_tx *tx)
{
	if (tx->fd >= 0)
		close(tx->fd);
	tx->fd = -1;
	free(tx->pieces);
	free(tx->segment_buffer);
}

static void count_sent(struct lvs_afp_tx *tx, unsigned from, unsigned n)
{
	uint64_t bytes = 0;

	for (unsigned i = from; i < from + n; i++)
		bytes += tx->iov[i][1].iov_len;
	lvs_io_count_add(tx->count, LVS_IO_COUNT_tx, n);
	lvs_io_count_add(tx->count, LVS_IO_COUNT_tx_bytes, bytes);
}

/* The first of @left messages was refused with @err. Returns how many are given up. */
static unsigned refused(struct lvs_afp_tx *tx, unsigned first, unsigned left, int err)
{
	uint64_t now;

	if (err == EAGAIN) { /* no room in the socket: nor will there be for the next */
		lvs_io_count_add(tx->count, LVS_IO_COUNT_tx_full, left);
		return left;
	}
	if (err == ENOBUFS) {
		lvs_io_count_add(tx->count, LVS_IO_COUNT_tx_full, 1);
		return 1;
	}
	lvs_io_count_add(tx->count,
			 err == EMSGSIZE ? LVS_IO_COUNT_too_long : LVS_IO_COUNT_tx_failed, 1);
	now = lvs_io_clock();
	if (now >= tx->quiet_until) {
		lvs_io_log(&tx->log, LVS_LOG_WARNING,
			   "packet: interface %d refuses %zu bytes: %s (the counters tell of more)",
			   tx->to[first].sll_ifindex, tx->iov[first][1].iov_len, strerror(err));
		tx->quiet_until = now + UINT64_C(10000000000);
	}
	return 1;
}

void lvs_afp_tx_flush(struct lvs_afp_tx *tx)
{
	unsigned done = 0;

	while (done < tx->n) {
		int sent = sendmmsg(tx->fd, tx->message + done, tx->n - done, 0);

		if (sent > 0) {
			count_sent(tx, done, (unsigned)sent);
			done += (unsigned)sent;
		} else if (errno != EINTR) {
			done += refused(tx, done, tx->n - done, errno);
		}
	}
	tx->n = 0;
	tx->pieces_used = 0;
}

/* Bytes of link-layer header. */
static unsigned link_len(const struct lvs_host_link *link)
{
	bool bare = link->flags & LVS_HOST_LINK_NO_ADDRESS;

	return bare && link->ifindex != LOOPBACK_IFINDEX ? 0 : LVS_AFP_ETHERNET_LEN;
}

/* Queues what leaves as one message. */
static void add_piece(struct lvs_afp_tx *tx, const struct lvs_packet *packet,
		      const struct lvs_host_link *link)
{
	uint16_t type = packet->data[0] >> 4 == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
	struct lvs_afp_head *head;
	unsigned i;

	if (lvs_vnet_longest(packet) > link->mtu) {
		lvs_io_count_add(tx->count, LVS_IO_COUNT_too_long, 1);
		return;
	}
	if (tx->n == LVS_AFP_TX_QUEUE)
		lvs_afp_tx_flush(tx);
	i = tx->n++;
	head = &tx->head[i];
	lvs_vnet_write(&head->vnet, link_len(link), packet);
	memcpy(head->ethernet, link->dst, 6);
	memcpy(head->ethernet + 6, link->src, 6);
	lvs_store16(head->ethernet + 12, type);
	tx->iov[i][0].iov_len = LVS_VNET_LEN + link_len(link);
	tx->iov[i][1].iov_base = packet->data;
	tx->iov[i][1].iov_len = packet->len;
	tx->to[i].sll_ifindex = (int)link->ifindex;
	tx->to[i].sll_protocol = lvs_htons(type);
}

static void add_pieces(struct lvs_afp_tx *tx, struct lvs_io_cut *cut,
		       const struct lvs_host_link *link)
{
	for (;;) {
		struct lvs_packet piece = {.tailroom = LVS_IO_PIECE_MAX};
		int got;

		/* The buffer, or the queue, which would be flushed with this piece in the buffer.
		 */
		if (tx->pieces_used + LVS_IO_PIECE_MAX > LVS_AFP_TX_PIECES ||
		    tx->n == LVS_AFP_TX_QUEUE)
			lvs_afp_tx_flush(tx);
		piece.data = tx->pieces + tx->pieces_used;
		got = lvs_io_cut_next(cut, &piece);
		if (got < 0)
			lvs_io_count_add(tx->count, LVS_IO_COUNT_uncut, 1);
		if (got <= 0)
			return;
		add_piece(tx, &piece, link);
		tx->pieces_used += piece.len;
	}
}

void lvs_afp_tx_add(struct lvs_afp_tx *tx, const struct lvs_packet *packet,
		    const struct lvs_host_link *link)
{
	struct lvs_io_cut cut;

	if (!packet->len || packet->linear_len < packet->len) {
		lvs_io_count_add(tx->count, LVS_IO_COUNT_uncut, 1);
		return;
	}
	if (lvs_io_cut_start(&cut, packet, lvs_io_cut_by_link(packet), tx->segment_buffer))
		add_pieces(tx, &cut, link);
	else
		add_piece(tx, packet, link);
}
