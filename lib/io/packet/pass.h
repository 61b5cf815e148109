/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter's own TUN, through which the host gets back what was taken away from it. */
#ifndef LVS_IO_PACKET_PASS_H
#define LVS_IO_PACKET_PASS_H

#include <liblvs/io.h>

#include "io/io_count.h"

struct lvs_afp_pass {
	int fd;         /* -1: none */
	uint8_t *piece; /* LVS_IO_PIECE_MAX */
};

/* Makes the TUN and brings it up. @name may hold "%d". It goes when it is closed. */
int lvs_afp_pass_open(struct lvs_afp_pass *pass, const char *name, const struct lvs_log *log);
void lvs_afp_pass_close(struct lvs_afp_pass *pass);

/* Gives the host a packet with verdict LVS_PASS, if it was taken away from it, and counts it. */
void lvs_afp_pass_back(struct lvs_afp_pass *pass, const struct lvs_packet *packet,
		       const struct lvs_io_conf *conf, struct lvs_io_count *count);

#endif
