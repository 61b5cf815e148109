/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet_pass.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/byteorder.h"
#include "io/io_log.h"
#include "io/vnet.h"

static int failed(const struct lvs_log *log, const char *what, const char *name)
{
	int err = errno;

	lvs_io_log(log, LVS_LOG_ERROR, "packet: TUN %s: %s: %s", name, what, strerror(err));
	return lvs_io_error(err);
}

/* A sysctl of the interface; @family is "ipv4" or "ipv6". */
static void sysctl_path(char *path, size_t size, const char *family, const char *name,
			const char *key)
{
	snprintf(path, size, "/proc/sys/net/%s/conf/%s/%s", family, name, key);
}

static int read_digit(const char *family, const char *name, const char *key)
{
	char path[128], digit = 0;
	int fd;

	sysctl_path(path, sizeof(path), family, name, key);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, &digit, 1) != 1)
		digit = 0;
	close(fd);
	return digit >= '0' && digit <= '9' ? digit - '0' : -1;
}

static int write_digit(const char *family, const char *name, const char *key, char digit)
{
	char path[128];
	int fd;
	ssize_t written;

	sysctl_path(path, sizeof(path), family, name, key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, &digit, 1);
	close(fd);
	return written == 1 ? 0 : -1;
}

/* Asks the kernel for IPv4 address @addr of host scope; 0, or -1 with errno set. */
static int put_address(struct mnl_socket *netlink, unsigned ifindex, uint32_t addr)
{
	char buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body;
	ssize_t got;

	request->nlmsg_type = RTM_NEWADDR;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE | NLM_F_ACK;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ifa_family = AF_INET;
	body->ifa_prefixlen = 32;
	body->ifa_scope = RT_SCOPE_HOST; /* never the source of the host's own packets */
	body->ifa_index = ifindex;
	mnl_attr_put_u32(request, IFA_LOCAL, addr);
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		return -1;
	got = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (got < 0 ||
	    mnl_cb_run(buffer, (size_t)got, 0, mnl_socket_get_portid(netlink), NULL, NULL) < 0)
		return -1;
	return 0;
}

/* Gives the interface the dummy address 192.0.0.8 (RFC 7600). */
static int add_dummy_address(const char *name)
{
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int err;

	if (!netlink)
		return -1;
	err = put_address(netlink, if_nametoindex(name), lvs_htonl(0xc0000008));
	mnl_socket_close(netlink);
	return err;
}

/*
 * Packets come through the TUN from everywhere, which the reverse path filter
 * would not believe. The kernel takes the larger of "all" and the interface's own
 * value: where "all" is strict (1) the most that can be had is loose (2), and that
 * believes nothing on an interface without an address.
 */
static void quieten_filters(const char *name, const struct lvs_log *log)
{
	bool filtered = read_digit("ipv4", "all", "rp_filter") > 0;

	if (write_digit("ipv4", name, "rp_filter", filtered ? '2' : '0') ||
	    (filtered && add_dummy_address(name)))
		lvs_io_log(log, LVS_LOG_WARNING,
			   "packet: TUN %s: cannot loosen its reverse path filter: %s; the host "
			   "may drop what it is given back",
			   name, strerror(errno));
	/* No link-local address, so that the host says nothing into it. No IPv6: no matter. */
	(void)write_digit("ipv6", name, "addr_gen_mode", '1');
}

static int bring_up(struct ifreq *request, const struct lvs_log *log)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return failed(log, "socket", request->ifr_name);
	if (ioctl(fd, SIOCGIFFLAGS, request))
		err = failed(log, "SIOCGIFFLAGS", request->ifr_name);
	request->ifr_flags |= IFF_UP;
	if (!err && ioctl(fd, SIOCSIFFLAGS, request))
		err = failed(log, "cannot be brought up", request->ifr_name);
	close(fd);
	return err;
}

int lvs_afp_pass_open(struct lvs_afp_pass *pass, const char *name, const struct lvs_log *log)
{
	struct ifreq request;
	int err;

	memset(&request, 0, sizeof(request));
	if (strlen(name) >= sizeof(request.ifr_name)) {
		lvs_io_log(log, LVS_LOG_ERROR, "packet: TUN %s: expected at most 15 characters",
			   name);
		return LVS_ERR_INVALID;
	}
	memcpy(request.ifr_name, name, strlen(name));
	pass->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (pass->fd < 0)
		return failed(log, "cannot open /dev/net/tun", name);
	request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR);
	if (ioctl(pass->fd, TUNSETIFF, &request)) {
		err = failed(log, "TUNSETIFF", name);
	} else {
		quieten_filters(request.ifr_name, log);
		err = bring_up(&request, log);
	}
	if (err)
		lvs_afp_pass_close(pass);
	return err;
}

void lvs_afp_pass_close(struct lvs_afp_pass *pass)
{
	if (pass->fd >= 0)
		close(pass->fd);
	pass->fd = -1;
}

int lvs_afp_pass_write(struct lvs_afp_pass *pass, const struct lvs_packet *packet)
{
	struct virtio_net_hdr header;
	struct iovec iov[2] = {
		{.iov_base = &header, .iov_len = sizeof(header)},
		{.iov_base = packet->data, .iov_len = packet->len},
	};

	if (packet->linear_len < packet->len)
		return LVS_ERR_INVALID;
	lvs_vnet_write(&header, 0, packet);
	return writev(pass->fd, iov, 2) < 0 ? lvs_io_error(errno) : 0;
}
