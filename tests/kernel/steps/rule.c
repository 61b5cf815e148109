/* SPDX-License-Identifier: BSD-2-Clause */
#include "rule.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

enum { TEXT_LEN = 64, PERSISTENT_S = 360 };

unsigned rule_addr(const char *text, uint8_t *addr)
{
	memset(addr, 0, RULE_ADDR_LEN);
	if (text && inet_pton(AF_INET, text, addr) == 1)
		return AF_INET;
	return text && inet_pton(AF_INET6, text, addr) == 1 ? AF_INET6 : 0;
}

/* "address:port" or "[address]:port". */
static bool end_parse(struct rule_end *end, const char *text)
{
	char copy[TEXT_LEN];
	char *begin = copy;
	char *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (!colon || colon == copy)
		return false;
	*colon = 0;
	end->port = (uint16_t)atoi(colon + 1);
	if (*begin == '[' && colon[-1] == ']') {
		begin++;
		colon[-1] = 0;
	}
	end->family = (uint8_t)rule_addr(begin, end->addr);
	return end->family != 0;
}

/* "mh-port,mh-fallback" and their like. */
static uint32_t flags_parse(const char *text)
{
	uint32_t flags = 0;

	if (strstr(text, "-fallback") || strstr(text, "flag-1"))
		flags |= RULE_FLAG1;
	if (strstr(text, "-port") || strstr(text, "flag-2"))
		flags |= RULE_FLAG2;
	if (strstr(text, "flag-3"))
		flags |= RULE_FLAG3;
	return flags;
}

static bool netmask_parse(struct rule_options *options, const char *text)
{
	struct in_addr mask;

	if (!strchr(text, '.'))
		options->netmask = (uint32_t)strtoul(text, NULL, 10);
	else if (inet_pton(AF_INET, text, &mask) == 1)
		options->netmask = mask.s_addr;
	else
		return false;
	return true;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static bool service_word(struct rule *rule, const char *word, const char *value)
{
	struct rule_service *service = &rule->service;

	if (!strcmp(word, "-t"))
		service->protocol = IPPROTO_TCP;
	else if (!strcmp(word, "-u"))
		service->protocol = IPPROTO_UDP;
	else if (!strcmp(word, "--sctp-service"))
		service->protocol = IPPROTO_SCTP;
	else if (strcmp(word, "-f") != 0)
		return false;
	else
		service->fwmark = number(value);
	if (service->protocol)
		return end_parse(&service->end, value);
	service->end.family = AF_INET;
	return true;
}

static bool option_word(struct rule_options *options, const char *word, const char *value)
{
	if (!strcmp(word, "-s"))
		options->sched = value;
	else if (!strcmp(word, "-b"))
		options->flags |= flags_parse(value);
	else if (!strcmp(word, "-M"))
		return netmask_parse(options, value);
	else if (!strcmp(word, "--pe"))
		options->pe = value;
	else
		return false;
	return true;
}

static bool tunnel_type(struct rule_dest *dest, const char *value)
{
	static const char *const type[] = {"ipip", "gue", "gre"};

	for (unsigned i = 0; i < sizeof(type) / sizeof(*type); i++) {
		if (strcmp(value, type[i]) != 0)
			continue;
		dest->tun_type = (uint8_t)i;
		return true;
	}
	return false;
}

static bool dest_word(struct rule_dest *dest, const char *word, const char *value)
{
	if (!strcmp(word, "-r"))
		return end_parse(&dest->end, value);
	if (!strcmp(word, "--tun-type"))
		return tunnel_type(dest, value);
	if (!strcmp(word, "-w"))
		dest->weight = atoi(value);
	else if (!strcmp(word, "-x"))
		dest->upper = number(value);
	else if (!strcmp(word, "-y"))
		dest->lower = number(value);
	else if (!strcmp(word, "--tun-port"))
		dest->tun_port = (uint16_t)atoi(value);
	else
		return false;
	return true;
}

/* Words that stand alone. */
static bool plain_word(struct rule *rule, const char *word)
{
	static const struct {
		const char *word;
		enum rule_method method;
	} method[] = {{"-g", RULE_DR}, {"-i", RULE_TUNNEL}, {"-m", RULE_NAT}, {"-l", RULE_LOCAL}};
	static const struct {
		const char *word;
		uint16_t flags;
	} tunnel[] = {{"--tun-nocsum", 0}, {"--tun-csum", 1}, {"--tun-remcsum", 2}};

	for (size_t i = 0; i < sizeof(method) / sizeof(*method); i++)
		if (!strcmp(word, method[i].word)) {
			rule->dest.method = method[i].method;
			return true;
		}
	for (size_t i = 0; i < sizeof(tunnel) / sizeof(*tunnel); i++)
		if (!strcmp(word, tunnel[i].word)) {
			rule->dest.tun_flags = tunnel[i].flags;
			return true;
		}
	if (!strcmp(word, "-o"))
		rule->options.flags |= RULE_ONE_PACKET;
	else if (!strcmp(word, "-6"))
		rule->service.end.family = AF_INET6;
	else
		return false;
	return true;
}

/* Connection sync's backup begins or ends. */
static bool daemon_word(struct rule *rule, const char *word, char **args)
{
	const char *role;

	if (strcmp(word, "--start-daemon") != 0 && strcmp(word, "--stop-daemon") != 0)
		return false;
	rule->verb = word[4] == 'a' ? 'B' : 'b';
	role = script_word(args);
	return role && !strcmp(role, "backup");
}

static bool verb_word(struct rule *rule, const char *word, char **args)
{
	if (word[0] == '-' && word[1] && !word[2] && strchr("AEDaedCZ", word[1])) {
		rule->verb = word[1];
		return true;
	}
	if (strcmp(word, "--set") != 0)
		return false;
	rule->verb = 's';
	for (int i = 0; i < 3; i++) {
		const char *value = script_word(args);

		if (!value)
			return false;
		rule->timeout_s[i] = (uint32_t)strtol(value, NULL, 10);
	}
	return true;
}

/* "-p" may stand alone or have a time. */
static bool persistent_word(struct rule *rule, const char *word, char **args)
{
	const char *value = NULL;

	if (strcmp(word, "-p") != 0)
		return false;
	if (*args && **args >= '0' && **args <= '9')
		value = script_word(args);
	rule->options.flags |= RULE_PERSISTENT;
	rule->options.timeout_s = value ? number(value) : PERSISTENT_S;
	return true;
}

static bool take(struct rule *rule, const char *word, char **args)
{
	const char *value;

	if (verb_word(rule, word, args) || daemon_word(rule, word, args) ||
	    plain_word(rule, word) || persistent_word(rule, word, args))
		return true;
	value = script_word(args);
	return value &&
	       (service_word(rule, word, value) || option_word(&rule->options, word, value) ||
		dest_word(&rule->dest, word, value));
}

bool rule_parse(struct rule *rule, char *args)
{
	const char *word;

	*rule = (struct rule){
		.options = {.sched = "wlc"},
		.dest = {.method = RULE_DR, .weight = 1},
	};
	while ((word = script_word(&args)))
		if (!take(rule, word, &args))
			return false;
	if (!rule->options.netmask)
		rule->options.netmask = rule->service.end.family == AF_INET6 ? 128 : UINT32_MAX;
	return rule->verb != 0;
}
