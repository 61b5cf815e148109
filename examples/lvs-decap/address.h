/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses, and the short lists of them that the command line gives. */
#ifndef DECAP_ADDRESS_H
#define DECAP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_LIST_MAX = 64 };

struct address {
	uint8_t byte[16]; /* as on the wire; IPv4 in the first four, the rest zero */
	uint8_t family;   /* AF_INET or AF_INET6 */
};

struct address_list {
	struct address address[ADDRESS_LIST_MAX];
	unsigned n;
};

/* `bytes` holds 4 or 16 bytes, by family. */
struct address address_from(uint8_t family, const uint8_t *bytes);

/* Adds the addresses of "192.0.2.1,2001:db8::1". Returns 0, or -1 with a line on stderr. */
int address_list_add(struct address_list *list, const char *option, const char *text);

bool address_list_has(const struct address_list *list, const struct address *address);

#endif
