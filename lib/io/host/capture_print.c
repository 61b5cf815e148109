/* SPDX-License-Identifier: BSD-2-Clause */
/* The table as lines for nft(8). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"

struct printer {
	void (*line)(void *user, const char *text);
	void *user;
	const char *table;
	const char *verdict; /* on what is captured */
};

/* One line: "nft add <what> netdev <table> <rest>". */
static void print(const struct printer *printer, const char *what, const char *rest)
{
	char text[512];

	snprintf(text, sizeof(text), "nft 'add %s netdev %s%s%s'", what, printer->table,
		 *rest ? " " : "", rest);
	printer->line(printer->user, text);
}

static void print_set(const struct printer *printer, const struct lvs_capture_set *set)
{
	char text[256];

	if (set->kind == LVS_CAPTURE_QUOTED)
		snprintf(text, sizeof(text), "%s { typeof @th,%u,%u; }", set->name,
			 lvs_capture_quote_offset(set) * 8, lvs_addr_len(set->family) * 8);
	else
		snprintf(text, sizeof(text), "%s { type inet_proto . %s%s; }", set->name,
			 set->family == LVS_INET6 ? "ipv6_addr" : "ipv4_addr",
			 set->kind == LVS_CAPTURE_PORT ? " . inet_service" : "");
	print(printer, "set", text);
}

/* An address as the number that a quoted one is. */
static void put_number(char *text, const struct lvs_host_rule *rule)
{
	text += sprintf(text, "0x");
	for (unsigned i = 0; i < lvs_addr_len(rule->family); i++)
		text += sprintf(text, "%02x", rule->addr.byte[i]);
}

static void print_element(const struct printer *printer, const struct lvs_host_rule *rule)
{
	const char *name = lvs_capture_sets[lvs_capture_set_of(rule)].name;
	char addr[INET6_ADDRSTRLEN];
	char port[16] = "";
	char text[256];

	if (rule->reserved[0] == LVS_CAPTURE_QUOTED) {
		put_number(addr, rule);
		snprintf(text, sizeof(text), "%s { %s }", name, addr);
		print(printer, "element", text);
		return;
	}
	inet_ntop(rule->family, rule->addr.byte, addr, sizeof(addr));
	if (rule->port != 0)
		snprintf(port, sizeof(port), " . %u", lvs_ntohs(rule->port));
	snprintf(text, sizeof(text), "%s { %u . %s%s }", name, rule->protocol, addr, port);
	print(printer, "element", text);
}

static void print_set_rule(const struct printer *printer, const char *chain,
			   const struct lvs_capture_set *set)
{
	bool from = set->direction == LVS_HOST_FROM;
	bool six = set->family == LVS_INET6;
	char high[32] = "";
	char text[256];

	if (set->kind == LVS_CAPTURE_HIGH)
		snprintf(high, sizeof(high), "th %s >= %d ", from ? "sport" : "dport",
			 LVS_CAPTURE_HIGH_PORT);
	snprintf(text, sizeof(text), "%s %s . %s %s%s @%s %s%s", chain,
		 six && set->kind == LVS_CAPTURE_FRAGMENT ? "frag nexthdr" : "meta l4proto",
		 six ? "ip6" : "ip", from ? "saddr" : "daddr",
		 set->kind != LVS_CAPTURE_PORT ? "" : (from ? " . th sport" : " . th dport"),
		 set->name, high, printer->verdict);
	print(printer, "rule", text);
}

static void print_quoted_rule(const struct printer *printer, const struct lvs_capture_set *set)
{
	char text[256];

	snprintf(text, sizeof(text), "error meta protocol %s meta l4proto %s @th,%u,%u @%s %s",
		 set->family == LVS_INET6 ? "ip6" : "ip",
		 set->family == LVS_INET6 ? "ipv6-icmp" : "icmp", lvs_capture_quote_offset(set) * 8,
		 lvs_addr_len(set->family) * 8, set->name, printer->verdict);
	print(printer, "rule", text);
}

static void print_fragment(const struct printer *printer)
{
	print(printer, "chain", "fragment");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_FRAGMENT)
			print_set_rule(printer, "fragment", &lvs_capture_sets[i]);
}

static void print_error(const struct printer *printer)
{
	print(printer, "chain", "error");
	print(printer, "rule", "error icmp type != 3 icmp type != 4 icmp type != 11 return");
	print(printer, "rule", "error icmpv6 type >= 128 return");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_QUOTED)
			print_quoted_rule(printer, &lvs_capture_sets[i]);
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].kind == LVS_CAPTURE_ALL)
			print_set_rule(printer, "error", &lvs_capture_sets[i]);
}

static void print_direction(const struct printer *printer, unsigned direction)
{
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].direction == direction &&
		    lvs_capture_sets[i].kind <= LVS_CAPTURE_HIGH)
			print_set_rule(printer, "capture", &lvs_capture_sets[i]);
}

static void print_capture(const struct printer *printer)
{
	print(printer, "chain", "capture");
	print(printer, "rule", "capture meta pkttype != host return");
	print(printer, "rule", "capture @ll,96,16 0x8100 @ll,112,16 & 0xfff != 0x0 return");
	print(printer, "rule", "capture @ll,96,16 0x88a8 @ll,112,16 & 0xfff != 0x0 return");
	print(printer, "rule", "capture ip frag-off & 0x3fff != 0 goto fragment");
	print(printer, "rule", "capture exthdr frag exists goto fragment");
	print(printer, "rule", "capture meta protocol ip meta l4proto icmp goto error");
	print(printer, "rule", "capture meta protocol ip6 meta l4proto ipv6-icmp goto error");
	print_direction(printer, LVS_HOST_FROM);
	print_direction(printer, LVS_HOST_TO);
}

static void print_interface(const struct printer *printer, unsigned number, const char *name)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "ingress%u { type filter hook ingress device \"%s\" priority -300; policy accept; "
		 "}",
		 number, name);
	print(printer, "chain", text);
	snprintf(text, sizeof(text), "ingress%u jump capture", number);
	print(printer, "rule", text);
}

void lvs_capture_print(const struct lvs_capture *capture,
		       void (*line)(void *user, const char *text), void *user)
{
	char mark[64];
	struct printer printer = {line, user, capture->table, "drop"};

	/* Who takes it away instead tells by a note. */
	if (capture->by != NULL)
		return;
	snprintf(mark, sizeof(mark), "meta mark set %#x return", capture->rules.mark);
	if (capture->rules.mark != 0)
		printer.verdict = mark;

	print(&printer, "table", "");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		print_set(&printer, &lvs_capture_sets[i]);
	for (unsigned i = 0; i < capture->rules.n; i++)
		print_element(&printer, &capture->rules.rule[i]);
	print_fragment(&printer);
	print_error(&printer);
	print_capture(&printer);
	for (unsigned i = 0; i < capture->names_n; i++)
		print_interface(&printer, i + 1, capture->name[i]);
}
