/* SPDX-License-Identifier: BSD-2-Clause */
/* To the next hop, for adapters that write frames: at once, or when the neighbour has answered. */
#ifndef LVS_IO_IO_HOP_H
#define LVS_IO_IO_HOP_H

#include <liblvs/io.h>

#include "io/io_count.h"
#include "io/packet/wait.h"

struct lvs_io_hop {
	const struct lvs_io_conf *conf; /* the io's */
	struct lvs_io_count *count;     /* the io's */
	struct lvs_afp_wait wait;
	/* Queues a packet for @link, which may stay where it is until flush(). */
	void (*send)(void *state, const struct lvs_packet *packet,
		     const struct lvs_host_link *link);
	void (*flush)(void *state);
	void *state;
};

/* @conf with its defaults, and @count, must stay. */
void lvs_io_hop_init(struct lvs_io_hop *hop, const struct lvs_io_conf *conf,
		     struct lvs_io_count *count);
void lvs_io_hop_fini(struct lvs_io_hop *hop);

/* Sends, counts as unreachable, or keeps a copy while the neighbour is asked. */
void lvs_io_hop_send(struct lvs_io_hop *hop, const struct lvs_packet *packet);

/* Tries again what waits. */
void lvs_io_hop_retry(struct lvs_io_hop *hop, uint64_t now);

#endif
