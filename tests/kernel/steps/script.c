/* SPDX-License-Identifier: BSD-2-Clause */
#include "script.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *const if_name[SCRIPT_IF_N] = {"c0", "s0", "p0"};

static const struct {
	const char *verb;
	enum step_kind kind;
} verb[] = {
	{"sysctl", STEP_SYSCTL}, {"ipvsadm", STEP_IPVSADM}, {"rules", STEP_RULES},
	{"show", STEP_SHOW},     {"snap", STEP_SNAP},       {"count", STEP_COUNT},
	{"rates", STEP_RATES},   {"frame", STEP_FRAME},     {"answer", STEP_ANSWER},
	{"quote", STEP_QUOTE},
};

const char *script_if_name(unsigned interface)
{
	return if_name[interface];
}

int script_if_find(const char *name)
{
	for (int i = 0; name && i < SCRIPT_IF_N; i++)
		if (!strcmp(name, if_name[i]))
			return i;
	return -1;
}

char *script_word(char **args)
{
	char *word = *args;
	char *end;

	if (!word || !*word)
		return NULL;
	end = strchr(word, ' ');
	*args = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	return word;
}

/* Room for one more element, doubling at powers of two; NULL when there is no memory. */
static void *grown(void *array, size_t n, size_t size)
{
	void *bigger = (n & (n - 1)) == 0 ? realloc(array, (n ? 2 * n : 1) * size) : array;

	if (!bigger)
		abort(); /* a test's memory is not to run out */
	return bigger;
}

static void add_place(struct scenario *scenario, char kind, char *args)
{
	scenario->place = grown(scenario->place, scenario->place_n, sizeof(*scenario->place));
	scenario->place[scenario->place_n++] = (struct place){kind, args};
}

static bool step_of(const char *word, char *args, struct step *step)
{
	for (size_t i = 0; i < sizeof(verb) / sizeof(*verb); i++) {
		if (strcmp(word, verb[i].verb) != 0)
			continue;
		step->kind = verb[i].kind;
		step->args = args;
		return true;
	}
	return false;
}

bool script_step(char *line, struct step *step)
{
	char *args = line;
	const char *word = script_word(&args);

	return word && step_of(word, args, step);
}

static bool add_step(struct scenario *scenario, const char *word, char *args, uint64_t at_ns)
{
	struct step step = {.at_ns = at_ns};

	if (!step_of(word, args, &step))
		return false;
	scenario->step = grown(scenario->step, scenario->step_n, sizeof(*scenario->step));
	scenario->step[scenario->step_n++] = step;
	return true;
}

static bool read_line(struct scenario *scenario, char *word, char *args, uint64_t *at_ns)
{
	if (!strcmp(word, "at"))
		*at_ns = args ? strtoull(args, NULL, 10) : 0;
	else if (!strcmp(word, "addr") || !strcmp(word, "neigh") || !strcmp(word, "route") ||
		 !strcmp(word, "mark"))
		add_place(scenario, word[0], args);
	else
		return add_step(scenario, word, args, *at_ns);
	return true;
}

static char *next_line(char **text)
{
	char *line = *text;
	char *end = line ? strchr(line, '\n') : NULL;

	if (!line || !*line)
		return NULL;
	*text = end ? end + 1 : NULL;
	if (end)
		*end = 0;
	return line;
}

int script_read(char **text, struct scenario *scenario, const char **wrong)
{
	uint64_t at_ns = 0;
	bool begun = false;
	char *line;

	memset(scenario, 0, sizeof(*scenario));
	while ((line = next_line(text))) {
		char *args = line;
		char *word = script_word(&args);

		*wrong = line;
		if (!word || word[0] == '#')
			continue;
		if (!strcmp(word, "end"))
			return begun ? 1 : -1;
		if (!begun != !strcmp(word, "scenario"))
			return -1;
		if (!begun) {
			scenario->number = args ? (unsigned)strtoul(args, NULL, 10) : 0;
			begun = true;
		} else if (!read_line(scenario, word, args, &at_ns)) {
			return -1;
		}
	}
	*wrong = "the end comes too early";
	return begun ? -1 : 0;
}

void script_free(struct scenario *scenario)
{
	free(scenario->place);
	free(scenario->step);
}
