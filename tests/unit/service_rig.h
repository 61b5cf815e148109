/* SPDX-License-Identifier: BSD-2-Clause */
/* Services without a director: what it would give them, and short ways to say keys and settings. */
#ifndef LVS_TESTS_SERVICE_RIG_H
#define LVS_TESTS_SERVICE_RIG_H

#include <liblvs/control.h>
#include <liblvs/list.h>

#include "base/byteorder.h"
#include "service/service.h"

#include "alloc_rig.h"
#include "unit.h"

#define SERVICE_RIG_NUMBERS 4096

struct service_rig {
	struct alloc_rig memory;
	struct lvs_alloc alloc;
	struct lvs_log log;
	struct lvs_epoch epoch;
	struct lvs_epoch_reader reader;
	struct lvs_services *services;
	uint32_t tick;
	uint32_t reserved;                           /* the largest number that room was made for */
	struct lvs_stats stats[SERVICE_RIG_NUMBERS]; /* by number of a destination */
};

static inline int service_rig_reserve(void *user, uint32_t number)
{
	struct service_rig *rig = user;
	void *memory = NULL;

	if (number <= rig->reserved)
		return 0;
	/* Asks as a director would, so that it can be made to fail. */
	memory = rig->alloc.alloc(rig->alloc.user, 8, 8);
	if (!memory)
		return LVS_ERR_NO_MEMORY;
	rig->alloc.free(rig->alloc.user, memory, 8, 8);
	rig->reserved = number;
	return 0;
}

static inline void service_rig_stats(void *user, uint32_t number, struct lvs_stats *stats)
{
	struct service_rig *rig = user;

	*stats = rig->stats[number % SERVICE_RIG_NUMBERS];
}

static inline bool service_rig_sample(void *user, const uint32_t *number, uint32_t n,
				      struct lvs_stats *stats)
{
	for (uint32_t i = 0; i < n; i++)
		service_rig_stats(user, number[i], &stats[i]);
	return true;
}

static inline uint32_t service_rig_tick(void *user)
{
	struct service_rig *rig = user;

	return rig->tick;
}

static inline int service_rig_open(struct service_rig *rig)
{
	struct lvs_services_conf conf = {
		.alloc = &rig->alloc,
		.log = &rig->log,
		.epoch = &rig->epoch,
		.seed = 1,
		.default_mtu = 1500,
		.reserve = service_rig_reserve,
		.stats = service_rig_stats,
		.sample = service_rig_sample,
		.tick = service_rig_tick,
		.user = rig,
	};

	return lvs_services_new(&conf, &rig->services);
}

static inline struct service_rig *service_rig_new(void)
{
	struct service_rig *rig = calloc(1, sizeof(*rig));

	ck_assert_ptr_nonnull(rig);
	rig->alloc = alloc_rig(&rig->memory);
	lvs_epoch_init(&rig->epoch);
	ck_assert(lvs_epoch_join(&rig->epoch, &rig->reader));
	ck_assert_int_eq(service_rig_open(rig), 0);
	return rig;
}

static inline void service_rig_del(struct service_rig *rig)
{
	lvs_services_del(rig->services);
	lvs_epoch_leave(&rig->epoch, &rig->reader);
	ck_assert_uint_eq(rig->memory.live_n, 0);
	ck_assert_uint_eq(rig->memory.live_bytes, 0);
	free(rig);
}

/* --- A scheduler that takes the first destination of some weight --- */

struct first_state {
	_Atomic uint32_t builds; /* how often it was built on what was before */
};

static inline size_t first_state_size(const struct lvs_sched_set *set)
{
	(void)set;
	return sizeof(struct first_state);
}

static inline int first_build(void *state, const struct lvs_sched_set *set, const void *old,
			      const struct lvs_sched_set *old_set)
{
	struct first_state *first = state;

	(void)set;
	(void)old_set;
	if (old)
		first->builds = ((const struct first_state *)old)->builds + 1;
	return 0;
}

static inline uint32_t first_pick(const struct lvs_sched_set *set, void *state,
				  const struct lvs_flow *flow, unsigned flags)
{
	(void)state;
	(void)flow;
	(void)flags;
	for (uint32_t i = 0; i < set->dest_n; i++) {
		if (set->dest[i].weight > 0 &&
		    !lvs_gauge_overloaded(lvs_gauge_load(set->dest[i].gauge)))
			return i;
	}
	return LVS_SCHED_NONE;
}

static const struct lvs_sched_ops sched_first = {
	.size = sizeof(struct lvs_sched_ops),
	.name = "first",
	.state_size = first_state_size,
	.build = first_build,
	.pick = first_pick,
};

/* --- Short ways --- */

static inline union lvs_addr addr4(uint32_t host)
{
	return (union lvs_addr){.word = {lvs_htonl(host)}};
}

/* The @p i-th TCP service: 192.0.2.0 + i, port 80. */
static inline struct lvs_service_key tcp4(uint32_t i)
{
	return (struct lvs_service_key){
		.addr = addr4(0xc0000200 + i),
		.port = lvs_htons(80),
		.family = LVS_INET,
		.protocol = LVS_TCP,
	};
}

static inline struct lvs_service_key mark4(uint32_t mark)
{
	return (struct lvs_service_key){.fwmark = mark, .family = LVS_INET};
}

/* The @p i-th destination: 10.0.0.0 + i, port 80. */
static inline struct lvs_dest_key dest4(uint32_t i)
{
	return (struct lvs_dest_key){
		.addr = addr4(0x0a000000 + i), .port = lvs_htons(80), .family = LVS_INET};
}

static inline struct lvs_service_conf service_conf(void)
{
	return (struct lvs_service_conf){.size = sizeof(struct lvs_service_conf),
					 .sched = &sched_first};
}

static inline struct lvs_dest_conf dest_conf(int32_t weight)
{
	return (struct lvs_dest_conf){
		.size = sizeof(struct lvs_dest_conf), .method = LVS_METHOD_DR, .weight = weight};
}

static inline struct lvs_flow flow_to(const struct lvs_service_key *key)
{
	return (struct lvs_flow){
		.src = addr4(0xc6336401),
		.dst = key->addr,
		.src_port = lvs_htons(40000),
		.dst_port = key->port,
		.family = key->family,
		.protocol = key->protocol,
	};
}

static inline struct lvs_txn *txn_begin(struct service_rig *rig)
{
	struct lvs_txn *txn = NULL;

	must(lvs_services_begin(rig->services, &txn) == 0);
	return txn;
}

static inline void txn_commit(struct lvs_txn *txn)
{
	must(lvs_txn_commit(txn) == 0);
}

/* One transaction with one destination set; the service is made where there is none. */
static inline void set_dest(struct service_rig *rig, struct lvs_service_key service,
			    struct lvs_dest_key key, struct lvs_dest_conf conf)
{
	struct lvs_service_conf settings = service_conf();
	struct lvs_txn *txn = txn_begin(rig);

	must(lvs_txn_set_service(txn, &service, &settings) == 0);
	must(lvs_txn_set_dest(txn, &service, &key, &conf) == 0);
	txn_commit(txn);
}

static inline void del_dest(struct service_rig *rig, struct lvs_service_key service,
			    struct lvs_dest_key key)
{
	struct lvs_txn *txn = txn_begin(rig);

	ck_assert_int_eq(lvs_txn_del_dest(txn, &service, &key), 0);
	txn_commit(txn);
}

/* The set in force, to be looked at while nobody commits. */
static inline const struct lvs_service_set *match(struct service_rig *rig,
						  struct lvs_service_key key)
{
	struct lvs_flow flow = flow_to(&key);

	return lvs_services_match(rig->services, &flow, key.fwmark);
}

/* --- All that a listing says, as bytes --- */

struct listing {
	uint8_t *bytes;
	size_t n;
	size_t cap;
};

static inline void listing_put(struct listing *to, const void *bytes, size_t n)
{
	if (to->n + n > to->cap) {
		to->cap = (to->n + n) * 2;
		to->bytes = realloc(to->bytes, to->cap);
		ck_assert_ptr_nonnull(to->bytes);
	}
	memcpy(to->bytes + to->n, bytes, n);
	to->n += n;
}

static inline struct listing listing_take(struct service_rig *rig)
{
	struct listing to = {0};
	struct lvs_cursor services = {{0}};
	struct lvs_service_info service = {.size = sizeof(service)};

	while (lvs_services_next_service(rig->services, &rig->reader, &services, &service) == 1) {
		struct lvs_cursor dests = {{0}};
		struct lvs_dest_info dest;

		listing_put(&to, &service, sizeof(service));
		memset(&dest, 0, sizeof(dest));
		dest.size = sizeof(dest);
		while (lvs_services_next_dest(rig->services, &rig->reader, &service.key, &dests,
					      &dest) == 1)
			listing_put(&to, &dest, sizeof(dest));
	}
	return to;
}

/* Frees both. */
static inline void listing_same(struct listing a, struct listing b)
{
	ck_assert_uint_eq(a.n, b.n);
	ck_assert(a.n == 0 || memcmp(a.bytes, b.bytes, a.n) == 0);
	free(a.bytes);
	free(b.bytes);
}

static inline void check_ok(struct service_rig *rig)
{
	const char *fault = lvs_services_check(rig->services, NULL, 0);

	ck_assert_msg(!fault, "%s", fault ? fault : "");
}

#endif
