/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lvs-decap: the tunnel end of a real server whose kernel has none.
 *
 *     director ==IPIP, GUE, GRE==> sockets -> checks -> TUN -> the host's own stack
 *                                                                |
 *     client <------------------ the reply, straight ------------+
 */
#include "loop.h"
#include "options.h"
#include "outer.h"
#include "sysctl.h"
#include "tun.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* From here on these signals wait until they are read. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	/* A reader of the output who goes away is no reason to leave the host as it is. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		fprintf(stderr, "lvs-decap: signalfd: %s\n", strerror(errno));
	return fd;
}

/* Two tunnel ends would hand every packet to the host twice. */
static int refuse_kernel_tunnel(const struct options *options)
{
	static const struct {
		const char *name;
		bool gre;
	} devices[] = {{"tunl0", false},
		       {"sit0", false},
		       {"ip6tnl0", false},
		       {"gre0", true},
		       {"ip6gre0", true}};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if ((!devices[i].gre || options->gre) && tun_is_up(devices[i].name)) {
			fprintf(stderr, "lvs-decap: %s is up: this kernel is a tunnel end itself\n",
				devices[i].name);
			return -1;
		}
	}
	return 0;
}

static bool has_ipv4(const struct address_list *list)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->address[i].family == AF_INET)
			return true;
	return false;
}

/* ARP first: at no moment may the host answer for an address of the director's. */
static int set_up(const struct options *options, struct sysctl_log *log)
{
	if (!options->no_sysctl && has_ipv4(&options->address) && sysctl_set_arp(log) < 0)
		return -1;
	if (!options->no_sysctl && sysctl_set_device(options->tun) < 0)
		return -1;
	if (tun_up(options->tun) < 0)
		return -1;
	for (unsigned i = 0; i < options->address.n; i++)
		if (tun_add_address(options->tun, i, &options->address.address[i]) < 0)
			return -1;
	return 0;
}

static int run(const struct options *options, int signal_fd, int tun)
{
	struct outer_socket sockets[OUTER_SOCKETS];
	struct decap_counts counts = {0};
	struct sysctl_log log = {0};
	int failed = -1;

	if (set_up(options, &log) == 0 && outer_open(options, sockets) == 0) {
		if (!options->from.n)
			fprintf(stderr, "lvs-decap: without --from any host may send packets in\n");
		fprintf(stderr, "lvs-decap: ready on %s\n", options->tun);
		failed = loop_run(options, sockets, tun, signal_fd, &counts);
		fprintf(stderr, "lvs-decap: %llu packets in, %llu out\n",
			(unsigned long long)counts.n[DECAP_in],
			(unsigned long long)counts.n[DECAP_out]);
		outer_close(sockets);
	}
	/* The device goes, and its addresses with it, before the host may answer ARP again. */
	close(tun);
	sysctl_restore(&log);
	return failed;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = options_read(argc, argv, &options);
	int signal_fd, tun;

	if (status >= 0)
		return status;
	signal_fd = open_signals();
	if (signal_fd < 0 || refuse_kernel_tunnel(&options) < 0)
		return EXIT_FAILURE;
	tun = tun_open(options.tun, options.mtu);
	if (tun < 0)
		return EXIT_FAILURE;
	return run(&options, signal_fd, tun) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
