/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client changes the director; the host (what is taken away from it, service addresses, paths)
 * follows: at once where that is quick, and a tenth of the time where there is much. What reaches
 * a server before its path is known would be lost, so that is set first.
 */
#include "genl/serve.h"
#include "log.h"
#include "lvsd.h"
#include "host/paths.h"
#include "reload.h"
#include "rules/read.h"
#include "host/tuning.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REST = 10 }; /* times as long as it took, until the host follows once more */
#define AGAIN_NS UINT64_C(5000000000) /* until what failed is tried again */

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int follow(struct lvsd *lvsd)
{
	struct rules rules = {0};

	if (rules_read_director(lvsd->director, &lvsd->rules, &rules) == 0)
		return reload_follow(lvsd, &rules);
	rules_free(&rules);
	log_line(&lvsd->log, LVS_LOG_ERROR,
		 "control socket: out of memory: the host does not follow");
	return -1;
}

void genl_serve_catch_up(struct lvsd *lvsd)
{
	uint64_t begin = monotonic_ns();

	if (!lvsd->follow.behind)
		return;
	lvsd->follow.behind = follow(lvsd) < 0; /* the log tells; it is tried again */
	lvsd->follow.next_ns = monotonic_ns();
	lvsd->follow.next_ns += REST * (lvsd->follow.next_ns - begin);
	if (lvsd->follow.behind)
		lvsd->follow.next_ns += AGAIN_NS;
}

void genl_serve_go_on(struct lvsd *lvsd)
{
	if (lvsd->follow.behind && monotonic_ns() >= lvsd->follow.next_ns)
		genl_serve_catch_up(lvsd);
}

int genl_serve_wait_ms(const struct lvsd *lvsd)
{
	uint64_t now = monotonic_ns();

	if (!lvsd->follow.behind)
		return -1;
	return now >= lvsd->follow.next_ns ? 0 : (int)((lvsd->follow.next_ns - now) / 1000000 + 1);
}

static void changed(void *user)
{
	struct lvsd *lvsd = user;

	lvsd->follow.behind = 1;
	genl_serve_go_on(lvsd);
}

/* A server's path, before the first packet that goes there. */
static int set_path(struct lvsd *lvsd, enum lvs_family family, const union lvs_addr *addr)
{
	if (!lvsd->host || addr_set_find(&lvsd->dests, family, addr))
		return 0;
	if (addr_set_add(&lvsd->dests, family, addr) < 0)
		return -ENOMEM;
	return paths_refresh_one(lvsd->director, lvsd->host,
				 addr_set_find(&lvsd->dests, family, addr));
}

static int check(void *user, const struct lvs_ipvs_message *request, int dry_run, char *sentence,
		 size_t size)
{
	struct lvsd *lvsd = user;
	const struct lvs_ipvs_dest *dest = &request->dest;
	uint32_t lacks = lvsd->options.io->lacks | ~lvsd->caps.flags;
	uint16_t family;

	if (request->command != IPVS_CMD_NEW_DEST && request->command != IPVS_CMD_SET_DEST)
		return 0;
	if (dest->method == LVS_METHOD_DR && lacks & LVS_IO_LINK_LAYER) {
		snprintf(
			sentence, size,
			"direct routing (-g) needs a link layer, and --io %s has none; expected -m "
			"or -i",
			lvsd->options.io->name);
		return -EOPNOTSUPP;
	}
	family = dest->given & LVS_IPVS_BIT(IPVS_DEST_ATTR_ADDR_FAMILY) ? dest->family
									: request->service.family;
	/* What is not an address is refused by the director. */
	if (!dry_run)
		(void)set_path(lvsd, (enum lvs_family)family, &dest->addr);
	return 0;
}

static uint64_t now_ns(void *user)
{
	const struct lvsd *lvsd = user;
	uint64_t latest = 0;

	if (!(lvsd->caps.flags & LVS_IO_FINITE))
		return monotonic_ns();
	for (unsigned i = 0; i < lvsd->worker_n; i++) {
		uint64_t now = atomic_load_explicit(&lvsd->worker[i].now, memory_order_relaxed);

		latest = now > latest ? now : latest;
	}
	return latest;
}

static int get_setting(void *user, unsigned i, const char **name, uint32_t *value,
		       uint32_t *default_value)
{
	const struct lvsd *lvsd = user;

	if (i >= SETTING_N)
		return 0;
	*name = setting_name((enum setting)i);
	*value = lvsd->settings.value[i];
	*default_value = lvsd->kernel.value[i];
	return 1;
}

static int set_setting(void *user, const char *name, uint32_t value, char *sentence, size_t size)
{
	struct lvsd *lvsd = user;
	struct setting_list list = {0};
	char text[16];
	int err;

	snprintf(text, sizeof(text), "%u", value);
	if (setting_take(&list, name, strlen(name), text, 0, sentence, size) < 0)
		return -EINVAL;
	err = tuning_set(lvsd, &list, sentence, size);
	return err;
}

/* The report and the next listing of settings tell them. */
static void timeouts(void *user, const struct lvs_timeouts *set)
{
	struct lvsd *lvsd = user;

	if (set->tcp_s)
		lvsd->settings.value[SETTING_TCP] = set->tcp_s;
	if (set->tcp_fin_s)
		lvsd->settings.value[SETTING_TCPFIN] = set->tcp_fin_s;
	if (set->udp_s)
		lvsd->settings.value[SETTING_UDP] = set->udp_s;
}

/* As the workers do; what comes in at a certain interface is not asked about. */
static void mark(void *user, struct lvs_packet *packet)
{
	const struct lvsd *lvsd = user;

	lvs_marks_set(lvsd->marks, packet, 1);
}

void genl_serve_init(struct lvsd *lvsd, struct lvs_ipvs_server *server)
{
	*server = (struct lvs_ipvs_server){
		.size = sizeof(*server),
		.director = lvsd->director,
		.user = lvsd,
		.check = check,
		.changed = changed,
		.now = now_ns,
		.get_setting = get_setting,
		.set_setting = set_setting,
		.timeouts = timeouts,
		.mark = mark,
	};
}
