/* SPDX-License-Identifier: BSD-2-Clause */
/* A command line of ipvsadm's, as what it asks for. */
#ifndef LVSADM_REQUEST_H
#define LVSADM_REQUEST_H

#include "complaint.h"
#include "option.h"

#include <liblvs/ipvs.h>
#include <linux/netlink.h>

struct request {
	enum command command;
	uint64_t options; /* OF() of enum option_number: which were given */
	struct lvs_ipvs_service service;
	struct lvs_ipvs_dest dest;
	struct lvs_ipvs_daemon daemon;
	uint32_t timeout_s[3]; /* COMMAND_SET: tcp, tcpfin, udp; 0 keeps it */
};

/*
 * Reads a command line; argv[0] does not count. Nothing but names of hosts and services is looked
 * up. Returns 0, or -1 with a complaint in ipvsadm's words.
 */
int request_read(int argc, char *const *argv, struct request *request, struct complaint *complaint);

#endif
