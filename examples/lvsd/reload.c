/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The order, so that no packet finds less than it should: first what is new is
 * taken away from the host and its paths are known, then the director changes by
 * one transaction, and last the host gets back what is not ours any more.
 */
#include "reload.h"
#include "adapters/adapter.h"
#include "host/address.h"
#include "rules/apply.h"
#include "host/capture.h"
#include "host/forwarding.h"
#include "log.h"
#include "marks.h"
#include "host/paths.h"
#include "rules/read.h"
#include "host/tuning.h"

#include <string.h>

/* What the new rules mean beyond the director. */
struct plan {
	struct rules rules;
	struct addr_set services;
	struct addr_set dests;
	struct lvs_marks *marks;
};

static void free_plan(struct plan *plan)
{
	rules_free(&plan->rules);
	addr_set_free(&plan->services);
	addr_set_free(&plan->dests);
	lvs_marks_del(plan->marks);
}

/* What the adapter cannot carry is refused, not tried. */
int reload_check_adapter(const struct lvsd *lvsd, const struct rules *rules)
{
	const struct options *options = &lvsd->options;
	uint32_t lacks = options->io->lacks;
	char error[512];

	if (lvsd->worker_n)
		lacks |= ~lvsd->caps.flags;
	if (adapter_check(rules, options->io->name, lacks, options->rules, error, sizeof(error)) ==
	    0)
		return marks_check(lvsd, rules);
	log_line(&lvsd->log, LVS_LOG_ERROR, "%s", error);
	return -1;
}

static void warn(const struct lvsd *lvsd, const struct rule_service *service, const char *text)
{
	log_line(&lvsd->log, LVS_LOG_WARNING, "%s:%u: %s", lvsd->options.rules, service->line,
		 text);
}

void reload_warn(const struct lvsd *lvsd, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct rule_service *service = &rules->service[i];

		if (!service->key.fwmark && !service->key.port)
			warn(lvsd, service,
			     "a service of every port: all of its protocol to that address is "
			     "balanced, and no longer reaches the host's own services there");
	}
	marks_warn(lvsd, rules);
}

int reload_read(const struct lvsd *lvsd, struct rules *rules)
{
	struct config file = {0}; /* options were read from it before */
	char error[1024];
	int failed;

	if (!lvsd->options.rules)
		return 0; /* none: all comes over the control socket */
	if (lvsd->options.rules_in_config)
		failed = config_read_file(lvsd->options.rules, &file, rules, error, sizeof(error));
	else
		failed = rules_read_file(lvsd->options.rules, rules, error, sizeof(error));
	if (failed)
		log_line(&lvsd->log, LVS_LOG_ERROR, "%s", error);
	config_free(&file);
	return failed;
}

/* Takes `rules` over. */
static int make_plan(const struct lvsd *lvsd, struct rules *rules, struct plan *plan)
{
	memset(plan, 0, sizeof(*plan));
	plan->rules = *rules;
	memset(rules, 0, sizeof(*rules));
	if (addr_set_of_services(&plan->services, &plan->rules) == 0 &&
	    addr_set_of_dests(&plan->dests, &plan->rules) == 0)
		return marks_make(lvsd, &plan->rules, &plan->marks);
	log_line(&lvsd->log, LVS_LOG_ERROR, "%s: out of memory", lvsd->options.rules);
	return -1;
}

static bool steers(const struct lvsd *lvsd)
{
	return lvsd->options.tun[0] != 0 || lvsd->options.is_xdp;
}

static int capture(const struct lvsd *lvsd, const struct rules *a, const struct rules *b)
{
	struct capture_how how = {
		.steered = steers(lvsd),
		.ftp = lvsd->options.ftp,
		.ftp_n = lvsd->options.ftp_n,
	};

	return capture_set(lvsd->host, &how, a, b);
}

/* 0, or -1 with nothing that matters changed. */
static int prepare_host(struct lvsd *lvsd, struct plan *plan)
{
	int err = capture(lvsd, &lvsd->rules, &plan->rules);

	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "taking traffic away from the host: %s",
			 lvs_strerror(err));
		return -1;
	}
	err = paths_refresh(lvsd->director, lvsd->host, &plan->dests);
	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "reading routes: %s", lvs_strerror(err));
		return -1;
	}
	return 0;
}

static void set_capture(const struct lvsd *lvsd, const struct rules *rules)
{
	static const struct rules none;
	int err = capture(lvsd, rules, &none);

	if (err)
		log_line(&lvsd->log, LVS_LOG_WARNING, "giving traffic back to the host: %s",
			 lvs_strerror(err));
}

/* Back to what is in force. */
static void undo_host(const struct lvsd *lvsd, const struct plan *plan)
{
	set_capture(lvsd, &lvsd->rules);
	paths_forget(lvsd->director, &plan->dests, &lvsd->dests);
}

static void follow_host(struct lvsd *lvsd, const struct plan *plan)
{
	set_capture(lvsd, &plan->rules);
	paths_forget(lvsd->director, &lvsd->dests, &plan->dests);
	if (!lvsd->options.no_address)
		address_change(lvsd->host, lvsd->ifindex[0], &lvsd->services, &plan->services,
			       &lvsd->log);
}

static void take_over(struct lvsd *lvsd, const struct plan *plan)
{
	lvs_marks_del(plan->marks); /* they were the same */
	rules_free(&lvsd->rules);
	addr_set_free(&lvsd->services);
	addr_set_free(&lvsd->dests);
	lvsd->rules = plan->rules;
	lvsd->services = plan->services;
	lvsd->dests = plan->dests;
}

static void tell(const struct lvsd *lvsd, const struct apply_counts *counts)
{
	log_line(&lvsd->log, LVS_LOG_NOTICE,
		 "rules file %s is in force: %zu service%s, %zu server%s (%u added, %u changed, %u "
		 "removed)",
		 lvsd->options.rules, lvsd->rules.service_n, log_plural(lvsd->rules.service_n),
		 lvsd->rules.dest_n, log_plural(lvsd->rules.dest_n), counts->added, counts->changed,
		 counts->removed);
}

/* Services and marks change together, as no packet may find one without the other. */
static int apply(struct lvsd *lvsd, struct plan *plan, struct apply_counts *counts)
{
	bool marks = !marks_same(&lvsd->rules, &plan->rules);
	char error[512];
	int failed;

	if (marks)
		gate_close(&lvsd->gate);
	failed = apply_rules(lvsd->director, &lvsd->rules, &plan->rules, lvsd->options.rules,
			     counts, error, sizeof(error));
	if (marks && !failed) {
		marks_use(lvsd, plan->marks);
		plan->marks = NULL;
	}
	if (marks)
		gate_open(&lvsd->gate);
	if (failed)
		log_line(&lvsd->log, LVS_LOG_ERROR, "%s", error);
	return failed;
}

int reload_put(struct lvsd *lvsd, struct rules *rules)
{
	struct setting_values before = lvsd->settings;
	struct apply_counts counts;
	struct plan plan;

	if (make_plan(lvsd, rules, &plan) < 0 || reload_check_adapter(lvsd, &plan.rules) < 0 ||
	    tuning_change(lvsd, &plan.rules) < 0)
		goto refused;
	if (lvsd->host && prepare_host(lvsd, &plan) < 0)
		goto undo;
	if (apply(lvsd, &plan, &counts) < 0)
		goto undo;
	if (lvsd->host)
		follow_host(lvsd, &plan);
	reload_warn(lvsd, &plan.rules);
	take_over(lvsd, &plan);
	(void)forwarding_set(lvsd); /* the log tells; the rules are in force all the same */
	if (lvsd->options.rules)
		tell(lvsd, &counts);
	return 0;

undo:
	tuning_put_back(lvsd, &before);
	if (lvsd->host)
		undo_host(lvsd, &plan);
refused:
	free_plan(&plan);
	return -1;
}

int reload_follow(struct lvsd *lvsd, struct rules *rules)
{
	struct plan plan;
	int failed = 0;

	if (make_plan(lvsd, rules, &plan) < 0) {
		free_plan(&plan);
		return -1;
	}
	if (lvsd->host) {
		failed = prepare_host(lvsd, &plan);
		follow_host(lvsd, &plan);
	}
	take_over(lvsd, &plan);
	(void)forwarding_set(lvsd);
	return failed;
}

/* What of the file's options is another than at start. */
static void follow_options(struct lvsd *lvsd, const struct config *file,
			   const struct options *options)
{
	const char *key;
	unsigned at = 0, line;

	if (!lvsd->options.log_level_given)
		lvsd->options.log_level = options->log_level;
	while ((key = config_next_change(&lvsd->options.file, file, &at, &line)))
		log_line(&lvsd->log, LVS_LOG_WARNING,
			 "%s:%u: %s is another than at start: a restart takes it up",
			 lvsd->options.config, line, key);
}

/* The options of --config again. 0, or -1 with the reason logged. */
static int reload_config(struct lvsd *lvsd, struct config *file, struct options *options)
{
	char error[1024];

	options->log_level = LVS_LOG_NOTICE;
	if (!lvsd->options.config ||
	    (config_read_file(lvsd->options.config, file, NULL, error, sizeof(error)) == 0 &&
	     config_apply(file, lvsd->options.config, options, error, sizeof(error)) == 0))
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "%s", error);
	return -1;
}

/* Where no file says anything of services, those that clients of the control socket set stay. */
static int keep_services(const struct lvsd *lvsd, const struct config *file, struct rules *rules)
{
	struct rules merged = {0};

	if (!lvsd->genl || (lvsd->options.rules && !lvsd->options.rules_in_config) ||
	    file->text[CONFIG_KEY_SERVICES])
		return 0;
	if (rules_read_director(lvsd->director, rules, &merged) < 0) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "out of memory");
		rules_free(&merged);
		return -1;
	}
	rules_free(rules);
	*rules = merged;
	return 0;
}

int reload_rules(struct lvsd *lvsd)
{
	struct options options = {0};
	struct config file = {0};
	struct rules rules = {0};
	int failed = reload_config(lvsd, &file, &options);

	if (!failed)
		failed = reload_read(lvsd, &rules);
	if (!failed)
		failed = keep_services(lvsd, &file, &rules);
	if (!failed)
		failed = reload_put(lvsd, &rules);
	if (!failed && lvsd->options.config)
		follow_options(lvsd, &file, &options);
	config_free(&file);
	return failed;
}

void reload_capture(const struct lvsd *lvsd)
{
	if (steers(lvsd))
		set_capture(lvsd, &lvsd->rules);
}

int reload_setup_only(struct lvsd *lvsd, struct rules *rules)
{
	struct plan plan;

	if (make_plan(lvsd, rules, &plan) < 0 || reload_check_adapter(lvsd, &plan.rules) < 0) {
		free_plan(&plan);
		return -1;
	}
	set_capture(lvsd, &plan.rules);
	if (!lvsd->options.no_address)
		address_change(lvsd->host, lvsd->ifindex[0], &lvsd->services, &plan.services,
			       &lvsd->log);
	take_over(lvsd, &plan);
	return 0;
}
