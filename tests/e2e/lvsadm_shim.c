/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into ipvsadm: an IPVS by the old socket options that takes everything and says "asked"
 * on stderr. So ipvsadm's own checks can be seen where the kernel has no IPVS, as anybody.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The real function of that name; where a pointer is wanted, since C tells data from code. */
static void find(void *pointer, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	memcpy(pointer, &found, sizeof(found));
}

static int is_ipvs(int level, int name)
{
	return level == IPPROTO_IP && name >= IP_VS_BASE_CTL && name < IP_VS_BASE_CTL + 32;
}

int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int);

	find(&real, "socket");
	if (domain == AF_NETLINK && protocol == NETLINK_GENERIC) {
		errno = EPROTONOSUPPORT;
		return -1;
	}
	if (domain == AF_INET && (type & 0xf) == SOCK_RAW)
		return real(AF_UNIX, SOCK_DGRAM, 0);
	return real(domain, type, protocol);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	int (*real)(int, int, int, void *, socklen_t *);

	find(&real, "getsockopt");
	if (!is_ipvs(level, name))
		return real(fd, level, name, value, len);
	memset(value, 0, *len);
	if (name == IP_VS_SO_GET_INFO) {
		struct ip_vs_getinfo info = {.version = 0x010201, .size = 4096};

		memcpy(value, &info, sizeof(info) < *len ? sizeof(info) : *len);
		return 0;
	}
	fputs("asked\n", stderr);
	errno = ESRCH;
	return -1;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int (*real)(int, int, int, const void *, socklen_t);

	find(&real, "setsockopt");
	if (!is_ipvs(level, name))
		return real(fd, level, name, value, len);
	fputs("asked\n", stderr);
	return 0;
}
