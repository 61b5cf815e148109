/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <liblvs/error.h>

#include "base/byteorder.h"

/* Bursts of route changes must fit; where the larger size is not permitted the usual stays. */
#define RECEIVE_BUFFER (4 << 20)

static void enlarge_buffers(int fd)
{
	int size = RECEIVE_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int lvs_netlink_open(struct lvs_netlink *nl, int bus, const int *groups)
{
	int err;

	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (nl->socket == NULL)
		return lvs_netlink_error(errno);
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	for (; groups != NULL && *groups != 0; groups++) {
		int group = *groups;

		if (mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			goto fail;
	}
	enlarge_buffers(mnl_socket_get_fd(nl->socket));
	nl->portid = mnl_socket_get_portid(nl->socket);
	nl->seq = 1;
	return 0;
fail:
	err = lvs_netlink_error(errno);
	lvs_netlink_close(nl);
	return err;
}

void lvs_netlink_close(struct lvs_netlink *nl)
{
	if (nl->socket != NULL)
		mnl_socket_close(nl->socket);
	nl->socket = NULL;
}

/* The rest of an answer that was given up, a dump's for instance: the next question would take it
 * for its own. */
static void drain(const struct lvs_netlink *nl)
{
	uint8_t buffer[LVS_NETLINK_BUFFER];

	while (recv(mnl_socket_get_fd(nl->socket), buffer, sizeof(buffer), MSG_DONTWAIT) > 0)
		continue;
}

static int read_answer(struct lvs_netlink *nl, uint32_t seq, mnl_cb_t answer, void *user)
{
	uint8_t buffer[LVS_NETLINK_BUFFER];
	int more;

	do {
		ssize_t len = mnl_socket_recvfrom(nl->socket, buffer, sizeof(buffer));

		if (len < 0)
			return lvs_netlink_error(errno);
		more = mnl_cb_run(buffer, (size_t)len, seq, nl->portid, answer, user);
	} while (more > 0);
	return more < 0 ? lvs_netlink_error(errno) : 0;
}

int lvs_netlink_ask(struct lvs_netlink *nl, struct nlmsghdr *request, mnl_cb_t answer, void *user)
{
	int err;

	request->nlmsg_seq = ++nl->seq;
	request->nlmsg_flags |= NLM_F_REQUEST;
	if (mnl_socket_sendto(nl->socket, request, request->nlmsg_len) < 0)
		return lvs_netlink_error(errno);
	err = read_answer(nl, request->nlmsg_seq, answer, user);
	if (err != 0)
		drain(nl);
	return err;
}

int lvs_netlink_dump(struct lvs_netlink *nl, uint16_t type, unsigned family, mnl_cb_t answer,
		     void *user)
{
	uint8_t buffer[256];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *body; /* the longest of the headers that begin with the family */

	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	body = mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	body->rtm_family = (uint8_t)family;
	return lvs_netlink_ask(nl, request, answer, user);
}

int lvs_netlink_error(int error)
{
	switch (error) {
	case 0:
		return 0;
	case EPERM:
	case EACCES:
		return LVS_ERR_PERMISSION;
	case ENOMEM:
		return LVS_ERR_NO_MEMORY;
	case ENODEV:
	case ENXIO:
		return LVS_ERR_NO_DEVICE;
	case EEXIST:
		return LVS_ERR_EXISTS;
	case ENOENT:
	case ESRCH:
	case EADDRNOTAVAIL:
		return LVS_ERR_NO_ENTRY;
	case EINVAL:
		return LVS_ERR_INVALID;
	case EOPNOTSUPP:
	case EPROTONOSUPPORT:
	case EAFNOSUPPORT:
		return LVS_ERR_UNSUPPORTED;
	case EBUSY:
	case EINTR: /* a dump that was interrupted by a change */
		return LVS_ERR_BUSY;
	default:
		return LVS_ERR_IO;
	}
}

void lvs_netlink_put_addr(struct nlmsghdr *message, uint16_t type, unsigned family,
			  const union lvs_addr *addr)
{
	mnl_attr_put(message, type, lvs_addr_len(family), addr->byte);
}

int lvs_netlink_get_addr(const struct nlattr *attr, unsigned family, union lvs_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (mnl_attr_get_payload_len(attr) < lvs_addr_len(family))
		return 0;
	memcpy(addr->byte, mnl_attr_get_payload(attr), lvs_addr_len(family));
	return 1;
}
