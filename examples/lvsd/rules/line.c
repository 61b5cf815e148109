/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/line.h"

#include <string.h>

enum rule_value { RULE_VALUE_NONE, RULE_VALUE_NEEDED, RULE_VALUE_OPTIONAL };

struct option {
	char shown[4]; /* "-w", or "" */
	const char *name;
	enum rule_value value;
	const char *yaml;
};

static const struct option options[RULE_OPTION_N] = {
#define RULE_OPTION_ROW(name, letter, text, value, yaml) {{'-', letter, 0}, "--" text, value, yaml},
	RULE_OPTIONS(RULE_OPTION_ROW)
#undef RULE_OPTION_ROW
};

const char *rule_option_name(const struct rule_line *line, enum rule_option option)
{
	if (line->yaml)
		return options[option].yaml;
	return options[option].shown[1] ? options[option].shown : options[option].name;
}

const char *rule_option_value(const struct rule_line *line, enum rule_option option,
			      struct rule_error *error)
{
	if (line->at[option])
		error->line = line->at[option];
	return line->value[option];
}

enum rule_option rule_first_given(const struct rule_line *line, uint32_t bits)
{
	int i = 0;

	while (i < RULE_OPTION_N && !(line->given & bits & UINT32_C(1) << i))
		i++;
	return (enum rule_option)i;
}

int rule_words_split(char *text, struct rule_words *words, struct rule_error *error)
{
	static const char blank[] = " \t\r\n";
	char *rest = text + strspn(text, blank);

	words->n = 0;
	words->next = 0;
	while (*rest && *rest != '#') {
		if (words->n == RULE_WORDS_MAX)
			return rule_fail(error, "expected at most %d words, got more",
					 RULE_WORDS_MAX);
		words->word[words->n++] = rest;
		rest += strcspn(rest, blank);
		if (!*rest)
			break;
		*rest++ = 0;
		rest += strspn(rest, blank);
	}
	return 0;
}

/* The options are few: a search from the front is as good as any. */
static int find_letter(char letter)
{
	for (int i = 0; i < RULE_OPTION_N; i++)
		if (letter && options[i].shown[1] == letter)
			return i;
	return -1;
}

static int find_name(const char *word, size_t len)
{
	for (int i = 0; i < RULE_OPTION_N; i++)
		if (strlen(options[i].name) == len && !strncmp(options[i].name, word, len))
			return i;
	return -1;
}

/* The first option should be the command. */
static int unknown(const struct rule_line *line, const char *dash, const char *word,
		   struct rule_error *error)
{
	return rule_fail(error, "expected %s, got \"%s%s\"",
			 line->given ? "an option of -A or -a" : "-A, -a, set or mark", dash, word);
}

/* `attached` is the value that stands in the option's own word, or NULL. */
static int take_option(int i, char *attached, struct rule_words *words, struct rule_line *line,
		       struct rule_error *error)
{
	const struct option *option = &options[i];
	const char *shown = rule_option_name(line, (enum rule_option)i);
	char *value = attached;

	if (rule_given(line, (enum rule_option)i))
		return rule_fail(error, "expected the option %s once, got it twice", shown);
	if (value && option->value == RULE_VALUE_NONE)
		return rule_fail(error, "expected no value for %s, got \"%s\"", shown, value);
	if (!value && option->value != RULE_VALUE_NONE && words->next < words->n &&
	    words->word[words->next][0] != '-')
		value = words->word[words->next++];
	if (!value && option->value == RULE_VALUE_NEEDED)
		return rule_fail(error, "expected a value for %s, got %s", shown,
				 words->next < words->n ? words->word[words->next]
							: "the end of the line");
	line->given |= 1u << i;
	line->value[i] = value;
	return 0;
}

static int take_long(char *word, struct rule_words *words, struct rule_line *line,
		     struct rule_error *error)
{
	size_t len = strcspn(word, "=");
	int i = find_name(word, len);

	if (i < 0)
		return unknown(line, "", word, error);
	return take_option(i, word[len] ? word + len + 1 : NULL, words, line, error);
}

/* "-At 192.0.2.1:80" and "-w3" are the same as "-A -t 192.0.2.1:80" and "-w 3". */
static int take_short(char *word, struct rule_words *words, struct rule_line *line,
		      struct rule_error *error)
{
	for (char *at = word + 1; *at; at++) {
		int i = find_letter(*at);
		char *attached;

		if (i < 0)
			return unknown(line, "-", at, error);
		attached = options[i].value != RULE_VALUE_NONE && at[1] ? at + 1 : NULL;
		if (take_option(i, attached, words, line, error) < 0)
			return -1;
		if (attached)
			break;
	}
	return 0;
}

int rule_line_cut(struct rule_words *words, struct rule_line *line, struct rule_error *error)
{
	memset(line, 0, sizeof(*line));
	if (words->n && !strcmp(words->word[0], "ipvsadm")) {
		words->next++;
		if (words->n == 1)
			return rule_fail(error, "expected -A or -a, got the end of the line");
	}
	while (words->next < words->n) {
		char *word = words->word[words->next++];
		int failed;

		if (word[0] != '-' || !word[1])
			return rule_fail(error, "expected %s, got \"%s\"",
					 line->given ? "an option" : "-A, -a, set or mark", word);
		failed = word[1] == '-' ? take_long(word, words, line, error)
					: take_short(word, words, line, error);
		if (failed)
			return -1;
	}
	return 0;
}
