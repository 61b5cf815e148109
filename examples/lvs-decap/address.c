/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

struct address address_from(uint8_t family, const uint8_t *bytes)
{
	struct address address = {.family = family};

	memcpy(address.byte, bytes, family == AF_INET ? 4 : 16);
	return address;
}

static int parse(const char *text, size_t len, struct address *address)
{
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return -1;
	memcpy(copy, text, len);
	copy[len] = 0;
	memset(address, 0, sizeof(*address));
	address->family = strchr(copy, ':') ? AF_INET6 : AF_INET;
	return inet_pton(address->family, copy, address->byte) == 1 ? 0 : -1;
}

int address_list_add(struct address_list *list, const char *option, const char *text)
{
	for (;;) {
		size_t len = strcspn(text, ",");

		if (list->n == ADDRESS_LIST_MAX) {
			fprintf(stderr, "lvs-decap: %s: expected at most %d addresses\n", option,
				ADDRESS_LIST_MAX);
			return -1;
		}
		if (parse(text, len, &list->address[list->n]) < 0) {
			fprintf(stderr, "lvs-decap: %s: expected an IP address, got \"%.*s\"\n",
				option, (int)len, text);
			return -1;
		}
		list->n++;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

bool address_list_has(const struct address_list *list, const struct address *address)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->address[i].family == address->family &&
		    !memcmp(list->address[i].byte, address->byte, sizeof(address->byte)))
			return true;
	return false;
}
