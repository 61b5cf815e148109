/* SPDX-License-Identifier: BSD-2-Clause */
#include "adapters/choice.h"

#include <stdio.h>
#include <string.h>

enum {
	/* With XDP a frame lies in one page, with room around it and what the kernel keeps there.
	 */
	MTU_MAX = 3498,
};

/* Drivers whose XDP hands frames over without a copy, at the queue. */
static bool is_zero_copy(const char *driver)
{
	static const char *const known[] = {"i40e", "ice",       "igb", "igc",    "ixgbe",
					    "gve",  "mlx5_core", "nfp", "st_gmac"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(driver, known[i]))
			return true;
	return false;
}

/* Between machines that share a kernel. */
static bool is_veth(const char *driver)
{
	return !strcmp(driver, "veth");
}

/* What is said against xdp at an interface; NULL: nothing. */
static const char *against(const struct choice_port *port, unsigned worker_n)
{
	if (!port->there)
		return "is not there, and what it can do is not known";
	if (!port->ethernet)
		return "is not Ethernet";
	if (port->vlans)
		return "carries VLANs, whose frames AF_XDP may not tell from its own";
	if (port->mtu > MTU_MAX)
		return "has an MTU that is too long for AF_XDP";
	if (port->queue_n < worker_n)
		return "has fewer receive queues than there are workers";
	if (is_zero_copy(port->driver))
		return NULL;
	if (!is_veth(port->driver))
		return "has a driver that would copy for AF_XDP";
	return port->super_packets ? "carries super-packets, which AF_XDP would have cut" : NULL;
}

static const char *in_favour(const struct choice_port *port)
{
	return is_veth(port->driver) ? "has XDP and no segmentation offloads"
				     : "hands frames to AF_XDP without a copy";
}

static bool say(const struct choice_port *port, const char *what, char *why, size_t why_len)
{
	snprintf(why, why_len, "%s%s%s%s %s", port->name, port->driver[0] ? " (" : "", port->driver,
		 port->driver[0] ? ")" : "", what);
	return true;
}

bool choice_is_xdp(const struct choice_ask *ask, char *why, size_t why_len)
{
	if (ask->no_xdp || !ask->port_n) {
		snprintf(why, why_len, "%s", ask->no_xdp ? ask->no_xdp : "no interface is named");
		return false;
	}
	for (unsigned i = 0; i < ask->port_n; i++) {
		const char *what = against(&ask->port[i], ask->worker_n);

		if (what)
			return !say(&ask->port[i], what, why, why_len);
	}
	return say(&ask->port[0], in_favour(&ask->port[0]), why, why_len);
}
