/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/value.h"

#include <arpa/inet.h>
#include <liblvs/control.h>
#include <stdio.h>
#include <string.h>

int rule_value_number(const char *text, const char *what, uint32_t min, uint32_t max,
		      uint32_t *number, struct rule_error *error)
{
	uint64_t value = 0;
	const char *at = text;

	/* Ten digits hold every uint32_t, and no value of ten digits overflows 64 bits. */
	while (*at >= '0' && *at <= '9' && at - text < 11)
		value = value * 10 + (uint64_t)(*at++ - '0');
	if (at == text || *at || value < min || value > max)
		return rule_fail(error, "expected %s from %u to %u, got \"%s\"", what, min, max,
				 text);
	*number = (uint32_t)value;
	return 0;
}

static int is_unicast(const struct rule_endpoint *endpoint)
{
	static const union lvs_addr any;
	const uint8_t *byte = endpoint->addr.byte;

	if (endpoint->family == LVS_INET)
		return byte[0] != 0 && byte[0] < 224; /* 0.0.0.0/8, multicast, class E */
	return memcmp(&endpoint->addr, &any, sizeof(any)) != 0 && byte[0] != 0xff &&
	       !(byte[0] == 0xfe && (byte[1] & 0xc0) == 0x80); /* nor link-local */
}

int rule_value_is_loopback(const struct rule_endpoint *endpoint)
{
	static const uint8_t loopback[16] = {[15] = 1};

	if (endpoint->family == LVS_INET)
		return endpoint->addr.byte[0] == 127;
	return !memcmp(endpoint->addr.byte, loopback, sizeof(loopback));
}

/* Cuts "addr", "addr:port" or "[addr]:port"; *port is NULL where none stands. */
static int cut_port(char *text, char **addr, char **port, uint8_t *family)
{
	char *colon = strrchr(text, ':');

	*addr = text;
	*port = NULL;
	*family = LVS_INET;
	if (text[0] == '[') {
		char *end = strchr(text, ']');

		if (!end || end[1] != ':')
			return -1;
		*end = 0;
		*addr = text + 1;
		*port = end + 2;
		*family = LVS_INET6;
	} else if (colon && strchr(text, ':') != colon) {
		*family = LVS_INET6;
	} else if (colon) {
		*colon = 0;
		*port = colon + 1;
	}
	return 0;
}

int rule_value_mask(const char *text, uint32_t *mask, struct rule_error *error)
{
	if (inet_pton(AF_INET, text, mask) == 1)
		return 0;
	return rule_fail(error, "expected a mask like 255.255.255.0, got \"%s\"", text);
}

int rule_value_endpoint(const char *text, struct rule_endpoint *endpoint, struct rule_error *error)
{
	char copy[INET6_ADDRSTRLEN + sizeof("[]:65535")];
	char *addr, *port;
	uint32_t number = 0;
	int len = snprintf(copy, sizeof(copy), "%s", text);

	memset(endpoint, 0, sizeof(*endpoint));
	if (len < 0 || (size_t)len >= sizeof(copy) ||
	    cut_port(copy, &addr, &port, &endpoint->family) < 0 ||
	    inet_pton(endpoint->family, addr, &endpoint->addr) != 1)
		return rule_fail(error,
				 "expected an address like 192.0.2.1:80 or [2001:db8::1]:80, "
				 "got \"%s\"",
				 text);
	if (!is_unicast(endpoint))
		return rule_fail(error, "expected a unicast address, got \"%s\"", addr);
	if (port && rule_value_number(port, "a port", 0, 65535, &number, error) < 0)
		return -1;
	endpoint->port = htons((uint16_t)number);
	endpoint->has_port = port != NULL;
	return 0;
}

int rule_value_scheduler(const char *text, const struct lvs_sched_ops **sched,
			 struct rule_error *error)
{
	const struct lvs_sched_ops *ops;
	char names[256] = "";
	size_t len = 0;

	*sched = lvs_sched_find(text ? text : "wlc");
	if (*sched)
		return 0;
	for (unsigned i = 0; (ops = lvs_sched_at(i)) && len < sizeof(names) - 1; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, " %s", ops->name);
	return rule_fail(error, "expected a scheduler, one of%s, got %s", names,
			 text ? text : "none, which means wlc");
}

struct flag_name {
	const char *name;
	const char *sched; /* NULL: any */
	uint32_t flag;
};

static const struct flag_name flag_names[] = {
	{"flag-1", NULL, LVS_SCHED_FLAG1},  {"flag-2", NULL, LVS_SCHED_FLAG2},
	{"flag-3", NULL, LVS_SCHED_FLAG3},  {"sh-fallback", "sh", LVS_SCHED_FLAG1},
	{"sh-port", "sh", LVS_SCHED_FLAG2}, {"mh-fallback", "mh", LVS_SCHED_FLAG1},
	{"mh-port", "mh", LVS_SCHED_FLAG2}, {"mss-clamp", NULL, LVS_SERVICE_MSS_CLAMP},
};

static const struct flag_name *find_flag(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(flag_names) / sizeof(flag_names[0]); i++)
		if (strlen(flag_names[i].name) == len && !strncmp(flag_names[i].name, text, len))
			return &flag_names[i];
	return NULL;
}

int rule_value_flags(const char *text, const char *sched, const char *option, uint32_t *flags,
		     struct rule_error *error)
{
	*flags = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		const struct flag_name *found = find_flag(text, len);

		if (!found)
			return rule_fail(error,
					 "expected a flag (flag-1 flag-2 flag-3 sh-fallback "
					 "sh-port mh-fallback mh-port mss-clamp), got \"%.*s\"",
					 (int)len, text);
		if (found->sched && strcmp(found->sched, sched) != 0)
			return rule_fail(error, "expected %s %s with the flag %s, got %s %s",
					 option, found->sched, found->name, option, sched);
		*flags |= found->flag;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}
