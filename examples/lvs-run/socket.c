/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls on sockets that matter. A netlink socket's addresses are not those of a UNIX
 * socket: they are left out on the way to lvsd, and made up on the way back.
 */
#include "real.h"
#include "redirect.h"
#include "file.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Where lvsd was there and is not any more, another may be by now. */
static ssize_t send_again(int fd, const struct msghdr *message, int flags)
{
	ssize_t n = REAL(sendmsg)(fd, message, flags | MSG_NOSIGNAL);

	if (n >= 0 || (errno != EPIPE && errno != ECONNRESET && errno != ENOTCONN))
		return n;
	return redirect_again(fd) < 0 ? -1 : REAL(sendmsg)(fd, message, flags | MSG_NOSIGNAL);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct msghdr plain = {0};
	int ours = redirect_look(fd, message->msg_iov, message->msg_iovlen);

	if (ours <= 0)
		return ours < 0 ? -1 : REAL(sendmsg)(fd, message, flags);
	plain.msg_iov = message->msg_iov;
	plain.msg_iovlen = message->msg_iovlen;
	return send_again(fd, &plain, flags);
}

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	union {
		const void *in;
		void *out;
	} cast = {.in = bytes}; /* struct iovec knows no const */
	struct iovec iov = {.iov_base = cast.out, .iov_len = len};
	struct msghdr plain = {.msg_iov = &iov, .msg_iovlen = 1};
	int ours = redirect_look(fd, &iov, 1);

	if (ours <= 0)
		return ours < 0 ? -1 : REAL(sendto)(fd, bytes, len, flags, to, to_len);
	return send_again(fd, &plain, flags);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	return sendto(fd, bytes, len, flags, NULL, 0);
}

/* From the kernel, as it were. */
static void make_up(void *name, socklen_t *len, uint32_t port)
{
	struct sockaddr_nl addr = {.nl_family = AF_NETLINK, .nl_pid = port};

	if (!name || !len)
		return;
	memcpy(name, &addr, *len < sizeof(addr) ? *len : sizeof(addr));
	*len = sizeof(addr);
}

/* A netlink socket has no end: lvsd has gone. */
static ssize_t no_end(ssize_t n)
{
	if (n)
		return n;
	errno = ECONNRESET;
	return -1;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct msghdr plain = {0};
	ssize_t n;

	if (!redirect_is(fd))
		return REAL(recvmsg)(fd, message, flags);
	plain.msg_iov = message->msg_iov;
	plain.msg_iovlen = message->msg_iovlen;
	n = no_end(REAL(recvmsg)(fd, &plain, flags));
	if (n < 0)
		return n;
	make_up(message->msg_name, &message->msg_namelen, 0);
	message->msg_controllen = 0;
	message->msg_flags = plain.msg_flags;
	return n;
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t len, int flags,
		 struct sockaddr *restrict from, socklen_t *restrict from_len)
{
	ssize_t n;

	if (!redirect_is(fd))
		return REAL(recvfrom)(fd, bytes, len, flags, from, from_len);
	n = no_end(REAL(recvfrom)(fd, bytes, len, flags, NULL, NULL));
	if (n >= 0)
		make_up(from, from_len, 0);
	return n;
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	return redirect_is(fd) ? no_end(REAL(recv)(fd, bytes, len, flags))
			       : REAL(recv)(fd, bytes, len, flags);
}

int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	if (!redirect_is(fd))
		return REAL(getsockname)(fd, addr, len);
	make_up(addr, len, redirect_port(fd));
	return 0;
}

/* Options of netlink's mean nothing to lvsd, which does what they ask for. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (redirect_is(fd) && level == SOL_NETLINK)
		return 0;
	if (level == IPPROTO_IP && name >= IP_VS_BASE_CTL && name <= IP_VS_SO_SET_MAX) {
		errno = ENOPROTOOPT; /* the old way in, which needs the kernel's IPVS */
		return -1;
	}
	return REAL(setsockopt)(fd, level, name, value, len);
}

/* Asked of a raw socket: is there an IPVS? */
int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	struct ip_vs_getinfo info = {.version = IP_VS_VERSION_CODE, .size = 4096};
	int lvsd;

	if (level != IPPROTO_IP || name < IP_VS_BASE_CTL || name > IP_VS_SO_GET_MAX)
		return REAL(getsockopt)(fd, level, name, value, len);
	lvsd = name == IP_VS_SO_GET_INFO && *len >= sizeof(info) ? redirect_connect() : -1;
	if (lvsd < 0) {
		errno = ENOPROTOOPT;
		return -1;
	}
	REAL(close)(lvsd);
	memcpy(value, &info, sizeof(info));
	*len = sizeof(info);
	return 0;
}

int close(int fd)
{
	redirect_forget(fd);
	return REAL(close)(fd);
}

int dup2(int from, int to)
{
	if (from != to)
		redirect_forget(to);
	return REAL(dup2)(from, to);
}

int dup3(int from, int to, int flags)
{
	redirect_forget(to);
	return REAL(dup3)(from, to, flags);
}
