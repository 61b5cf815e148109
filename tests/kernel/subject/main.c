/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liblvs as the other side of the comparison: reads scenarios (steps/script.h) whose times are
 * those that the guest's clock showed, and writes what came of them as the guest's agent does.
 *
 *	subject < scenarios > results
 *	subject live		one scenario, then steps as they come
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

static char *read_all(FILE *in)
{
	char *text = NULL;
	size_t len = 0;
	FILE *all = open_memstream(&text, &len);
	char piece[4096];
	size_t got;

	while (all && (got = fread(piece, 1, sizeof(piece), in)) > 0)
		fwrite(piece, 1, got, all);
	if (!all || fclose(all) != 0)
		abort();
	return text;
}

/* One scenario up to its end, the steps behind it one by one. */
static int live(void)
{
	struct scenario scenario;
	const char *wrong = "";
	char *text = NULL;
	size_t len = 0;
	FILE *all = open_memstream(&text, &len);
	char *line = NULL;
	size_t size = 0;
	char *rest;

	while (all && getline(&line, &size, stdin) > 0) {
		fputs(line, all);
		if (!strcmp(line, "end\n"))
			break;
	}
	if (!all || fclose(all) != 0)
		abort();
	rest = text;
	if (script_read(&rest, &scenario, &wrong) > 0) {
		play_live(&scenario, stdin, stdout);
		script_free(&scenario);
	}
	free(line);
	free(text);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct scenario scenario;
	const char *wrong;
	char *text;
	char *rest;
	int got;

	if (argc > 1 && !strcmp(argv[1], "live"))
		return live();
	text = rest = read_all(stdin);
	while ((got = script_read(&rest, &scenario, &wrong)) > 0) {
		play(&scenario, stdout);
		script_free(&scenario);
	}
	free(text);
	if (got < 0)
		fprintf(stderr, "subject: not understood: %s\n", wrong);
	return got < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
