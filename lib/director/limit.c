/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/limit.h"

#include <string.h>

#include <liblvs/director.h>
#include <liblvs/error.h>

#include "base/byteorder.h"
#include "base/compiler.h"
#include "base/memory.h"
#include "base/siphash.h"
#include "packet/icmp.h"

enum {
	BUCKETS = 4096,    /* a power of two */
	ADDRESS_BURST = 6, /* as the kernel's */
	NS_PER_MS = 1000000,
	NS_PER_S = 1000000000,
};

struct lvs_limit {
	/* Control writes. relaxed: each a number alone. */
	_Atomic uint32_t mask;
	_Atomic uint32_t global_burst;
	_Atomic uint64_t address_ns; /* interval; 0: no limit */
	_Atomic uint64_t global_ns;  /* the same */
	uint8_t key[16];
	/* When each is full again. relaxed: a number alone. */
	LVS_ALIGNED _Atomic uint64_t global;
	LVS_ALIGNED _Atomic uint64_t address[BUCKETS];
};

void lvs_limit_change(struct lvs_limit *limit, const struct lvs_limit_conf *conf)
{
	uint64_t address_ns = 0, global_ns = 0;

	if (conf->ratelimit_ms != LVS_UNLIMITED)
		address_ns = (uint64_t)conf->ratelimit_ms * NS_PER_MS;
	if (conf->msgs_per_sec != LVS_UNLIMITED)
		global_ns = NS_PER_S / conf->msgs_per_sec;
	atomic_store_explicit(&limit->mask, conf->ratemask, memory_order_relaxed);
	atomic_store_explicit(&limit->address_ns, address_ns, memory_order_relaxed);
	atomic_store_explicit(&limit->global_ns, global_ns, memory_order_relaxed);
	atomic_store_explicit(&limit->global_burst, conf->msgs_burst, memory_order_relaxed);
}

int lvs_limit_new(const struct lvs_alloc *alloc, const struct lvs_limit_conf *conf,
		  struct lvs_limit **out)
{
	struct lvs_limit *limit = lvs_mem_zalloc(alloc, sizeof(*limit), LVS_CACHE_LINE);

	if (!limit)
		return LVS_ERR_NO_MEMORY;
	lvs_limit_change(limit, conf);
	memcpy(limit->key, conf->key, sizeof(limit->key));
	*out = limit;
	return 0;
}

void lvs_limit_del(struct lvs_limit *limit, const struct lvs_alloc *alloc)
{
	lvs_mem_free(alloc, limit, sizeof(*limit), LVS_CACHE_LINE);
}

/* Takes one of a bucket that holds @p burst and gets one each @p interval. */
static bool take(_Atomic uint64_t *bucket, uint64_t interval, uint32_t burst, uint64_t now,
		 bool peek)
{
	uint64_t full_at = atomic_load_explicit(bucket, memory_order_relaxed);
	uint64_t from;

	if (interval == 0)
		return true;
	do {
		from = full_at > now ? full_at : now;
		if (from - now > interval * (burst - 1))
			return false;
	} while (!peek && !atomic_compare_exchange_weak_explicit(bucket, &full_at, from + interval,
								 memory_order_relaxed,
								 memory_order_relaxed));
	return true;
}

/* ICMP's number for a type of either family; 0 is none that we send. */
static unsigned common_type(unsigned family, uint8_t type)
{
	if (family != LVS_INET6)
		return type;
	switch (type) {
	case LVS_ICMPV6_UNREACHABLE:
		return LVS_ICMP_UNREACHABLE;
	case LVS_ICMPV6_TIME_EXCEEDED:
		return LVS_ICMP_TIME_EXCEEDED;
	default:
		return 0;
	}
}

/* What path MTU discovery needs is never held back, as in the kernel. */
static bool is_pmtu(unsigned family, uint8_t type, uint8_t code)
{
	if (family == LVS_INET6)
		return type == LVS_ICMPV6_TOO_BIG;
	return type == LVS_ICMP_UNREACHABLE && code == LVS_ICMP_FRAG_NEEDED;
}

static _Atomic uint64_t *bucket_of(struct lvs_limit *limit, unsigned family,
				   const union lvs_addr *addr)
{
	uint64_t hash = lvs_siphash(limit->key, addr, lvs_addr_len(family));

	return &limit->address[hash & (BUCKETS - 1)];
}

bool lvs_limit_allow(struct lvs_limit *limit, unsigned family, const union lvs_addr *addr,
		     uint8_t type, uint8_t code, uint64_t now_ns, bool peek)
{
	unsigned common = common_type(family, type);

	if (is_pmtu(family, type, code) || common >= 32 ||
	    !(atomic_load_explicit(&limit->mask, memory_order_relaxed) >> common & 1))
		return true;
	/* The address first: one that asks too often takes nothing from the others. */
	return take(bucket_of(limit, family, addr),
		    atomic_load_explicit(&limit->address_ns, memory_order_relaxed), ADDRESS_BURST,
		    now_ns, peek) &&
	       take(&limit->global, atomic_load_explicit(&limit->global_ns, memory_order_relaxed),
		    atomic_load_explicit(&limit->global_burst, memory_order_relaxed), now_ns, peek);
}
