/* SPDX-License-Identifier: BSD-2-Clause */
/* Which adapter suits the interfaces, where none is named: packet or xdp. */
#ifndef LVSD_CHOICE_H
#define LVSD_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

/* What an interface is and can do. */
struct choice_port {
	char name[16];
	char driver[32];  /* "" where it cannot be had */
	unsigned queue_n; /* that receive */
	unsigned mtu;
	bool there;
	bool ethernet;
	bool super_packets; /* longer than the MTU come or leave: it has segmentation offloads */
	bool vlans;         /* there are VLAN interfaces on it */
};

struct choice_ask {
	const struct choice_port *port;
	unsigned port_n;
	unsigned worker_n;
	/* Why xdp cannot be had or is not wanted at all; NULL: it can. */
	const char *no_xdp;
};

/*
 * Whether it is xdp. `why`: the reason, for a reader, naming the interface that it lies with. A TUN
 * device is never chosen: it takes routes of its own, and has no link layer. Pure.
 */
bool choice_is_xdp(const struct choice_ask *ask, char *why, size_t why_len);

/* Reads what the interface of port->name is and can do. */
void choice_port_read(struct choice_port *port);

/* Why this process cannot use XDP, whatever the interface; NULL: it can. */
const char *choice_no_xdp(void);

#endif
