/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of options: numbers, addresses, flags. Each returns 0, or -1 for what is none. */
#ifndef LVSADM_VALUE_H
#define LVSADM_VALUE_H

#include <liblvs/types.h>

#include <stdint.h>

/* Decimal, with spaces and a sign in front as strtol() takes them. */
int value_number(const char *text, int64_t min, int64_t max, int64_t *number);

struct value_address {
	uint8_t family; /* enum lvs_family */
	int has_port;
	lvs_be16 port;
	union lvs_addr addr;
};

/*
 * "host[:port]", "[v6]:port" or a bare IPv6 address. A host may be a name, and a port a service's
 * name: of that protocol; 0 knows none.
 */
int value_address(const char *text, unsigned protocol, struct value_address *address);

/* An IPv4 mask, as an address. */
int value_mask(const char *text, uint32_t *mask);

/*
 * Flags with commas between, added to *flags. Where it fails, the flag in question is *word of *len
 * characters, and the result -2 where it does not go with the scheduler.
 */
int value_flags(const char *text, const char *sched, uint32_t *flags, const char **word, int *len);

#endif
