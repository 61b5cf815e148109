/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mix/...: a mix as the internet has it. Of ten packets one opens a connection, one closes one,
 * one is a client's answer to SYN/ACK, and seven are data, from 64 to 1,500 bytes, of flows drawn
 * by Zipf's law. Who has closed is replaced by who opens; what is closed expires in between.
 */
#include <stdlib.h>

#include "floor.h"
#include "report.h"
#include "site.h"
#include "zipf.h"

#define HELD 1000000
#define LONGEST 1500
#define STRIDE 2112               /* 33 lines: headers do not all lie in the same sets of a cache */
#define SCATTER 7368787           /* a prime: flows next in frequency are no neighbours */
#define STEP_NS (SITE_SECOND / 2) /* a round */

static const struct mix_case {
	const char *name;
	enum lvs_family family;
	double goal_ns;
} cases[] = {
	{"mix/v4", LVS_INET, 60},
	{"mix/v6", LVS_INET6, 84},
};

/* Places of the live flows' array, some on their way from one flow to the next: who came first is
 * served first, so that nobody is closed for so long that he is forgotten. */
struct places {
	uint32_t at[SITE_POOL];
	unsigned first, n;
};

static void places_push(struct places *places, uint32_t place)
{
	places->at[(places->first + places->n++) % SITE_POOL] = place;
}

static uint32_t places_shift(struct places *places)
{
	uint32_t place = places->at[places->first];

	places->first = (places->first + 1) % SITE_POOL;
	places->n--;
	return place;
}

struct mix {
	struct site site;
	struct zipf zipf;
	uint32_t *live; /* number of the flow at each place */
	uint32_t next;  /* number of the next flow */
	struct places closed;
	struct places opened;
};

static uint32_t draw_place(struct mix *mix)
{
	uint64_t rank = zipf_draw(&mix->zipf, bench_random(&mix->site.random));

	return (uint32_t)(rank * SCATTER % mix->zipf.n);
}

static void make_data(struct mix *mix, unsigned i)
{
	uint32_t least = mix->site.family == LVS_INET ? 64 : 84;

	site_make(&mix->site, i, mix->live[draw_place(mix)], SITE_ACK);
	site_lengthen(&mix->site, i,
		      least + (uint32_t)(bench_random(&mix->site.random) % (LONGEST + 1 - least)));
}

static void make_open(struct mix *mix, unsigned i, struct places *opened)
{
	uint32_t place = places_shift(&mix->closed);

	places_push(opened, place);
	mix->live[place] = mix->next++;
	site_make(&mix->site, i, mix->live[place], SITE_SYN);
}

static void make_close(struct mix *mix, unsigned i)
{
	uint32_t place = (uint32_t)(bench_random(&mix->site.random) % mix->zipf.n);

	site_make(&mix->site, i, mix->live[place], SITE_FIN);
	places_push(&mix->closed, place);
}

static void make_answer(struct mix *mix, unsigned i)
{
	site_make(&mix->site, i, mix->live[places_shift(&mix->opened)], SITE_ACK);
}

/* Whom this round opens answers in the next. */
static void make_round(struct mix *mix)
{
	struct places opened = {.n = 0};

	for (unsigned i = 0; i < SITE_POOL; i++) {
		unsigned kind = (unsigned)(bench_random(&mix->site.random) % 10);

		if (kind == 0 && mix->closed.n)
			make_open(mix, i, &opened);
		else if (kind == 1 && mix->closed.n < SITE_POOL)
			make_close(mix, i);
		else if (kind == 2 && mix->opened.n)
			make_answer(mix, i);
		else
			make_data(mix, i);
	}
	while (opened.n && mix->opened.n < SITE_POOL)
		places_push(&mix->opened, places_shift(&opened));
}

static double one_round(struct mix *mix, unsigned batch)
{
	double ns;

	make_round(mix);
	ns = site_run(&mix->site, SITE_POOL, batch);
	site_must_forward(&mix->site, SITE_POOL);
	mix->site.now += STEP_NS;
	site_expire_due(&mix->site);
	return ns;
}

static void mix_open(struct mix *mix, const struct mix_case *c, uint32_t held)
{
	struct site_conf conf = {.family = c->family,
				 .method = LVS_METHOD_DR,
				 .sched = "wlc",
				 .flows = held,
				 .room = held + held / 2 + 400 * SITE_POOL / 10 * 2,
				 .stride = STRIDE};

	site_open(&mix->site, &conf);
	site_fill(&mix->site, 0, held, true);
	mix->live = calloc(held, sizeof(*mix->live));
	if (!mix->live || !zipf_init(&mix->zipf, held))
		bench_fail("no memory");
	for (uint32_t i = 0; i < held; i++)
		mix->live[i] = i;
	mix->next = held;
	/* Some to begin with. */
	for (unsigned i = 0; i < SITE_POOL / 10; i++)
		make_close(mix, i);
	site_run(&mix->site, SITE_POOL / 10, SITE_BATCH);
}

static void mix_close(struct mix *mix)
{
	site_close(&mix->site);
	zipf_fini(&mix->zipf);
	free(mix->live);
}

static void print(const struct bench_options *options, const struct mix_case *c, uint32_t held,
		  unsigned batch, struct spread ns, double floor_ns)
{
	struct report report;

	report_begin(&report, c->name);
	report_load(&report, held, 1, batch);
	report_ns(&report, &ns);
	if (floor_ns > 0)
		report_floor(&report, floor_ns, ns.median / floor_ns);
	report_goal(&report, "goal_ns", ns.median, batch == SITE_BATCH ? c->goal_ns : 0);
	report_end(&report, options);
}

static void one_case(const struct bench_options *options, const struct mix_case *c)
{
	uint32_t held = options->flows_max < HELD ? options->flows_max : HELD;
	double values[1024], floor_ns = 0;
	static struct mix mix;
	unsigned batch;

	bench_progress(c->name, held);
	mix = (struct mix){.next = 0};
	mix_open(&mix, c, held);
	if (!options->quick)
		floor_ns = floor_of(held, false, c->family == LVS_INET6);
	for (unsigned b = 0; (batch = bench_batch(options, b)) != 0; b++) {
		for (unsigned i = 0; i < options->rounds; i++)
			values[i] = one_round(&mix, batch);
		print(options, c, held, batch, spread_of(values, options->rounds), floor_ns);
	}
	mix_close(&mix);
}

void bench_mix(const struct bench_options *options)
{
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (bench_wanted(options, cases[i].name))
			one_case(options, &cases[i]);
}
