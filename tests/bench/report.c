/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <math.h>

void report_begin(struct report *report, const char *name)
{
	report->name = name;
	report->n = 0;
}

static struct report_figure *add(struct report *report, const char *key, double value)
{
	struct report_figure *figure;

	if (report->n == REPORT_FIGURES)
		bench_fail("too many figures in a line");
	figure = &report->figure[report->n++];
	*figure = (struct report_figure){.key = key, .value = value};
	return figure;
}

void report_value(struct report *report, const char *key, double value, unsigned decimals,
		  const char *before, const char *after)
{
	struct report_figure *figure = add(report, key, value);

	figure->decimals = decimals;
	figure->before = before;
	figure->after = after;
}

void report_load(struct report *report, uint32_t flows, unsigned workers, unsigned batch)
{
	report_value(report, "flows", flows, 0, "", "flows");
	report_value(report, "workers", workers, 0, "by", workers == 1 ? "worker" : "workers");
	report_value(report, "batch", batch, 0, "in batches of", "");
}

void report_ns(struct report *report, const struct spread *ns)
{
	report_value(report, "ns_per_packet", ns->median, 1, "", "ns");
	report_value(report, "p10", ns->p10, 1, "(10 % below", "");
	report_value(report, "p90", ns->p90, 1, "and above", ")");
}

void report_floor(struct report *report, double floor_ns, double ratio)
{
	report_value(report, "floor_ns", floor_ns, 1, "floor", "ns");
	report_value(report, "ratio", ratio, 2, "ratio", "");
}

static void add_goal(struct report *report, const char *key, double reached, double goal, int kind)
{
	struct report_figure *figure;

	if (goal <= 0)
		return;
	figure = add(report, key, goal);
	figure->reached = reached;
	figure->kind = kind;
	figure->decimals = fabs(goal - round(goal)) > 0.001 ? 2 : 0;
}

void report_goal(struct report *report, const char *key, double value, double at_most)
{
	add_goal(report, key, value, at_most, REPORT_AT_MOST);
}

void report_goal_least(struct report *report, const char *key, double value, double at_least)
{
	add_goal(report, key, value, at_least, REPORT_AT_LEAST);
}

static bool is_reached(const struct report_figure *figure)
{
	return figure->kind == REPORT_AT_MOST ? figure->reached <= figure->value
					      : figure->reached >= figure->value;
}

static void write_json(const struct report *report, FILE *to)
{
	fprintf(to, "{\"case\":\"%s\"", report->name);
	for (unsigned i = 0; i < report->n; i++) {
		const struct report_figure *figure = &report->figure[i];

		fprintf(to, ",\"%s\":%.*f", figure->key, (int)figure->decimals, figure->value);
		if (figure->kind != REPORT_PLAIN)
			fprintf(to, ",\"%s_reached\":%s", figure->key,
				is_reached(figure) ? "true" : "false");
	}
	fputs("}\n", to);
	fflush(to);
}

static void write_goal(const struct report_figure *figure)
{
	double off = 100 * fabs(figure->reached / figure->value - 1);

	printf("  %s %.*f: ", figure->key, (int)figure->decimals, figure->value);
	if (is_reached(figure))
		printf("reached");
	else
		printf("MISSED by %.*f %%", off < 10 ? 1 : 0, off);
}

static void write_words(const struct report *report)
{
	printf("%-20s", report->name);
	for (unsigned i = 0; i < report->n; i++) {
		const struct report_figure *figure = &report->figure[i];
		const char *before = figure->before ? figure->before : figure->key;

		if (figure->kind != REPORT_PLAIN) {
			write_goal(figure);
			continue;
		}
		printf(" %s%s%.*f", before, *before ? " " : "", (int)figure->decimals,
		       figure->value);
		if (figure->after && *figure->after)
			printf("%s%s", *figure->after == ')' ? "" : " ", figure->after);
	}
	putchar('\n');
	fflush(stdout);
}

void report_end(const struct report *report, const struct bench_options *options)
{
	bench_progress(NULL, 0);
	if (options->json)
		write_json(report, stdout);
	else
		write_words(report);
	if (options->record)
		write_json(report, options->record);
}
