/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistence: templates bind a client's network to a destination. */
#include <string.h>

#include "base/byteorder.h"
#include "conn/fetch.h"
#include "conn/template.h"
#include "director/candidate.h"
#include "director/engine.h"
#include "director/events.h"

/* Four years and a half: whoever asks for more will not see the difference, and ticks compare as
 * signed numbers. */
#define TIMEOUT_MAX (UINT32_C(1) << 30)

/* A search for a template, and what came of it. */
struct want {
	struct lvs_template_key key;
	uint64_t hash;
	uint32_t guess;        /* number of its record, most likely; 0: that is not known */
	uint32_t dest;         /* no other will do; 0: any */
	struct lvs_conn *made; /* a record for a new one, until it is needed */
	struct lvs_conn *conn; /* who is to be controlled, or NULL */
};

static bool is_ftp(const struct lvs_service_set *set)
{
	return set->key.port == lvs_htons(LVS_FTP_PORT);
}

/*
 *	service            template
 *	one port           protocol, client net, address, port
 *	FTP, every port    protocol, client net, address, 0
 *	firewall mark      0, client net, mark, 0
 *	with an engine     the same, and what it finds in the packet
 */
LVS_INLINE void key_of(const struct lvs_flow *flow, const struct lvs_service_set *set,
		       struct lvs_template_key *key)
{
	memset(key, 0, sizeof(*key));
	key->family = flow->family;
	key->protocol = flow->protocol;
	key->client = flow->src;
	lvs_template_mask(&key->client, flow->family, set->conf.netmask);
	key->service = flow->dst;
	if (flow->dst_port == set->key.port) {
		key->port = is_ftp(set) ? 0 : flow->dst_port;
	} else if (set->key.fwmark) {
		key->protocol = 0;
		memset(&key->service, 0, sizeof(key->service));
		key->service.word[0] = lvs_htonl(set->key.fwmark);
	}
}

/* A template of such a destination steers nobody any more. Thresholds and, unless it is asked for,
 * weight 0 do not matter. */
LVS_INLINE bool is_usable(const struct lvs_step *step, const struct want *want,
			  const struct lvs_conn *template)
{
	const struct lvs_director *director = step->worker->director;
	const struct lvs_dest *dest = lvs_dest_at(&director->services->dests, template->dest);

	if (!lvs_dest_available(dest) || (want->dest && template->dest != want->dest))
		return false;
	return !(lvs_setting(director, flags) & LVS_SET_EXPIRE_QUIESCENT) ||
	       !lvs_dest_drained(dest);
}

static void remove_over(struct lvs_step *step, struct lvs_conn *template)
{
	struct lvs_worker *worker = step->worker;
	struct lvs_ender ender;

	lvs_table_remove(worker->director->table, template, step->tick,
			 lvs_ender_of(&ender, &worker->events, LVS_GONE_EXPIRED, step->now_ns));
}

/* --- The lock of the template's shard is held --- */

LVS_INLINE bool take_control(const struct want *want, struct lvs_conn *template)
{
	if (want->conn)
		return lvs_table_control_locked(want->conn, template);
	lvs_conn_count_request(template);
	/* A server's packet has come, and there is no connection to tell. */
	if (want->dest)
		lvs_template_assure(template);
	return true;
}

/* Its clock begins anew. Where it was over, and only lingered, it goes on with the 60 s of that. */
LVS_INLINE void use(struct lvs_conn *template, uint32_t tick)
{
	uint32_t seen;

	lvs_conn_linger(template, tick);
	seen = atomic_load_explicit(&template->seen, memory_order_relaxed);
	if (lvs_tick_reached(tick, seen))
		atomic_store_explicit(&template->seen, tick, memory_order_relaxed);
}

LVS_INLINE enum lvs_reason steer(struct lvs_step *step, struct lvs_candidate *candidate,
				 const struct want *want, struct lvs_conn *template)
{
	struct lvs_dest *dest =
		lvs_dest_at(&step->worker->director->services->dests, template->dest);

	/* Services of every port and of FTP share templates: it may be another one's. */
	if (want->conn && dest->family == LVS_INET6 && !(want->conn->kind & LVS_CONN_LARGE)) {
		candidate->large = true;
		return LVS_REASON_TABLE_FULL;
	}
	if (!take_control(want, template))
		return LVS_REASON_TABLE_FULL;
	use(template, step->tick);
	lvs_note(step, template, lvs_table_number(step->worker->director->table, template));
	lvs_candidate_take(step, candidate, dest, lvs_dest_forwarder(dest));
	return LVS_REASON_NONE;
}

static uint64_t first_word(const struct lvs_candidate *candidate)
{
	uint64_t ticks =
		((uint64_t)candidate->set->conf.timeout_s * 1000000000 >> LVS_TICK_SHIFT) + 1;
	uint64_t word = LVS_CONN_TEMPLATE | LVS_CONN_INACTIVE | (uint64_t)candidate->forwarder << 8;

	if (!(candidate->ops->flags & LVS_FORWARD_TWO_WAY))
		word |= LVS_CONN_NOOUTPUT;
	/* For drop_entry: such a template has no connections that would say what it is worth. */
	if (candidate->set->conf.flags & LVS_SERVICE_ONE_PACKET)
		word |= LVS_CONN_ONE_PACKET;
	return word | (ticks < TIMEOUT_MAX ? ticks : TIMEOUT_MAX) << 32;
}

static void fill(const struct lvs_step *step, const struct lvs_candidate *candidate,
		 const struct want *want, struct lvs_conn *template)
{
	const struct lvs_dest *dest = candidate->dest;

	lvs_template_fill(template, &want->key);
	template->dest = dest->number;
	/* Of one port, the destination's; else each connection brings its own. */
	template->dest_port = want->key.port ? dest->port : 0;
	if (template->kind & LVS_CONN_LARGE)
		template->u.v6.dest = dest->addr;
	else
		template->u.v4.dest = dest->addr.word[0];
	if (dest->family == LVS_INET6)
		template->kind |= LVS_CONN_DEST6;
	/* relaxed: insertion publishes them */
	atomic_store_explicit(&template->word, first_word(candidate), memory_order_relaxed);
	atomic_store_explicit(&template->seen, step->tick, memory_order_relaxed);
	/* The present packet; of others' templates nobody asks. */
	atomic_store_explicit(&template->counts, LVS_CONN_REQUEST, memory_order_relaxed);
}

static LVS_NOINLINE enum lvs_reason make(struct lvs_step *step, struct lvs_candidate *candidate,
					 struct want *want)
{
	struct lvs_table *table = step->worker->director->table;
	struct lvs_conn *template = want->made;

	if (!want->dest && !lvs_candidate_pick(step, candidate))
		return LVS_REASON_NO_DEST;
	fill(step, candidate, want, template);
	/* Before anybody can find it: who ends it gives the destination back. */
	lvs_dest_stick(candidate->dest, true);
	if (lvs_table_insert(table, template, want->hash, step->tick) < 0) {
		lvs_dest_stick(candidate->dest, false);
		return LVS_REASON_NO_MEMORY;
	}
	want->made = NULL;
	take_control(want, template);
	lvs_note(step, template, lvs_table_number(table, template));
	if (lvs_unlikely(step->worker->events.size))
		lvs_events_made(step->worker->director, &step->worker->events, step->now_ns,
				template);
	return LVS_REASON_NONE;
}

/* False: another worker came between; to be tried again. */
LVS_INLINE bool bind_locked(struct lvs_step *step, struct lvs_candidate *candidate,
			    struct want *want, enum lvs_reason *reason)
{
	const struct lvs_table *table = step->worker->director->table;
	struct lvs_conn *template = lvs_template_guess_locked(table, want->guess, &want->key);

	if (!template)
		template = lvs_template_find_locked(table, &want->key, want->hash);
	if (template && lvs_conn_is_over(template, step->tick))
		return false;
	if (template && is_usable(step, want, template)) {
		*reason = steer(step, candidate, want, template);
		return true;
	}
	if (!want->made)
		return false;
	if (template)
		lvs_template_invalidate(template);
	*reason = make(step, candidate, want);
	return true;
}

/* --- No lock is held --- */

/* The template as it seems: NULL where a new one will be made. */
static struct lvs_conn *look(struct lvs_step *step, const struct want *want)
{
	struct lvs_table *table = step->worker->director->table;
	struct lvs_conn *template = lvs_template_find(table, &want->key, want->hash);

	if (template && lvs_conn_is_over(template, step->tick)) {
		if (!step->peek)
			remove_over(step, template);
		return NULL;
	}
	return template && is_usable(step, want, template) ? template : NULL;
}

LVS_INLINE bool try_locked(struct lvs_step *step, struct lvs_candidate *candidate,
			   struct want *want, enum lvs_reason *reason)
{
	struct lvs_shard *home = lvs_table_shard(step->worker->director->table, want->hash);
	bool done;

	lvs_spin_lock(&home->lock);
	done = bind_locked(step, candidate, want, reason);
	lvs_spin_unlock(&home->lock);
	return done;
}

static LVS_NOINLINE bool bind(struct lvs_step *step, struct lvs_candidate *candidate,
			      struct want *want, enum lvs_reason *reason)
{
	struct lvs_table *table = step->worker->director->table;
	int err;

	if (!look(step, want) && !want->made) {
		/* Before the lock, and so before the pick: any destination must fit. */
		want->made = lvs_step_alloc(step, candidate->set->large, &err);
		if (!want->made) {
			*reason =
				err == LVS_ERR_FULL ? LVS_REASON_TABLE_FULL : LVS_REASON_NO_MEMORY;
			return true;
		}
		if (!lvs_template_keep_data(table, want->made, &want->key)) {
			*reason = LVS_REASON_NO_MEMORY;
			return true;
		}
	}
	return try_locked(step, candidate, want, reason);
}

/* What is wanted. @p found is where its data lie. */
static enum lvs_reason begin(struct lvs_step *step, const struct lvs_candidate *candidate,
			     struct want *want, struct lvs_found *found)
{
	const struct lvs_table *table = step->worker->director->table;
	const struct lvs_pe_ops *pe = candidate->set->conf.pe;
	enum lvs_reason reason = LVS_REASON_NONE;

	key_of(&step->headers->flow, candidate->set, &want->key);
	want->dest = candidate->dest ? candidate->dest->number : 0;
	want->guess = step->fetch && !step->fetch->conn ? step->fetch->template : 0;
	if (pe) {
		reason = lvs_engine_fill(step, pe, &step->headers->flow, found);
		if (reason == LVS_REASON_NONE)
			lvs_template_set_data(table, &want->key, pe, found->data, found->len);
	}
	want->hash = lvs_template_hash(table, &want->key);
	return reason;
}

enum lvs_reason lvs_persist(struct lvs_step *step, struct lvs_candidate *candidate,
			    struct lvs_conn *conn)
{
	struct lvs_table *table = step->worker->director->table;
	struct want want = {.conn = conn};
	struct lvs_found found;
	enum lvs_reason reason = begin(step, candidate, &want, &found);

	step->worker->persists = true;
	if (reason != LVS_REASON_NONE)
		return reason;
	/* Mostly the client is known; who is not needs a record, which is taken without a lock. */
	if (!try_locked(step, candidate, &want, &reason))
		while (!bind(step, candidate, &want, &reason))
			;
	if (want.made)
		lvs_table_unalloc(table, want.made);
	return reason;
}

enum lvs_reason lvs_persist_as_if(struct lvs_step *step, struct lvs_candidate *candidate)
{
	struct lvs_director *director = step->worker->director;
	struct want want = {0};
	struct lvs_found found;
	enum lvs_reason reason = begin(step, candidate, &want, &found);
	struct lvs_conn *template;
	struct lvs_dest *dest;

	if (reason != LVS_REASON_NONE)
		return reason;
	template = look(step, &want);
	if (!template && want.dest)
		return LVS_REASON_NONE;
	if (!template)
		return lvs_candidate_pick(step, candidate) ? LVS_REASON_NONE : LVS_REASON_NO_DEST;
	dest = lvs_dest_at(&director->services->dests, template->dest);
	lvs_note(step, template, lvs_table_number(director->table, template));
	lvs_candidate_take(step, candidate, dest, lvs_dest_forwarder(dest));
	return LVS_REASON_NONE;
}

/* --- Hints --- */

static void fetch_line(const struct lvs_table *table, struct lvs_fetch *fetch)
{
	struct lvs_index index = lvs_view_index(lvs_table_view(table, fetch->hash));

	fetch->line = lvs_index_line_of(index, fetch->hash);
	lvs_prefetch(fetch->line);
}

/* Where the template of a packet's client would stand. False: it will need none. */
static bool fetch_template(struct lvs_worker *worker, const struct lvs_packet *packet,
			   const struct lvs_slot *slot, struct lvs_fetch *fetch)
{
	const struct lvs_flow *flow = &slot->headers.flow;
	const struct lvs_table *table = worker->director->table;
	const struct lvs_service_set *set;
	struct lvs_template_key key;

	if (slot->reason != LVS_REASON_NONE || slot->fetch.conn)
		return false;
	set = lvs_matches_ask(&worker->matches, worker->director->services, flow, packet->mark);
	if (!set || !lvs_is_persistent(set) || set->conf.pe)
		return false;
	key_of(flow, set, &key);
	fetch->hash = lvs_template_hash(table, &key);
	fetch_line(table, fetch);
	return true;
}

void lvs_persist_fetch(struct lvs_worker *worker, const struct lvs_packet *packets, unsigned n)
{
	struct lvs_fetch fetch[LVS_BATCH];
	uint8_t whose[LVS_BATCH];
	unsigned fetched = 0;

	for (unsigned i = 0; i < n; i++)
		if (fetch_template(worker, &packets[i], &worker->slot[i], &fetch[fetched]))
			whose[fetched++] = i;
	for (unsigned i = 0; i < fetched; i++) {
		lvs_fetch_record(worker->director->table, &fetch[i], false);
		if (fetch[i].conn)
			worker->slot[whose[i]].fetch.template = fetch[i].number;
	}
	/* Until a client of such a service comes again. */
	worker->persists = fetched != 0;
}
