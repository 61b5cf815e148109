/* SPDX-License-Identifier: BSD-2-Clause */
#include "redirect.h"
#include "real.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { FDS = 65536 };

/* Netlink port + 1 of those that lead to lvsd, 0: another's. Whole words, each its descriptor's
 * user's; relaxed, as a descriptor is handed from thread to thread by other means. */
static _Atomic uint64_t port_of[FDS];

static bool in_range(int fd)
{
	return fd >= 0 && fd < FDS;
}

const char *redirect_path(void)
{
	const char *path = getenv("LVS_RUN_CONTROL");

	return path && path[0] ? path : "/run/lvsd/control";
}

int redirect_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const char *path = redirect_path();
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = REAL(socket)(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (REAL(connect)(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	error = errno;
	REAL(close)(fd);
	errno = error;
	return -1;
}

bool redirect_is(int fd)
{
	return in_range(fd) && atomic_load_explicit(&port_of[fd], memory_order_relaxed) != 0;
}

uint32_t redirect_port(int fd)
{
	return (uint32_t)(atomic_load_explicit(&port_of[fd], memory_order_relaxed) - 1);
}

void redirect_forget(int fd)
{
	if (in_range(fd))
		atomic_store_explicit(&port_of[fd], 0, memory_order_relaxed);
}

static bool is_generic_netlink(int fd)
{
	int domain = 0, protocol = 0;
	socklen_t len = sizeof(domain);

	return REAL(getsockopt)(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	       domain == AF_NETLINK &&
	       REAL(getsockopt)(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_GENERIC;
}

/* A question for the number of the family IPVS: its attributes, one behind the other. */
static bool asks_for_ipvs(const char *bytes, size_t len)
{
	struct nlmsghdr header;
	struct genlmsghdr genl;
	struct nlattr attr;
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;

	if (len < at)
		return false;
	memcpy(&header, bytes, sizeof(header));
	memcpy(&genl, bytes + NLMSG_HDRLEN, sizeof(genl));
	if (header.nlmsg_type != GENL_ID_CTRL || genl.cmd != CTRL_CMD_GETFAMILY)
		return false;
	for (; at + NLA_HDRLEN <= len; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, bytes + at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > len - at)
			return false;
		if ((attr.nla_type & NLA_TYPE_MASK) == CTRL_ATTR_FAMILY_NAME)
			return attr.nla_len >= NLA_HDRLEN + 5 &&
			       !memcmp(bytes + at + NLA_HDRLEN, "IPVS", 5);
	}
	return false;
}

static uint32_t read_port(int fd)
{
	struct sockaddr_nl addr = {0};
	socklen_t len = sizeof(addr);

	return REAL(getsockname)(fd, (struct sockaddr *)&addr, &len) == 0 ? addr.nl_pid : 0;
}

/* The connection takes the socket's number, and what goes with that. */
static int take_number(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	int cloexec = fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0;
	int lvsd = redirect_connect();
	int err;

	if (lvsd < 0)
		return -1;
	err = REAL(dup3)(lvsd, fd, cloexec);
	REAL(close)(lvsd);
	if (err < 0)
		return -1;
	if (flags >= 0 && flags & O_NONBLOCK)
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return 0;
}

int redirect_look(int fd, const struct iovec *iov, size_t iov_n)
{
	uint32_t port;

	if (!in_range(fd) || redirect_is(fd))
		return redirect_is(fd);
	if (iov_n != 1 || !asks_for_ipvs(iov->iov_base, iov->iov_len) || !is_generic_netlink(fd))
		return 0;
	port = read_port(fd);
	if (take_number(fd) < 0)
		return -1;
	atomic_store_explicit(&port_of[fd], (uint64_t)port + 1, memory_order_relaxed);
	return 1;
}

int redirect_again(int fd)
{
	return take_number(fd);
}
