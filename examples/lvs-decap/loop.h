/* SPDX-License-Identifier: BSD-2-Clause */
/* Waits for packets and signals. */
#ifndef DECAP_LOOP_H
#define DECAP_LOOP_H

#include "count.h"
#include "options.h"
#include "outer.h"

/*
 * Runs until SIGTERM or SIGINT. `signal_fd` is a signalfd for these and SIGUSR1.
 * Returns 0, or -1 with a line on stderr.
 */
int loop_run(const struct options *options, struct outer_socket *sockets, int tun, int signal_fd,
	     struct decap_counts *counts);

#endif
