/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef DECAP_OPTIONS_H
#define DECAP_OPTIONS_H

#include "address.h"

#include <stdbool.h>

struct options {
	const char *tun;
	struct address_list from;    /* empty: anybody */
	struct address_list address; /* empty: any inner destination */
	unsigned mtu;
	uint16_t gue_port; /* 0: no GUE */
	bool gre;
	bool no_sysctl;
};

/* Returns -1 to go on, or the exit status: help and version were printed, or a line on stderr. */
int options_read(int argc, char **argv, struct options *options);

#endif
