/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/socket.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/byteorder.h"
#include "io/io_log.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif
#ifndef ARPHRD_RAWIP
#define ARPHRD_RAWIP 519
#endif

enum {
	RECEIVE_BUFFER = 16 << 20, /* bytes of packets that are too long for the ring */
	RINGS = 16 << 20,          /* bytes of all workers' rings at an interface */
};

static int failed(const struct lvs_afp_socket *socket, const struct lvs_io_conf *conf,
		  const char *what)
{
	int err = errno;

	lvs_io_log(&conf->log, LVS_LOG_ERROR, "packet: interface %s: %s: %s", socket->name, what,
		   strerror(err));
	return lvs_io_error(err);
}

static int ask(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf, unsigned long request,
	       const char *what, struct ifreq *answer)
{
	memset(answer, 0, sizeof(*answer));
	memcpy(answer->ifr_name, socket->name, sizeof(socket->name));
	return ioctl(socket->fd, request, answer) ? failed(socket, conf, what) : 0;
}

/* Number, MTU and the length of the link-layer header. */
static int read_interface(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	struct ifreq answer;
	int err = ask(socket, conf, SIOCGIFINDEX, "no such interface", &answer);

	if (err)
		return err;
	socket->ifindex = (uint32_t)answer.ifr_ifindex;
	err = ask(socket, conf, SIOCGIFMTU, "MTU", &answer);
	if (err)
		return err;
	socket->mtu = (uint32_t)answer.ifr_mtu;
	err = ask(socket, conf, SIOCGIFHWADDR, "link-layer address", &answer);
	if (err)
		return err;
	switch (answer.ifr_hwaddr.sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		socket->link_len = ETH_HLEN;
		return 0;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
		return 0;
	default:
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "packet: interface %s: hardware type %u; expected Ethernet (1) or none",
			   socket->name, answer.ifr_hwaddr.sa_family);
		return LVS_ERR_UNSUPPORTED;
	}
}

static int set_options(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	static const struct {
		int option;
		const char *name;
	} needed[] = {
		{PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING (Linux 4.20)"},
		{PACKET_VNET_HDR, "PACKET_VNET_HDR"},
	};
	int one = 1, size = RECEIVE_BUFFER;

	for (unsigned i = 0; i < LVS_ARRAY_N(needed); i++)
		if (setsockopt(socket->fd, SOL_PACKET, needed[i].option, &one, sizeof(one)))
			return failed(socket, conf, needed[i].name);
	/* Beyond the limit for everybody where that is permitted. */
	if (setsockopt(socket->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(socket->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

/*
 * Shares the interface with the other workers' sockets: by flow, of which fragments show the
 * addresses alone, so that those of a datagram stay together; or by processor. The group's
 * number is the same for them, another for each interface, and another program's
 * is hardly the same.
 */
static int join_group(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	uint32_t group = conf->group ? conf->group : (uint32_t)getpid();
	uint32_t id = (group * 40503u + socket->ifindex) & 0xffff;
	uint32_t mode = conf->flags & LVS_IO_BY_CPU ? PACKET_FANOUT_CPU : PACKET_FANOUT_HASH;
	int fanout = (int)(id | mode << 16);

	if (conf->worker_n < 2)
		return 0;
	if (setsockopt(socket->fd, SOL_PACKET, PACKET_FANOUT, &fanout, sizeof(fanout)))
		return failed(socket, conf, "PACKET_FANOUT");
	return 0;
}

static int open_ring(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	size_t len = RINGS / conf->worker_n;

	return lvs_afp_ring_open(&socket->ring, socket->fd, socket->mtu, len)
		       ? failed(socket, conf, "PACKET_RX_RING")
		       : 0;
}

static int bind_to(struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = lvs_htons(ETH_P_ALL),
		.sll_ifindex = (int)socket->ifindex,
	};
	const struct sockaddr *generic = (const void *)&address;

	return bind(socket->fd, generic, sizeof(address)) ? failed(socket, conf, "bind") : 0;
}

/*
 * A group takes bound sockets only, and a bound one that is not in it yet gets
 * what goes to the others as well: until then it lets nothing in.
 */
static int keep_out(const struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {.len = 1, .filter = &drop};

	if (conf->worker_n < 2)
		return 0;
	if (setsockopt(socket->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		return failed(socket, conf, "SO_ATTACH_FILTER");
	return 0;
}

static int let_in(const struct lvs_afp_socket *socket, const struct lvs_io_conf *conf)
{
	int unused = 0;

	if (conf->worker_n < 2)
		return 0;
	if (setsockopt(socket->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)))
		return failed(socket, conf, "SO_DETACH_FILTER");
	return 0;
}

int lvs_afp_socket_open(struct lvs_afp_socket *opened, const struct lvs_io_conf *conf)
{
	int err;

	/* Protocol 0: nothing comes before it is bound, and then from this interface alone. */
	opened->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (opened->fd < 0)
		return failed(opened, conf,
			      errno == EPERM ? "socket (needs CAP_NET_RAW)" : "socket");
	err = read_interface(opened, conf);
	if (!err)
		err = set_options(opened, conf);
	if (!err)
		err = open_ring(opened, conf);
	if (!err)
		err = keep_out(opened, conf);
	if (!err)
		err = bind_to(opened, conf);
	if (!err)
		err = join_group(opened, conf);
	if (!err)
		err = let_in(opened, conf);
	if (err) {
		lvs_afp_ring_close(&opened->ring);
		close(opened->fd);
		opened->fd = -1;
	}
	return err;
}
