/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A raw socket gets a tunnel packet as soon as it is known to be for this host
 * and whole: the kernel has checked the outer header and put fragments together.
 * An IPv4 one comes with its header, an IPv6 one without: there the traffic
 * class comes beside it.
 */
#include "outer.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	RECEIVE_BUFFER = 8 * 1024 * 1024, /* bytes; some 100 super-packets */
	ECN_MASK = 0x3,
	IPV4_FRAGMENT = 0x3fff, /* more fragments, and the offset */
};

static const struct {
	int outer;
	int inner;
	int protocol;
} kinds[OUTER_SOCKETS] = {
	{AF_INET, AF_INET, IPPROTO_IPIP},
	{AF_INET, AF_INET6, IPPROTO_IPV6},
	{AF_INET6, AF_INET, IPPROTO_IPIP},
	{AF_INET6, AF_INET6, IPPROTO_IPV6},
};

static int open_one(struct outer_socket *outer, int family, int protocol)
{
	int on = 1;
	int room = RECEIVE_BUFFER;

	outer->fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (outer->fd < 0 && family == AF_INET6 && errno == EAFNOSUPPORT)
		return 0;
	if (outer->fd < 0)
		return -1;
	if (family == AF_INET6 &&
	    setsockopt(outer->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)) < 0)
		return -1;
	if (setsockopt(outer->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) < 0)
		return -1;
	/* The first needs CAP_NET_ADMIN, the second is cut to the host's limit: either will do. */
	if (setsockopt(outer->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(outer->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return 0;
}

int outer_open(struct outer_socket *sockets)
{
	for (int i = 0; i < OUTER_SOCKETS; i++)
		sockets[i] = (struct outer_socket){
			.fd = -1,
			.outer_family = (uint8_t)kinds[i].outer,
			.inner_family = (uint8_t)kinds[i].inner,
		};
	for (int i = 0; i < OUTER_SOCKETS; i++) {
		if (open_one(&sockets[i], kinds[i].outer, kinds[i].protocol) < 0) {
			fprintf(stderr, "lvs-decap: raw socket, IP protocol %d: %s\n",
				kinds[i].protocol, strerror(errno));
			outer_close(sockets);
			return -1;
		}
	}
	return 0;
}

void outer_close(struct outer_socket *sockets)
{
	for (int i = 0; i < OUTER_SOCKETS; i++) {
		if (sockets[i].fd >= 0)
			close(sockets[i].fd);
		sockets[i].fd = -1;
	}
}

/* The word that a control message holds. */
static uint32_t load_control(const struct cmsghdr *control)
{
	uint32_t word;

	memcpy(&word, CMSG_DATA(control), sizeof(word));
	return word;
}

static void read_control(struct msghdr *message, struct outer_socket *outer,
			 struct outer_packet *packet, struct decap_counts *counts)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
		if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SO_RXQ_OVFL) {
			uint32_t now = load_control(at);

			counts->n[DECAP_overrun] += now - outer->overrun;
			outer->overrun = now;
		} else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS) {
			packet->ecn = load_control(at) & ECN_MASK;
		}
	}
}

/* Takes the outer IPv4 header off. */
static int take_ipv4(struct outer_packet *packet, struct decap_counts *counts)
{
	const uint8_t *ip = packet->inner;
	size_t header = packet->len ? (size_t)(ip[0] & 0xf) * 4 : 0;

	if (packet->len < 20 || header < 20 || header > packet->len) {
		counts->n[DECAP_bad_outer]++;
		return 0;
	}
	if ((ip[6] << 8 | ip[7]) & IPV4_FRAGMENT) {
		counts->n[DECAP_fragment]++;
		return 0;
	}
	packet->ecn = ip[1] & ECN_MASK;
	packet->from = address_from(AF_INET, ip + 12);
	packet->inner += header;
	packet->len -= header;
	return 1;
}

int outer_receive(struct outer_socket *outer, uint8_t *buffer, size_t room,
		  struct outer_packet *packet, struct decap_counts *counts)
{
	struct sockaddr_in6 from = {0};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(uint32_t)) * 2];
	} control;
	struct iovec piece = {.iov_base = buffer, .iov_len = room};
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(outer->fd, &message, 0);

	if (len < 0)
		return -1;
	counts->n[DECAP_in]++;
	counts->n[DECAP_in_bytes] += (uint64_t)len;
	*packet = (struct outer_packet){.inner = buffer, .len = (size_t)len};
	read_control(&message, outer, packet, counts);
	if (message.msg_flags & MSG_TRUNC) {
		counts->n[DECAP_bad_outer]++;
		return 0;
	}
	if (outer->outer_family == AF_INET)
		return take_ipv4(packet, counts);
	packet->from = address_from(AF_INET6, from.sin6_addr.s6_addr);
	return 1;
}
