/* SPDX-License-Identifier: BSD-2-Clause */
/* The TUN device through which inner packets reach the host; it goes when it is closed. */
#ifndef DECAP_TUN_H
#define DECAP_TUN_H

#include "address.h"
#include "count.h"
#include "inner.h"

/* Makes the device, still down. Returns its descriptor, or -1 with a line on stderr. */
int tun_open(const char *name, unsigned mtu);

/* Brings it up. Returns 0, or -1 with a line on stderr. */
int tun_up(const char *name);

/* Whether an interface of that name is up. */
bool tun_is_up(const char *name);

/* Puts the i-th service address on it. Returns 0, or -1 with a line on stderr. */
int tun_add_address(const char *name, unsigned i, const struct address *address);

/* Hands a packet to the host, and counts. */
void tun_send(int fd, struct inner_packet *inner, unsigned mtu, struct decap_counts *counts);

#endif
