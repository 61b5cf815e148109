/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#include "change.h"
#include "setting.h"
#include "verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more of `size` bytes; NULL: none. */
static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *grown;

	if (n < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown)
		*room = more;
	return grown;
}

static int add_rule(struct plan *plan, const struct request *request, unsigned number)
{
	struct plan_rule *grown =
		grow(plan->rule, plan->rule_n, &plan->rule_room, sizeof(*plan->rule));

	if (!grown)
		return -ENOMEM;
	plan->rule = grown;
	grown[plan->rule_n++] = (struct plan_rule){.request = *request, .number = number};
	return 0;
}

static int add_setting(struct plan *plan, const struct lines *lines)
{
	struct plan_setting *grown =
		grow(plan->setting, plan->setting_n, &plan->setting_room, sizeof(*plan->setting));

	if (!grown)
		return -ENOMEM;
	plan->setting = grown;
	strcpy(grown[plan->setting_n].name, setting_name(lines->name));
	grown[plan->setting_n++].value = lines->value;
	return 0;
}

static int add_line(struct plan *plan, enum lines_next next, const struct lines *lines,
		    const struct request *request, struct complaint *complaint)
{
	int error;

	if (next == LINES_WRONG)
		return -1;
	if (next == LINES_SETTING)
		error = add_setting(plan, lines);
	else if (request->command != COMMAND_ADD_SERVICE && request->command != COMMAND_ADD_SERVER)
		return complain(complaint, STATUS_USAGE,
				"expected -A, -a or set, got the command %s",
				option_command_name(request->command));
	else
		error = add_rule(plan, request, lines->number);
	return error ? complain(complaint, STATUS_ERROR, "%s", strerror(-error)) : 0;
}

int plan_read(struct plan *plan, const char *verb, struct lines *lines)
{
	struct complaint complaint;
	struct request request;
	enum lines_next next;

	*plan = (struct plan){0};
	while ((next = lines_take(lines, true, &request, &complaint)) != LINES_END)
		if (add_line(plan, next, lines, &request, &complaint) < 0)
			return verb_wrong(verb, "line %u: %s", lines->number, complaint.text);
	return 0;
}

int plan_copy(struct plan *plan, const struct rules *rules)
{
	int error = 0;

	*plan = (struct plan){0};
	for (size_t i = 0; i < rules->n && !error; i++) {
		const struct rules_service *one = &rules->service[i];
		struct request request = {.command = COMMAND_ADD_SERVICE,
					  .options = OF(SERVICE),
					  .service = one->service};

		error = add_rule(plan, &request, 0);
		request.command = COMMAND_ADD_SERVER;
		/* The newest is listed first. */
		for (size_t k = one->dest_n; k-- > 0 && !error;) {
			request.dest = one->dest[k];
			error = add_rule(plan, &request, 0);
		}
	}
	return error;
}

/* *first: number of the first request, by which lvsd says which one is wrong. */
static int put_rules(const struct plan *plan, const struct link *link, uint32_t *first)
{
	struct lvs_ipvs_message message;
	int error = 0;

	for (size_t i = 0; i < plan->rule_n && !error; i++) {
		change_message(&plan->rule[i].request, &message);
		error = lvs_ipvs_put(link->client, &message);
		if (!i)
			*first = message.seq;
	}
	return error;
}

static int print_counts(void *user, const struct lvs_ipvs_message *answer)
{
	if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_ADDED))
		printf("%u added, %u changed, %u removed%s\n", answer->added, answer->changed,
		       answer->removed, *(const bool *)user ? " (not done)" : "");
	return 0;
}

static int do_rules(const struct plan *plan, const struct link *link, bool dry_run, uint32_t *first)
{
	struct lvs_ipvs_message begin = {0};
	struct lvs_ipvs_message commit = {.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_FLAGS),
					  .flags = LVS_IPVS_REPLACE |
						   (dry_run ? LVS_IPVS_DRY_RUN : 0)};
	int error = verb_ask(link, LVS_IPVS_BEGIN, &begin, NULL, NULL);

	if (!error)
		error = put_rules(plan, link, first);
	return error ? error : verb_ask(link, LVS_IPVS_COMMIT, &commit, print_counts, &dry_run);
}

/* Says which line it was, where that is known. */
static int tell(const struct plan *plan, const char *verb, const struct link *link, uint32_t first,
		int error)
{
	uint32_t bad = lvs_ipvs_client_bad(link->client);
	uint32_t i = bad - first;

	if (!bad || !first || i >= plan->rule_n || !plan->rule[i].number)
		return verb_failed(verb, link, error);
	fprintf(stderr, "lvsadm: %s: line %u: %s: nothing has changed\n", verb,
		plan->rule[i].number,
		*lvs_ipvs_client_sentence(link->client) ? lvs_ipvs_client_sentence(link->client)
							: strerror(-error));
	return STATUS_ERROR;
}

int plan_do(const struct plan *plan, const char *verb, const struct link *link, bool dry_run)
{
	uint32_t first = 0;
	int error = do_rules(plan, link, dry_run, &first);

	if (error)
		return tell(plan, verb, link, first, error);
	for (size_t i = 0; i < plan->setting_n && !error && !dry_run; i++)
		error = setting_set(link, plan->setting[i].name, plan->setting[i].value);
	return error ? verb_failed(verb, link, error) : 0;
}

void plan_free(struct plan *plan)
{
	free(plan->rule);
	free(plan->setting);
	*plan = (struct plan){0};
}
