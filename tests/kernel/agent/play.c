/* SPDX-License-Identifier: BSD-2-Clause */
#include "play.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hex.h"
#include "ipvs.h"
#include "pool.h"
#include "run.h"
#include "sent.h"
#include "site.h"

/* The kernel fills a page with whole lines as long as there are any. */
enum {
	PROC_MAX = 1 << 20,
	PROC_PIECE = 4096,
	CONN_WORDS = 7, /* of a line, before the state: protocol and three ends */
};

struct player {
	const struct scenario *scenario;
	struct site *site;
	struct sent *sent; /* by step */
	size_t next;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void wait_until(uint64_t ns)
{
	struct timespec until = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) != 0)
		;
}

/* All that left, onto the output. */
static void collect(struct player *player, struct sent *sent, FILE *out)
{
	static uint8_t frame[FRAME_MAX];
	size_t len;

	for (unsigned i = 0; i < SCRIPT_IF_N; i++) {
		while ((len = site_receive(player->site, i, frame, sizeof(frame)))) {
			fprintf(out, "out %s ", script_if_name(i));
			hex_write(out, frame, len);
			putc('\n', out);
			sent_keep(sent, i, frame, len);
		}
	}
}

static bool inject(struct player *player, const struct step *step)
{
	static uint8_t frame[FRAME_MAX];
	unsigned interface;
	int len = sent_frame(player->sent, player->next, step, &interface, frame, sizeof(frame));

	return len >= 0 && site_send(player->site, interface, frame, (size_t)len);
}

/* The whole file from its beginning; to see its end takes one more walk through the table. In how
 * many pieces it came. */
static unsigned read_conns(int fd, char *text, size_t *len)
{
	ssize_t got = PROC_PIECE;
	unsigned pieces = 0;

	*len = 0;
	while (got >= PROC_PIECE / 2 && *len < PROC_MAX &&
	       (got = pread(fd, text + *len, PROC_MAX - *len, (off_t)*len)) > 0) {
		*len += (size_t)got;
		pieces++;
	}
	return pieces;
}

/* Bytes of a line up to the state: whose connection it is. */
static size_t identity(const char *line)
{
	size_t at = 0;

	for (unsigned words = 0; words < CONN_WORDS; words++) {
		at += strspn(line + at, " ");
		at += strcspn(line + at, " \n");
	}
	return at;
}

static bool has_conn(const char *text, const char *line)
{
	size_t len = identity(line);

	for (; text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
		if (strncmp(text, line, len) == 0)
			return true;
	return false;
}

/*
 * A piece begins behind as many connections as were told before, of all namespaces: where one of
 * those has ended meanwhile, another is left out. So a list in pieces is read again, and what is
 * new there belongs to it.
 */
static void show_conns(int fd, FILE *out)
{
	static char text[PROC_MAX + 1], again[PROC_MAX + 1];
	size_t len, more = 0;
	char *line = again;

	if (read_conns(fd, text, &len) > 1)
		read_conns(fd, again, &more);
	text[len] = again[more] = 0;
	run_text(text, len, out);
	for (char *end; (end = strchr(line, '\n')); line = end + 1)
		if (!has_conn(text, line))
			run_text(line, (size_t)(end + 1 - line), out);
}

/* One after the other; the first that fails gives the status, the others are carried out. */
static int do_rules(int ipvs, char *rules)
{
	int status = 0;
	char *rule;

	while ((rule = strsep(&rules, ";"))) {
		int err = ipvs_rule(ipvs, rule);

		status = status ? status : err;
	}
	return status;
}

static int snap(const struct site *site, FILE *out)
{
	int err = ipvs_list(site->ipvs, IPVS_CONF, out);

	show_conns(site->conns, out);
	return err;
}

static int do_step(struct player *player, const struct step *step, char *args, FILE *out)
{
	const char *name;

	switch (step->kind) {
	case STEP_SYSCTL:
		name = script_word(&args);
		return !(name && args && site_sysctl(player->site, name, args));
	case STEP_SHOW:
		return run_program("ipvsadm", args, NULL, out);
	case STEP_IPVSADM:
	case STEP_RULES:
		return do_rules(player->site->ipvs, args);
	case STEP_SNAP:
		return snap(player->site, out);
	case STEP_COUNT:
		return ipvs_list(player->site->ipvs, IPVS_COUNTERS, out);
	case STEP_RATES:
		return ipvs_list(player->site->ipvs, IPVS_RATES, out);
	case STEP_FRAME:
	case STEP_ANSWER:
	case STEP_QUOTE:
		return !inject(player, step);
	}
	return 1;
}

static void play_step(struct player *player, uint64_t begin, FILE *out)
{
	const struct step *step = &player->scenario->step[player->next];
	bool needs_ns = step->kind < STEP_FRAME;
	int status;

	if (needs_ns)
		site_enter(player->site);
	fprintf(out, "step %u %zu %" PRIu64 "\n", player->scenario->number, player->next,
		now_ns() - begin);
	status = do_step(player, step, step->args, out);
	collect(player, &player->sent[player->next], out);
	fprintf(out, "status %d\n", status);
	player->next++;
}

static struct player *next_due(struct player *player, size_t n)
{
	struct player *first = NULL;
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct scenario *scenario = player[i].scenario;

		if (player[i].next == scenario->step_n ||
		    scenario->step[player[i].next].at_ns >= due)
			continue;
		first = &player[i];
		due = scenario->step[player[i].next].at_ns;
	}
	return first;
}

static void open_all(struct player *player, const struct scenario *scenario, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		player[i].scenario = &scenario[i];
		player[i].sent = calloc(scenario[i].step_n + 1, sizeof(*player[i].sent));
		player[i].site = pool_take(&scenario[i], out);
		if (!player[i].sent || !player[i].site) {
			fprintf(out, "error scenario %u: its namespace cannot be made\n",
				scenario[i].number);
			player[i].next = scenario[i].step_n;
		}
		/* What the interfaces say on their way up is no scenario's. */
		fflush(out);
	}
}

void play(struct scenario *scenario, size_t n, FILE *out)
{
	struct player *player = calloc(n, sizeof(*player));
	struct player *due;
	uint64_t begin;

	if (!player)
		abort();
	open_all(player, scenario, n, out);
	begin = now_ns();
	while ((due = next_due(player, n))) {
		wait_until(begin + due->scenario->step[due->next].at_ns);
		play_step(due, begin, out);
	}
	for (size_t i = 0; i < n; i++)
		free(player[i].sent);
	/* A namespace may be lost with the agent in it: what was seen is told before. */
	fflush(out);
	pool_recover(out);
	free(player);
}
