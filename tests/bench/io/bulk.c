/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Downloads, all by one thread. iperf3 cannot: its streams must reach the server of its control
 * connection. Requests stand in line ahead, so that a server never waits for one.
 */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STREAMS_MAX = 64, REQUESTS = 500, BUFFER = 128 << 10 };

static const char request[] = "GET /bulk HTTP/1.1\r\nHost: a\r\n\r\n";

struct bulk {
	struct pollfd poll[STREAMS_MAX];
	unsigned n;
	unsigned failed; /* streams that ended before their time */
	uint64_t bytes;
	char buffer[BUFFER];
};

static int ask(int fd)
{
	char text[REQUESTS * (sizeof(request) - 1)];
	size_t len = sizeof(request) - 1;

	for (size_t i = 0; i < REQUESTS; i++)
		memcpy(text + i * len, request, len);
	return send(fd, text, sizeof(text), MSG_NOSIGNAL) == (ssize_t)sizeof(text) ? 0 : -1;
}

static int open_streams(struct bulk *bulk, const struct sockaddr_in *to)
{
	for (unsigned i = 0; i < bulk->n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		bulk->poll[i] = (struct pollfd){.fd = fd, .events = POLLIN};
		if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) || ask(fd)) {
			fprintf(stderr, "lvs-bench-load: stream %u: %s\n", i, strerror(errno));
			return -1;
		}
	}
	return 0;
}

static void take(struct bulk *bulk, struct pollfd *stream)
{
	ssize_t got = recv(stream->fd, bulk->buffer, sizeof(bulk->buffer), MSG_DONTWAIT);

	if (got > 0) {
		bulk->bytes += (uint64_t)got;
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		bulk->failed++;
		close(stream->fd);
		stream->fd = -1;
	}
}

static void download(struct bulk *bulk, uint64_t end_ns)
{
	uint64_t now = load_now_ns();

	while (now < end_ns && bulk->failed < bulk->n) {
		if (poll(bulk->poll, bulk->n, (int)((end_ns - now) / 1000000) + 1) > 0) {
			for (unsigned i = 0; i < bulk->n; i++)
				if (bulk->poll[i].revents)
					take(bulk, &bulk->poll[i]);
		}
		now = load_now_ns();
	}
}

/* Sockets end with the process. */
static int measure(struct bulk *bulk, const struct sockaddr_in *to, double seconds)
{
	uint64_t start = load_now_ns();

	if (open_streams(bulk, to))
		return 1;
	download(bulk, start + (uint64_t)(seconds * 1e9));
	printf("{\"units\":%llu,\"seconds\":%.6f,\"errors\":%u}\n", (unsigned long long)bulk->bytes,
	       (double)(load_now_ns() - start) / 1e9, bulk->failed);
	return 0;
}

int load_bulk(const struct sockaddr_in *to, unsigned streams, double seconds)
{
	struct bulk *bulk = calloc(1, sizeof(*bulk));
	int status = 1;

	if (streams > STREAMS_MAX) {
		fprintf(stderr, "lvs-bench-load: expected 1 to %d streams\n", STREAMS_MAX);
	} else if (bulk) {
		bulk->n = streams;
		status = measure(bulk, to, seconds);
	}
	free(bulk);
	return status;
}
