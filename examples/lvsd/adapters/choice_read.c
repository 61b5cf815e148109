/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel says of interfaces and of this process, for choice.c. */
#include "adapters/choice.h"

#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool ask(int fd, const char *name, unsigned long request, struct ifreq *answer)
{
	memset(answer->ifr_name, 0, sizeof(answer->ifr_name));
	memcpy(answer->ifr_name, name, strnlen(name, sizeof(answer->ifr_name) - 1));
	return ioctl(fd, request, answer) == 0;
}

static bool ask_ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = {.ifr_data = command};

	return ask(fd, name, SIOCETHTOOL, &request);
}

static bool is_on(int fd, const char *name, uint32_t command)
{
	struct ethtool_value value = {.cmd = command};

	return ask_ethtool(fd, name, &value) && value.data;
}

static void read_driver(int fd, struct choice_port *port)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};

	if (ask_ethtool(fd, port->name, &info))
		memcpy(port->driver, info.driver, sizeof(port->driver) - 1);
}

/* A driver that cannot tell has one. */
static void read_queues(int fd, struct choice_port *port)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (ask_ethtool(fd, port->name, &channels))
		port->queue_n = channels.combined_count + channels.rx_count;
	if (!port->queue_n)
		port->queue_n = 1;
}

static bool is_vlan_on(int fd, const char *vlan, const char *name)
{
	struct vlan_ioctl_args args = {.cmd = GET_VLAN_REALDEV_NAME_CMD};

	memcpy(args.device1, vlan, strnlen(vlan, sizeof(args.device1) - 1));
	return ioctl(fd, SIOCGIFVLAN, &args) == 0 &&
	       !strncmp(args.u.device2, name, sizeof(args.u.device2));
}

static bool has_vlans(int fd, const char *name)
{
	struct if_nameindex *all = if_nameindex();
	bool found = false;

	for (unsigned i = 0; all && all[i].if_index && !found; i++)
		found = is_vlan_on(fd, all[i].if_name, name);
	if_freenameindex(all);
	return found;
}

static void read_with(int fd, struct choice_port *port)
{
	struct ifreq answer;

	port->there = ask(fd, port->name, SIOCGIFMTU, &answer);
	if (!port->there)
		return;
	port->mtu = (unsigned)answer.ifr_mtu;
	port->ethernet = ask(fd, port->name, SIOCGIFHWADDR, &answer) &&
			 answer.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	port->super_packets =
		is_on(fd, port->name, ETHTOOL_GTSO) || is_on(fd, port->name, ETHTOOL_GGSO);
	port->vlans = has_vlans(fd, port->name);
	read_driver(fd, port);
	read_queues(fd, port);
}

void choice_port_read(struct choice_port *port)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	read_with(fd, port);
	close(fd);
}

static bool has(const struct __user_cap_data_struct data[2], unsigned capability)
{
	return data[capability / 32].effective >> capability % 32 & 1;
}

static bool may_use_bpf(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data))
		return false;
	return has(data, CAP_NET_ADMIN) && has(data, CAP_NET_RAW) &&
	       (has(data, CAP_SYS_ADMIN) || (has(data, CAP_BPF) && has(data, CAP_PERFMON)));
}

/* Capabilities of another user namespace do not count for BPF. */
static bool is_first_namespace(void)
{
	char line[64] = "", *at = line;
	FILE *file = fopen("/proc/self/uid_map", "re");
	unsigned long inside, outside, n;

	if (!file)
		return true; /* the kernel will tell */
	(void)!fgets(line, sizeof(line), file);
	fclose(file);
	inside = strtoul(at, &at, 10);
	outside = strtoul(at, &at, 10);
	n = strtoul(at, &at, 10);
	return !inside && !outside && n == UINT32_MAX;
}

const char *choice_no_xdp(void)
{
	if (!may_use_bpf())
		return "xdp needs CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF and CAP_PERFMON";
	return is_first_namespace() ? NULL : "xdp needs the initial user namespace";
}
