/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tunnel packets as they come: one raw socket for each of 4in4, 6in4, 4in6 and 6in6; where they are
 * asked for, one a family for GRE, and for GUE one of UDP.
 */
#ifndef DECAP_OUTER_H
#define DECAP_OUTER_H

#include "address.h"
#include "count.h"
#include "options.h"
#include "shim.h"

#include <stddef.h>

enum { OUTER_SOCKETS = 8 };

struct outer_socket {
	int fd; /* -1: this host has no IPv6, or nobody asked for it */
	enum shim_kind kind;
	uint8_t outer_family;
	uint8_t inner_family; /* 0: each packet says it */
	uint32_t overrun;     /* the kernel's own count, as last told */
};

/* What a tunnel packet holds. */
struct outer_packet {
	uint8_t *inner; /* within the caller's buffer: what is behind the outer header, or UDP */
	size_t len;
	struct address from;
	uint8_t ecn; /* of the outer header, 0 to 3 */
};

/* Opens those that are wanted. Returns 0, or -1 with a line on stderr and all closed. */
int outer_open(const struct options *options, struct outer_socket *sockets);

void outer_close(struct outer_socket *sockets);

/*
 * Receives one packet. Returns 1 with `packet` filled, 0 for one that was
 * dropped and counted, -1 when there is none now.
 */
int outer_receive(struct outer_socket *outer, uint8_t *buffer, size_t room,
		  struct outer_packet *packet, struct decap_counts *counts);

#endif
