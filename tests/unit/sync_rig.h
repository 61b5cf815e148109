/* SPDX-License-Identifier: BSD-2-Clause */
/* Exports and imports in one go. */
#ifndef LVS_TESTS_SYNC_RIG_H
#define LVS_TESTS_SYNC_RIG_H

#include <stdlib.h>

#include <liblvs/sync.h>

#include "unit_check.h"

struct sync_bytes {
	uint8_t *data;
	size_t len;
};

/* All of a director, to be freed. */
static inline struct sync_bytes sync_export(const struct lvs_director *director)
{
	struct sync_bytes bytes = {NULL, 0};
	struct lvs_export *export;
	int64_t n;

	ck_assert_int_eq(lvs_export_new(director, 1, &export), 0);
	do {
		bytes.data = realloc(bytes.data, bytes.len + LVS_EXPORT_BUFFER);
		ck_assert_ptr_nonnull(bytes.data);
		n = lvs_export_read(export, bytes.data + bytes.len, LVS_EXPORT_BUFFER);
		ck_assert_int_ge(n, 0);
		bytes.len += (size_t)n;
	} while (n > 0);
	lvs_export_del(export);
	return bytes;
}

/* Into another one; @p error of 160 bytes is filled in, and may be NULL. */
static inline struct lvs_import_report sync_import(struct lvs_director *director,
						   const struct sync_bytes *bytes, uint64_t now,
						   char *error)
{
	struct lvs_import_conf conf = {
		.size = sizeof(conf), .flags = LVS_IMPORT_SAME_CLOCK, .now_ns = now};
	struct lvs_import_report report = {.size = sizeof(report)};
	struct lvs_import *import;
	int64_t n;

	ck_assert_int_eq(lvs_import_new(director, &conf, &import), 0);
	n = lvs_import_feed(import, bytes->data, bytes->len);
	ck_assert(n >= 0 || n == LVS_ERR_FORMAT || n == LVS_ERR_NO_MEMORY);
	ck_assert_int_eq(lvs_import_get_report(import, &report), 0);
	if (error)
		snprintf(error, 160, "%s", lvs_import_error(import));
	lvs_import_del(import);
	return report;
}

static inline uint64_t sync_skipped(const struct lvs_import_report *report)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < LVS_IMPORT_SKIP_N; i++)
		n += report->skipped[i];
	return n;
}

#endif
