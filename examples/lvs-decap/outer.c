/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A socket gets a tunnel packet as soon as it is known to be for this host
 * and whole: the kernel has checked the outer header and put fragments together,
 * and it has checked UDP's sum. A raw IPv4 one comes with its header, others without: there TOS
 * or traffic class comes beside it.
 */
#include "outer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
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
	enum shim_kind kind;
} kinds[OUTER_SOCKETS] = {
	{AF_INET, AF_INET, IPPROTO_IPIP, SHIM_NONE},  {AF_INET, AF_INET6, IPPROTO_IPV6, SHIM_NONE},
	{AF_INET6, AF_INET, IPPROTO_IPIP, SHIM_NONE}, {AF_INET6, AF_INET6, IPPROTO_IPV6, SHIM_NONE},
	{AF_INET, 0, IPPROTO_GRE, SHIM_GRE},          {AF_INET6, 0, IPPROTO_GRE, SHIM_GRE},
	{AF_INET, 0, IPPROTO_UDP, SHIM_GUE},          {AF_INET6, 0, IPPROTO_UDP, SHIM_GUE},
};

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* To the port of every address; an IPv6 sender may leave the sum out here (RFC 6935). */
static int bind_udp(const struct outer_socket *outer, uint16_t port)
{
	struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	if (outer->outer_family == AF_INET)
		return set(outer->fd, IPPROTO_IP, IP_RECVTOS, 1) < 0
			       ? -1
			       : bind(outer->fd, (struct sockaddr *)&in4, sizeof(in4));
	if (set(outer->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) < 0 ||
	    set(outer->fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1) < 0)
		return -1;
	return bind(outer->fd, (struct sockaddr *)&in6, sizeof(in6));
}

static int open_one(struct outer_socket *outer, int protocol, uint16_t port)
{
	bool udp = protocol == IPPROTO_UDP;
	int type = udp ? SOCK_DGRAM : SOCK_RAW;

	outer->fd = socket(outer->outer_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	if (outer->fd < 0 && outer->outer_family == AF_INET6 && errno == EAFNOSUPPORT)
		return 0;
	if (outer->fd < 0)
		return -1;
	if (outer->outer_family == AF_INET6 && set(outer->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) < 0)
		return -1;
	if (set(outer->fd, SOL_SOCKET, SO_RXQ_OVFL, 1) < 0)
		return -1;
	/* The first needs CAP_NET_ADMIN, the second is cut to the host's limit: either will do. */
	if (set(outer->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		set(outer->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	return udp ? bind_udp(outer, port) : 0;
}

static bool is_wanted(const struct options *options, enum shim_kind kind)
{
	return kind == SHIM_NONE || (kind == SHIM_GRE && options->gre) ||
	       (kind == SHIM_GUE && options->gue_port);
}

int outer_open(const struct options *options, struct outer_socket *sockets)
{
	for (int i = 0; i < OUTER_SOCKETS; i++)
		sockets[i] = (struct outer_socket){
			.fd = -1,
			.kind = kinds[i].kind,
			.outer_family = (uint8_t)kinds[i].outer,
			.inner_family = (uint8_t)kinds[i].inner,
		};
	for (int i = 0; i < OUTER_SOCKETS; i++) {
		if (!is_wanted(options, kinds[i].kind))
			continue;
		if (open_one(&sockets[i], kinds[i].protocol, options->gue_port) < 0) {
			fprintf(stderr, "lvs-decap: socket of IP protocol %d: %s\n",
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
		} else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS) {
			packet->ecn = *CMSG_DATA(at) & ECN_MASK; /* of one byte */
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
	union {
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} from = {0};
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
	if (outer->outer_family == AF_INET && outer->kind != SHIM_GUE)
		return take_ipv4(packet, counts);
	if (outer->outer_family == AF_INET)
		packet->from = address_from(AF_INET, (const uint8_t *)&from.in4.sin_addr);
	else
		packet->from = address_from(AF_INET6, from.in6.sin6_addr.s6_addr);
	return 1;
}
