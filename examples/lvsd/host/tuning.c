/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/tuning.h"
#include "log.h"
#include "lvsd.h"

#include <liblvs/helper.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* As the kernel's IPVS measures it for its defences: pages that are free or buffers. */
static uint64_t available_pages(void *user)
{
	struct sysinfo info;

	(void)user;
	if (sysinfo(&info) < 0)
		return UINT64_MAX;
	return ((uint64_t)info.freeram + info.bufferram) * info.mem_unit /
	       (uint64_t)sysconf(_SC_PAGESIZE);
}

static void init_settings(const struct lvsd *lvsd, struct lvs_settings *settings)
{
	if (lvsd->options.modern)
		lvs_settings_modern(settings);
	else
		lvs_settings_init(settings);
	settings->log = lvsd->log;
	settings->memory.available = available_pages;
}

static struct setting_values values_with(const struct lvsd *lvsd, const struct rules *rules)
{
	struct setting_values values = lvsd->defaults;

	setting_overlay(&values, &rules->settings);
	setting_overlay(&values, &lvsd->options.settings);
	return values;
}

/* Those of a director without a setting. */
static int read_timeouts(struct lvs_timeouts *timeouts)
{
	struct lvs_director *director;
	int err = lvs_director_new(NULL, &director);

	if (err)
		return err;
	*timeouts = (struct lvs_timeouts){.size = sizeof(*timeouts)};
	lvs_director_get_timeouts(director, timeouts);
	lvs_director_del(director);
	return 0;
}

/* Which of the values the library does not take, each by itself. */
static void tell_refused(const struct lvsd *lvsd, const struct setting_values *values)
{
	for (int i = 0; i < SETTING_N; i++) {
		struct setting_values one = lvsd->defaults;
		struct lvs_timeouts timeouts;
		struct lvs_director *director;
		struct lvs_settings settings;
		int err;

		if (values->value[i] == one.value[i])
			continue;
		one.value[i] = values->value[i];
		init_settings(lvsd, &settings);
		setting_write(&one, &settings, &timeouts);
		err = lvs_director_new(&settings, &director);
		if (!err)
			lvs_director_del(director);
		else
			log_line(&lvsd->log, LVS_LOG_ERROR, "setting %s %u: %s",
				 setting_name((enum setting)i), one.value[i], lvs_strerror(err));
	}
}

static int bind_ftp(const struct lvsd *lvsd)
{
	const struct lvs_helper_ops *ftp = lvs_helper_find("ftp");
	int err = 0;

	for (unsigned i = 0; i < lvsd->options.ftp_n && !err; i++) {
		err = lvs_director_bind_helper(lvsd->director, ftp, LVS_TCP,
					       htons(lvsd->options.ftp[i]));
		if (err)
			log_line(&lvsd->log, LVS_LOG_ERROR, "--ftp: port %u: %s",
				 lvsd->options.ftp[i], lvs_strerror(err));
	}
	return err;
}

int tuning_open(struct lvsd *lvsd, const struct rules *rules)
{
	struct lvs_timeouts timeouts;
	struct lvs_settings settings;
	int err = read_timeouts(&timeouts);

	init_settings(lvsd, &settings);
	if (getrandom(settings.table_key, sizeof(settings.table_key), 0) < 0 ||
	    getrandom(&settings.seed, sizeof(settings.seed), 0) < 0) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "getrandom: %s", strerror(errno));
		return -1;
	}
	if (!err) {
		struct lvs_settings kernel;

		lvs_settings_init(&kernel);
		setting_read(&lvsd->kernel, &kernel, &timeouts);
		setting_read(&lvsd->defaults, &settings, &timeouts);
		lvsd->settings = values_with(lvsd, rules);
		setting_write(&lvsd->settings, &settings, &timeouts);
		err = lvs_director_new(&settings, &lvsd->director);
	}
	if (!err)
		err = lvs_director_set_timeouts(lvsd->director, &timeouts);
	if (!err)
		return bind_ftp(lvsd) < 0 ? -1 : 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "director: %s", lvs_strerror(err));
	tell_refused(lvsd, &lvsd->settings);
	return -1;
}

static int put(const struct lvsd *lvsd, const struct setting_values *values, const char **fault)
{
	struct lvs_settings settings = {.size = sizeof(settings)};
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts)};
	int err;

	lvs_director_get_settings(lvsd->director, &settings);
	setting_write(values, &settings, &timeouts);
	err = lvs_director_change(lvsd->director, &settings, fault);
	return err ? err : lvs_director_set_timeouts(lvsd->director, &timeouts);
}

int tuning_change(struct lvsd *lvsd, const struct rules *rules)
{
	struct setting_values next = values_with(lvsd, rules);
	const char *fault = NULL;
	int err;

	if (!memcmp(&next, &lvsd->settings, sizeof(next)))
		return 0;
	err = put(lvsd, &next, &fault);
	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "%s: settings: %s", lvsd->options.rules,
			 fault ? fault : lvs_strerror(err));
		return -1;
	}
	lvsd->settings = next;
	return 0;
}

int tuning_set(struct lvsd *lvsd, const struct setting_list *list, char *sentence, size_t size)
{
	struct setting_values next = lvsd->settings;
	const char *fault = NULL;
	int err;

	setting_overlay(&next, list);
	err = put(lvsd, &next, &fault);
	if (err) {
		snprintf(sentence, size, "%s", fault ? fault : lvs_strerror(err));
		return err; /* the numbers are errno's */
	}
	lvsd->settings = next;
	return 0;
}

void tuning_put_back(struct lvsd *lvsd, const struct setting_values *before)
{
	if (!memcmp(before, &lvsd->settings, sizeof(*before)))
		return;
	if (put(lvsd, before, NULL) == 0)
		lvsd->settings = *before;
}
