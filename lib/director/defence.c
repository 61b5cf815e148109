/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/defence.h"

#include <limits.h>

#include "director/events.h"
#include "director/worker.h"

#define ROUND_NS UINT64_C(1000000000)
#define IDLE_S 60 /* an entry that was used since is not dropped for being of little use */

/* splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* --- Switches; the lock is held --- */

static bool is_on(uint32_t mode)
{
	return mode == LVS_DEFENCE_ON || mode == LVS_DEFENCE_AUTO_ON;
}

static bool is_auto(uint32_t mode)
{
	return mode == LVS_DEFENCE_AUTO || mode == LVS_DEFENCE_AUTO_ON;
}

/* Whether there is something to be done each second. */
static bool is_armed(const struct lvs_settings *settings)
{
	return settings->drop_entry != LVS_DEFENCE_OFF || is_auto(settings->drop_packet) ||
	       is_auto(settings->secure_tcp);
}

static void set_next(struct lvs_defences *defence, uint64_t next_ns)
{
	/* relaxed: a hint, and who follows it takes the lock */
	atomic_store_explicit(&defence->next_ns, next_ns, memory_order_relaxed);
}

static void set_rate(struct lvs_defences *defence, uint32_t rate)
{
	atomic_store_explicit(&defence->drop_rate, rate, memory_order_relaxed);
}

void lvs_defence_changed(struct lvs_director *director)
{
	const struct lvs_settings *settings = &director->settings;
	struct lvs_defences *defence = &director->defence;
	bool armed = is_armed(settings);

	lvs_states_set_secure_tcp(&director->states, is_on(settings->secure_tcp));
	/* What is automatic follows with the next round. */
	if (settings->drop_packet == LVS_DEFENCE_ON)
		set_rate(defence, settings->am_droprate);
	else if (settings->drop_packet != LVS_DEFENCE_AUTO_ON)
		set_rate(defence, 0);
	if (!armed && !defence->busy && !defence->scanning)
		set_next(defence, UINT64_MAX);
	else if (armed && lvs_defence_expiry(defence) == UINT64_MAX)
		set_next(defence, 0);
}

void lvs_defence_init(struct lvs_director *director)
{
	struct lvs_defences *defence = &director->defence;

	lvs_spin_init(&defence->lock);
	set_next(defence, UINT64_MAX);
	defence->random = director->settings.seed;
	lvs_defence_changed(director);
}

/* A mode as the measure has it. */
static void flip(uint32_t *mode, bool is_short)
{
	if (is_auto(*mode))
		__atomic_store_n(mode, is_short ? LVS_DEFENCE_AUTO_ON : LVS_DEFENCE_AUTO,
				 __ATOMIC_RELAXED);
}

/* How many of what would open a connection are too many: the less memory, the more. */
static uint32_t rate_of(const struct lvs_settings *settings, uint64_t available)
{
	if (settings->drop_packet == LVS_DEFENCE_ON)
		return settings->am_droprate;
	if (settings->drop_packet != LVS_DEFENCE_AUTO_ON)
		return 0;
	return (uint32_t)(settings->amemthresh / (settings->amemthresh - available));
}

static void judge(struct lvs_director *director, uint64_t available)
{
	struct lvs_settings *settings = &director->settings;
	bool is_short = available < settings->amemthresh;

	flip(&settings->drop_entry, is_short);
	flip(&settings->drop_packet, is_short);
	flip(&settings->secure_tcp, is_short);
	set_rate(&director->defence, rate_of(settings, available));
	lvs_states_set_secure_tcp(&director->states, is_on(settings->secure_tcp));
}

/* --- Rounds --- */

static bool claim(struct lvs_defences *defence, uint64_t now_ns)
{
	bool ours;

	lvs_spin_lock(&defence->lock);
	ours = !defence->busy && lvs_defence_expiry(defence) <= now_ns;
	if (ours)
		defence->busy = true;
	lvs_spin_unlock(&defence->lock);
	return ours;
}

static uint64_t measure(const struct lvs_director *director)
{
	const struct lvs_memory *memory = &director->settings.memory;

	return memory->available ? memory->available(memory->user) : UINT64_MAX;
}

static void start_round(struct lvs_director *director, uint64_t now_ns)
{
	struct lvs_defences *defence = &director->defence;
	uint64_t available = measure(director);

	lvs_spin_lock(&defence->lock);
	judge(director, available);
	defence->scanning = is_on(director->settings.drop_entry);
	lvs_spin_unlock(&defence->lock);
	defence->round_ns = now_ns;
	defence->number = 0;
	/* Drawn in each round, so that what one round draws does not hang on what was on before. */
	defence->place = (unsigned)(draw(&defence->random) % LVS_TABLE_SAMPLE);
}

bool lvs_defence_begin(struct lvs_director *director, uint64_t now_ns)
{
	struct lvs_defences *defence = &director->defence;

	if (lvs_likely(lvs_defence_expiry(defence) > now_ns) || !claim(defence, now_ns))
		return false;
	if (!defence->scanning)
		start_round(director, now_ns);
	return true;
}

/* Time has an end. */
static uint64_t one_round_after(uint64_t ns)
{
	return ns > UINT64_MAX - ROUND_NS ? UINT64_MAX : ns + ROUND_NS;
}

/* The next worker goes on, or it is time for the next round in a second from now. */
static void end_turn(struct lvs_director *director, uint64_t now_ns)
{
	struct lvs_defences *defence = &director->defence;

	lvs_spin_lock(&defence->lock);
	defence->busy = false;
	if (defence->scanning)
		set_next(defence, defence->round_ns);
	else if (is_armed(&director->settings))
		set_next(defence, one_round_after(now_ns));
	else
		set_next(defence, UINT64_MAX);
	lvs_spin_unlock(&defence->lock);
}

/* --- Entries --- */

/* Of those with as many packets, every so manieth: one of one, half of those with two. */
static bool has_its_turn(struct lvs_defences *defence, uint32_t packets)
{
	uint8_t *count = &defence->count[packets - 1];

	if (*count > 1) {
		(*count)--;
		return false;
	}
	*count = (uint8_t)packets;
	return true;
}

static bool is_of_little_use(struct lvs_defences *defence, const struct lvs_conn *conn,
			     uint32_t tick)
{
	uint32_t seen = atomic_load_explicit(&conn->seen, memory_order_relaxed);
	uint32_t packets = lvs_conn_requests(conn);

	return lvs_tick_reached(tick, seen + LVS_TICKS_OF_S(IDLE_S)) && packets >= 1 &&
	       packets <= LVS_DEFENCE_FEW && has_its_turn(defence, packets);
}

/* Whether an entry goes; who controls others stays as long as they do. */
static bool goes(struct lvs_defences *defence, const struct lvs_conn *conn, uint32_t tick)
{
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_relaxed);

	if (lvs_conn_control_n(conn))
		return false;
	if (word & LVS_CONN_TEMPLATE && !(word & LVS_CONN_ONE_PACKET))
		return LVS_CONN_STATE(word) != LVS_TEMPLATE_ASSURED;
	switch (lvs_state_worth(conn->protocol, word)) {
	case LVS_STATE_WORTH_LITTLE:
		return true;
	case LVS_STATE_WORTH_SOME:
		return is_of_little_use(defence, conn, tick);
	default:
		return false;
	}
}

static unsigned scan(struct lvs_worker *worker, unsigned budget, void *by)
{
	struct lvs_table *table = worker->director->table;
	struct lvs_defences *defence = &worker->director->defence;
	uint32_t tick = LVS_TICKS(defence->round_ns);
	unsigned looks = budget ? budget : UINT_MAX;
	unsigned ended = 0;
	struct lvs_conn *conn;

	while ((conn = lvs_table_sample(table, defence->place, &defence->number, &looks)))
		if (goes(defence, conn, tick))
			ended += lvs_table_drop(table, conn, tick, by);
	defence->scanning = looks == 0;
	return ended;
}

unsigned lvs_defence_scan(struct lvs_worker *worker, uint64_t now_ns, unsigned budget)
{
	struct lvs_defences *defence = &worker->director->defence;
	struct lvs_ender ender;
	unsigned ended = 0;

	if (!is_on(lvs_setting(worker->director, drop_entry)))
		defence->scanning = false;
	if (defence->scanning)
		ended = scan(worker, budget,
			     lvs_ender_of(&ender, &worker->events, LVS_GONE_DROPPED, now_ns));
	if (ended)
		atomic_fetch_add_explicit(&defence->dropped, ended, memory_order_relaxed);
	end_turn(worker->director, now_ns);
	return ended;
}

/* --- Packets --- */

bool lvs_defence_turn(struct lvs_defences *defence, uint32_t rate, bool peek)
{
	uint32_t count = atomic_load_explicit(&defence->drop_count, memory_order_relaxed);

	if (peek)
		return count <= 1;
	/* relaxed: which worker's packet it is does not matter, as long as one of so many is */
	while (!atomic_compare_exchange_weak_explicit(&defence->drop_count, &count,
						      count > 1 ? count - 1 : rate,
						      memory_order_relaxed, memory_order_relaxed))
		;
	return count <= 1;
}
