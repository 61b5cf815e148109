/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random transactions against a model of plain arrays: calls that fail, transactions that are given
 * up, destinations that come back, and a listing that takes a step now and then.
 */
#include "service_rig.h"

#define KEYS 12  /* of services; the last third are marks */
#define DESTS 10 /* of each */
#define ROUNDS 6000

struct model_dest {
	bool exists;
	uint64_t created; /* 0 until it was there once */
	int32_t weight;
	int32_t last_weight;
	uint32_t upper;
	uint64_t service; /* what it was last in */
	uint64_t zero;    /* its packets when it was made */
};

struct model_service {
	bool exists;
	uint64_t created;
	uint32_t flags;
	uint64_t packets; /* of all that it ever had */
	struct model_dest dest[DESTS];
};

struct model {
	uint64_t created;
	struct model_service service[KEYS];
};

/* What no transaction changes. */
struct traffic {
	uint32_t conns[KEYS][DESTS];
	uint64_t packets[KEYS][DESTS];
};

struct walk {
	struct lvs_cursor cursor;
	bool running;
	uint64_t throughout[KEYS]; /* numbers of services that are there since it began; 0 none */
	bool listed[KEYS];
	unsigned ended; /* walks */
};

struct game {
	struct service_rig *rig;
	struct model now;
	struct model draft;
	struct traffic traffic;
	struct walk walk;
	uint64_t seed;
	unsigned refused;
	unsigned returned;
};

static uint32_t below(struct game *game, uint32_t n)
{
	/* xorshift64*: Vigna, 2016 */
	game->seed ^= game->seed >> 12;
	game->seed ^= game->seed << 25;
	game->seed ^= game->seed >> 27;
	return (uint32_t)((game->seed * 0x2545f4914f6cdd1d) >> 32) % n;
}

static struct lvs_service_key key_of(uint32_t i)
{
	struct lvs_service_key key = tcp4(i);

	if (i >= KEYS * 2 / 3)
		return mark4(i);
	if (i % 3 == 1)
		key.protocol = LVS_UDP;
	if (i % 3 == 2) {
		key.family = LVS_INET6;
		key.addr.byte[15] = (uint8_t)i;
	}
	return key;
}

/* Those of IPv6 services are IPv4 too: tunnels may. */
static struct lvs_dest_conf conf_of(int32_t weight, uint32_t upper)
{
	struct lvs_dest_conf conf = dest_conf(weight);

	conf.method = LVS_METHOD_TUNNEL;
	conf.upper = upper;
	return conf;
}

static void add_service(struct model *model, struct model_service *service, uint32_t flags)
{
	service->exists = true;
	service->created = ++model->created;
	service->flags = flags;
	service->packets = 0;
}

static void del_service(struct model_service *service)
{
	service->exists = false;
	for (uint32_t i = 0; i < DESTS; i++)
		service->dest[i].exists = false;
}

/* What a call does: add 1, edit 2, set 3, delete 4. */
static int expect(unsigned how, bool exists, int missing)
{
	if (exists)
		return how == 1 ? LVS_ERR_EXISTS : 0;
	return how == 1 || how == 3 ? 0 : missing;
}

static int call_service(struct lvs_txn *txn, unsigned how, const struct lvs_service_key *key,
			const struct lvs_service_conf *conf)
{
	switch (how) {
	case 1:
		return lvs_txn_add_service(txn, key, conf);
	case 2:
		return lvs_txn_edit_service(txn, key, conf);
	case 3:
		return lvs_txn_set_service(txn, key, conf);
	default:
		return lvs_txn_del_service(txn, key);
	}
}

static void change_service(struct game *game, struct lvs_txn *txn, uint32_t s)
{
	struct model_service *service = &game->draft.service[s];
	struct lvs_service_key key = key_of(s);
	struct lvs_service_conf conf = service_conf();
	unsigned how = 1 + below(game, 4);
	int err = expect(how, service->exists, LVS_ERR_NO_SERVICE);

	conf.flags = below(game, 8) * LVS_SCHED_FLAG1;
	must(call_service(txn, how, &key, &conf) == err);
	game->refused += err != 0;
	if (err)
		return;
	if (how == 4)
		del_service(service);
	else if (!service->exists)
		add_service(&game->draft, service, conf.flags);
	else
		service->flags = conf.flags;
}

static int call_dest(struct lvs_txn *txn, unsigned how, const struct lvs_service_key *key,
		     const struct lvs_dest_key *dest, const struct lvs_dest_conf *conf)
{
	switch (how) {
	case 1:
		return lvs_txn_add_dest(txn, key, dest, conf);
	case 2:
		return lvs_txn_edit_dest(txn, key, dest, conf);
	case 3:
		return lvs_txn_set_dest(txn, key, dest, conf);
	default:
		return lvs_txn_del_dest(txn, key, dest);
	}
}

static void add_dest(struct game *game, uint32_t s, uint32_t d, const struct lvs_dest_conf *conf)
{
	struct model_service *service = &game->draft.service[s];
	struct model_dest *dest = &service->dest[d];

	game->returned += dest->created != 0;
	if (dest->service != service->created)
		dest->zero = game->traffic.packets[s][d];
	dest->service = service->created;
	dest->exists = true;
	dest->created = ++game->draft.created;
	dest->last_weight = conf->weight;
}

static void change_dest(struct game *game, struct lvs_txn *txn, uint32_t s, uint32_t d)
{
	struct model_service *service = &game->draft.service[s];
	struct model_dest *dest = &service->dest[d];
	struct lvs_service_key key = key_of(s);
	struct lvs_dest_key to = dest4(d + 1);
	struct lvs_dest_conf conf = conf_of((int32_t)below(game, 5), below(game, 3) * 4);
	unsigned how = 1 + below(game, 4);
	int err = expect(how, dest->exists, LVS_ERR_NO_ENTRY);

	if (how < 4 && below(game, 16) == 0) {
		conf.weight = -1;
		err = LVS_ERR_RANGE;
	}
	if (!service->exists)
		err = LVS_ERR_NO_SERVICE;
	must(call_dest(txn, how, &key, &to, &conf) == err);
	game->refused += err != 0;
	if (err)
		return;
	if (how == 4) {
		dest->exists = false;
		return;
	}
	if (!dest->exists)
		add_dest(game, s, d, &conf);
	dest->weight = conf.weight;
	dest->upper = conf.upper;
	if (conf.weight)
		dest->last_weight = conf.weight;
}

static void play(struct game *game)
{
	struct lvs_txn *txn = txn_begin(game->rig);

	game->draft = game->now;
	for (uint32_t n = below(game, 12); n > 0; n--) {
		uint32_t s = below(game, KEYS);

		if (below(game, 4) == 0)
			change_service(game, txn, s);
		else
			change_dest(game, txn, s, below(game, DESTS));
	}
	if (below(game, 200) == 0) {
		must(lvs_txn_flush(txn) == 0);
		for (uint32_t s = 0; s < KEYS; s++)
			del_service(&game->draft.service[s]);
	}
	if (below(game, 4) == 0) {
		lvs_txn_abort(txn);
	} else {
		txn_commit(txn);
		game->now = game->draft;
	}
}

static struct lvs_dest *object_of(struct game *game, uint32_t s, uint32_t d)
{
	const struct lvs_service_set *set = match(game->rig, key_of(s));
	struct lvs_dest_key key = dest4(d + 1);

	for (uint32_t i = 0; i < set->sched_set.dest_n; i++) {
		if (lvs_addr_equal(&lvs_set_dest(set, i)->addr, &key.addr, LVS_INET))
			return lvs_set_dest(set, i);
	}
	ck_abort_msg("no such destination");
	return NULL;
}

static void send_some(struct game *game)
{
	uint32_t s = below(game, KEYS);
	uint32_t d = below(game, DESTS);
	struct lvs_dest *dest;

	if (!game->now.service[s].dest[d].exists)
		return;
	dest = object_of(game, s, d);
	must(lvs_gauge_total(lvs_gauge_load(&dest->gauge)) == game->traffic.conns[s][d]);
	if (game->traffic.conns[s][d] > 0 && below(game, 2)) {
		lvs_dest_unbind(dest, false);
		game->traffic.conns[s][d]--;
	} else {
		lvs_dest_bind(dest, false);
		game->traffic.conns[s][d]++;
	}
	lvs_services_stir(game->rig->services, match(game->rig, key_of(s)), 0);
	game->rig->stats[dest->number].in_pkts++;
	game->traffic.packets[s][d]++;
	game->now.service[s].packets++;
}

/* The newest of those made before @p created, or DESTS. */
static uint32_t next_dest(const struct model_service *service, uint64_t created)
{
	uint32_t best = DESTS;

	for (uint32_t d = 0; d < DESTS; d++) {
		const struct model_dest *dest = &service->dest[d];

		if (dest->exists && dest->created < created &&
		    (best == DESTS || dest->created > service->dest[best].created))
			best = d;
	}
	return best;
}

static uint32_t next_service(const struct model *model, uint64_t created)
{
	uint32_t best = KEYS;

	for (uint32_t s = 0; s < KEYS; s++) {
		const struct model_service *service = &model->service[s];

		if (service->exists && service->created > created &&
		    (best == KEYS || service->created < model->service[best].created))
			best = s;
	}
	return best;
}

static void compare_dest(struct game *game, uint32_t s, uint32_t d,
			 const struct lvs_dest_info *info)
{
	const struct model_dest *dest = &game->now.service[s].dest[d];
	struct lvs_dest_key key = dest4(d + 1);

	must(memcmp(&info->key, &key, sizeof(key)) == 0);
	must(info->conf.weight == dest->weight && info->conf.upper == dest->upper);
	must(info->active + info->inactive == game->traffic.conns[s][d]);
	must(info->stats.in_pkts == game->traffic.packets[s][d] - dest->zero);
}

static uint32_t compare_dests(struct game *game, uint32_t s)
{
	const struct model_service *service = &game->now.service[s];
	struct lvs_service_key key = key_of(s);
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	uint64_t created = UINT64_MAX;
	uint32_t n = 0;

	while (lvs_services_next_dest(game->rig->services, &game->rig->reader, &key, &cursor,
				      &info) == 1) {
		uint32_t d = next_dest(service, created);

		must(d < DESTS);
		compare_dest(game, s, d, &info);
		must(match(game->rig, key)->sched_set.dest[n++].last_weight ==
		     service->dest[d].last_weight);
		created = service->dest[d].created;
	}
	must(next_dest(service, created) == DESTS);
	return n;
}

static void compare(struct game *game)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	uint64_t created = 0;

	while (lvs_services_next_service(game->rig->services, &game->rig->reader, &cursor, &info) ==
	       1) {
		uint32_t s = next_service(&game->now, created);
		struct lvs_service_key key;

		must(s < KEYS);
		key = key_of(s);
		must(memcmp(&info.key, &key, sizeof(key)) == 0);
		must(info.conf.flags == game->now.service[s].flags);
		must(info.stats.in_pkts == game->now.service[s].packets);
		must(info.dest_n == compare_dests(game, s));
		created = game->now.service[s].created;
	}
	must(next_service(&game->now, created) == KEYS);
	for (uint32_t s = 0; s < KEYS; s++)
		must((match(game->rig, key_of(s)) != NULL) == game->now.service[s].exists);
}

static uint32_t index_of(const struct lvs_service_key *key)
{
	for (uint32_t s = 0; s < KEYS; s++) {
		struct lvs_service_key other = key_of(s);

		if (memcmp(&other, key, sizeof(other)) == 0)
			return s;
	}
	ck_abort_msg("no such service");
	return KEYS;
}

static void step_walk(struct game *game)
{
	struct walk *walk = &game->walk;
	struct lvs_service_info info = {.size = sizeof(info)};

	for (uint32_t s = 0; s < KEYS; s++) {
		const struct model_service *service = &game->now.service[s];
		uint64_t present = service->exists ? service->created : 0;

		if (!walk->running) {
			walk->throughout[s] = present;
			walk->listed[s] = false;
		} else if (walk->throughout[s] != present) {
			walk->throughout[s] = 0;
		}
	}
	if (!walk->running)
		memset(&walk->cursor, 0, sizeof(walk->cursor));
	walk->running = lvs_services_next_service(game->rig->services, &game->rig->reader,
						  &walk->cursor, &info) == 1;
	if (walk->running) {
		uint32_t s = index_of(&info.key);

		must(!(walk->throughout[s] && walk->listed[s]));
		walk->listed[s] = true;
		return;
	}
	for (uint32_t s = 0; s < KEYS; s++)
		must(!walk->throughout[s] || walk->listed[s]);
	walk->ended++;
}

START_TEST(agrees_with_the_model)
{
	struct game *game = calloc(1, sizeof(*game));

	ck_assert_ptr_nonnull(game);
	game->rig = service_rig_new();
	game->seed = 4711 + (uint64_t)_i;
	for (unsigned round = 0; round < ROUNDS; round++) {
		play(game);
		for (unsigned n = below(game, 8); n > 0; n--)
			send_some(game);
		step_walk(game);
		compare(game);
		if (round % 16 == 0)
			check_ok(game->rig);
	}
	check_ok(game->rig);
	ck_assert_uint_gt(game->refused, ROUNDS / 10);
	ck_assert_uint_gt(game->returned, ROUNDS / 10);
	ck_assert_uint_gt(game->walk.ended, ROUNDS / 50);
	service_rig_del(game->rig);
	free(game);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("txn_model");

	tcase_add_loop_test(tcase, agrees_with_the_model, 0, 3);
	return unit_run("txn_model", tcase);
}
