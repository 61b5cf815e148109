/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As many datagrams as arrive. No more than a window of them is under way: whoever floods a
 * processor that sender, balancer and receiver share measures how it is shared. Sinks answer with
 * what they have received; of what is not answered in time it is found at the end whether it was
 * lost.
 */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLOWS = 16, SERVERS = 64, WINDOW = 512, LATE_MS = 20, DRAIN_MS = 100 };

struct sender {
	struct pollfd flow[FLOWS];
	uint32_t run;
	uint64_t sent;
	uint64_t given_up; /* no longer under way, by our word */
	uint32_t received[SERVERS];
	unsigned late; /* times that nothing came */
	uint64_t answered_ns;
	char data[LOAD_SIZE_MAX];
	struct iovec iov;
	struct mmsghdr message[LOAD_BATCH];
};

/* Each has a port of its own before it has a route: what chooses by ports then can. */
static int open_flow(struct pollfd *flow, const struct sockaddr_in *to)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*flow = (struct pollfd){.fd = fd, .events = POLLIN};
	if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof(any)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		fprintf(stderr, "lvs-bench-load: flow: %s\n", strerror(errno));
		return -1;
	}
	return 0;
}

static int open_sender(struct sender *s, const struct sockaddr_in *to, unsigned size)
{
	struct load_head head = {.run = (uint32_t)load_now_ns() ^ (uint32_t)getpid()};

	for (unsigned i = 0; i < FLOWS; i++)
		if (open_flow(&s->flow[i], to))
			return -1;
	s->run = head.run;
	memcpy(s->data, &head, sizeof(head));
	s->iov = (struct iovec){.iov_base = s->data, .iov_len = size};
	for (unsigned i = 0; i < LOAD_BATCH; i++)
		s->message[i].msg_hdr = (struct msghdr){.msg_iov = &s->iov, .msg_iovlen = 1};
	return 0;
}

static uint64_t received(const struct sender *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < SERVERS; i++)
		sum += s->received[i];
	return sum;
}

static void hear(struct sender *s, int fd)
{
	struct load_head head;

	while (recv(fd, &head, sizeof(head), MSG_DONTWAIT) == (ssize_t)sizeof(head))
		if (head.run == s->run && head.server < SERVERS &&
		    head.received > s->received[head.server]) {
			s->received[head.server] = head.received;
			s->answered_ns = load_now_ns();
		}
}

/* Whether something came. */
static bool await(struct sender *s, int ms)
{
	if (poll(s->flow, FLOWS, ms) <= 0)
		return false;
	for (unsigned i = 0; i < FLOWS; i++)
		if (s->flow[i].revents)
			hear(s, s->flow[i].fd);
	return true;
}

static bool full(const struct sender *s)
{
	return s->sent + LOAD_BATCH > received(s) + s->given_up + WINDOW;
}

static void send_all(struct sender *s, uint64_t end_ns)
{
	for (unsigned turn = 0; load_now_ns() < end_ns; turn++) {
		int n;

		await(s, 0);
		while (full(s) && load_now_ns() < end_ns)
			if (!await(s, LATE_MS)) {
				s->late++;
				s->given_up = s->sent - received(s);
			}
		n = sendmmsg(s->flow[turn % FLOWS].fd, s->message, LOAD_BATCH, 0);
		if (n > 0)
			s->sent += (unsigned)n;
	}
}

static int measure(struct sender *s, double seconds)
{
	uint64_t start = load_now_ns();

	s->answered_ns = start;
	send_all(s, start + (uint64_t)(seconds * 1e9));
	while (received(s) < s->sent && await(s, DRAIN_MS))
		;
	if (s->answered_ns == start) {
		fputs("lvs-bench-load: no answer\n", stderr);
		return 1;
	}
	printf("{\"units\":%llu,\"seconds\":%.6f,\"sent\":%llu,\"late\":%u}\n",
	       (unsigned long long)received(s), (double)(s->answered_ns - start) / 1e9,
	       (unsigned long long)s->sent, s->late);
	return 0;
}

int load_datagrams(const struct sockaddr_in *to, unsigned size, double seconds)
{
	struct sender *s = calloc(1, sizeof(*s));
	int status = s && !open_sender(s, to, size) ? measure(s, seconds) : 1;

	free(s);
	return status;
}
