/* SPDX-License-Identifier: BSD-2-Clause */
/* What both programs here begin and end with: one TCP service, of either family, and its host. */
#ifndef LOOPS_SERVICE_H
#define LOOPS_SERVICE_H

#include <liblvs/host.h>
#include <liblvs/liblvs.h>

enum { SERVICE_SERVERS_MAX = 32 };

struct service {
	struct lvs_director *director;
	struct lvs_host *host;
	struct lvs_service_key key;
	/* What is taken away from the host: what goes to the service, and with NAT replies. */
	struct lvs_host_rule rule[1 + SERVICE_SERVERS_MAX];
	unsigned rule_n;
};

/* Ends the program unless err is 0. */
void check(int err, const char *what);

/*
 * Makes the director and what follows the host's routes and neighbours. `name`: of what is made on
 * the host; `words`: ADDRESS PORT SERVER..., NULL behind the last.
 */
void service_open(struct service *service, const char *name, enum lvs_method method, char **words);

/* Takes the service's packets away from the host, and puts its address on the first interface. */
void service_start(const struct service *service, const char *const *interfaces, unsigned n);

/* After the workers and their ios. */
void service_close(struct service *service);

#endif
