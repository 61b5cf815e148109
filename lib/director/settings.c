/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/settings.h"

#include <stdbool.h>
#include <string.h>

#include <liblvs/error.h>

#include "base/compiler.h"
#include "base/memory.h"

#define MIN_MTU 68                    /* RFC 791 */
#define MAX_CONNS (UINT32_C(1) << 29) /* records have numbers of 31 bits, in units of a line */
#define MAX_WORKERS 192               /* readers of the epoch, less room for listings */
#define MAX_S 2678400                 /* 31 days, as timeouts */
#define MAX_MSGS 1000000000           /* one a nanosecond */
#define MAX_MILLION (UINT32_C(1) << 20)
#define FLAGS 0x7ffu  /* all of enum lvs_settings_flag */
#define RATEMASK 6168 /* 3, 4, 11 and 12: the kernel's that are errors */
#define ANY UINT32_MAX

/* Each number: name, whether it may change, default, least, most, the error where it is neither. */
#define NUMBERS(X)                                                                                 \
	X(max_conns, LIVE, MAX_MILLION, 1, MAX_CONNS, RANGE)                                       \
	X(shards, FIXED, 256, 1, 65536, RANGE)                                                     \
	X(full_policy, LIVE, LVS_FULL_REFUSE, 1, LVS_FULL_UNTRACKED, INVALID)                      \
	X(reuse, LIVE, LVS_REUSE_CLOSED, 1, LVS_REUSE_FIN_WAIT, INVALID)                           \
	X(default_mtu, FIXED, 1500, MIN_MTU, ANY, RANGE)                                           \
	X(max_workers, FIXED, 64, 1, MAX_WORKERS, RANGE)                                           \
	X(events, FIXED, 0, 0, MAX_MILLION, RANGE)                                                 \
	X(nearly_full, LIVE, 90, 1, 100, RANGE)                                                    \
	X(icmp_ratelimit_ms, LIVE, 1000, 1, ANY, RANGE)                                            \
	X(icmp_ratemask, LIVE, RATEMASK, 1, ANY, RANGE)                                            \
	X(icmp_msgs_per_sec, LIVE, 1000, 1, ANY, RANGE)                                            \
	X(icmp_msgs_burst, LIVE, 50, 1, ANY, RANGE)                                                \
	X(pmtu_expires_s, LIVE, 600, 1, MAX_S, RANGE)                                              \
	X(fragment_bytes, LIVE, UINT32_C(4) << 20, 1, ANY, RANGE)                                  \
	X(fragment_datagrams, LIVE, 16384, 1, MAX_MILLION, RANGE)                                  \
	X(fragment_time_s, LIVE, 30, 1, 3600, RANGE)                                               \
	X(fragment_ranges, LIVE, 64, 1, 8192, RANGE) /* as many parts as there can be */           \
	X(lblc_expiration_s, LIVE, 86400, 1, MAX_S, RANGE)                                         \
	X(lblcr_expiration_s, LIVE, 86400, 1, MAX_S, RANGE)                                        \
	X(lblc_entries, FIXED, 16384, 1, MAX_MILLION, RANGE)                                       \
	X(drop_entry, LIVE, LVS_DEFENCE_OFF, 0, LVS_DEFENCE_ON, INVALID)                           \
	X(drop_packet, LIVE, LVS_DEFENCE_OFF, 0, LVS_DEFENCE_ON, INVALID)                          \
	X(secure_tcp, LIVE, LVS_DEFENCE_OFF, 0, LVS_DEFENCE_ON, INVALID)                           \
	X(amemthresh, LIVE, 1024, 1, ANY, RANGE)                                                   \
	X(am_droprate, LIVE, 10, 1, ANY, RANGE)                                                    \
	X(flags, LIVE, 0, 0, FLAGS, INVALID)

/* What is no number. All of them are fixed. */
#define OTHERS(X) X(table_key) X(sched_key) X(seed) X(alloc) X(log) X(memory)

#define FIXED_TEXT(name) #name " is fixed: a director is made with it"
#define BOUNDS_TEXT(name) #name " is out of bounds (docs/settings.md)"

enum { FIXED, LIVE };

static const struct number {
	uint16_t offset;
	bool live;
	int16_t err;
	uint32_t standard, least, most;
	const char *is_fixed, *is_wrong;
} numbers[] = {
#define NUMBER_ROW(name, live, standard, least, most, err)                                         \
	{offsetof(struct lvs_settings, name),                                                      \
	 live,                                                                                     \
	 LVS_ERR_##err,                                                                            \
	 standard,                                                                                 \
	 least,                                                                                    \
	 most,                                                                                     \
	 FIXED_TEXT(name),                                                                         \
	 BOUNDS_TEXT(name)},
	NUMBERS(NUMBER_ROW)
#undef NUMBER_ROW
};

static const struct other {
	uint16_t offset;
	uint16_t size;
	const char *is_fixed;
} others[] = {
#define OTHER_ROW(name)                                                                            \
	{offsetof(struct lvs_settings, name), sizeof(((struct lvs_settings *)0)->name),            \
	 FIXED_TEXT(name)},
	OTHERS(OTHER_ROW)
#undef OTHER_ROW
};

static uint32_t *number_at(struct lvs_settings *settings, const struct number *number)
{
	return (uint32_t *)(void *)((uint8_t *)settings + number->offset);
}

static uint32_t number_of(const struct lvs_settings *settings, const struct number *number)
{
	return *(const uint32_t *)(const void *)((const uint8_t *)settings + number->offset);
}

static void fill(struct lvs_settings *settings)
{
	settings->size = sizeof(*settings);
	for (unsigned i = 0; i < LVS_ARRAY_N(numbers); i++)
		if (number_of(settings, &numbers[i]) == 0)
			*number_at(settings, &numbers[i]) = numbers[i].standard;
	if (!settings->alloc.alloc && !settings->alloc.free)
		settings->alloc = lvs_alloc_libc;
}

void lvs_settings_init(struct lvs_settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	fill(settings);
}

void lvs_settings_modern(struct lvs_settings *settings)
{
	lvs_settings_init(settings);
	settings->flags = LVS_SET_EXPIRE_NODEST;
	settings->full_policy = LVS_FULL_EVICT;
	settings->reuse = LVS_REUSE_FIN_WAIT;
}

static int wrong(const char **fault, int err, const char *text)
{
	*fault = text;
	return err;
}

/* What a bound alone does not say. */
static int check_more(const struct lvs_settings *settings, const char **fault)
{
	if (settings->shards & (settings->shards - 1))
		return wrong(fault, LVS_ERR_INVALID, "shards is not a power of two");
	if (settings->icmp_msgs_per_sec > MAX_MSGS && settings->icmp_msgs_per_sec != LVS_UNLIMITED)
		return wrong(fault, LVS_ERR_RANGE, BOUNDS_TEXT(icmp_msgs_per_sec));
	if (!settings->alloc.alloc || !settings->alloc.free)
		return wrong(fault, LVS_ERR_INVALID, "alloc has one function of its two");
	return 0;
}

static int check(const struct lvs_settings *settings, const char **fault)
{
	int err = check_more(settings, fault);

	if (err)
		return err;
	for (unsigned i = 0; i < LVS_ARRAY_N(numbers); i++) {
		uint32_t value = number_of(settings, &numbers[i]);

		if (value < numbers[i].least || value > numbers[i].most)
			return wrong(fault, numbers[i].err, numbers[i].is_wrong);
	}
	return 0;
}

/* What was given takes the place of what is there. */
static int lay_over(struct lvs_settings *settings, const struct lvs_settings *in,
		    const char **fault)
{
	if (in->size < offsetof(struct lvs_settings, max_conns))
		return wrong(fault, LVS_ERR_INVALID, "size is not that of the settings");
	memcpy(settings, in, in->size < sizeof(*settings) ? in->size : sizeof(*settings));
	fill(settings);
	return check(settings, fault);
}

int lvs_settings_complete(struct lvs_settings *out, const struct lvs_settings *in,
			  const char **fault)
{
	memset(out, 0, sizeof(*out));
	if (in)
		return lay_over(out, in, fault);
	fill(out);
	return check(out, fault);
}

/* The first that differs of those that cannot change. */
static const char *find_fixed(const struct lvs_settings *next, const struct lvs_settings *now)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(numbers); i++)
		if (!numbers[i].live && number_of(next, &numbers[i]) != number_of(now, &numbers[i]))
			return numbers[i].is_fixed;
	for (unsigned i = 0; i < LVS_ARRAY_N(others); i++)
		if (memcmp((const uint8_t *)next + others[i].offset,
			   (const uint8_t *)now + others[i].offset, others[i].size) != 0)
			return others[i].is_fixed;
	return NULL;
}

int lvs_settings_plan(struct lvs_settings *next, const struct lvs_settings *now,
		      const struct lvs_settings *in, const char **fault)
{
	int err;

	*next = *now;
	err = lay_over(next, in, fault);
	if (err)
		return err;
	*fault = find_fixed(next, now);
	return *fault ? LVS_ERR_UNSUPPORTED : 0;
}

void lvs_settings_take(struct lvs_settings *settings, const struct lvs_settings *next)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(numbers); i++)
		/* relaxed: pairs with lvs_setting(), each by itself */
		if (numbers[i].live)
			__atomic_store_n(number_at(settings, &numbers[i]),
					 number_of(next, &numbers[i]), __ATOMIC_RELAXED);
}
