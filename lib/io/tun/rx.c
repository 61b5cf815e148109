/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading packets that the host routed into the device. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/uio.h>

#include "io/io_batch.h"
#include "io/io_log.h"
#include "io/tun/hop.h"
#include "io/tun/io.h"

enum {
	BUFFER = LVS_TUN_ROOM + LVS_TUN_DATA + LVS_TUN_ROOM,
	FAILURES = 8, /* reads that may fail in one call */
	IPV4_LEN = 20,
	IPV6_LEN = 40,
};

static uint8_t *packet_place(const struct lvs_tun_io *io, unsigned i)
{
	return io->buffers + (size_t)i * BUFFER + LVS_TUN_ROOM;
}

/* Bytes of packet, or -1 with errno set. */
static ssize_t read_packet(const struct lvs_tun_io *io, uint8_t *place, struct virtio_net_hdr *vnet)
{
	struct iovec iov[2] = {
		{.iov_base = vnet, .iov_len = sizeof(*vnet)},
		{.iov_base = place, .iov_len = LVS_TUN_DATA},
	};
	ssize_t len = readv(io->fd, iov, 2);

	return len < (ssize_t)sizeof(*vnet) ? (len < 0 ? -1 : 0) : len - (ssize_t)sizeof(*vnet);
}

/* What the host says into the device of its own accord: reports of multicast groups (RFC 3810). */
static bool is_multicast(const uint8_t *ip)
{
	return ip[0] >> 4 == 6 ? ip[24] == 0xff : ip[16] >> 4 == 0xe;
}

static bool skip(struct lvs_tun_io *io, enum lvs_io_counter why, struct lvs_packet *packet)
{
	lvs_io_count_add(&io->count, why, 1);
	memset(packet, 0, sizeof(*packet));
	return false;
}

/* Whether a packet came with a header that says something; @packet describes it then. */
static bool describe(struct lvs_tun_io *io, uint8_t *place, size_t len,
		     const struct virtio_net_hdr *vnet, struct lvs_packet *packet)
{
	packet->data = place;
	packet->len = packet->linear_len = (uint32_t)len;
	if (len < IPV4_LEN || (place[0] >> 4 == 6 && len < IPV6_LEN) ||
	    !lvs_vnet_read(vnet, 0, packet))
		return skip(io, LVS_IO_COUNT_rx_bad, packet);
	if (is_multicast(place))
		return skip(io, LVS_IO_COUNT_rx_skipped, packet);
	packet->headroom = LVS_TUN_ROOM;
	packet->tailroom = LVS_TUN_ROOM;
	packet->ifindex = io->ifindex;
	/* The host has counted its way into the device. */
	if (!(io->conf.flags & LVS_IO_COUNT_HOPS))
		lvs_tun_hop(place, true);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx, 1);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_bytes, len);
	return true;
}

/* A read failed. False when there is nothing more now. */
static bool take_error(struct lvs_tun_io *io, int err)
{
	if (err == EAGAIN)
		return false;
	if (err == EBADFD || err == EFAULT || err == ENODEV) {
		lvs_io_log(&io->conf.log, LVS_LOG_ERROR, "tun: TUN %s is gone", io->device.name);
		io->gone = true;
		return false;
	}
	/* The kernel cannot put the packet's offload request into words, and drops it. */
	if (err == EINVAL)
		lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_bad, 1);
	else if (err != EINTR)
		lvs_io_log(&io->conf.log, LVS_LOG_WARNING, "tun: TUN %s: read: %s", io->device.name,
			   strerror(err));
	return true;
}

int lvs_tun_rx(void *state, struct lvs_packet *packets, unsigned n)
{
	struct lvs_tun_io *io = state;
	unsigned filled = 0, failures = 0;
	size_t bytes = 0;

	while (filled < n && bytes < LVS_IO_BATCH_LEN && failures < FAILURES && !io->gone) {
		uint8_t *place = packet_place(io, filled);
		struct virtio_net_hdr vnet;
		ssize_t len = read_packet(io, place, &vnet);

		if (len >= 0) {
			bool good = describe(io, place, (size_t)len, &vnet, &packets[filled]);

			bytes += (size_t)len;
			filled += good;
			failures += !good;
		} else if (take_error(io, errno)) {
			failures++;
		} else {
			break;
		}
	}
	return !filled && io->gone ? LVS_ERR_NO_DEVICE : (int)filled;
}

static int read_stats(const struct nlmsghdr *message, void *user)
{
	struct rtnl_link_stats64 stats = {0};
	uint64_t *lost = user;
	struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct ifinfomsg))
	{
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != IFLA_STATS64)
			continue;
		memcpy(&stats, mnl_attr_get_payload(attr),
		       len < sizeof(stats) ? len : sizeof(stats));
		*lost = stats.tx_dropped;
	}
	return MNL_CB_OK;
}

static void ask_stats(struct mnl_socket *netlink, uint32_t ifindex, uint64_t *lost)
{
	uint8_t buffer[16384];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *body;
	ssize_t got;

	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST;
	body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
	body->ifi_index = (int)ifindex;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		return;
	got = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
	if (got > 0)
		(void)mnl_cb_run(buffer, (size_t)got, 0, 0, read_stats, lost);
}

uint64_t lvs_tun_lost(uint32_t ifindex)
{
	struct mnl_socket *netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	uint64_t lost = 0;

	if (!netlink)
		return 0;
	ask_stats(netlink, ifindex, &lost);
	mnl_socket_close(netlink);
	return lost;
}
