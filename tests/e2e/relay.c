/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A bad path between two hosts, which are network namespaces: a TUN device in
 * each, and between them loss, doubling, reordering and delay by a seed. What
 * the kernel's netem does, for kernels without it.
 *
 *     host A: device [MTU] --> way --> device [MTU] :host B
 *                          <-- way <--
 *
 * relay [OPTION...] NAMESPACE-FILE:DEVICE NAMESPACE-FILE:DEVICE
 *
 * The devices carry IP, without offloads: the kernels cut and sum before. Says
 * "relay: ready"; SIGUSR1 prints the counters; SIGTERM as well, and ends it.
 */
#include "relay_way.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH = 64, /* packets of a device before the other has its turn */
	QUEUE = 1000,
};

struct end {
	char space[64];
	char device[IFNAMSIZ];
	int fd;
	struct way way; /* of what comes in here */
};

struct relay {
	struct way_conf conf;
	struct end end[2];
};

static volatile sig_atomic_t ended, asked;

static void hear(int signal)
{
	if (signal == SIGUSR1)
		asked = 1;
	else
		ended = 1;
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int failed(const struct end *end, const char *what)
{
	fprintf(stderr, "relay: %s:%s: %s: %s\n", end->space, end->device, what, strerror(errno));
	return -1;
}

static int enter(const struct end *end)
{
	int fd = open(end->space, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);

	if (fd >= 0)
		close(fd);
	return err ? failed(end, "cannot enter the namespace") : 0;
}

/* MTU, queue, up; in the namespace of the device. */
static int set_up(const struct end *end, uint32_t mtu)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return failed(end, "socket");
	memcpy(request.ifr_name, end->device, IFNAMSIZ);
	request.ifr_mtu = (int)mtu;
	err = ioctl(fd, SIOCSIFMTU, &request);
	/* In another user namespace the kernel's own length, 500, has to do. */
	request.ifr_qlen = QUEUE;
	(void)ioctl(fd, SIOCSIFTXQLEN, &request);
	request.ifr_flags = IFF_UP | IFF_POINTOPOINT | IFF_NOARP;
	err = err ? err : ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return err ? failed(end, "MTU or flags") : 0;
}

static int open_end(struct end *end, uint32_t mtu)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	if (enter(end))
		return -1;
	end->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (end->fd < 0)
		return failed(end, "/dev/net/tun");
	memcpy(request.ifr_name, end->device, IFNAMSIZ);
	if (ioctl(end->fd, TUNSETIFF, &request))
		return failed(end, "TUNSETIFF");
	return set_up(end, mtu);
}

static void read_end(struct end *end)
{
	uint8_t data[WAY_MTU_MAX];

	for (unsigned i = 0; i < BATCH; i++) {
		ssize_t len = read(end->fd, data, sizeof(data));

		if (len <= 0)
			return;
		way_put(&end->way, data, (size_t)len, clock_ns());
	}
}

/* A device that is full loses what it gets: one more loss of the path. */
static void write_due(struct way *way, int fd)
{
	uint8_t data[WAY_MTU_MAX];
	size_t len;

	while ((len = way_take(way, data, clock_ns())))
		if (write(fd, data, len) != (ssize_t)len)
			way->count[WAY_unsent]++;
}

static void print(const struct relay *relay)
{
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < WAY_COUNT_N; k++)
			printf("%s %s %" PRIu64 "  %s\n", relay->end[i].device, way_count_name(k),
			       relay->end[i].way.count[k], way_count_text(k));
	printf("told\n");
	fflush(stdout);
}

/* Until one of the ways has something due, or for ever. */
static void sleep_until(const struct relay *relay, const sigset_t *signals)
{
	struct pollfd fds[2] = {{.fd = relay->end[0].fd, .events = POLLIN},
				{.fd = relay->end[1].fd, .events = POLLIN}};
	uint64_t due = way_due(&relay->end[0].way), other = way_due(&relay->end[1].way);
	uint64_t now = clock_ns(), left;
	struct timespec wait;

	due = due < other ? due : other;
	left = due > now ? due - now : 0;
	wait.tv_sec = (time_t)(left / 1000000000u);
	wait.tv_nsec = (long)(left % 1000000000u);
	ppoll(fds, 2, due == UINT64_MAX ? NULL : &wait, signals);
}

static void run(struct relay *relay, const sigset_t *signals)
{
	while (!ended) {
		for (unsigned i = 0; i < 2; i++)
			read_end(&relay->end[i]);
		for (unsigned i = 0; i < 2; i++)
			write_due(&relay->end[i].way, relay->end[!i].fd);
		if (asked) {
			asked = 0;
			print(relay);
		}
		sleep_until(relay, signals);
	}
	print(relay);
}

static int usage(void)
{
	fputs("usage: relay [--mtu BYTES] [--seed N] [--delay MS]\n"
	      "             [--loss PERCENT] [--double PERCENT] [--hold PERCENT] [--behind "
	      "PACKETS]\n"
	      "             NAMESPACE-FILE:DEVICE NAMESPACE-FILE:DEVICE\n",
	      stderr);
	return 2;
}

/* A number from 0 to @most, in parts of @unit; -1 for none. */
static int64_t number(const char *text, double unit, double most)
{
	char *rest;
	double value = strtod(text, &rest);

	return *text && !*rest && value >= 0 && value <= most ? (int64_t)(value * unit + 0.5) : -1;
}

static int read_option(struct way_conf *conf, int option, const char *text)
{
	bool percent = option == 'l' || option == 'd' || option == 'h';
	int64_t value = percent ? number(text, 100, 100) : number(text, 1, 100000);

	switch (option) {
	case 'm':
		conf->mtu = (uint32_t)value;
		return value < 68 || value > WAY_MTU_MAX ? -1 : 0;
	case 's':
		conf->seed = (uint64_t)value;
		break;
	case 't':
		conf->delay_ns = (uint64_t)value * 1000000;
		break;
	case 'l':
		conf->loss = (uint32_t)value;
		break;
	case 'd':
		conf->doubling = (uint32_t)value;
		break;
	case 'h':
		conf->holding = (uint32_t)value;
		break;
	case 'b':
		conf->hold_n = (uint32_t)value;
		break;
	default:
		return -1;
	}
	return value < 0 ? -1 : 0;
}

static int read_end_name(struct end *end, const char *text)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!len || len >= sizeof(end->space) || !colon[1] || strlen(colon + 1) >= IFNAMSIZ)
		return -1;
	memcpy(end->space, text, len);
	memcpy(end->device, colon + 1, strlen(colon + 1));
	return 0;
}

static int read_arguments(struct relay *relay, int argc, char **argv)
{
	static const struct option options[] = {
		{"mtu", required_argument, NULL, 'm'},    {"seed", required_argument, NULL, 's'},
		{"delay", required_argument, NULL, 't'},  {"loss", required_argument, NULL, 'l'},
		{"double", required_argument, NULL, 'd'}, {"hold", required_argument, NULL, 'h'},
		{"behind", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (read_option(&relay->conf, option, optarg ? optarg : ""))
			return -1;
	if (argc - optind != 2)
		return -1;
	return read_end_name(&relay->end[0], argv[optind]) ||
			       read_end_name(&relay->end[1], argv[optind + 1])
		       ? -1
		       : 0;
}

static int open_relay(struct relay *relay)
{
	for (unsigned i = 0; i < 2; i++) {
		struct way_conf conf = relay->conf;

		conf.seed = 2 * conf.seed + i;
		way_init(&relay->end[i].way, &conf);
		if (open_end(&relay->end[i], conf.mtu))
			return -1;
	}
	return 0;
}

/* Signals come while it sleeps, and only then. */
static void hear_signals(sigset_t *before)
{
	struct sigaction action = {.sa_handler = hear};
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, before);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
}

static int serve(struct relay *relay, int argc, char **argv)
{
	sigset_t signals;

	relay->conf = (struct way_conf){.mtu = 1500, .hold_n = 3, .hold_ns = 20000000};
	if (read_arguments(relay, argc, argv))
		return usage();
	hear_signals(&signals);
	if (open_relay(relay))
		return 1;
	puts("relay: ready");
	fflush(stdout);
	run(relay, &signals);
	return 0;
}

int main(int argc, char **argv)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int status = relay ? serve(relay, argc, argv) : 1;

	free(relay);
	return status;
}
