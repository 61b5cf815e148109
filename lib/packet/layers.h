/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a packet in tunnels is made up, from the outermost IP header to the transport header:
 *
 *	IP [shim] [IP [shim] ...] transport | payload
 *	^layer[0] ^             ^layer[1]   ^l4       ^payload     ^end
 */
#ifndef LVS_PACKET_LAYERS_H
#define LVS_PACKET_LAYERS_H

#include <stdbool.h>

#include "packet/shim.h"

enum {
	LVS_LAYERS_MAX = 4, /* IP headers in a row: two directors and a tunnel of the client's */
};

struct lvs_layer {
	uint32_t ip;     /* where the IP header starts */
	uint32_t behind; /* and what follows it: a shim, IP, the transport header */
	uint8_t shim;    /* LVS_GRE, LVS_UDP (for GUE), or 0: none */
	bool has_csum;   /* the shim has a checksum */
	bool is_remote;  /* the shim asks its end for the inner one */
};

struct lvs_layers {
	struct lvs_layer layer[LVS_LAYERS_MAX];
	unsigned n;
	uint32_t l4;
	uint32_t payload;
	uint32_t end; /* what follows is link-layer padding */
	uint8_t protocol;
	uint8_t family; /* of the innermost IP header */
	bool is_routed; /* a routing header has waypoints left: no sum can be made */
	bool is_remote; /* the transport's sum stays that of its pseudo-header */
};

/* Reads them. False: it cannot be, or there is a fragment among them. */
bool lvs_layers_read(const struct lvs_packet *packet, struct lvs_layers *layers);

/* Lengths, identifications and header checksums of all IP headers of segment @p part at @p data,
 * @p len bytes, and lengths of the shims. */
void lvs_layers_fix(const struct lvs_layers *layers, unsigned part, uint8_t *data, uint32_t len);

/* The shims' checksums, when all inside is as it is to be. */
void lvs_layers_sum(const struct lvs_layers *layers, uint8_t *data, uint32_t len);

#endif
