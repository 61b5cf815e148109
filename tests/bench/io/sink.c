/* SPDX-License-Identifier: BSD-2-Clause */
/* Receives datagrams, and tells their sender after each batch how many so far. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { ROOM = 4 << 20 };

struct slot {
	struct sockaddr_in from;
	struct iovec iov;
	char data[LOAD_SIZE_MAX];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct sink {
	int fd;
	struct load_head head;
	struct slot slot[LOAD_BATCH];
	struct mmsghdr message[LOAD_BATCH];
};

static int open_sink(struct sink *sink, uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int on = 1, room = ROOM;

	sink->fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (setsockopt(sink->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(sink->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (sink->fd < 0 || setsockopt(sink->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) ||
	    bind(sink->fd, (struct sockaddr *)&any, sizeof(any))) {
		fprintf(stderr, "lvs-bench-load: sink: %s\n", strerror(errno));
		return -1;
	}
	return 0;
}

static void prepare(struct sink *sink)
{
	for (unsigned i = 0; i < LOAD_BATCH; i++) {
		struct slot *slot = &sink->slot[i];

		slot->iov = (struct iovec){.iov_base = slot->data, .iov_len = sizeof(slot->data)};
		sink->message[i].msg_hdr = (struct msghdr){.msg_name = &slot->from,
							   .msg_namelen = sizeof(slot->from),
							   .msg_iov = &slot->iov,
							   .msg_iovlen = 1,
							   .msg_control = slot->control,
							   .msg_controllen = sizeof(slot->control)};
	}
}

static void count(struct sink *sink, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct load_head head;

		if (sink->message[i].msg_len < sizeof(head))
			continue;
		memcpy(&head, sink->slot[i].data, sizeof(head));
		if (head.run != sink->head.run)
			sink->head = (struct load_head){head.run, sink->head.server, 0};
		sink->head.received++;
	}
}

/* From the address that the datagram was for: a service's, where it came past a balancer. */
static void answer(const struct sink *sink, struct msghdr *to)
{
	struct load_head head = sink->head;
	struct iovec iov = {.iov_base = &head, .iov_len = sizeof(head)};
	struct cmsghdr *control = CMSG_FIRSTHDR(to);
	struct in_pktinfo info;

	if (control && control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
		memcpy(&info, CMSG_DATA(control), sizeof(info));
		info.ipi_spec_dst = info.ipi_addr;
		info.ipi_ifindex = 0;
		memcpy(CMSG_DATA(control), &info, sizeof(info));
	}
	to->msg_iov = &iov;
	sendmsg(sink->fd, to, 0);
}

static void serve(struct sink *sink)
{
	for (;;) {
		int n;

		prepare(sink);
		n = recvmmsg(sink->fd, sink->message, LOAD_BATCH, MSG_WAITFORONE, NULL);
		if (n <= 0)
			continue;
		count(sink, (unsigned)n);
		answer(sink, &sink->message[n - 1].msg_hdr);
	}
}

/* Until it is killed. */
int load_sink(uint16_t port, uint32_t server)
{
	struct sink *sink = calloc(1, sizeof(*sink));

	if (sink && !open_sink(sink, port)) {
		sink->head.server = server;
		puts("ready");
		fflush(stdout);
		serve(sink);
	}
	free(sink);
	return 1;
}
