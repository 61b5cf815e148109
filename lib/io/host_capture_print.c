/* SPDX-License-Identifier: BSD-2-Clause */
/* The table as lines for nft(8). */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host_capture.h"

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

	snprintf(text, sizeof(text), "%s { type inet_proto . %s%s; }", set->name,
		 set->family == LVS_INET6 ? "ipv6_addr" : "ipv4_addr",
		 set->any_port ? "" : " . inet_service");
	print(printer, "set", text);
}

static void print_element(const struct printer *printer, const struct lvs_host_rule *rule)
{
	char addr[INET6_ADDRSTRLEN];
	char port[16] = "";
	char text[256];

	inet_ntop(rule->family, rule->addr.byte, addr, sizeof(addr));
	if (rule->port != 0)
		snprintf(port, sizeof(port), " . %u", lvs_ntohs(rule->port));
	snprintf(text, sizeof(text), "%s { %u . %s%s }",
		 lvs_capture_sets[lvs_capture_set_of(rule)].name, rule->protocol, addr, port);
	print(printer, "element", text);
}

static void print_set_rule(const struct printer *printer, const struct lvs_capture_set *set)
{
	bool from = set->direction == LVS_HOST_FROM;
	char text[256];

	snprintf(text, sizeof(text), "capture meta l4proto . %s %s%s @%s %s",
		 set->family == LVS_INET6 ? "ip6" : "ip", from ? "saddr" : "daddr",
		 set->any_port ? "" : (from ? " . th sport" : " . th dport"), set->name,
		 printer->verdict);
	print(printer, "rule", text);
}

static void print_rules(const struct printer *printer)
{
	print(printer, "rule", "capture meta pkttype != host return");
	print(printer, "rule", "capture @ll,96,16 0x8100 @ll,112,16 & 0xfff != 0x0 return");
	print(printer, "rule", "capture @ll,96,16 0x88a8 @ll,112,16 & 0xfff != 0x0 return");
	if (printer->verdict[0] != 'd')
		print(printer, "rule", "capture icmpv6 type >= 128 return");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].direction == LVS_HOST_FROM)
			print_set_rule(printer, &lvs_capture_sets[i]);
	print(printer, "rule", "capture ip frag-off & 0x3fff != 0 return");
	print(printer, "rule", "capture exthdr frag exists return");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		if (lvs_capture_sets[i].direction == LVS_HOST_TO)
			print_set_rule(printer, &lvs_capture_sets[i]);
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

	snprintf(mark, sizeof(mark), "meta mark set %#x return", capture->rules.mark);
	if (capture->rules.mark != 0)
		printer.verdict = mark;

	print(&printer, "table", "");
	for (unsigned i = 0; i < LVS_CAPTURE_SETS; i++)
		print_set(&printer, &lvs_capture_sets[i]);
	for (unsigned i = 0; i < capture->rules.n; i++)
		print_element(&printer, &capture->rules.rule[i]);
	print(&printer, "chain", "capture");
	print_rules(&printer);
	for (unsigned i = 0; i < capture->names_n; i++)
		print_interface(&printer, i + 1, capture->name[i]);
}
