/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/forwarding.h"
#include "log.h"

#include <stdio.h>

static bool has_ipv6(const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++)
		if (rules->service[i].key.family == LVS_INET6)
			return true;
	for (size_t i = 0; i < rules->dest_n; i++)
		if (rules->dest[i].key.family == LVS_INET6)
			return true;
	return false;
}

/* There is none by interface: the kernel asks "all". */
static int set_ipv6(const struct lvsd *lvsd)
{
	int err = lvs_host_sysctl_set(lvsd->host, "net/ipv6/conf/all/forwarding", "1");

	return err == LVS_ERR_NO_ENTRY ? 0 : err; /* a host without IPv6 */
}

/* The way into the TUN is forwarding; only where packets are to come in. */
static int set_interfaces(const struct lvsd *lvsd)
{
	for (unsigned i = 0; i < lvsd->options.interface_n; i++) {
		char path[64];
		int err;

		snprintf(path, sizeof(path), "net/ipv4/conf/%s/forwarding",
			 lvsd->options.interface[i]);
		err = lvs_host_sysctl_set(lvsd->host, path, "1");
		if (err)
			return err;
	}
	return has_ipv6(&lvsd->rules) ? set_ipv6(lvsd) : 0;
}

int forwarding_set(const struct lvsd *lvsd)
{
	int err = 0;

	if (!lvsd->host)
		return 0;
	if (lvsd->options.forwarding) {
		err = lvs_host_sysctl_set(lvsd->host, "net/ipv4/ip_forward", "1");
		if (!err)
			err = set_ipv6(lvsd);
	}
	if (!err && lvsd->options.tun[0])
		err = set_interfaces(lvsd);
	if (err)
		log_line(&lvsd->log, LVS_LOG_ERROR, "forwarding: %s", lvs_strerror(err));
	return err;
}
