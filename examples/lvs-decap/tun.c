/* SPDX-License-Identifier: BSD-2-Clause */
#include "tun.h"
#include "offload.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
/* After netinet/in.h, which it then leaves alone. */
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static int fail(const char *name, const char *what)
{
	fprintf(stderr, "lvs-decap: %s: %s: %s\n", name, what, strerror(errno));
	return -1;
}

static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return request;
}

/* An ioctl on a device, through any socket of the family. */
static int device_ioctl(int family, unsigned long command, void *request)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int failed, saved;

	if (fd < 0)
		return -1;
	failed = ioctl(fd, command, request);
	saved = errno;
	close(fd);
	errno = saved;
	return failed;
}

int tun_open(const char *name, unsigned mtu)
{
	struct ifreq request = request_for(name);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fail("/dev/net/tun", "open");
	request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL);
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		fail(name, "making the device");
		close(fd);
		return -1;
	}
	request = request_for(name);
	request.ifr_mtu = (int)mtu;
	if (device_ioctl(AF_INET, SIOCSIFMTU, &request) < 0) {
		fail(name, "setting the MTU");
		close(fd);
		return -1;
	}
	return fd;
}

int tun_up(const char *name)
{
	struct ifreq request = request_for(name);

	if (device_ioctl(AF_INET, SIOCGIFFLAGS, &request) < 0)
		return fail(name, "reading flags");
	request.ifr_flags |= IFF_UP;
	if (device_ioctl(AF_INET, SIOCSIFFLAGS, &request) < 0)
		return fail(name, "bringing it up");
	return 0;
}

bool tun_is_up(const char *name)
{
	struct ifreq request = request_for(name);

	return device_ioctl(AF_INET, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP;
}

/* A further address needs a label of its own, "name:1"; a point-to-point device makes it /32. */
static int add_ipv4(const char *name, unsigned i, const struct address *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct ifreq request = {0};

	/* Fits: options.c saw to the name's length, and i is below ADDRESS_LIST_MAX. */
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%.11s:%u", name, i % 100);
	memcpy(&in.sin_addr, address->byte, sizeof(in.sin_addr));
	memcpy(&request.ifr_addr, &in, sizeof(in));
	return device_ioctl(AF_INET, SIOCSIFADDR, &request);
}

static int add_ipv6(const char *name, const struct address *address)
{
	struct in6_ifreq request = {
		.ifr6_prefixlen = 128,
		.ifr6_ifindex = (int)if_nametoindex(name),
	};

	memcpy(&request.ifr6_addr, address->byte, sizeof(request.ifr6_addr));
	return device_ioctl(AF_INET6, SIOCSIFADDR, &request);
}

int tun_add_address(const char *name, unsigned i, const struct address *address)
{
	int failed =
		address->family == AF_INET ? add_ipv4(name, i, address) : add_ipv6(name, address);

	return failed ? fail(name, "adding an address of --address") : 0;
}

void tun_send(int fd, struct inner_packet *inner, unsigned mtu, struct decap_counts *counts)
{
	struct virtio_net_hdr header;
	struct iovec piece[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = inner->ip, .iov_len = inner->len},
	};

	offload_describe(inner, mtu, &header, counts);
	if (writev(fd, piece, 2) < 0)
		counts->n[DECAP_refused]++;
	else
		counts->n[DECAP_out]++;
}
