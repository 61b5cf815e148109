/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two hosts in the guest, a client and a server, whose links the other end of the control line
 * holds: it carries their frames, and may put something between them.
 *
 * Lines that come:
 *	ip <host> <argument>...        iproute2 there; answered by "status"
 *	sysctl <host> <name> <value>   the same
 *	serve <port>                   a TCP server on the server: see talk.h
 *	talk <address> <port> <up> <down>   a client of it; answered by "talked"
 *	in <interface> <hex>           a frame
 *	end
 * Lines that go: "out <interface> <hex>", "status <number>", "talked <number>", "text <line>".
 * The client has c0; the server has s0, and p0 for what it sends by another way.
 */
#ifndef AGENT_BRIDGE_H
#define AGENT_BRIDGE_H

#include <stdio.h>

/* Until "end" comes. Nothing may have been read of the line beyond what led here. */
void bridge(int in, FILE *out);

#endif
