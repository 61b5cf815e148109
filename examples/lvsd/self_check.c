/* SPDX-License-Identifier: BSD-2-Clause */
#include "self_check.h"
#include "log.h"
#include "lvsd.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
	TURN_NS = 5000000, /* then signals and the host's news have their turn */
	TOLD_MAX = 20,     /* findings that are logged; the others are counted */
};

#define MS 1000000
#define S UINT64_C(1000000000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * S + (uint64_t)now.tv_nsec;
}

static void set_due(struct lvsd *lvsd)
{
	uint64_t every = lvsd->options.check_every_s;

	lvsd->check.due_ns = every ? now_ns() + every * S : UINT64_MAX;
}

void check_init(struct lvsd *lvsd)
{
	lvsd->check = (struct check){.running = false};
	set_due(lvsd);
}

void check_begin(struct lvsd *lvsd)
{
	struct check *check = &lvsd->check;

	if (check->running)
		return;
	check->running = true;
	check->state = (struct lvs_check){.size = sizeof(check->state)};
	check->began_ns = now_ns();
	check->part_ns = 0;
}

int check_wait_ms(const struct lvsd *lvsd)
{
	uint64_t now;

	if (lvsd->check.running)
		return 0;
	if (lvsd->check.due_ns == UINT64_MAX)
		return -1;
	now = now_ns();
	if (now >= lvsd->check.due_ns)
		return 0;
	now = (lvsd->check.due_ns - now + MS - 1) / MS;
	return now < 60000 ? (int)now : 60000;
}

static void tell_fault(const struct lvsd *lvsd)
{
	const struct lvs_check *state = &lvsd->check.state;

	if (state->fault && state->findings <= TOLD_MAX)
		log_line(&lvsd->log, LVS_LOG_ERROR, "check: %s", state->fault);
}

/* "1234567" as "1,234,567". */
static const char *with_commas(uint32_t n, char text[16])
{
	char digits[16];
	int len = snprintf(digits, sizeof(digits), "%" PRIu32, n);
	int to = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[to++] = ',';
		text[to++] = digits[i];
	}
	text[to] = '\0';
	return text;
}

static void finish(struct lvsd *lvsd, int err, uint64_t held_ns)
{
	struct check *check = &lvsd->check;
	const struct lvs_check *state = &check->state;
	char conns[16];

	check->running = false;
	set_due(lvsd);
	if (err) {
		snprintf(check->line, sizeof(check->line), "check: %s", lvs_strerror(err));
		log_line(&lvsd->log, LVS_LOG_ERROR, "%s", check->line);
		return;
	}
	snprintf(check->line, sizeof(check->line),
		 "check: %s connection%s, %" PRIu32 " finding%s, %" PRIu64
		 " ms; workers held for %.1f ms, a shard for %.1f ms",
		 with_commas(state->conns, conns), log_plural(state->conns), state->findings,
		 log_plural(state->findings), (now_ns() - check->began_ns) / MS,
		 (double)held_ns / MS, (double)check->part_ns / MS);
	log_line(&lvsd->log, state->findings ? LVS_LOG_ERROR : LVS_LOG_NOTICE, "%s", check->line);
}

/* Gauges and table can be compared only while nothing moves. */
static void count(struct lvsd *lvsd)
{
	uint64_t began = now_ns();
	uint64_t held;
	int err;

	gate_close(&lvsd->gate);
	err = lvs_director_check_counts(lvsd->director, &lvsd->check.state);
	gate_open(&lvsd->gate);
	held = now_ns() - began;
	tell_fault(lvsd);
	finish(lvsd, err, held);
}

static int one_part(struct lvsd *lvsd, uint64_t *now)
{
	struct check *check = &lvsd->check;
	uint64_t began = *now;
	int more = lvs_director_check_part(lvsd->director, &check->state);

	*now = now_ns();
	if (*now - began > check->part_ns)
		check->part_ns = *now - began;
	tell_fault(lvsd);
	return more;
}

void check_go_on(struct lvsd *lvsd)
{
	uint64_t now = now_ns();
	uint64_t until = now + TURN_NS;
	int more;

	if (!lvsd->check.running && now >= lvsd->check.due_ns)
		check_begin(lvsd);
	if (!lvsd->check.running)
		return;
	do
		more = one_part(lvsd, &now);
	while (more == 1 && now < until);
	if (more == 0)
		count(lvsd);
	else if (more < 0)
		finish(lvsd, more, 0);
}
