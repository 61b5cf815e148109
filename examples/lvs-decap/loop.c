/* SPDX-License-Identifier: BSD-2-Clause */
#include "loop.h"
#include "inner.h"
#include "tun.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	PACKET_MAX = 65536 + 64, /* the longest IP packet, and to see that nothing is longer */
	BUDGET = 64,             /* packets of one socket before the others get their turn */
};

static void print_counts(const struct decap_counts *counts)
{
#define PRINT_COUNT(name, text)                                                                    \
	printf("%-15s %12llu  %s\n", #name, (unsigned long long)counts->n[DECAP_##name], text);
	DECAP_COUNTS(PRINT_COUNT)
#undef PRINT_COUNT
	fflush(stdout);
}

static void handle(const struct options *options, const struct outer_packet *packet,
		   const struct outer_socket *outer, int tun, struct decap_counts *counts)
{
	struct inner_packet inner = {
		.ip = packet->inner, .len = packet->len, .family = outer->inner_family};
	struct address to;

	if (options->from.n && !address_list_has(&options->from, &packet->from)) {
		counts->n[DECAP_not_from]++;
		return;
	}
	if (shim_take(outer->kind, &inner, counts) < 0 || inner_check(&inner, counts) < 0)
		return;
	to = inner_destination(&inner);
	if (options->address.n && !address_list_has(&options->address, &to)) {
		counts->n[DECAP_not_to]++;
		return;
	}
	if (inner_decap_ecn(&inner, packet->ecn, counts) < 0)
		return;
	tun_send(tun, &inner, options->mtu, counts);
}

static void drain(const struct options *options, struct outer_socket *outer, int tun,
		  struct decap_counts *counts)
{
	uint8_t buffer[PACKET_MAX];
	struct outer_packet packet;

	for (int i = 0; i < BUDGET; i++) {
		int got = outer_receive(outer, buffer, sizeof(buffer), &packet, counts);

		if (got < 0)
			return;
		if (got)
			handle(options, &packet, outer, tun, counts);
	}
}

/* Whether to go on. */
static bool handle_signal(int signal_fd, const struct decap_counts *counts)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGUSR1)
		return false;
	print_counts(counts);
	return true;
}

int loop_run(const struct options *options, struct outer_socket *sockets, int tun, int signal_fd,
	     struct decap_counts *counts)
{
	struct pollfd wait[OUTER_SOCKETS + 1];

	/* poll() passes over descriptors below 0. The TUN is not read: nothing is routed there. */
	for (int i = 0; i < OUTER_SOCKETS; i++)
		wait[i] = (struct pollfd){.fd = sockets[i].fd, .events = POLLIN};
	wait[OUTER_SOCKETS] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
	for (;;) {
		if (poll(wait, OUTER_SOCKETS + 1, -1) < 0 && errno != EINTR) {
			fprintf(stderr, "lvs-decap: poll: %s\n", strerror(errno));
			return -1;
		}
		for (int i = 0; i < OUTER_SOCKETS; i++)
			if (wait[i].revents)
				drain(options, &sockets[i], tun, counts);
		if (wait[OUTER_SOCKETS].revents && !handle_signal(signal_fd, counts))
			return 0;
	}
}
