/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of output: a case, its figures, and its goals. As words, or as one JSON object; goals are
 * printed beside what was reached and judge nothing.
 */
#ifndef LVS_TESTS_BENCH_REPORT_H
#define LVS_TESTS_BENCH_REPORT_H

#include <stdio.h>

#include "bench.h"
#include "spread.h"

#define REPORT_FIGURES 24

struct report_figure {
	const char *key;    /* JSON's field; units in the name */
	const char *before; /* words around the number; NULL: the key before it, nothing behind */
	const char *after;
	double value;
	unsigned decimals;
	enum {
		REPORT_PLAIN,
		REPORT_AT_MOST, /* a goal: what it is about should not be more */
		REPORT_AT_LEAST,
	} kind;
	double reached; /* goals: what was measured */
};

struct report {
	const char *name;
	struct report_figure figure[REPORT_FIGURES];
	unsigned n;
};

void report_begin(struct report *report, const char *name);

void report_value(struct report *report, const char *key, double value, unsigned decimals,
		  const char *before, const char *after);

/* Connections held, workers, packets a batch. */
void report_load(struct report *report, uint32_t flows, unsigned workers, unsigned batch);

/* ns_per_packet, p10 and p90. */
void report_ns(struct report *report, const struct spread *ns);

/* The floor of the same run, and the ratio to it. */
void report_floor(struct report *report, double floor_ns, double ratio);

/* A goal named @p key of what is @p value; 0: there is none. */
void report_goal(struct report *report, const char *key, double value, double at_most);
void report_goal_least(struct report *report, const char *key, double value, double at_least);

/* Prints it, and writes it down where --record says so. */
void report_end(const struct report *report, const struct bench_options *options);

#endif
