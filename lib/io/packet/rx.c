/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the rings to packets. A frame's packet is handed on where it lies. One that is longer than a
 * frame, a super-packet as a rule, is queued at the socket by the kernel, too, and copied from
 * there.
 */
#include "io/packet/rx.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/byteorder.h"
#include "io/io_batch.h"
#include "io/io_log.h"
#include "io/packet/link.h"
#include "io/packet/socket.h"

enum {
	BUFFER = LVS_AFP_ROOM + LVS_AFP_DATA + LVS_AFP_ROOM,
	LOSS_CALLS = 65536, /* before the kernel's counter of 32 bits can come round */
	LOOK_CALLS = 64,    /* how often sockets are asked for errors while there are packets */
	IDLE_CALLS = 8,     /* and while there are none: an error keeps them readable */
	VLAN_ID = 0x0fff,
};

/* The next name of "eth0,eth1"; moves @target behind it. False at the end. */
static bool next_name(const char **target, char name[16], size_t *len)
{
	if (!**target)
		return false;
	*len = strcspn(*target, ",");
	memset(name, 0, 16);
	memcpy(name, *target, *len < 16 ? *len : 15);
	*target += *len;
	if (**target == ',')
		(*target)++;
	return true;
}

/* Each packet of an interface that is named twice would come twice. */
static bool is_open(const struct lvs_afp_rx *rx, const char *name)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		if (strcmp(rx->socket[i].name, name) == 0)
			return true;
	return false;
}

static int open_sockets(struct lvs_afp_rx *rx, const struct lvs_io_conf *conf)
{
	const char *target = conf->target;
	size_t len;
	int err;

	while (next_name(&target, rx->socket[rx->socket_n].name, &len)) {
		struct lvs_afp_socket *socket = &rx->socket[rx->socket_n];

		if (len == 0 || len > 15 || rx->socket_n == LVS_AFP_INTERFACES - 1 ||
		    is_open(rx, socket->name)) {
			lvs_io_log(&rx->log, LVS_LOG_ERROR,
				   "packet: target %s: expected fewer than %d interface names of "
				   "1 to 15 characters, each once, with commas between",
				   conf->target, LVS_AFP_INTERFACES);
			return LVS_ERR_INVALID;
		}
		err = lvs_afp_socket_open(socket, conf);
		if (err)
			return err;
		rx->socket_n++;
	}
	return rx->socket_n ? 0 : LVS_ERR_INVALID;
}

static int open_buffers(struct lvs_afp_rx *rx)
{
	rx->frame = calloc(rx->batch, sizeof(const void *));
	rx->header = calloc(rx->batch, sizeof(*rx->header));
	rx->message = calloc(rx->batch, sizeof(*rx->message));
	rx->buffers = malloc((size_t)rx->batch * BUFFER);
	rx->lost = calloc(1, sizeof(*rx->lost));
	return rx->frame && rx->header && rx->message && rx->buffers && rx->lost
		       ? 0
		       : LVS_ERR_NO_MEMORY;
}

int lvs_afp_rx_open(struct lvs_afp_rx *rx, const struct lvs_io_conf *conf,
		    struct lvs_io_count *count)
{
	int err;

	memset(rx, 0, sizeof(*rx));
	rx->batch = conf->batch;
	rx->conf = conf;
	rx->epoll = -1;
	rx->count = count;
	rx->log = conf->log;
	err = open_buffers(rx);
	return err ? err : open_sockets(rx, conf);
}

void lvs_afp_rx_close(struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++) {
		lvs_afp_ring_close(&rx->socket[i].ring);
		close(rx->socket[i].fd);
	}
	rx->socket_n = 0;
	free(rx->frame);
	free(rx->header);
	free(rx->message);
	free(rx->buffers);
	free(rx->lost);
}

int lvs_afp_rx_watch(struct lvs_afp_rx *rx, int epoll)
{
	int err = 0;

	rx->epoll = epoll;
	for (unsigned i = 0; i < rx->socket_n && !err; i++)
		err = lvs_afp_link_watch(rx, rx->socket[i].fd);
	return err;
}

static uint8_t *packet_place(const struct lvs_afp_rx *rx, unsigned i)
{
	return rx->buffers + (size_t)i * BUFFER + LVS_AFP_ROOM;
}

/* Makes message @i ready; the link-layer header lands in the headroom. */
static void prepare(struct lvs_afp_rx *rx, unsigned i, unsigned link_len)
{
	struct lvs_afp_message *message = &rx->message[i];
	struct msghdr *header = &rx->header[i].msg_hdr;

	message->iov[0].iov_base = &message->vnet;
	message->iov[0].iov_len = sizeof(message->vnet);
	message->iov[1].iov_base = packet_place(rx, i) - link_len;
	message->iov[1].iov_len = LVS_AFP_DATA + link_len;
	header->msg_iov = message->iov;
	header->msg_iovlen = 2;
	header->msg_flags = 0;
	rx->header[i].msg_len = 0;
}

/* Takes @n packets from the socket's queue, into messages from @from on; one that the kernel cannot
 * hand over, for want of words for its offload request, has length 0. */
static void receive_copies(struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket,
			   unsigned from, unsigned n)
{
	unsigned done = 0;

	for (unsigned i = from; i < from + n; i++)
		prepare(rx, i, socket->link_len);
	while (done < n) {
		int got = recvmmsg(socket->fd, rx->header + from + done, n - done, 0, NULL);

		if (got > 0)
			done += (unsigned)got;
		else if (errno == EINVAL)
			done++;
		else if (errno != EINTR)
			break;
	}
}

/* Takes up to @n frames of a socket, from rx->frame[@from] on. Returns how many. */
static unsigned read_ring(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket, unsigned from,
			  unsigned n)
{
	unsigned got = 0, copies = 0;
	uint32_t bytes = 0; /* of copies */

	while (got < n && bytes < LVS_IO_BATCH_LEN) {
		const struct tpacket2_hdr *frame = lvs_afp_ring_next(&socket->ring);

		if (!frame)
			break;
		if (frame->tp_status & TP_STATUS_COPY) {
			copies++;
			bytes += frame->tp_len;
		}
		rx->frame[from + got++] = frame;
	}
	if (copies)
		receive_copies(rx, socket, from, copies);
	if (got)
		socket->down = false;
	return got;
}

/* Whether a frame was tagged for a VLAN, which has an interface of its own and sockets there. */
static bool is_of_vlan(const struct tpacket2_hdr *frame)
{
	return frame->tp_status & TP_STATUS_VLAN_VALID && frame->tp_vlan_tci & VLAN_ID;
}

/* Whether a frame may be ours: IP, and neither another host's nor sent by this one. */
static bool wanted(const struct sockaddr_ll *from)
{
	if (from->sll_pkttype == PACKET_OTHERHOST || from->sll_pkttype >= PACKET_OUTGOING)
		return false;
	return from->sll_protocol == lvs_htons(ETH_P_IP) ||
	       from->sll_protocol == lvs_htons(ETH_P_IPV6);
}

static uint8_t link_type(const struct sockaddr_ll *from)
{
	switch (from->sll_pkttype) {
	case PACKET_BROADCAST:
		return LVS_LINK_BROADCAST;
	case PACKET_MULTICAST:
		return LVS_LINK_MULTICAST;
	default:
		return LVS_LINK_HOST;
	}
}

static const struct sockaddr_ll *from_of(const struct tpacket2_hdr *frame)
{
	return (const void *)((const uint8_t *)frame + TPACKET_ALIGN(sizeof(*frame)));
}

/* A packet that lies in its frame. False for one that says what a packet cannot. */
static bool describe_frame(const struct lvs_afp_socket *socket, const struct tpacket2_hdr *frame,
			   struct lvs_packet *packet)
{
	/* The frame is ours to change until it is released. */
	uint8_t *start = socket->ring.map + ((const uint8_t *)frame - socket->ring.map);
	uint32_t begin = frame->tp_mac + socket->link_len, end = frame->tp_mac + frame->tp_snaplen;
	uint32_t room = socket->ring.frame_len - end;
	struct virtio_net_hdr vnet;

	packet->data = start + begin;
	packet->len = packet->linear_len = end > begin ? end - begin : 0;
	memcpy(&vnet, start + frame->tp_mac - sizeof(vnet), sizeof(vnet));
	packet->headroom = LVS_AFP_ROOM;
	packet->tailroom = (uint16_t)(room < LVS_AFP_ROOM ? room : LVS_AFP_ROOM);
	return packet->len && lvs_vnet_read(&vnet, socket->link_len, packet);
}

/* One that was copied into message @i. */
static bool describe_copy(const struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket,
			  unsigned i, struct lvs_packet *packet)
{
	uint32_t around = LVS_VNET_LEN + socket->link_len, len = rx->header[i].msg_len;

	packet->data = packet_place(rx, i);
	packet->len = packet->linear_len = len > around ? len - around : 0;
	packet->headroom = LVS_AFP_ROOM;
	packet->tailroom = LVS_AFP_ROOM;
	return packet->len && !(rx->header[i].msg_hdr.msg_flags & MSG_TRUNC) &&
	       lvs_vnet_read(&rx->message[i].vnet, socket->link_len, packet);
}

static bool leave_out(struct lvs_afp_rx *rx, enum lvs_io_counter why, struct lvs_packet *packet)
{
	lvs_io_count_add(rx->count, why, 1);
	memset(packet, 0, sizeof(*packet));
	return false;
}

/* Describes a frame, or message @copy, by @packet. False when it is not to be handed on. */
static bool describe(struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket,
		     const struct tpacket2_hdr *frame, unsigned copy, struct lvs_packet *packet)
{
	const struct sockaddr_ll *from = from_of(frame);
	bool copied = frame->tp_status & TP_STATUS_COPY;

	if (is_of_vlan(frame) || !wanted(from))
		return leave_out(rx, LVS_IO_COUNT_rx_skipped, packet);
	if (!copied && frame->tp_snaplen < frame->tp_len) {
		/* The socket's queue had no room for the whole. */
		atomic_fetch_add_explicit(rx->lost, 1, memory_order_relaxed);
		return false;
	}
	if (!(copied ? describe_copy(rx, socket, copy, packet)
		     : describe_frame(socket, frame, packet)))
		return leave_out(rx, LVS_IO_COUNT_rx_bad, packet);
	packet->ifindex = socket->ifindex;
	packet->link_type = link_type(from);
	lvs_io_count_add(rx->count, LVS_IO_COUNT_rx, 1);
	lvs_io_count_add(rx->count, LVS_IO_COUNT_rx_bytes, packet->len);
	return true;
}

/* Up to @n packets of a socket, its frames from rx->frame[@from] on. Adds to *filled. Returns how
 * many frames it took. */
static unsigned read_socket(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket, unsigned from,
			    unsigned n, struct lvs_packet *packets, unsigned *filled)
{
	unsigned got = read_ring(rx, socket, from, n), copy = from;

	for (unsigned i = from; i < from + got; i++) {
		const struct tpacket2_hdr *frame = rx->frame[i];

		*filled += describe(rx, socket, frame, copy, &packets[*filled]);
		copy += (frame->tp_status & TP_STATUS_COPY) != 0;
	}
	return got;
}

/* What a socket says instead of packets. */
static void take_error(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (socket->gone)
		return;
	(void)getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err == ENETDOWN)
		lvs_afp_link_down(rx, socket);
	else if (err)
		lvs_io_log(&rx->log, LVS_LOG_WARNING, "packet: interface %s: receive: %s",
			   socket->name, strerror(err));
	if (socket->down)
		lvs_afp_link_look(rx, socket);
}

static void take_errors(struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		take_error(rx, &rx->socket[i]);
}

int lvs_afp_rx_receive(struct lvs_afp_rx *rx, struct lvs_packet *packets, unsigned n)
{
	unsigned used = 0, filled = 0, s = rx->next;

	for (unsigned i = 0; i < rx->socket_n; i++)
		lvs_afp_ring_release(&rx->socket[i].ring);
	/* However much the other interfaces bring. */
	if (rx->gone_n)
		lvs_afp_link_take_up(rx);
	for (unsigned asked = 0; asked < rx->socket_n && used < n; asked++) {
		used += read_socket(rx, &rx->socket[s], used, n - used, packets, &filled);
		s = s + 1 < rx->socket_n ? s + 1 : 0;
	}
	/* Another goes first next time, so that a busy one does not keep the others out. */
	rx->next = rx->next + 1 < rx->socket_n ? rx->next + 1 : 0;
	rx->calls++;
	if (rx->calls % (used ? LOOK_CALLS : IDLE_CALLS) == 0 || (!used && lvs_afp_rx_is_down(rx)))
		take_errors(rx);
	if (rx->calls % LOSS_CALLS == 0)
		lvs_afp_link_losses(rx);
	return (int)filled;
}

bool lvs_afp_rx_is_down(const struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		if (rx->socket[i].down || rx->socket[i].gone)
			return true;
	return false;
}
