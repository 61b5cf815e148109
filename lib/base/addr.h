/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as text, and what kind they are. */
#ifndef LVS_BASE_ADDR_H
#define LVS_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include <liblvs/types.h>

#define LVS_ADDR_TEXT 40     /* 8 groups of 4 digits, 7 colons, the end */
#define LVS_ENDPOINT_TEXT 48 /* an address in brackets, a colon, a port */

/* Dotted decimal, or RFC 5952. @p text has LVS_ADDR_TEXT bytes; returned. */
char *lvs_addr_text(const union lvs_addr *addr, unsigned family, char *text);

/* "192.0.2.1:80" or "[2001:db8::1]:80". @p text has LVS_ENDPOINT_TEXT bytes; returned. */
char *lvs_endpoint_text(const union lvs_addr *addr, unsigned family, lvs_be16 port, char *text);

/* Reads what text of @p len bytes says: all of it is the address. IPv4: four decimal numbers of at
 * most three digits, IPv6: RFC 4291, section 2.2. False: it is none. */
bool lvs_addr_read(const char *text, size_t len, unsigned family, union lvs_addr *addr);

bool lvs_addr_unspecified(const union lvs_addr *addr, unsigned family);
bool lvs_addr_multicast(const union lvs_addr *addr, unsigned family);
/* Whether a packet can be sent there without more being said: no group, no broadcast, no
 * link-local IPv6 address (which needs an interface). */
bool lvs_addr_unicast(const union lvs_addr *addr, unsigned family);

#endif
