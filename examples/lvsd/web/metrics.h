/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What there is to count, as Prometheus reads it (text format 0.0.4): a line at a time, so that ten
 * thousand services are a little work often, and never much at once. Reads with the library's
 * listings, which nobody waits for. One thread a struct.
 */
#ifndef LVSD_METRICS_H
#define LVSD_METRICS_H

#include "worker.h"

#include <liblvs/list.h>
#include <liblvs/reason.h>

#include <stddef.h>

/* Whose figures; it must outlive the struct metrics. */
struct metrics_source {
	const struct lvs_director *director;
	const struct worker *workers; /* opened */
	unsigned worker_n;
	const char *adapter;
	uint32_t conns_max;     /* connections that the table takes */
	uint64_t started_s;     /* when lvsd was, Unix time */
	uint64_t reloaded_s;    /* when its files were last put in force */
	bool reload_is_refused; /* the last one was */
};

enum { METRICS_LINE_MAX = 1024 };

struct metrics {
	struct metrics_source source; /* as it was at the start */
	struct lvs_totals totals;
	struct lvs_table_stats table;
	uint64_t reasons[LVS_REASON_N];
	unsigned family; /* that is being told */
	unsigned step;   /* 0 HELP, 1 TYPE, then its lines */
	unsigned item;   /* reason, or worker and counter */
	bool in_service; /* whose servers are listed */
	struct lvs_cursor services;
	struct lvs_cursor dests;
	struct lvs_service_info service;
	char line[METRICS_LINE_MAX];
	size_t line_len;
	size_t line_at; /* what has been read of it */
};

void metrics_begin(struct metrics *metrics, const struct metrics_source *source);

/* The next bytes, at most len; 0: that was all. */
size_t metrics_read(struct metrics *metrics, char *bytes, size_t len);

/* A label's value, with what must be escaped: \ " and newlines. `out` is cut to fit; returns it. */
const char *metrics_escape(char *out, size_t out_len, const char *text);

#endif
