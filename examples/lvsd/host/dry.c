/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/dry.h"
#include "rules/apply.h"
#include "log.h"
#include "adapters/pick.h"
#include "reload.h"
#include "host/tuning.h"

static int try_rules(struct lvsd *lvsd, const struct rules *rules)
{
	static const struct rules none;
	struct apply_counts counts;
	char error[512];

	pick_adapter(lvsd);
	if (lvsd->options.io && reload_check_adapter(lvsd, rules) < 0)
		return -1;
	if (tuning_open(lvsd, rules) < 0)
		return -1;
	if (apply_rules(lvsd->director, &none, rules, lvsd->options.rules, &counts, error,
			sizeof(error)) == 0)
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "%s", error);
	return -1;
}

int dry_run(struct lvsd *lvsd)
{
	struct rules rules = {0};
	int failed = reload_read(lvsd, &rules);

	if (!failed)
		failed = try_rules(lvsd, &rules);
	if (!failed) {
		reload_warn(lvsd, &rules);
		printf("%s: %zu service%s, %zu server%s\n", lvsd->options.rules, rules.service_n,
		       log_plural(rules.service_n), rules.dest_n, log_plural(rules.dest_n));
	}
	lvs_director_del(lvsd->director);
	rules_free(&rules);
	return failed;
}
