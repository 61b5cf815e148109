/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/io_log.h"
#include "xdp/state.h"

static int ask(int fd, const struct lvs_xdp_port *port, unsigned long request, struct ifreq *answer)
{
	memset(answer->ifr_name, 0, sizeof(answer->ifr_name));
	memcpy(answer->ifr_name, port->name, sizeof(port->name));
	return ioctl(fd, request, answer) ? errno : 0;
}

static int ask_ethtool(int fd, const struct lvs_xdp_port *port, void *command)
{
	struct ifreq request = {.ifr_data = command};

	return ask(fd, port, SIOCETHTOOL, &request);
}

/* Its name's length is the kernel's. */
static void read_driver(int fd, struct lvs_xdp_port *port)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ask_ethtool(fd, port, &info) == 0)
		memcpy(port->driver, info.driver, sizeof(port->driver) - 1);
}

/* Those that receive. A driver that cannot tell has one. */
static void read_queues(int fd, struct lvs_xdp_port *port)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	port->queue_n = 0;
	if (ask_ethtool(fd, port, &channels) == 0)
		port->queue_n = channels.combined_count + channels.rx_count;
	if (port->queue_n == 0)
		port->queue_n = 1;
}

/* What may change while it is there. */
struct facts {
	uint32_t ifindex;
	uint32_t mtu;
	uint8_t mac[6];
};

static int read_facts(const struct lvs_xdp *xdp, int fd, const struct lvs_xdp_port *port,
		      struct facts *facts)
{
	struct ifreq answer;
	int err = ask(fd, port, SIOCGIFINDEX, &answer);

	if (err)
		return lvs_xdp_failed(xdp, port->name, "no such interface", err);
	facts->ifindex = (uint32_t)answer.ifr_ifindex;
	err = ask(fd, port, SIOCGIFMTU, &answer);
	if (err)
		return lvs_xdp_failed(xdp, port->name, "MTU", err);
	facts->mtu = (uint32_t)answer.ifr_mtu;
	err = ask(fd, port, SIOCGIFHWADDR, &answer);
	if (err)
		return lvs_xdp_failed(xdp, port->name, "link-layer address", err);
	memcpy(facts->mac, answer.ifr_hwaddr.sa_data, sizeof(facts->mac));
	if (answer.ifr_hwaddr.sa_family == ARPHRD_ETHER)
		return 0;
	lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
		   "xdp: interface %s: hardware type %u; expected Ethernet (1)", port->name,
		   answer.ifr_hwaddr.sa_family);
	return LVS_ERR_UNSUPPORTED;
}

static void take_facts(struct lvs_xdp_port *port, const struct facts *facts)
{
	port->ifindex = facts->ifindex;
	atomic_store_explicit(&port->mtu, facts->mtu, memory_order_relaxed);
	memcpy(port->mac, facts->mac, sizeof(port->mac));
}

/* An abstract name belongs to the network namespace, as the interface does, and goes with the
 * process: a program that is there without it was left by one that crashed. */
static int claim(const struct lvs_xdp *xdp, struct lvs_xdp_port *port)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int len = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "liblvs/xdp/%u",
			   port->ifindex);

	port->claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (port->claim < 0)
		return lvs_xdp_failed(xdp, port->name, "socket", errno);
	if (bind(port->claim, (const void *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return lvs_xdp_failed(xdp, port->name, "bind", errno);
	lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
		   "xdp: interface %s: another director has it, which is alive", port->name);
	return LVS_ERR_BUSY;
}

static int open_with(struct lvs_xdp *xdp, struct lvs_xdp_port *port, int fd)
{
	struct facts facts = {0};
	int err = read_facts(xdp, fd, port, &facts);

	if (err)
		return err;
	take_facts(port, &facts);
	read_driver(fd, port);
	read_queues(fd, port);
	if (port->queue_n >= xdp->conf.worker_n)
		return claim(xdp, port);
	lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
		   "xdp: interface %s has %u receive queues, fewer than %u workers; expected fewer "
		   "workers, or more queues (ethtool -L)",
		   port->name, port->queue_n, xdp->conf.worker_n);
	return LVS_ERR_UNSUPPORTED;
}

int lvs_xdp_port_open(struct lvs_xdp *xdp, struct lvs_xdp_port *port, const char *name)
{
	size_t len = strlen(name);
	int fd, err;

	memset(port, 0, sizeof(*port));
	port->claim = -1;
	if (len == 0 || len >= sizeof(port->name)) {
		lvs_io_log(&xdp->conf.log, LVS_LOG_ERROR,
			   "xdp: interface \"%s\": expected a name of 1 to 15 characters", name);
		return LVS_ERR_INVALID;
	}
	memcpy(port->name, name, len);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return lvs_xdp_failed(xdp, name, "socket", errno);
	err = open_with(xdp, port, fd);
	close(fd);
	if (err)
		lvs_xdp_port_close(port);
	return err;
}

void lvs_xdp_port_close(struct lvs_xdp_port *port)
{
	if (port->claim >= 0)
		close(port->claim);
	port->claim = -1;
}

int lvs_xdp_port_read(const struct lvs_xdp *xdp, struct lvs_xdp_port *port, bool *changed)
{
	struct facts facts = {0};
	int err, fd;

	/* One of the same name is another interface. */
	if (if_nametoindex(port->name) != port->ifindex)
		return LVS_ERR_NO_DEVICE;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return lvs_xdp_failed(xdp, port->name, "socket", errno);
	err = read_facts(xdp, fd, port, &facts);
	close(fd);
	if (err)
		return err;
	if (facts.ifindex != port->ifindex)
		return LVS_ERR_NO_DEVICE;
	*changed = facts.mtu != port->mtu || memcmp(facts.mac, port->mac, sizeof(port->mac)) != 0;
	/* Not its number, which ios read, and which is the same. */
	atomic_store_explicit(&port->mtu, facts.mtu, memory_order_relaxed);
	memcpy(port->mac, facts.mac, sizeof(port->mac));
	return 0;
}
