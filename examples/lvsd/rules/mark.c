/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/mark.h"
#include "rules/value.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What is being read: a rule, and the ports that it is repeated for. */
struct reading {
	struct rule_mark mark;
	const char *ports; /* as they stand there; NULL: any */
	struct rule_error *error;
};

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", LVS_TCP}, {"udp", LVS_UDP}, {"sctp", LVS_SCTP},     {"icmp", LVS_ICMP},
	{"ah", LVS_AH},   {"esp", LVS_ESP}, {"icmpv6", LVS_ICMPV6},
};

static bool has_bits_behind(const union lvs_addr *addr, unsigned len)
{
	for (unsigned bit = len; bit < 128; bit++)
		if (addr->byte[bit / 8] & 0x80 >> bit % 8)
			return true;
	return false;
}

static int take_prefix(struct reading *reading, const char *what, const char *text,
		       union lvs_addr *addr, uint8_t *len)
{
	char copy[INET6_ADDRSTRLEN + sizeof("/128")];
	uint8_t family = strchr(text, ':') ? LVS_INET6 : LVS_INET;
	uint32_t bits = family == LVS_INET6 ? 128 : 32;
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash)
		*slash++ = 0;
	if (strlen(text) >= sizeof(copy) || inet_pton(family, copy, addr) != 1)
		return rule_fail(reading->error,
				 "expected an address or a prefix like 192.0.2.0/24 behind %s, got "
				 "\"%s\"",
				 what, text);
	if (slash && rule_value_number(slash, "a prefix length", 0, bits, &bits, reading->error))
		return -1;
	if (has_bits_behind(addr, bits))
		return rule_fail(reading->error,
				 "expected zeros behind the first %u bits of %s, got \"%s\"", bits,
				 what, text);
	if (reading->mark.rule.family && reading->mark.rule.family != family)
		return rule_fail(reading->error, "expected src and dst of one family, got \"%s\"",
				 text);
	reading->mark.rule.family = family;
	*len = (uint8_t)bits;
	return 0;
}

static int take_src(struct reading *reading, const char *text)
{
	struct lvs_mark_rule *rule = &reading->mark.rule;

	return take_prefix(reading, "src", text, &rule->src, &rule->src_len);
}

static int take_dst(struct reading *reading, const char *text)
{
	struct lvs_mark_rule *rule = &reading->mark.rule;

	return take_prefix(reading, "dst", text, &rule->dst, &rule->dst_len);
}

static int take_protocol(struct reading *reading, const char *text)
{
	uint32_t number;

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (!strcmp(protocols[i].name, text)) {
			reading->mark.rule.protocol = protocols[i].number;
			return 0;
		}
	}
	if (rule_value_number(text, "a protocol (tcp udp sctp ah esp icmp icmpv6), or a number", 1,
			      255, &number, reading->error))
		return -1;
	reading->mark.rule.protocol = (uint8_t)number;
	return 0;
}

/* "80" or "8000-8010", up to a comma; moves *text behind it. */
static int take_range(struct reading *reading, const char **text, uint16_t *first, uint16_t *last)
{
	char copy[16] = "";
	size_t len = strcspn(*text, ",");
	uint32_t low, high;
	char *dash;

	if (len < sizeof(copy))
		memcpy(copy, *text, len);
	*text += len;
	dash = strchr(copy, '-');
	if (dash)
		*dash++ = 0;
	if (rule_value_number(copy, "a port", 1, 65535, &low, reading->error))
		return -1;
	high = low;
	if (dash && rule_value_number(dash, "a last port", low, 65535, &high, reading->error))
		return -1;
	*first = (uint16_t)low;
	*last = (uint16_t)high;
	return 0;
}

static int take_ports(struct reading *reading, const char *text)
{
	reading->ports = text;
	return 0;
}

static int take_source_port(struct reading *reading, const char *text)
{
	struct lvs_mark_rule *rule = &reading->mark.rule;

	if (strchr(text, ','))
		return rule_fail(reading->error,
				 "expected one port or range behind sport, got "
				 "\"%s\"",
				 text);
	return take_range(reading, &text, &rule->src_port, &rule->src_port_last);
}

static int take_interface(struct reading *reading, const char *text)
{
	size_t len = strlen(text);

	if (len >= sizeof(reading->mark.interface))
		return rule_fail(reading->error,
				 "expected an interface of 1 to 15 characters, got \"%s\"", text);
	memcpy(reading->mark.interface, text, len);
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct reading *reading, const char *text);
} fields[] = {
	{"src", take_src},    {"dst", take_dst},           {"proto", take_protocol},
	{"port", take_ports}, {"sport", take_source_port}, {"in", take_interface},
};

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static int take_field(struct reading *reading, const char *name, const char *value, unsigned *given)
{
	unsigned i = 0;

	while (i < FIELDS && strcmp(fields[i].name, name) != 0)
		i++;
	if (i == FIELDS)
		return rule_fail(reading->error,
				 "expected src, dst, proto, port, sport or in, got \"%s\"", name);
	if (*given & 1u << i)
		return rule_fail(reading->error, "expected %s once, got it twice", name);
	if (!value)
		return rule_fail(reading->error, "expected a value for %s, got the end of the line",
				 name);
	*given |= 1u << i;
	return fields[i].take(reading, value);
}

static int take_fields(struct reading *reading, const struct rule_words *words)
{
	unsigned given = 0;

	if (words->n < 2)
		return rule_fail(reading->error, "expected a mark, got the end of the line");
	if (rule_value_number(words->word[1], "a mark", 0, UINT32_MAX, &reading->mark.rule.mark,
			      reading->error))
		return -1;
	for (unsigned i = 2; i < words->n; i += 2)
		if (take_field(reading, words->word[i],
			       i + 1 < words->n ? words->word[i + 1] : NULL, &given) < 0)
			return -1;
	return 0;
}

/* Ports are TCP's, UDP's and SCTP's. */
static int check_ports(const struct reading *reading)
{
	const struct lvs_mark_rule *rule = &reading->mark.rule;

	if ((!reading->ports && !rule->src_port) || !rule->protocol || rule->protocol == LVS_TCP ||
	    rule->protocol == LVS_UDP || rule->protocol == LVS_SCTP)
		return 0;
	return rule_fail(reading->error,
			 "expected proto tcp, udp or sctp with ports, got protocol %u",
			 rule->protocol);
}

int rule_mark_read(const struct rule_words *words, struct rule_mark *marks,
		   struct rule_error *error)
{
	struct reading reading = {.mark = {.line = error->line}, .error = error};
	const char *text;
	int n = 0;

	if (take_fields(&reading, words) < 0 || check_ports(&reading) < 0)
		return -1;
	text = reading.ports;
	if (!text) {
		marks[0] = reading.mark;
		return 1;
	}
	for (;; text++) {
		struct lvs_mark_rule *rule = &marks[n].rule;

		if (n == RULE_MARK_PORTS)
			return rule_fail(error, "expected at most %d ports and ranges, got more",
					 RULE_MARK_PORTS);
		marks[n++] = reading.mark;
		if (take_range(&reading, &text, &rule->dst_port, &rule->dst_port_last) < 0)
			return -1;
		if (!*text)
			return n;
	}
}
