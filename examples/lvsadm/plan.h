/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be there: all of it, or nothing changes. */
#ifndef LVSADM_PLAN_H
#define LVSADM_PLAN_H

#include "lines.h"
#include "rules.h"

struct plan_setting {
	char name[32];
	uint32_t value;
};

struct plan_rule {
	struct request request; /* COMMAND_ADD_SERVICE or COMMAND_ADD_SERVER */
	unsigned number;        /* of its line; 0: none */
};

struct plan {
	struct plan_rule *rule; /* owned */
	size_t rule_n, rule_room;
	struct plan_setting *setting; /* owned */
	size_t setting_n, setting_room;
};

/* From lines; what is wrong is told on stderr, behind the verb's name and the line's number. */
int plan_read(struct plan *plan, const char *verb, struct lines *lines);

/* From what another side has. Returns 0 or a negative errno. */
int plan_copy(struct plan *plan, const struct rules *rules);

/* Prints what would change, a line each: "- " what goes, "+ " what comes. */
int plan_compare(const struct plan *plan, const struct link *link, FILE *out);

/* Does it, or with dry_run says what would come of it. Returns the exit status; counts, or what is
 * wrong, are told. */
int plan_do(const struct plan *plan, const char *verb, const struct link *link, bool dry_run);
void plan_free(struct plan *plan);

#endif
