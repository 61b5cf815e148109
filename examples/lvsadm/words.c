/* SPDX-License-Identifier: BSD-2-Clause */
#include "words.h"

#include <stddef.h>
#include <string.h>

void words_begin(struct words *words, const struct words_option *option, unsigned option_n,
		 int argc, char *const *argv)
{
	*words = (struct words){
		.option = option, .option_n = option_n, .argc = argc, .argv = argv, .at = 1};
}

static const struct words_option *find_name(const struct words *words, const char *name, size_t len)
{
	for (unsigned i = 0; i < words->option_n; i++) {
		const char *known = words->option[i].name;

		if (known && strlen(known) == len && !strncmp(known, name, len))
			return &words->option[i];
	}
	return NULL;
}

static const struct words_option *find_letter(const struct words *words, char letter)
{
	for (unsigned i = 0; i < words->option_n; i++)
		if (letter && words->option[i].letter == letter)
			return &words->option[i];
	return NULL;
}

/* Whether the word behind may be the value of an option that can do without. */
static int is_value(const struct words *words)
{
	return words->at < words->argc && words->argv[words->at][0] != '-';
}

/* inside: the value that stands in the option's own word, NULL where none does. */
static int take_value(struct words *words, const struct words_option *option, const char *inside)
{
	words->value = inside;
	if (option->value == WORDS_NONE)
		return inside ? WORDS_EXTRA : option->what;
	if (inside || (option->value == WORDS_MAYBE && !is_value(words)))
		return option->what;
	if (words->at >= words->argc)
		return WORDS_MISSING;
	words->word = words->value = words->argv[words->at++];
	return option->what;
}

static int next_letter(struct words *words)
{
	const struct words_option *option = find_letter(words, *words->letters++);
	const char *rest = words->letters;

	if (!*rest || !option || option->value != WORDS_NONE)
		words->letters = NULL;
	if (!option)
		return WORDS_UNKNOWN;
	if (*rest == '=')
		return take_value(words, option, rest + 1);
	return take_value(words, option, option->value != WORDS_NONE && *rest ? rest : NULL);
}

static int next_name(struct words *words, const char *name)
{
	size_t len = strcspn(name, "=");
	const struct words_option *option = find_name(words, name, len);

	if (!option)
		return WORDS_UNKNOWN;
	return take_value(words, option, name[len] ? name + len + 1 : NULL);
}

static void leave(struct words *words, const char *word)
{
	if (words->left_n < WORDS_LEFT)
		words->left[words->left_n] = word;
	words->left_n++;
}

int words_next(struct words *words)
{
	words->value = NULL;
	while (!words->letters) {
		const char *word;

		if (words->at >= words->argc)
			return WORDS_END;
		word = words->argv[words->at++];
		if (words->only_left || word[0] != '-' || !word[1]) {
			leave(words, word);
			continue;
		}
		words->word = word;
		if (word[1] != '-')
			words->letters = word + 1;
		else if (word[2])
			return next_name(words, word + 2);
		else
			words->only_left = 1;
	}
	return next_letter(words);
}
