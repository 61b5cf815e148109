/* SPDX-License-Identifier: BSD-2-Clause */
/* An io of the adapter "xdp": one worker's. */
#ifndef LVS_XDP_XDP_IO_H
#define LVS_XDP_XDP_IO_H

#include "io/io_hop.h"
#include "io/io_wake.h"
#include "io/packet/pass.h"
#include "io/packet/tx.h"
#include "xdp/sockets.h"

struct lvs_xdp_io {
	struct lvs_io_conf conf; /* target and pass_name are not valid any more */
	struct lvs_io_count count;
	struct lvs_xsks xsks;
	struct lvs_afp_tx other; /* for interfaces without a socket of ours */
	struct lvs_afp_pass pass;
	struct lvs_io_hop hop;
	struct lvs_io_wake wake; /* its timer runs while packets wait, or the kernel is behind */
	uint8_t *segment_buffer; /* LVS_IO_PIECE_MAX, between two ways of cutting */
	unsigned next;           /* the socket that is asked first */
	unsigned calls;          /* until the kernel's losses are read again */
	unsigned idle_calls;     /* until the interfaces are looked for again */
	uint32_t changes;        /* of the interfaces, when the sockets were opened */
	unsigned tries;          /* to open them anew, that have failed; 0: they are open */
	uint64_t reopen_at;      /* not before, ns */
	bool lost;               /* an interface is gone: the timer runs, to see it come back */
	bool behind;             /* the kernel has yet to send some of what is queued */
};

/* As struct lvs_io_ops says. */
int lvs_xdp_io_rx(void *state, struct lvs_packet *packets, unsigned n);
int lvs_xdp_io_tx(void *state, const struct lvs_packet *packets, unsigned n);
int lvs_xdp_io_flush(void *state);

/* xdp_io.c: the sockets at the interfaces that are there now. 0, or a negative error when no more
 * can come; while it is to be tried again there are none. */
int lvs_xdp_io_reopen(struct lvs_xdp_io *io);

/* Tries again what waits for a neighbour, and what the kernel could not send at once. */
void lvs_xdp_io_retry(struct lvs_xdp_io *io);

/* Sends a packet to @link, in as many pieces as it takes; by a socket, or by the packet socket.
 * @state: the struct lvs_xdp_io. */
void lvs_xdp_io_send(void *state, const struct lvs_packet *packet,
		     const struct lvs_host_link *link);
/* Has the timer run while something is to be tried again. */
void lvs_xdp_io_run_timer(struct lvs_xdp_io *io);
/* Has the kernel send what is queued. */
void lvs_xdp_io_kick(struct lvs_xdp_io *io);

#endif
