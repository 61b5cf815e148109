/* SPDX-License-Identifier: BSD-2-Clause */
/* What would change, told as command lines. */
#include "plan.h"

#include "save.h"
#include "setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A text, and its lines in order. */
struct text {
	char *text; /* owned */
	size_t len;
	char **line; /* owned */
	size_t n;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_text(struct text *text)
{
	free(text->text);
	free(text->line);
}

/* Cuts it up and sorts. */
static int cut(struct text *text)
{
	size_t n = 0;

	for (size_t i = 0; i < text->len; i++)
		n += text->text[i] == '\n';
	text->line = calloc(n + 1, sizeof(*text->line));
	if (!text->line)
		return -ENOMEM;
	for (char *at = text->text; text->n < n; at += strlen(at) + 1) {
		at[strcspn(at, "\n")] = 0;
		text->line[text->n++] = at;
	}
	qsort(text->line, n, sizeof(*text->line), compare);
	return 0;
}

static void print_wanted(const struct plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->rule_n; i++) {
		const struct request *request = &plan->rule[i].request;

		if (request->command == COMMAND_ADD_SERVICE)
			save_service(&request->service, true, true, out);
		else
			save_dest(&request->service, &request->dest, true, true, out);
	}
	for (size_t i = 0; i < plan->setting_n; i++)
		fprintf(out, "set %s %u\n", plan->setting[i].name, plan->setting[i].value);
}

struct named {
	const struct plan *plan;
	FILE *out;
};

/* Settings that the plan does not name stay: they are nobody's difference. */
static int print_setting(void *user, const struct lvs_ipvs_message *answer)
{
	const struct named *named = user;

	for (size_t i = 0; i < named->plan->setting_n; i++)
		if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE) &&
		    !strcmp(named->plan->setting[i].name, answer->name))
			fprintf(named->out, "set %s %u\n", answer->name, answer->value);
	return 0;
}

static int print_present(const struct plan *plan, const struct link *link, FILE *out)
{
	const struct request all = {.options = 0};
	struct named named = {.plan = plan, .out = out};
	struct rules rules;
	int error = rules_load(&rules, link, &all);

	for (size_t i = 0; i < rules.n && !error; i++) {
		const struct rules_service *one = &rules.service[i];

		save_service(&one->service, true, true, out);
		for (size_t k = 0; k < one->dest_n; k++)
			save_dest(&one->service, &one->dest[k], true, true, out);
	}
	rules_free(&rules);
	return error ? error : setting_each(link, NULL, print_setting, &named);
}

static void print_difference(const struct text *present, const struct text *wanted, FILE *out)
{
	size_t i = 0, k = 0;

	while (i < present->n || k < wanted->n) {
		int order = i == present->n  ? 1
			    : k == wanted->n ? -1
					     : strcmp(present->line[i], wanted->line[k]);

		if (order < 0)
			fprintf(out, "- %s\n", present->line[i]);
		if (order > 0)
			fprintf(out, "+ %s\n", wanted->line[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

int plan_compare(const struct plan *plan, const struct link *link, FILE *out)
{
	struct text present = {0}, wanted = {0};
	FILE *one = open_memstream(&present.text, &present.len);
	FILE *other = open_memstream(&wanted.text, &wanted.len);
	int error = one && other ? print_present(plan, link, one) : -ENOMEM;

	if (other && !error)
		print_wanted(plan, other);
	if (one && fclose(one))
		error = -ENOMEM;
	if (other && fclose(other))
		error = -ENOMEM;
	if (!error)
		error = cut(&present);
	if (!error)
		error = cut(&wanted);
	if (!error)
		print_difference(&present, &wanted, out);
	free_text(&present);
	free_text(&wanted);
	return error;
}
