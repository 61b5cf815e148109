/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/setting.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { NUMBER, TIMEOUT, SWITCH, UNSWITCH, REUSE, FIXED };

#define WHERE_NUMBER(field) offsetof(struct lvs_settings, field)
#define WHERE_TIMEOUT(field) offsetof(struct lvs_timeouts, field)
#define WHERE_SWITCH(flag) flag
#define WHERE_UNSWITCH(flag) flag
#define WHERE_REUSE(none) none
#define WHERE_FIXED(value) value

static const struct row {
	const char *name;
	uint32_t min;
	uint32_t max;
	enum kind kind;
	size_t where; /* offset, flag or value */
} rows[SETTING_N] = {
#define SETTING_ROW(name, text, min, max, kind, where)                                             \
	[SETTING_##name] = {text, min, max, kind, WHERE_##kind(where)},
	SETTINGS(SETTING_ROW)
#undef SETTING_ROW
};

_Static_assert(SETTING_N <= 32, "a bit for each in setting_list::given");

const char *setting_name(enum setting setting)
{
	return rows[setting].name;
}

static int find(const char *name, size_t len)
{
	for (int i = 0; i < SETTING_N; i++)
		if (strlen(rows[i].name) == len && !strncmp(rows[i].name, name, len))
			return i;
	return -1;
}

static int fail_name(const char *name, size_t name_len, char *error, size_t len)
{
	size_t at = (size_t)snprintf(error, len, "expected a setting (");

	for (int i = 0; i < SETTING_N && at < len; i++)
		at += (size_t)snprintf(error + at, len - at, "%s%s", i ? " " : "", rows[i].name);
	if (at < len)
		snprintf(error + at, len - at, "), got \"%.*s\"", (int)name_len, name);
	return -1;
}

static int fail_value(const struct row *row, const char *value, char *error, size_t len)
{
	if (row->min == row->max)
		snprintf(error, len, "expected %u for %s, got \"%s\"", row->min, row->name, value);
	else
		snprintf(error, len, "expected %s from %u to %u, got \"%s\"", row->name, row->min,
			 row->max, value);
	return -1;
}

int setting_take(struct setting_list *list, const char *name, size_t name_len, const char *value,
		 unsigned line, char *error, size_t len)
{
	int i = find(name, name_len);
	unsigned long number;
	char *end;

	if (i < 0)
		return fail_name(name, name_len, error, len);
	number = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || number < rows[i].min || number > rows[i].max)
		return fail_value(&rows[i], value, error, len);
	if (list->given & UINT32_C(1) << i) {
		snprintf(error, len, "expected each setting once, got %s again", rows[i].name);
		return -1;
	}
	list->given |= UINT32_C(1) << i;
	list->value[i] = (uint32_t)number;
	list->line[i] = line;
	return 0;
}

/* The kernel's bits: 0 never, 1 from closed states, 2 from FIN_WAIT, too. */
static uint32_t read_reuse(uint32_t reuse)
{
	return reuse == LVS_REUSE_NEVER ? 0 : reuse == LVS_REUSE_FIN_WAIT ? 3 : 1;
}

static uint32_t write_reuse(uint32_t mode)
{
	return mode == 0 ? LVS_REUSE_NEVER : mode & 2 ? LVS_REUSE_FIN_WAIT : LVS_REUSE_CLOSED;
}

static uint32_t load(const void *base, size_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)base + offset, sizeof(value));
	return value;
}

static void store(void *base, size_t offset, uint32_t value)
{
	memcpy((char *)base + offset, &value, sizeof(value));
}

static uint32_t read_one(const struct row *row, const struct lvs_settings *settings,
			 const struct lvs_timeouts *timeouts)
{
	switch (row->kind) {
	case NUMBER:
		return load(settings, row->where);
	case TIMEOUT:
		return load(timeouts, row->where);
	case SWITCH:
		return (settings->flags & row->where) != 0;
	case UNSWITCH:
		return (settings->flags & row->where) == 0;
	case REUSE:
		return read_reuse(settings->reuse);
	case FIXED:
		break;
	}
	return (uint32_t)row->where;
}

void setting_read(struct setting_values *values, const struct lvs_settings *settings,
		  const struct lvs_timeouts *timeouts)
{
	for (int i = 0; i < SETTING_N; i++)
		values->value[i] = read_one(&rows[i], settings, timeouts);
}

static void write_one(const struct row *row, uint32_t value, struct lvs_settings *settings,
		      struct lvs_timeouts *timeouts)
{
	bool set = row->kind == SWITCH ? value != 0 : value == 0;

	switch (row->kind) {
	case NUMBER:
		store(settings, row->where, value);
		break;
	case TIMEOUT:
		store(timeouts, row->where, value);
		break;
	case SWITCH:
	case UNSWITCH:
		settings->flags &= ~(uint32_t)row->where;
		settings->flags |= set ? (uint32_t)row->where : 0;
		break;
	case REUSE:
		settings->reuse = write_reuse(value);
		break;
	case FIXED:
		break;
	}
}

void setting_write(const struct setting_values *values, struct lvs_settings *settings,
		   struct lvs_timeouts *timeouts)
{
	for (int i = 0; i < SETTING_N; i++)
		write_one(&rows[i], values->value[i], settings, timeouts);
}

void setting_overlay(struct setting_values *values, const struct setting_list *list)
{
	for (int i = 0; i < SETTING_N; i++)
		if (list->given & UINT32_C(1) << i)
			values->value[i] = list->value[i];
}
