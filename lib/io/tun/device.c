/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/tun/device.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/io_log.h"

int lvs_tun_failed(const struct lvs_tun *tun, const char *what)
{
	int err = errno;

	lvs_io_log(tun->log, LVS_LOG_ERROR, "%s: TUN %s: %s: %s", tun->who, tun->name, what,
		   strerror(err));
	return lvs_io_error(err);
}

bool lvs_tun_name(struct lvs_tun *tun, const char *name)
{
	size_t len = strlen(name);

	memset(tun->name, 0, sizeof(tun->name));
	if (!len || len >= sizeof(tun->name) || strpbrk(name, "/: \t\n,") || !strcmp(name, ".") ||
	    !strcmp(name, ".."))
		return false;
	memcpy(tun->name, name, len);
	return true;
}

static struct ifreq request_for(const struct lvs_tun *tun)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, tun->name, sizeof(tun->name));
	return request;
}

int lvs_tun_open(struct lvs_tun *tun, unsigned flags)
{
	struct ifreq request = request_for(tun);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return lvs_tun_failed(tun, "cannot open /dev/net/tun");
	request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | flags);
	if (ioctl(fd, TUNSETIFF, &request)) {
		int err = lvs_tun_failed(tun, "TUNSETIFF");

		close(fd);
		return err;
	}
	memcpy(tun->name, request.ifr_name, sizeof(tun->name));
	return fd;
}

/* A sysctl of the interface; @family is "ipv4" or "ipv6". */
static int open_setting(const char *family, const char *name, const char *key, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, key);
	return open(path, flags | O_CLOEXEC);
}

static int read_digit(const char *family, const char *name, const char *key)
{
	char digit = 0;
	int fd = open_setting(family, name, key, O_RDONLY);

	if (fd < 0)
		return -1;
	if (read(fd, &digit, 1) != 1)
		digit = 0;
	close(fd);
	return digit >= '0' && digit <= '9' ? digit - '0' : -1;
}

int lvs_tun_set(const struct lvs_tun *tun, const char *family, const char *key, char digit)
{
	int fd = open_setting(family, tun->name, key, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		return -1;
	written = write(fd, &digit, 1);
	close(fd);
	return written == 1 ? 0 : -1;
}

/* Sends a request to the kernel, in a buffer of @room bytes that takes its answer; 0, or -1 with
 * errno set. */
static int ask_bound(struct mnl_socket *netlink, struct nlmsghdr *request, size_t room)
{
	ssize_t got;

	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		return -1;
	got = mnl_socket_recvfrom(netlink, request, room);
	if (got < 0 ||
	    mnl_cb_run(request, (size_t)got, 0, mnl_socket_get_portid(netlink), NULL, NULL) < 0)
		return -1;
	return 0;
}

static int ask_kernel(struct nlmsghdr *request, size_t room)
{
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int err, why;

	if (!netlink)
		return -1;
	err = ask_bound(netlink, request, room);
	why = errno;
	mnl_socket_close(netlink);
	errno = why;
	return err;
}

/* Gives the interface the dummy address 192.0.0.8 (RFC 7600); 0, or -1 with errno set. */
static int add_dummy_address(const char *name)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body;

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ifa_family = AF_INET;
	body->ifa_prefixlen = 32;
	body->ifa_scope = RT_SCOPE_HOST; /* never the source of the host's own packets */
	body->ifa_index = if_nametoindex(name);
	mnl_attr_put_u32(request, IFA_LOCAL, lvs_htonl(0xc0000008));
	return ask_kernel(request, sizeof(buffer));
}

/*
 * The kernel takes the larger of "all" and the interface's own value: where "all"
 * is strict (1) the most that can be had is loose (2), and that believes nothing
 * on an interface without an address.
 */
void lvs_tun_quieten(const struct lvs_tun *tun)
{
	bool filtered = read_digit("ipv4", "all", "rp_filter") > 0;

	if (lvs_tun_set(tun, "ipv4", "rp_filter", filtered ? '2' : '0') ||
	    (filtered && add_dummy_address(tun->name)))
		lvs_io_log(tun->log, LVS_LOG_WARNING,
			   "%s: TUN %s: cannot loosen its reverse path filter: %s; the host "
			   "may drop what it is given back",
			   tun->who, tun->name, strerror(errno));
	/* No link-local address, so that the host says nothing into it. No IPv6: no matter. */
	(void)lvs_tun_set(tun, "ipv6", "addr_gen_mode", '1');
}

/* An ioctl on the device, through any socket. */
static int device_ioctl(const struct lvs_tun *tun, unsigned long command, const char *what,
			struct ifreq *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return lvs_tun_failed(tun, "socket");
	if (ioctl(fd, command, request))
		err = lvs_tun_failed(tun, what);
	close(fd);
	return err;
}

int lvs_tun_set_mtu(const struct lvs_tun *tun, unsigned mtu)
{
	struct ifreq request = request_for(tun);

	request.ifr_mtu = (int)mtu;
	return device_ioctl(tun, SIOCSIFMTU, "cannot set its MTU", &request);
}

int lvs_tun_get_mtu(const struct lvs_tun *tun, unsigned *mtu)
{
	struct ifreq request = request_for(tun);
	int err = device_ioctl(tun, SIOCGIFMTU, "cannot read its MTU", &request);

	*mtu = err ? 0 : (unsigned)request.ifr_mtu;
	return err;
}

/* By netlink: the ioctl wants the rights of the initial namespace, wherever the device is. */
int lvs_tun_set_queue(const struct lvs_tun *tun, unsigned packets)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	request->nlmsg_type = RTM_NEWLINK;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, tun->name);
	mnl_attr_put_u32(request, IFLA_TXQLEN, packets);
	return ask_kernel(request, sizeof(buffer))
		       ? lvs_tun_failed(tun, "cannot set its queue's length")
		       : 0;
}

int lvs_tun_bring_up(const struct lvs_tun *tun)
{
	struct ifreq request = request_for(tun);
	int err = device_ioctl(tun, SIOCGIFFLAGS, "SIOCGIFFLAGS", &request);

	if (err)
		return err;
	request.ifr_flags |= IFF_UP;
	return device_ioctl(tun, SIOCSIFFLAGS, "cannot be brought up", &request);
}
