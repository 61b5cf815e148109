/* SPDX-License-Identifier: BSD-2-Clause */
/* Packet sockets that see other hosts' ARP and neighbour discovery. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "io/host/state.h"

#define FRAMES_A_CALL 256

/* ICMPv6 neighbour solicitations and advertisements, without extension headers; others would cost
 * a copy each on a busy link. */
static int filter_nd(int fd)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LVS_ICMPV6, 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14 + 40),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 135, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 136, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 256),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_filter copy[LVS_ARRAY_N(code)];
	struct sock_fprog program = {.len = LVS_ARRAY_N(code), .filter = copy};

	memcpy(copy, code, sizeof(code));
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* Made for no protocol, so that nothing comes before the filter and the interface are set. */
static int open_socket(uint32_t ifindex, uint16_t protocol)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
		.sll_ifindex = (int)ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return lvs_netlink_error(errno);
	if ((protocol == ETH_P_IPV6 && filter_nd(fd) < 0) ||
	    bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = lvs_netlink_error(errno);
		close(fd);
		return err;
	}
	return fd;
}

void lvs_watch_close(struct lvs_watch *watch)
{
	if (watch->arp >= 0)
		close(watch->arp);
	if (watch->nd >= 0)
		close(watch->nd);
	watch->arp = -1;
	watch->nd = -1;
}

static const struct lvs_watch *find_watch(const struct lvs_host *host, uint32_t ifindex)
{
	for (unsigned i = 0; i < host->services.watches_n; i++)
		if (host->services.watch[i].ifindex == ifindex)
			return &host->services.watch[i];
	return NULL;
}

int lvs_watch_open(struct lvs_host *host, uint32_t ifindex)
{
	struct lvs_services *services = &host->services;
	struct lvs_watch watch = {.ifindex = ifindex};
	struct lvs_watch *grown;
	int err;

	if (find_watch(host, ifindex) != NULL)
		return 0;
	grown = realloc(services->watch, (services->watches_n + 1) * sizeof(*grown));
	if (grown == NULL)
		return LVS_ERR_NO_MEMORY;
	services->watch = grown;
	watch.arp = open_socket(ifindex, ETH_P_ARP);
	watch.nd = open_socket(ifindex, ETH_P_IPV6);
	err = watch.arp < 0 ? watch.arp : watch.nd < 0 ? watch.nd : 0;
	if (err == 0)
		err = lvs_host_watch_fd(host, watch.arp);
	if (err == 0)
		err = lvs_host_watch_fd(host, watch.nd);
	if (err != 0) {
		lvs_watch_close(&watch);
		return err;
	}
	grown[services->watches_n++] = watch;
	return 0;
}

void lvs_watch_follow(struct lvs_host *host)
{
	struct lvs_services *services = &host->services;
	unsigned kept = 0;

	for (unsigned i = 0; i < services->watches_n; i++) {
		if (lvs_ifaces_find(&host->ifaces, services->watch[i].ifindex) != NULL)
			services->watch[kept++] = services->watch[i];
		else
			lvs_watch_close(&services->watch[i]);
	}
	services->watches_n = kept;
}

void lvs_watch_send(const struct lvs_host *host, uint32_t ifindex, unsigned family,
		    const uint8_t *frame, size_t len)
{
	const struct lvs_watch *watch = find_watch(host, ifindex);

	if (watch != NULL)
		(void)send(family == LVS_INET6 ? watch->nd : watch->arp, frame, len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void read_socket(struct lvs_host *host, uint32_t ifindex, int fd)
{
	for (unsigned i = 0; i < FRAMES_A_CALL; i++) {
		uint8_t frame[256];
		struct lvs_claim claim;
		struct sockaddr_ll from = {0};
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(fd, frame, sizeof(frame), MSG_DONTWAIT,
				       (struct sockaddr *)&from, &from_len);

		if (len < 0)
			return;
		/* As the kernel: another host's, which is what a frame of an unknown VLAN is, too.
		 */
		if (from.sll_pkttype != PACKET_OTHERHOST &&
		    lvs_frame_read(frame, (size_t)len, &claim) &&
		    !lvs_ifaces_own_mac(&host->ifaces, claim.mac))
			lvs_services_claimed(host, ifindex, &claim);
	}
}

void lvs_watch_read(struct lvs_host *host)
{
	/* By number: a callback may add an address, which may open another. */
	for (unsigned i = 0; i < host->services.watches_n; i++) {
		struct lvs_watch watch = host->services.watch[i];

		read_socket(host, watch.ifindex, watch.arp);
		read_socket(host, watch.ifindex, watch.nd);
	}
}
