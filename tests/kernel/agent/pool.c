/* SPDX-License-Identifier: BSD-2-Clause */
#include "pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SITES = 512,
	/* The kernel forgets a server that has gone within so many seconds. */
	TRASH_S = 190,
	WAIT_S = 60,
	WAITS = 4,
};

static struct pooled {
	struct site site;
	char *place; /* what it was made for; NULL: there is none */
	bool taken;
} pool[SITES];

static char *place_text(const struct scenario *scenario)
{
	char *text = NULL;
	size_t len = 0;
	FILE *all = open_memstream(&text, &len);

	for (size_t i = 0; all && i < scenario->place_n; i++)
		fprintf(all, "%c %s\n", scenario->place[i].kind, scenario->place[i].args);
	if (!all || fclose(all) != 0)
		abort();
	return text;
}

static void drop(struct pooled *pooled)
{
	site_close(&pooled->site);
	free(pooled->place);
	*pooled = (struct pooled){.place = NULL};
}

static struct pooled *find_free(const char *place)
{
	struct pooled *room = NULL;

	for (size_t i = 0; i < SITES; i++) {
		if (!pool[i].place)
			room = room ? room : &pool[i];
		else if (!pool[i].taken && !strcmp(pool[i].place, place))
			return &pool[i];
	}
	return room;
}

static bool make_ready(struct pooled *pooled, const struct scenario *scenario, FILE *out)
{
	if (!pooled->place)
		return site_open(&pooled->site, scenario, out);
	site_enter(&pooled->site);
	return site_renew(&pooled->site, scenario, out);
}

struct site *pool_take(const struct scenario *scenario, FILE *out)
{
	char *place = place_text(scenario);
	struct pooled *pooled = find_free(place);
	bool fine = pooled && make_ready(pooled, scenario, out);

	if (!fine) {
		if (pooled)
			drop(pooled);
		free(place);
		return NULL;
	}
	free(pooled->place);
	pooled->place = place;
	pooled->taken = true;
	return &pooled->site;
}

static void wait_s(time_t seconds)
{
	struct timespec pause = {seconds, 0};

	while (nanosleep(&pause, &pause) != 0)
		;
}

static bool is_quiet(const struct pooled *pooled)
{
	site_enter(&pooled->site);
	return site_is_quiet();
}

static bool all_quiet(void)
{
	for (size_t i = 0; i < SITES; i++)
		if (pool[i].taken && !is_quiet(&pool[i]))
			return false;
	return true;
}

void pool_recover(FILE *out)
{
	unsigned lost = 0;

	for (size_t i = 0; i < SITES; i++) {
		if (!pool[i].taken)
			continue;
		if (pool[i].site.spoilt) {
			drop(&pool[i]);
			continue;
		}
		site_enter(&pool[i].site);
		site_flush(&pool[i].site);
	}
	wait_s(TRASH_S);
	for (unsigned i = 0; i < WAITS && !all_quiet(); i++)
		wait_s(WAIT_S);
	for (size_t i = 0; i < SITES; i++) {
		if (pool[i].taken && !is_quiet(&pool[i])) {
			lost++;
			drop(&pool[i]);
		}
		pool[i].taken = false;
	}
	fprintf(out, "note %u sites lost\n", lost);
}
