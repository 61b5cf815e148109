/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet_rx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/byteorder.h"
#include "io/adapters.h"
#include "io/io_log.h"
#include "io/packet_socket.h"

enum {
	BUFFER = LVS_AFP_ROOM + LVS_AFP_DATA + LVS_AFP_ROOM,
	LOSS_CALLS = 65536, /* before its counter of 32 bits can come round */
	VLAN_ID = 0x0fff,
};

#define LOOK_NS 150000000 /* between two looks for an interface that is gone; under the timer's */

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
	rx->header = calloc(rx->batch, sizeof(*rx->header));
	rx->message = calloc(rx->batch, sizeof(*rx->message));
	rx->buffers = malloc((size_t)rx->batch * BUFFER);
	rx->lost = calloc(1, sizeof(*rx->lost));
	return rx->header && rx->message && rx->buffers && rx->lost ? 0 : LVS_ERR_NO_MEMORY;
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
	for (unsigned i = 0; i < rx->socket_n; i++)
		close(rx->socket[i].fd);
	rx->socket_n = 0;
	free(rx->header);
	free(rx->message);
	free(rx->buffers);
	free(rx->lost);
}

static int watch(const struct lvs_afp_rx *rx, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(rx->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	lvs_io_log(&rx->log, LVS_LOG_ERROR, "packet: epoll_ctl: %s", strerror(errno));
	return LVS_ERR_IO;
}

int lvs_afp_rx_watch(struct lvs_afp_rx *rx, int epoll)
{
	int err = 0;

	rx->epoll = epoll;
	for (unsigned i = 0; i < rx->socket_n && !err; i++)
		err = watch(rx, rx->socket[i].fd);
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
	header->msg_name = &message->from;
	header->msg_namelen = sizeof(message->from);
	header->msg_iov = message->iov;
	header->msg_iovlen = 2;
	header->msg_control = message->control;
	header->msg_controllen = sizeof(message->control);
	header->msg_flags = 0;
}

/* The VLAN tag that the kernel took out of the frame, 0 for none. */
static uint16_t vlan_of(struct msghdr *header)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & VLAN_ID : 0;
	}
	return 0;
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

/* Describes message @i by @packet. False when it is not to be handed on. */
static bool describe(struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket, unsigned i,
		     struct lvs_packet *packet)
{
	struct lvs_afp_message *message = &rx->message[i];
	uint32_t around = LVS_VNET_LEN + socket->link_len, len = rx->header[i].msg_len;

	if (!wanted(&message->from)) {
		lvs_io_count_add(rx->count, LVS_IO_COUNT_rx_skipped, 1);
		return false;
	}
	packet->data = packet_place(rx, i);
	packet->len = packet->linear_len = len > around ? len - around : 0;
	if (!packet->len || rx->header[i].msg_hdr.msg_flags & MSG_TRUNC ||
	    !lvs_vnet_read(&message->vnet, socket->link_len, packet)) {
		lvs_io_count_add(rx->count, LVS_IO_COUNT_rx_bad, 1);
		memset(packet, 0, sizeof(*packet));
		return false;
	}
	packet->headroom = LVS_AFP_ROOM;
	packet->tailroom = LVS_AFP_ROOM;
	packet->ifindex = socket->ifindex;
	packet->vlan = vlan_of(&rx->header[i].msg_hdr);
	packet->link_type = link_type(&message->from);
	lvs_io_count_add(rx->count, LVS_IO_COUNT_rx, 1);
	lvs_io_count_add(rx->count, LVS_IO_COUNT_rx_bytes, packet->len);
	return true;
}

/* The kernel unbinds the sockets of an interface that ends; one of its name made anew is another.
 */
static bool is_unbound(const struct lvs_afp_socket *socket)
{
	struct sockaddr_ll address = {0};
	socklen_t len = sizeof(address);
	void *generic = &address;

	return getsockname(socket->fd, generic, &len) == 0 && address.sll_ifindex < 0;
}

/* What befalls an interface befalls it for all workers: one of them counts it, and tells. */
static void count_link(struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket,
		       enum lvs_io_counter what, enum lvs_log_level level, const char *text)
{
	if (rx->conf->worker)
		return;
	lvs_io_count_add(rx->count, what, 1);
	lvs_io_log(&rx->log, level, "packet: interface %s %s", socket->name, text);
}

static void look_after(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	if (!is_unbound(socket))
		return;
	count_link(rx, socket, LVS_IO_COUNT_link_gone, LVS_LOG_INFO,
		   "is gone; one of that name is waited for");
	socket->gone = true;
	socket->told = false;
	rx->gone_n++;
}

/* What did not fit into the receive buffer since it was last asked. */
static void ask_losses(const struct lvs_afp_rx *rx, const struct lvs_afp_socket *socket)
{
	struct tpacket_stats stats = {0};
	socklen_t len = sizeof(stats);

	if (getsockopt(socket->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) == 0)
		atomic_fetch_add_explicit(rx->lost, stats.tp_drops, memory_order_relaxed);
}

static void count_losses(const struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		ask_losses(rx, &rx->socket[i]);
}

uint64_t lvs_afp_rx_lost(const struct lvs_afp_rx *rx)
{
	count_losses(rx);
	return atomic_load_explicit(rx->lost, memory_order_relaxed);
}

/* Puts the socket @fresh in the place of one that is bound to nothing, under the same number, which
 * another thread may be asking about. */
static bool replace(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket,
		    const struct lvs_afp_socket *fresh)
{
	int fd = socket->fd;
	bool replaced;

	ask_losses(rx, socket);
	replaced = dup3(fresh->fd, fd, O_CLOEXEC) == fd;
	close(fresh->fd);
	if (!replaced || watch(rx, fd))
		return false;
	*socket = *fresh;
	socket->fd = fd;
	return true;
}

static void take_up(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket)
{
	struct lvs_afp_socket fresh = {.fd = -1};
	struct lvs_io_conf conf = *rx->conf;

	memcpy(fresh.name, socket->name, sizeof(fresh.name));
	if (!if_nametoindex(fresh.name))
		return;
	/* It is tried again and again; what fails is told once. */
	if (socket->told)
		conf.log.line = NULL;
	socket->told = true;
	if (lvs_afp_socket_open(&fresh, &conf) || !replace(rx, socket, &fresh))
		return;
	/* Until something comes: it may be down, which is nothing new. */
	socket->down = true;
	count_link(rx, socket, LVS_IO_COUNT_link_back, LVS_LOG_INFO, "is there again");
	rx->gone_n--;
}

static void take_up_all(struct lvs_afp_rx *rx)
{
	uint64_t now = lvs_io_clock();

	if (now < rx->look_at)
		return;
	rx->look_at = now + LOOK_NS;
	for (unsigned i = 0; i < rx->socket_n; i++)
		if (rx->socket[i].gone)
			take_up(rx, &rx->socket[i]);
}

/* What a socket says instead of packets. */
static void take_error(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket, int err)
{
	if (err == ENETDOWN) {
		if (!socket->down)
			count_link(rx, socket, LVS_IO_COUNT_link_down, LVS_LOG_WARNING, "is down");
		socket->down = true;
	} else if (err == EINVAL) {
		/* The kernel cannot put the packet's offload request into words, and drops it. */
		lvs_io_count_add(rx->count, LVS_IO_COUNT_rx_bad, 1);
	} else if (err != EINTR) {
		lvs_io_log(&rx->log, LVS_LOG_WARNING, "packet: interface %s: receive: %s",
			   socket->name, strerror(err));
	}
}

/* Receives up to @n messages from message @from on. Returns how many. */
static unsigned read_socket(struct lvs_afp_rx *rx, struct lvs_afp_socket *socket, unsigned from,
			    unsigned n)
{
	for (unsigned tries = 0; tries < 8; tries++) {
		int got;

		for (unsigned i = from; i < from + n; i++)
			prepare(rx, i, socket->link_len);
		got = recvmmsg(socket->fd, rx->header + from, n, 0, NULL);
		if (got >= 0) {
			socket->down = false;
			return (unsigned)got;
		}
		if (errno == EAGAIN)
			break;
		take_error(rx, socket, errno);
	}
	if (socket->down)
		look_after(rx, socket);
	return 0;
}

int lvs_afp_rx_receive(struct lvs_afp_rx *rx, struct lvs_packet *packets, unsigned n)
{
	unsigned used = 0, filled = 0, s = rx->next;

	/* However much the other interfaces bring. */
	if (rx->gone_n)
		take_up_all(rx);
	for (unsigned asked = 0; asked < rx->socket_n && used < n; asked++) {
		unsigned got =
			rx->socket[s].gone ? 0 : read_socket(rx, &rx->socket[s], used, n - used);

		for (unsigned i = used; i < used + got; i++)
			filled += describe(rx, &rx->socket[s], i, &packets[filled]);
		used += got;
		s = s + 1 < rx->socket_n ? s + 1 : 0;
	}
	/* Another goes first next time, so that a busy one does not keep the others out. */
	rx->next = rx->next + 1 < rx->socket_n ? rx->next + 1 : 0;
	if (++rx->calls % LOSS_CALLS == 0)
		count_losses(rx);
	return (int)filled;
}

bool lvs_afp_rx_is_down(const struct lvs_afp_rx *rx)
{
	for (unsigned i = 0; i < rx->socket_n; i++)
		if (rx->socket[i].down || rx->socket[i].gone)
			return true;
	return false;
}
