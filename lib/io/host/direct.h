/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows that clients have with a captured server directly, past the director.
 *
 * What a server sends from a captured port and no connection knows is one of two
 * things: an answer to a client that asked the server itself, which the host must
 * get back; or what is left of a connection that the director has forgotten (a
 * restart, a timeout), which must not leave untranslated. The client's packets
 * to the server tell them apart: the host routes them, and the tap sees them.
 *
 * A table of tags without chains: a flow that another has pushed out comes in
 * again with its next packet. Any thread, without a lock.
 */
#ifndef LVS_IO_HOST_DIRECT_H
#define LVS_IO_HOST_DIRECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/types.h>

#define LVS_DIRECT_SLOTS 16384

struct lvs_direct {
	_Atomic uint64_t tag[LVS_DIRECT_SLOTS]; /* relaxed: a number by itself; 0 empty */
};

/* A flow by its ends, whichever way the packet goes. */
struct lvs_direct_flow {
	const union lvs_addr *client;
	const union lvs_addr *server;
	lvs_be16 client_port;
	lvs_be16 server_port;
	uint8_t protocol;
	bool datagram; /* one in fragments: the ports are halves of its identification */
};

/* A client sends to the server itself; or the first fragment of a server's datagram went back. */
void lvs_direct_note(struct lvs_direct *direct, const struct lvs_direct_flow *flow);

/* Whether it did. */
bool lvs_direct_known(const struct lvs_direct *direct, const struct lvs_direct_flow *flow);

#endif
