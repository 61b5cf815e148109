/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/memory.h"
#include "director/director.h"

#define DEFAULT_MAX_CONNS (1u << 20)
#define DEFAULT_SHARDS 256
#define MAX_SHARDS 65536
#define DEFAULT_MTU 1500
#define MIN_MTU 68 /* RFC 791 */
#define DEFAULT_WORKERS 64
#define MAX_WORKERS 192      /* readers of the epoch, less room for listings */
#define MAX_CONNS (1u << 29) /* records have numbers of 31 bits, in units of a cache line */
#define MAX_EVENTS (1u << 20)
#define DEFAULT_NEARLY_FULL 90 /* percent */
#define DEFAULT_RATELIMIT_MS 1000
#define DEFAULT_RATEMASK 6168 /* 3, 4, 11 and 12: those of the kernel's that are errors */
#define DEFAULT_MSGS_PER_SEC 1000
#define DEFAULT_MSGS_BURST 50
#define DEFAULT_PMTU_S 600
#define MAX_PMTU_S 2678400  /* 31 days, as timeouts */
#define MAX_MSGS 1000000000 /* one a nanosecond */
#define DEFAULT_FRAGMENT_BYTES (4u << 20)
#define DEFAULT_FRAGMENT_DATAGRAMS 16384
#define MAX_FRAGMENT_DATAGRAMS (1u << 20)
#define DEFAULT_FRAGMENT_S 30
#define MAX_FRAGMENT_S 3600
#define DEFAULT_FRAGMENT_RANGES 64
#define MAX_FRAGMENT_RANGES 8192 /* as many parts as a datagram can have */
#define DEFAULT_LBLC_S 86400
#define MAX_LBLC_S 2678400 /* 31 days, as timeouts */
#define DEFAULT_LBLC_ENTRIES 16384
#define MAX_LBLC_ENTRIES (1u << 20)
#define DEFAULT_AMEMTHRESH 1024
#define DEFAULT_AM_DROPRATE 10
#define FLAGS 0x7ffu /* all of enum lvs_settings_flag */

static void default_to(uint32_t *field, uint32_t value)
{
	if (*field == 0)
		*field = value;
}

static void fill(struct lvs_settings *settings)
{
	settings->size = sizeof(*settings);
	default_to(&settings->max_conns, DEFAULT_MAX_CONNS);
	default_to(&settings->shards, DEFAULT_SHARDS);
	default_to(&settings->full_policy, LVS_FULL_REFUSE);
	default_to(&settings->reuse, LVS_REUSE_CLOSED);
	default_to(&settings->default_mtu, DEFAULT_MTU);
	default_to(&settings->max_workers, DEFAULT_WORKERS);
	default_to(&settings->nearly_full, DEFAULT_NEARLY_FULL);
	default_to(&settings->icmp_ratelimit_ms, DEFAULT_RATELIMIT_MS);
	default_to(&settings->icmp_ratemask, DEFAULT_RATEMASK);
	default_to(&settings->icmp_msgs_per_sec, DEFAULT_MSGS_PER_SEC);
	default_to(&settings->icmp_msgs_burst, DEFAULT_MSGS_BURST);
	default_to(&settings->pmtu_expires_s, DEFAULT_PMTU_S);
	default_to(&settings->fragment_bytes, DEFAULT_FRAGMENT_BYTES);
	default_to(&settings->fragment_datagrams, DEFAULT_FRAGMENT_DATAGRAMS);
	default_to(&settings->fragment_time_s, DEFAULT_FRAGMENT_S);
	default_to(&settings->fragment_ranges, DEFAULT_FRAGMENT_RANGES);
	default_to(&settings->lblc_expiration_s, DEFAULT_LBLC_S);
	default_to(&settings->lblcr_expiration_s, DEFAULT_LBLC_S);
	default_to(&settings->lblc_entries, DEFAULT_LBLC_ENTRIES);
	default_to(&settings->amemthresh, DEFAULT_AMEMTHRESH);
	default_to(&settings->am_droprate, DEFAULT_AM_DROPRATE);
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

static int check(const struct lvs_settings *settings)
{
	if (settings->flags & ~FLAGS)
		return LVS_ERR_INVALID;
	if ((settings->shards & (settings->shards - 1)) != 0)
		return LVS_ERR_INVALID;
	if (settings->full_policy > LVS_FULL_UNTRACKED || settings->reuse > LVS_REUSE_FIN_WAIT)
		return LVS_ERR_INVALID;
	if (settings->shards > MAX_SHARDS || settings->max_conns > MAX_CONNS)
		return LVS_ERR_RANGE;
	if (settings->default_mtu < MIN_MTU || settings->max_workers > MAX_WORKERS)
		return LVS_ERR_RANGE;
	if (settings->events > MAX_EVENTS || settings->nearly_full > 100)
		return LVS_ERR_RANGE;
	if (settings->icmp_msgs_per_sec > MAX_MSGS && settings->icmp_msgs_per_sec != LVS_UNLIMITED)
		return LVS_ERR_RANGE;
	if (settings->pmtu_expires_s > MAX_PMTU_S)
		return LVS_ERR_RANGE;
	if (settings->fragment_datagrams > MAX_FRAGMENT_DATAGRAMS ||
	    settings->fragment_time_s > MAX_FRAGMENT_S ||
	    settings->fragment_ranges > MAX_FRAGMENT_RANGES)
		return LVS_ERR_RANGE;
	if (settings->lblc_expiration_s > MAX_LBLC_S || settings->lblcr_expiration_s > MAX_LBLC_S ||
	    settings->lblc_entries > MAX_LBLC_ENTRIES)
		return LVS_ERR_RANGE;
	if (settings->drop_entry > LVS_DEFENCE_ON || settings->drop_packet > LVS_DEFENCE_ON ||
	    settings->secure_tcp > LVS_DEFENCE_ON)
		return LVS_ERR_INVALID;
	return settings->alloc.alloc && settings->alloc.free ? 0 : LVS_ERR_INVALID;
}

int lvs_settings_complete(struct lvs_settings *out, const struct lvs_settings *in)
{
	memset(out, 0, sizeof(*out));
	if (in) {
		if (in->size < offsetof(struct lvs_settings, max_conns))
			return LVS_ERR_INVALID;
		memcpy(out, in, in->size < sizeof(*out) ? in->size : sizeof(*out));
	}
	fill(out);
	return check(out);
}
