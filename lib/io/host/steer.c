/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/steer.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/error.h>

#include "io/host/state.h"

#define NUMBER 0x4c560000u /* "LV"; the lower half is the instance's */

static const uint8_t families[2] = {LVS_INET, LVS_INET6};

/* FNV-1a, folded. */
static uint16_t hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name != 0; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return (uint16_t)(hash ^ hash >> 16);
}

/* The rules of priority 0, in their order. */
struct rule_list {
	struct lvs_steer_rule *rule;
	unsigned n;
	bool no_memory;
};

static void add_to_list(void *user, const struct lvs_steer_rule *rule)
{
	struct rule_list *list = user;
	struct lvs_steer_rule *grown;

	if (rule->priority != 0 || list->no_memory)
		return;
	grown = realloc(list->rule, (list->n + 1) * sizeof(*grown));
	list->no_memory = grown == NULL;
	if (grown == NULL)
		return;
	list->rule = grown;
	list->rule[list->n++] = *rule;
}

/* The list is to be freed, whatever is returned. */
static int read_list(struct lvs_host *host, unsigned family, struct rule_list *list)
{
	int err;

	memset(list, 0, sizeof(*list));
	err = lvs_steer_rules(&host->ask, family, add_to_list, list);
	return list->no_memory ? LVS_ERR_NO_MEMORY : err;
}

static bool is_ours(const struct lvs_steer *steer, const struct lvs_steer_rule *rule)
{
	return rule->table == steer->number && rule->protocol == steer->protocol;
}

static bool has_ours(struct lvs_host *host, unsigned family)
{
	struct rule_list list;
	bool found = false;

	if (read_list(host, family, &list) == 0)
		for (unsigned i = 0; i < list.n; i++)
			found |= is_ours(&host->steer, &list.rule[i]);
	free(list.rule);
	return found;
}

void lvs_steer_init(struct lvs_host *host)
{
	struct lvs_steer *steer = &host->steer;

	memset(steer, 0, sizeof(*steer));
	steer->number = NUMBER | hash_name(host->name);
	steer->protocol = host->services.protocol;
	if (lvs_host_usable(host))
		for (unsigned f = 0; f < 2; f++)
			steer->leftover |= has_ours(host, families[f]);
}

int lvs_host_steer(struct lvs_host *host, const char *tun)
{
	size_t len = strlen(tun);

	if (len == 0 || len >= sizeof(host->steer.tun))
		return LVS_ERR_INVALID;
	memcpy(host->steer.tun, tun, len + 1);
	return 0;
}

static struct lvs_steer_rule rule_for(const struct lvs_steer *steer, const char *iif)
{
	struct lvs_steer_rule rule = {
		.table = steer->number,
		.mark = steer->number,
		.protocol = steer->protocol,
	};

	memcpy(rule.iif, iif, sizeof(rule.iif));
	return rule;
}

static bool is_in(const struct rule_list *list, const struct lvs_steer_rule *rule)
{
	for (unsigned i = 0; i < list->n; i++)
		if (list->rule[i].table == rule->table && list->rule[i].mark == rule->mark &&
		    list->rule[i].protocol == rule->protocol &&
		    strcmp(list->rule[i].iif, rule->iif) == 0)
			return true;
	return false;
}

static int add_missing(struct lvs_host *host, unsigned family, const struct rule_list *list)
{
	for (unsigned i = 0; i < host->capture.names_n; i++) {
		struct lvs_steer_rule rule = rule_for(&host->steer, host->capture.name[i]);
		int err = is_in(list, &rule) ? 0 : lvs_steer_rule_add(&host->ask, family, &rule);

		if (err != 0)
			return err;
	}
	return 0;
}

/* Of a crashed instance that had other interfaces. */
static void del_others(struct lvs_host *host, unsigned family, const struct rule_list *list)
{
	for (unsigned i = 0; i < list->n; i++) {
		bool wanted = false;

		for (unsigned k = 0; k < host->capture.names_n; k++)
			wanted |= strcmp(list->rule[i].iif, host->capture.name[k]) == 0;
		if (is_ours(&host->steer, &list->rule[i]) && !wanted)
			(void)lvs_steer_rule_del(&host->ask, family, &list->rule[i]);
	}
}

/*
 * The kernel puts a new rule behind those of its priority, and deletes the first
 * that fits. So "lookup local" gets behind ours without having been away: it is
 * added anew, and then deleted where it stood.
 */
static int put_local_behind(struct lvs_host *host, unsigned family)
{
	struct rule_list list;
	unsigned ours = 0, in_front = 0;
	int err = read_list(host, family, &list);

	for (unsigned i = 0; i < list.n; i++)
		if (is_ours(&host->steer, &list.rule[i]))
			ours = i;
	for (unsigned i = 0; i < ours; i++)
		in_front += list.rule[i].local;
	for (unsigned i = 0; i < ours && in_front > 0 && err == 0; i++) {
		if (!list.rule[i].local)
			continue;
		if (!list.rule[list.n - 1].local)
			err = lvs_steer_rule_add(&host->ask, family, &list.rule[i]);
		for (; in_front > 0 && err == 0; in_front--)
			err = lvs_steer_rule_del(&host->ask, family, &list.rule[i]);
	}
	free(list.rule);
	return err;
}

static int make_rules(struct lvs_host *host, unsigned family)
{
	struct rule_list list;
	int err = read_list(host, family, &list);

	if (err == 0)
		err = add_missing(host, family, &list);
	if (err == 0)
		del_others(host, family, &list);
	free(list.rule);
	return err != 0 ? err : put_local_behind(host, family);
}

static int make_routes(struct lvs_host *host, unsigned family)
{
	const struct lvs_iface *tun = lvs_ifaces_find_name(&host->ifaces, host->steer.tun);

	if (tun == NULL || (tun->flags & IFF_UP) == 0)
		return 0; /* the blackhole holds until it is up */
	return lvs_steer_route_add(&host->ask, family, &host->steer, tun->ifindex);
}

static int make_family(struct lvs_host *host, unsigned f)
{
	int err = lvs_steer_route_add(&host->ask, families[f], &host->steer, 0);

	/* Also after an error: what was made is to be removed. */
	host->steer.used[f] = true;
	if (err == 0)
		err = make_routes(host, families[f]);
	if (err == 0)
		err = make_rules(host, families[f]);
	if (err != 0)
		lvs_host_log(host, LVS_LOG_ERROR, "routing into %s, IPv%u: %s", host->steer.tun,
			     f == 0 ? 4 : 6, lvs_strerror(err));
	return err;
}

static void remove_family(struct lvs_host *host, unsigned f)
{
	struct rule_list list;

	if (read_list(host, families[f], &list) == 0)
		for (unsigned i = 0; i < list.n; i++)
			if (is_ours(&host->steer, &list.rule[i]))
				(void)lvs_steer_rule_del(&host->ask, families[f], &list.rule[i]);
	free(list.rule);
	/* The one to the TUN has often gone with it. */
	(void)lvs_steer_route_del(&host->ask, families[f], &host->steer, true);
	(void)lvs_steer_route_del(&host->ask, families[f], &host->steer, false);
	host->steer.used[f] = false;
}

static bool needed(const struct lvs_capture_rules *rules, unsigned f)
{
	for (unsigned i = 0; i < rules->n; i++)
		if (rules->rule[i].family == families[f])
			return true;
	return false;
}

int lvs_steer_prepare(struct lvs_host *host, const struct lvs_capture_rules *rules)
{
	int err;

	if (host->steer.tun[0] == 0)
		return 0;
	/* What has a socket on the host already is not forwarded where that was looked for early:
	 * it would never come to the TUN, and so not back. For both families. */
	err = lvs_host_sysctl_set(host, "net/ipv4/ip_early_demux", "0");
	if (err != 0)
		lvs_host_log(host, LVS_LOG_ERROR, "switching off early demux: %s",
			     lvs_strerror(err));
	if (err != 0 || !lvs_host_usable(host))
		return err;
	/* A device that has just been made is known from its notification. */
	err = lvs_host_read_events(host);
	for (unsigned f = 0; f < 2 && err == 0; f++)
		if (needed(rules, f))
			err = make_family(host, f);
	return err;
}

void lvs_steer_clear(struct lvs_host *host, const struct lvs_capture_rules *rules)
{
	bool steers = host->steer.tun[0] != 0;

	if (!lvs_host_usable(host))
		return;
	for (unsigned f = 0; f < 2; f++)
		if ((host->steer.used[f] || host->steer.leftover) && !(steers && needed(rules, f)))
			remove_family(host, f);
	host->steer.leftover = false;
}

void lvs_steer_follow(struct lvs_host *host)
{
	for (unsigned f = 0; f < 2; f++)
		if (host->steer.used[f] && make_routes(host, families[f]) != 0)
			lvs_host_log(host, LVS_LOG_ERROR, "the route into %s cannot follow",
				     host->steer.tun);
}

void lvs_steer_remove(struct lvs_host *host)
{
	static const struct lvs_capture_rules none;

	lvs_steer_clear(host, &none);
}

static void print_rules(const struct lvs_host *host, const char *ip,
			void (*line)(void *user, const char *text), void *user)
{
	const struct lvs_steer *steer = &host->steer;
	char text[256];

	for (unsigned i = 0; i < host->capture.names_n; i++) {
		snprintf(text, sizeof(text),
			 "%s rule add pref 0 iif %s fwmark %#x lookup %u protocol %u", ip,
			 host->capture.name[i], steer->number, steer->number, steer->protocol);
		line(user, text);
	}
	/* ip(8) refuses what lvs_steer_rule_add() does, a rule that is there. */
	snprintf(text, sizeof(text),
		 "%s rule add pref 1 lookup local && %s rule del pref 0 lookup local && "
		 "%s rule add pref 0 lookup local protocol kernel && %s rule del pref 1 lookup "
		 "local",
		 ip, ip, ip, ip);
	line(user, text);
}

void lvs_steer_print(const struct lvs_host *host, void (*line)(void *user, const char *text),
		     void *user)
{
	static const char *const ip[2] = {"ip", "ip -6"};
	const struct lvs_steer *steer = &host->steer;
	char text[256];

	for (unsigned f = 0; f < 2 && steer->tun[0] != 0; f++) {
		if (!needed(&host->capture.rules, f))
			continue;
		snprintf(text, sizeof(text),
			 "%s route add blackhole default table %u metric %u proto %u", ip[f],
			 steer->number, LVS_STEER_METRIC_BLACKHOLE, steer->protocol);
		line(user, text);
		snprintf(text, sizeof(text),
			 "%s route add default dev %s table %u metric %u proto %u", ip[f],
			 steer->tun, steer->number, LVS_STEER_METRIC, steer->protocol);
		line(user, text);
		print_rules(host, ip[f], line, user);
	}
}
