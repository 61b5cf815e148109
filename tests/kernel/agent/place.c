/* SPDX-License-Identifier: BSD-2-Clause */
#include "place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "route.h"
#include "run.h"

enum { LINE_LEN = 256, PASS_MTU = 9000 };

/* The host's share ends on p0, at a station that only this program has. */
static const uint8_t pass_station[ROUTE_MAC_LEN] = {0x02, 0xfe, 0, 0, 0, 9};
static const uint8_t own_mac[SCRIPT_IF_N][ROUTE_MAC_LEN] = {
	{0x02, 0xfe, 0, 0, 0, 1}, {0x02, 0xfe, 0, 0, 0, 2}, {0x02, 0xfe, 0, 0, 0, 3}};

/* Behind IPVS's own hooks the host's share is shown on p0 and ends there: no stack answers. */
static const char pass_rules[] =
	"table ip pass { chain in { type filter hook input priority 200; "
	"iifname { \"c0\", \"s0\" } dup to 169.254.9.2 device \"p0\" drop; }; }\n"
	"table ip6 pass { chain in { type filter hook input priority 200; "
	"iifname { \"c0\", \"s0\" } dup to fd00:9::2 device \"p0\" drop; }; }\n"
	"table inet before { chain pre { type filter hook prerouting priority -150; }; }\n";

static bool mac_read(const char *text, uint8_t *mac)
{
	return text && sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2],
			      &mac[3], &mac[4], &mac[5]) == ROUTE_MAC_LEN;
}

static bool place_line(int route, const struct place *place)
{
	char copy[LINE_LEN];
	char *args = copy;
	const char *word[4];
	uint8_t mac[ROUTE_MAC_LEN];

	snprintf(copy, sizeof(copy), "%s", place->args ? place->args : "");
	for (size_t i = 0; i < 4; i++)
		word[i] = script_word(&args);
	if (place->kind == 'a')
		return word[1] && route_addr(route, word[0], word[1]);
	if (place->kind == 'n')
		return mac_read(word[2], mac) && route_neigh(route, word[0], word[1], mac);
	if (place->kind == 'r')
		return word[3] && route_add(route, &(struct route_way){
							   .prefix = word[0],
							   .gateway = word[1],
							   .interface = word[2],
							   .mtu = (uint32_t)atoi(word[3]),
						   });
	return true;
}

bool place_links(int route, const struct scenario *scenario, const char **wrong)
{
	*wrong = "a link";
	if (!route_link(route, "c0", own_mac[SCRIPT_C0], 0) ||
	    !route_link(route, "s0", own_mac[SCRIPT_S0], 0))
		return false;
	for (size_t i = 0; i < scenario->place_n; i++) {
		*wrong = scenario->place[i].args;
		if (!place_line(route, &scenario->place[i]))
			return false;
	}
	return true;
}

/* "mark <prefix> <number>": such packets bear the mark, and the host takes them. */
static bool mark_line(int route, char *args, FILE *rules)
{
	const char *prefix = script_word(&args);
	const char *text = script_word(&args);
	uint32_t mark = text ? (uint32_t)strtoul(text, NULL, 10) : 0;
	bool is6 = prefix && strchr(prefix, ':');
	struct route_way all = {.prefix = is6 ? "::/0" : "0.0.0.0/0",
				.interface = "lo",
				.table = mark,
				.local = true};

	if (!mark)
		return false;
	fprintf(rules, "add rule inet before pre %s daddr %s meta mark set %u\n",
		is6 ? "ip6" : "ip", prefix, mark);
	return route_mark(route, is6 ? AF_INET6 : AF_INET, mark, mark) && route_add(route, &all);
}

static bool pass_link(int route)
{
	return route_link(route, "lo", NULL, 0) &&
	       route_link(route, "p0", own_mac[SCRIPT_P0], PASS_MTU) &&
	       route_addr(route, "p0", "169.254.9.1/24") &&
	       route_addr(route, "p0", "fd00:9::1/64") &&
	       route_neigh(route, "p0", "169.254.9.2", pass_station) &&
	       route_neigh(route, "p0", "fd00:9::2", pass_station);
}

bool place_rules(int route, const struct scenario *scenario, const char **wrong, FILE *out)
{
	char nft_args[] = "-f -";
	char copy[LINE_LEN];
	char *text = NULL;
	size_t len = 0;
	FILE *rules = open_memstream(&text, &len);
	bool fine = rules && pass_link(route);

	*wrong = "p0 or a mark";
	if (rules)
		fputs(pass_rules, rules);
	for (size_t i = 0; i < scenario->place_n && fine; i++) {
		if (scenario->place[i].kind != 'm')
			continue;
		snprintf(copy, sizeof(copy), "%s", scenario->place[i].args);
		fine = mark_line(route, copy, rules);
	}
	if (rules)
		fclose(rules);
	fine = fine && run_program("nft", nft_args, text, out) == 0;
	free(text);
	return fine;
}
