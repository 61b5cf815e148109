/* SPDX-License-Identifier: BSD-2-Clause */
/* What is taken away from the host: packets to services, and replies of servers behind NAT. */
#ifndef LVSD_CAPTURE_H
#define LVSD_CAPTURE_H

#include "rules/rules.h"

#include <liblvs/host.h>

#include <stdbool.h>

struct capture_how {
	/* Packets do not reach the adapter but by being taken, so that what it sees beside the
	 * host's own stack otherwise is taken, too. */
	bool steered;
	const uint16_t *ftp; /* ports that have FTP's helper, beside 21 */
	unsigned ftp_n;
};

/* For all of `a` and all of `b`; the host sorts out what stands in both. 0 or an error. */
int capture_set(struct lvs_host *host, const struct capture_how *how, const struct rules *a,
		const struct rules *b);

#endif
