/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that change while workers run: all that was asked for, or nothing. */
#include <string.h>

#include "director/director.h"
#include "director/frags.h"
#include "director/settings.h"

/* Modes of the defences may flip meanwhile. */
static void read_settings(struct lvs_director *director, struct lvs_settings *settings)
{
	lvs_spin_lock(&director->defence.lock);
	*settings = director->settings;
	lvs_spin_unlock(&director->defence.lock);
}

void lvs_director_get_settings(const struct lvs_director *director, struct lvs_settings *settings)
{
	uint32_t size = settings->size;
	struct lvs_settings now;

	read_settings(director->self, &now);
	now.size = size;
	memcpy(settings, &now, size < sizeof(now) ? size : sizeof(now));
}

static int plan(struct lvs_director *director, const struct lvs_settings *in,
		struct lvs_settings *next, const char **fault)
{
	struct lvs_settings now;
	int err;

	read_settings(director, &now);
	err = lvs_settings_plan(next, &now, in, fault);
	if (err == 0 && next->max_conns > lvs_table_capacity(director->table)) {
		*fault = "max_conns is more than the director was made with";
		err = LVS_ERR_RANGE;
	}
	return err;
}

/* The control mutex is held: nobody else writes what is not the defences'. */
static void apply(struct lvs_director *director, const struct lvs_settings *next)
{
	struct lvs_limit_conf limit;
	struct lvs_frags_conf frags;

	lvs_spin_lock(&director->defence.lock);
	lvs_settings_take(&director->settings, next);
	lvs_defence_changed(director);
	lvs_spin_unlock(&director->defence.lock);
	lvs_table_set_max(director->table, next->max_conns);
	lvs_director_limit_conf(director, &limit);
	lvs_limit_change(director->limit, &limit);
	lvs_director_frags_conf(director, &frags);
	/* What goes for it is counted where those of past workers are. */
	lvs_frags_change(director->frags, &frags, director->past.reason);
}

int lvs_director_change(struct lvs_director *director, const struct lvs_settings *settings,
			const char **fault)
{
	const char *wrong = "inside a transaction of this thread";
	struct lvs_settings next;
	int err = lvs_services_lock(director->services);

	if (err == 0) {
		err = plan(director, settings, &next, &wrong);
		if (err == 0)
			apply(director, &next);
		lvs_services_unlock(director->services);
	}
	if (fault)
		*fault = err ? wrong : NULL;
	return err;
}
