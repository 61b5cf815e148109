/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liblvs as the other side of the comparison: reads scenarios (steps/script.h) whose times are
 * those that the guest's clock showed, and writes what came of them as the guest's agent does.
 *
 *	subject < scenarios > results
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

int main(void)
{
	char *text = read_all(stdin);
	char *rest = text;
	struct scenario scenario;
	const char *wrong;
	int got;

	while ((got = script_read(&rest, &scenario, &wrong)) > 0) {
		play(&scenario, stdout);
		script_free(&scenario);
	}
	free(text);
	if (got < 0)
		fprintf(stderr, "subject: not understood: %s\n", wrong);
	return got < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
