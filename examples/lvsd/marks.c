/* SPDX-License-Identifier: BSD-2-Clause */
#include "marks.h"
#include "log.h"
#include "lvsd.h"
#include "rules/mark_reach.h"

#include <stdlib.h>
#include <string.h>

/* One that is not there gets a number that no interface has, the same wherever it is named. */
static uint32_t number_of(const struct lvsd *lvsd, const struct rules *rules, size_t rule)
{
	const char *name = rules->mark[rule].interface;
	uint32_t first = 0, ifindex = 0;

	if (!name[0])
		return 0;
	if (lvsd->host)
		ifindex = lvs_host_ifindex(lvsd->host, name);
	while (strcmp(rules->mark[first].interface, name) != 0)
		first++;
	return ifindex ? ifindex : UINT32_MAX - first;
}

/* Whether a number is another than before. */
static bool find_interfaces(const struct lvsd *lvsd, struct rules *rules)
{
	bool changed = false;

	for (size_t i = 0; i < rules->mark_n; i++) {
		uint32_t ifindex = number_of(lvsd, rules, i);

		changed |= ifindex != rules->mark[i].rule.ifindex;
		rules->mark[i].rule.ifindex = ifindex;
	}
	return changed;
}

static int make_list(const struct rules *rules, struct lvs_marks **marks)
{
	struct lvs_mark_rule *list = calloc(rules->mark_n, sizeof(*list));
	int err;

	if (!list)
		return LVS_ERR_NO_MEMORY;
	for (size_t i = 0; i < rules->mark_n; i++)
		list[i] = rules->mark[i].rule;
	err = lvs_marks_new(list, (unsigned)rules->mark_n, marks);
	free(list);
	return err;
}

int marks_make(const struct lvsd *lvsd, struct rules *rules, struct lvs_marks **marks)
{
	int err;

	*marks = NULL;
	if (!rules->mark_n)
		return 0;
	find_interfaces(lvsd, rules);
	err = make_list(rules, marks);
	if (!err)
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "%s: marking rules: %s", lvsd->options.rules,
		 lvs_strerror(err));
	return -1;
}

bool marks_same(const struct rules *a, const struct rules *b)
{
	if (a->mark_n != b->mark_n)
		return false;
	for (size_t i = 0; i < a->mark_n; i++)
		if (memcmp(&a->mark[i].rule, &b->mark[i].rule, sizeof(a->mark[i].rule)) != 0)
			return false;
	return true;
}

void marks_use(struct lvsd *lvsd, struct lvs_marks *marks)
{
	for (unsigned i = 0; i < lvsd->worker_n; i++)
		lvsd->worker[i].marks = marks;
	lvs_marks_del(lvsd->marks);
	lvsd->marks = marks;
}

void marks_follow(struct lvsd *lvsd)
{
	struct lvs_marks *marks;
	int err;

	if (!find_interfaces(lvsd, &lvsd->rules))
		return;
	err = make_list(&lvsd->rules, &marks);
	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "marking rules: %s", lvs_strerror(err));
		return;
	}
	gate_close(&lvsd->gate);
	marks_use(lvsd, marks);
	gate_open(&lvsd->gate);
}

static bool shows(const struct options *options, const char *interface)
{
	for (unsigned i = 0; i < options->interface_n && !options->tun[0]; i++)
		if (!strcmp(options->interface[i], interface))
			return true;
	return false;
}

int marks_check(const struct lvsd *lvsd, const struct rules *rules)
{
	const struct options *options = &lvsd->options;
	bool takes = options->interface_n && !options->no_setup;
	const struct rule_mark *wide = takes ? mark_reach_too_wide(rules) : NULL;

	for (size_t i = 0; i < rules->mark_n; i++) {
		const struct rule_mark *mark = &rules->mark[i];

		if (!mark->interface[0] || shows(options, mark->interface))
			continue;
		log_line(&lvsd->log, LVS_LOG_ERROR,
			 "%s:%u: expected behind in an interface at which --io %s shows packets, "
			 "got "
			 "\"%s\"",
			 options->rules, mark->line, options->io->name, mark->interface);
		return -1;
	}
	if (!wide)
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR,
		 "%s:%u: expected a dst of at most %d addresses, which can be taken away from the "
		 "host, or --no-setup",
		 options->rules, wide->line, MARK_REACH_ADDRS);
	return -1;
}

void marks_warn(const struct lvsd *lvsd, const struct rules *rules)
{
	struct lvs_marks *marks = NULL;

	if (rules->mark_n && make_list(rules, &marks))
		return;
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct rule_service *service = &rules->service[i];

		if (service->key.fwmark &&
		    !lvs_marks_reach(marks, (enum lvs_family)service->key.family,
				     service->key.fwmark))
			log_line(&lvsd->log, LVS_LOG_WARNING,
				 "%s:%u: no line \"mark %u\" gives this service an %s packet: it "
				 "gets none",
				 lvsd->options.rules, service->line, service->key.fwmark,
				 service->key.family == LVS_INET6 ? "IPv6" : "IPv4");
	}
	lvs_marks_del(marks);
}
