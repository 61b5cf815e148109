/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DRY_RUN, FROM };

static const struct words_option options[] = {
	{"dry-run", 0, WORDS_NONE, DRY_RUN},
	{"from", 0, WORDS_ONE, FROM},
};

struct asked {
	bool dry_run;
	const char *from; /* import: from where; restore: the file, NULL is standard input */
};

static int carry_out(const struct plan *plan, const char *verb, const struct link *link,
		     bool dry_run)
{
	int error = dry_run ? plan_compare(plan, link, stdout) : 0;

	return error ? verb_failed(verb, link, error) : plan_do(plan, verb, link, dry_run);
}

static int do_plan(const struct plan *plan, const char *verb, struct link *link, bool dry_run)
{
	int status = link_open(link);

	if (!status) {
		status = carry_out(plan, verb, link, dry_run);
		link_close(link);
	}
	return status;
}

/* left: how many words may stand beside options. */
static int read_words(const char *verb, int argc, char **argv, unsigned left, struct asked *asked)
{
	unsigned n = left ? 1 : 2; /* --from is import's */
	struct words words;
	int what;

	words_begin(&words, options, n, argc, argv);
	while ((what = words_next(&words)) >= 0) {
		if (what == DRY_RUN)
			asked->dry_run = true;
		else
			asked->from = words.value;
	}
	if (what != WORDS_END)
		return verb_bad_word(verb, &words, what);
	if (words.left_n > left)
		return verb_wrong(verb, "expected nothing more, got \"%s\"", words.left[left]);
	if (words.left_n)
		asked->from = words.left[0];
	return 0;
}

static int read_file(const char *name, struct lines *lines)
{
	FILE *in = name && strcmp(name, "-") != 0 ? fopen(name, "r") : stdin;
	int error = in ? lines_read(lines, in) : -errno;

	if (in && in != stdin)
		fclose(in);
	return error ? verb_wrong("restore", "%s: %s", name ? name : "input", strerror(-error)) : 0;
}

int verb_restore(struct link *link, int argc, char **argv)
{
	struct asked asked = {0};
	struct lines lines = {0};
	struct plan plan = {0};
	int status = read_words("restore", argc, argv, 1, &asked);

	if (!status)
		status = verb_needs_lvsd("restore", link);
	if (!status)
		status = read_file(asked.from, &lines);
	if (!status)
		status = plan_read(&plan, "restore", &lines);
	if (!status)
		status = do_plan(&plan, "restore", link, asked.dry_run);
	plan_free(&plan);
	lines_free(&lines);
	return status;
}

/* All that the kernel has now. */
static int read_kernel(struct plan *plan)
{
	const struct request all = {.options = 0};
	struct link kernel = {.path = NULL};
	struct rules rules;
	int status = link_open(&kernel);
	int error;

	if (status)
		return status;
	error = rules_load(&rules, &kernel, &all);
	if (!error)
		error = plan_copy(plan, &rules);
	rules_free(&rules);
	if (error)
		status = verb_failed("import", &kernel, error);
	link_close(&kernel);
	return status;
}

int verb_import(struct link *link, int argc, char **argv)
{
	struct asked asked = {0};
	struct plan plan = {0};
	int status = read_words("import", argc, argv, 0, &asked);

	if (!status && (!asked.from || strcmp(asked.from, "kernel") != 0))
		status = verb_wrong("import", "expected --from kernel, got %s",
				    asked.from ? asked.from : "no --from");
	if (!status)
		status = verb_needs_lvsd("import", link);
	if (!status)
		status = read_kernel(&plan);
	if (!status)
		status = do_plan(&plan, "import", link, asked.dry_run);
	plan_free(&plan);
	return status;
}
