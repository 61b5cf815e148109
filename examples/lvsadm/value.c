/* SPDX-License-Identifier: BSD-2-Clause */
#include "value.h"

#include <liblvs/control.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

int value_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end || errno || value < min || value > max)
		return -1;
	*number = value;
	return 0;
}

/* An IPv4 host: an address in any form that inet_aton() takes, or a name. */
static int read_host(const char *text, uint32_t *addr)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	struct sockaddr_in in;

	if (inet_aton(text, &in.sin_addr)) {
		*addr = in.sin_addr.s_addr;
		return 0;
	}
	if (!*text || getaddrinfo(text, NULL, &hints, &found))
		return -1;
	memcpy(&in, found->ai_addr, sizeof(in));
	freeaddrinfo(found);
	*addr = in.sin_addr.s_addr;
	return 0;
}

static const char *protocol_name(unsigned protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return "tcp";
	case LVS_UDP:
		return "udp";
	case LVS_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

static int read_port(const char *text, unsigned protocol, lvs_be16 *port)
{
	const char *name = protocol_name(protocol);
	const struct servent *service;
	int64_t number;

	if (value_number(text, 0, UINT16_MAX, &number) == 0) {
		*port = htons((uint16_t)number);
		return 0;
	}
	service = name ? getservbyname(text, name) : NULL;
	if (!service)
		return -1;
	*port = (lvs_be16)service->s_port;
	return 0;
}

/* "[v6]:port". What else stands in brackets is a host whose port does not count. */
static int read_brackets(char *text, unsigned protocol, struct value_address *address)
{
	char *end = strchr(text, ']');
	uint32_t v4;

	if (!end || end[1] != ':')
		return -1;
	*end = 0;
	if (inet_pton(AF_INET6, text + 1, &address->addr) == 1) {
		address->family = LVS_INET6;
		address->has_port = 1;
		return read_port(end + 2, protocol, &address->port);
	}
	if (strchr(text, ':') || read_host(text + 1, &v4) < 0)
		return -1;
	memcpy(&address->addr, &v4, sizeof(v4));
	return 0;
}

static int read_plain(char *text, unsigned protocol, struct value_address *address)
{
	char *colon = strchr(text, ':');
	uint32_t v4;

	if (!colon && text[strspn(text, "0123456789")] == 0)
		return -1; /* a port, surely */
	if (colon)
		*colon = 0;
	if (read_host(text, &v4) < 0)
		return -1;
	memcpy(&address->addr, &v4, sizeof(v4));
	address->has_port = colon != NULL;
	return colon ? read_port(colon + 1, protocol, &address->port) : 0;
}

int value_address(const char *text, unsigned protocol, struct value_address *address)
{
	size_t len = strlen(text);
	char copy[1100]; /* a name has 1024 characters at most */

	*address = (struct value_address){.family = LVS_INET};
	if (len >= sizeof(copy))
		return -1;
	memcpy(copy, text, len + 1);
	if (copy[0] == '[')
		return read_brackets(copy, protocol, address);
	if (inet_pton(AF_INET6, copy, &address->addr) == 1) {
		address->family = LVS_INET6;
		return 0;
	}
	return read_plain(copy, protocol, address);
}

int value_mask(const char *text, uint32_t *mask)
{
	return read_host(text, mask);
}

static const struct flag {
	const char *name;
	const char *sched; /* NULL: any */
	uint32_t flag;
} flags_known[] = {
	{"flag-1", NULL, LVS_SCHED_FLAG1},
	{"flag-2", NULL, LVS_SCHED_FLAG2},
	{"flag-3", NULL, LVS_SCHED_FLAG3},
	{"sh-fallback", "sh", LVS_SCHED_FLAG1},
	{"sh-port", "sh", LVS_SCHED_FLAG2},
	{"mh-fallback", "mh", LVS_SCHED_FLAG1},
	{"mh-port", "mh", LVS_SCHED_FLAG2},
	{"mss-clamp", NULL, LVS_SERVICE_MSS_CLAMP}, /* liblvs's own */
};

static const struct flag *find_flag(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(flags_known) / sizeof(flags_known[0]); i++)
		if (strlen(flags_known[i].name) == len && !strncmp(flags_known[i].name, text, len))
			return &flags_known[i];
	return NULL;
}

int value_flags(const char *text, const char *sched, uint32_t *flags, const char **word, int *len)
{
	for (text += strspn(text, ","); *text; text += strspn(text, ",")) {
		size_t n = strcspn(text, ",");
		const struct flag *flag = find_flag(text, n);

		*word = text;
		*len = (int)n;
		if (!flag)
			return -1;
		if (flag->sched && strcmp(flag->sched, sched) != 0)
			return -2;
		*flags |= flag->flag;
		text += n;
	}
	return 0;
}
