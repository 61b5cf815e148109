/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/frags.h"

#include <string.h>

#include <liblvs/error.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "base/siphash.h"
#include "director/counters.h"
#include "service/retire.h"

static struct lvs_datagram *of_link(struct lvs_map_link *link)
{
	return link ? LVS_CONTAINER(link, struct lvs_datagram, link) : NULL;
}

static void free_pieces(const struct lvs_frags *frags, struct lvs_pieces *pieces)
{
	struct lvs_piece *piece;

	while ((piece = lvs_pieces_shift(pieces)))
		lvs_piece_del(frags->alloc, piece);
}

int lvs_frags_new(const struct lvs_frags_conf *conf, struct lvs_frags **out)
{
	struct lvs_frags *frags = lvs_mem_zalloc(conf->alloc, sizeof(*frags), LVS_CACHE_LINE);
	int err;

	if (!frags)
		return LVS_ERR_NO_MEMORY;
	frags->alloc = conf->alloc;
	memcpy(frags->key, conf->key, sizeof(frags->key));
	frags->conf = *conf;
	frags->bytes_most = conf->bytes;
	frags->ranges_most = conf->ranges;
	atomic_init(&frags->next_ns, UINT64_MAX);
	lvs_spin_init(&frags->lock);
	err = lvs_map_init(&frags->map, conf->alloc);
	if (err < 0) {
		lvs_mem_free(conf->alloc, frags, sizeof(*frags), LVS_CACHE_LINE);
		return err;
	}
	*out = frags;
	return 0;
}

void lvs_frags_del(struct lvs_frags *frags)
{
	if (!frags)
		return;
	while (frags->first)
		lvs_frags_end(frags, frags->first, LVS_REASON_NONE, NULL);
	free_pieces(frags, &frags->dropped);
	lvs_map_fini(&frags->map);
	lvs_mem_free(frags->alloc, frags, sizeof(*frags), LVS_CACHE_LINE);
}

void lvs_frags_lock(struct lvs_frags *frags)
{
	lvs_spin_lock(&frags->lock);
}

void lvs_frags_unlock(struct lvs_frags *frags)
{
	struct lvs_pieces dropped = {0};

	lvs_pieces_move(&dropped, &frags->dropped);
	lvs_spin_unlock(&frags->lock);
	free_pieces(frags, &dropped);
}

uint32_t lvs_frags_hash(const struct lvs_frags *frags, const struct lvs_datagram_key *key)
{
	return (uint32_t)lvs_siphash(frags->key, key, sizeof(*key));
}

struct lvs_datagram *lvs_frags_find(const struct lvs_frags *frags,
				    const struct lvs_datagram_key *key, uint32_t hash)
{
	struct lvs_map_link *link = lvs_map_first(&frags->map, hash);

	while (link && memcmp(&of_link(link)->key, key, sizeof(*key)) != 0)
		link = lvs_map_next(link);
	return of_link(link);
}

/* --- Memory --- */

/* The oldest makes room: whoever it is, unless its time was up anyway. */
static void evict(struct lvs_frags *frags, struct lvs_datagram *oldest, lvs_reason_counts *counts)
{
	lvs_frags_end(frags, oldest,
		      oldest->deadline <= frags->now_ns ? LVS_REASON_FRAGMENT_EXPIRED
							: LVS_REASON_FRAGMENT_FULL,
		      counts);
}

/*
 * Makes room for more bytes. The oldest go first: a flood of fragments that belong to nothing
 * would else keep all others out until its deadlines. @p keep (may be NULL) is the one that is to
 * grow, and stays. Nobody goes for what would not fit then either.
 */
static bool make_room(struct lvs_frags *frags, uint64_t bytes, const struct lvs_datagram *keep,
		      lvs_reason_counts *counts)
{
	if ((keep ? keep->bytes : 0) + frags->out + bytes > frags->conf.bytes)
		return false;
	while (frags->bytes + frags->out + bytes > frags->conf.bytes) {
		struct lvs_datagram *oldest = frags->first;

		if (oldest && oldest == keep)
			oldest = oldest->next;
		if (!oldest)
			return false;
		evict(frags, oldest, counts);
	}
	return true;
}

static void charge(struct lvs_frags *frags, struct lvs_datagram *datagram, uint32_t bytes)
{
	datagram->bytes += bytes;
	frags->bytes += bytes;
}

static void discharge(struct lvs_frags *frags, struct lvs_datagram *datagram, uint32_t bytes)
{
	datagram->bytes -= bytes;
	frags->bytes -= bytes;
}

static void drop_held(struct lvs_frags *frags, struct lvs_datagram *datagram,
		      enum lvs_reason reason, lvs_reason_counts *counts)
{
	if (counts)
		lvs_count(&counts[reason], datagram->held.n);
	discharge(frags, datagram, datagram->held.bytes);
	lvs_pieces_move(&frags->dropped, &datagram->held);
}

static uint32_t ranges_size(uint32_t cap)
{
	return cap * (uint32_t)sizeof(struct lvs_range);
}

static void free_ranges(struct lvs_frags *frags, struct lvs_datagram *datagram)
{
	if (datagram->parts.range == datagram->few)
		return;
	discharge(frags, datagram, ranges_size(datagram->range_cap));
	lvs_mem_free(frags->alloc, datagram->parts.range, ranges_size(datagram->range_cap),
		     _Alignof(struct lvs_range));
	datagram->parts.range = datagram->few;
	datagram->range_cap = LVS_DATAGRAM_RANGES;
}

static bool grow_ranges(struct lvs_frags *frags, struct lvs_datagram *datagram,
			lvs_reason_counts *counts)
{
	uint32_t cap = datagram->range_cap * 2;
	struct lvs_range *range;

	if (!make_room(frags, ranges_size(cap), datagram, counts))
		return false;
	range = lvs_mem_alloc(frags->alloc, ranges_size(cap), _Alignof(struct lvs_range));
	if (!range)
		return false;
	memcpy(range, datagram->parts.range, ranges_size(datagram->parts.n));
	free_ranges(frags, datagram);
	charge(frags, datagram, ranges_size(cap));
	datagram->parts.range = range;
	datagram->range_cap = cap;
	return true;
}

/* --- Birth and end --- */

static void first_changed(struct lvs_frags *frags)
{
	atomic_store_explicit(&frags->next_ns, frags->first ? frags->first->deadline : UINT64_MAX,
			      memory_order_relaxed);
}

static void append(struct lvs_frags *frags, struct lvs_datagram *datagram, uint64_t now_ns)
{
	struct lvs_datagram *last = frags->last;

	datagram->number = ++frags->created;
	/* Time has an end: what would end behind it does so there. */
	datagram->deadline = now_ns > UINT64_MAX - frags->conf.time_ns
				     ? UINT64_MAX
				     : now_ns + frags->conf.time_ns;
	/* Workers' times may differ a little; the order is one. */
	if (last && datagram->deadline < last->deadline)
		datagram->deadline = last->deadline;
	datagram->prev = last;
	if (last)
		last->next = datagram;
	else
		frags->first = datagram;
	frags->last = datagram;
	first_changed(frags);
}

static void unlink_from(struct lvs_frags *frags, struct lvs_datagram *datagram)
{
	if (datagram->prev)
		datagram->prev->next = datagram->next;
	else
		frags->first = datagram->next;
	if (datagram->next)
		datagram->next->prev = datagram->prev;
	else
		frags->last = datagram->prev;
	first_changed(frags);
}

struct lvs_datagram *lvs_frags_add(struct lvs_frags *frags, const struct lvs_datagram_key *key,
				   uint32_t hash, uint64_t now_ns, lvs_reason_counts *counts)
{
	struct lvs_datagram *datagram;

	while (frags->map.n >= frags->conf.datagrams)
		evict(frags, frags->first, counts);
	if (!make_room(frags, sizeof(*datagram), NULL, counts))
		return NULL;
	datagram = lvs_mem_zalloc(frags->alloc, sizeof(*datagram), _Alignof(struct lvs_datagram));
	if (!datagram)
		return NULL;
	datagram->key = *key;
	datagram->parts.range = datagram->few;
	datagram->range_cap = LVS_DATAGRAM_RANGES;
	charge(frags, datagram, sizeof(*datagram));
	append(frags, datagram, now_ns);
	lvs_map_add(&frags->map, &datagram->link, hash);
	return datagram;
}

void lvs_frags_end(struct lvs_frags *frags, struct lvs_datagram *datagram, enum lvs_reason reason,
		   lvs_reason_counts *counts)
{
	drop_held(frags, datagram, reason, counts);
	free_ranges(frags, datagram);
	unlink_from(frags, datagram);
	lvs_map_del(&frags->map, &datagram->link);
	discharge(frags, datagram, sizeof(*datagram));
	lvs_mem_free(frags->alloc, datagram, sizeof(*datagram), _Alignof(struct lvs_datagram));
}

unsigned lvs_frags_expire(struct lvs_frags *frags, uint64_t now_ns, unsigned n,
			  lvs_reason_counts *counts)
{
	unsigned ended = 0;

	if (now_ns > frags->now_ns)
		frags->now_ns = now_ns;
	for (; ended < n && frags->first && frags->first->deadline <= now_ns; ended++)
		lvs_frags_end(frags, frags->first, LVS_REASON_FRAGMENT_EXPIRED, counts);
	return ended;
}

/* --- What comes and goes --- */

enum lvs_reason lvs_frags_place(struct lvs_frags *frags, struct lvs_datagram *datagram,
				const struct lvs_part *part, lvs_reason_counts *counts)
{
	enum lvs_reason reason = LVS_REASON_NONE;
	uint32_t after;

	if (datagram->closed)
		return LVS_REASON_NONE;
	reason = lvs_parts_probe(&datagram->parts, part);
	if (reason != LVS_REASON_NONE)
		return reason;
	after = lvs_parts_after(&datagram->parts, part);
	if (after > frags->conf.ranges)
		return LVS_REASON_FRAGMENT_FULL;
	if (after > datagram->range_cap && !grow_ranges(frags, datagram, counts))
		return LVS_REASON_FRAGMENT_FULL;
	lvs_parts_add(&datagram->parts, part);
	return LVS_REASON_NONE;
}

bool lvs_frags_hold(struct lvs_frags *frags, struct lvs_datagram *datagram,
		    const struct lvs_packet *packet, const struct lvs_headers *headers,
		    const struct lvs_part *part, lvs_reason_counts *counts)
{
	struct lvs_piece *piece;

	if (!make_room(frags, lvs_piece_size(packet, headers), datagram, counts))
		return false;
	piece = lvs_piece_new(frags->alloc, packet, headers, part);
	if (!piece)
		return false;
	charge(frags, datagram, piece->size);
	lvs_pieces_append(&datagram->held, piece);
	return true;
}

struct lvs_pieces lvs_frags_hand_over(struct lvs_frags *frags, struct lvs_datagram *datagram)
{
	struct lvs_pieces pieces = {0};

	discharge(frags, datagram, datagram->held.bytes);
	frags->out += datagram->held.bytes;
	lvs_pieces_move(&pieces, &datagram->held);
	return pieces;
}

void lvs_frags_refuse(struct lvs_frags *frags, struct lvs_datagram *datagram,
		      enum lvs_reason reason, lvs_reason_counts *counts)
{
	drop_held(frags, datagram, reason, counts);
	free_ranges(frags, datagram);
	memset(&datagram->parts, 0, sizeof(datagram->parts));
	datagram->parts.range = datagram->few;
	datagram->closed = true;
	datagram->state = LVS_DATAGRAM_DECIDED;
	datagram->fate = (struct lvs_fate){.kind = LVS_FATE_SAME, .reason = reason};
}

void lvs_frags_let_go(struct lvs_frags *frags, struct lvs_piece *piece)
{
	uint32_t size = piece->size;

	lvs_piece_del(frags->alloc, piece);
	lvs_spin_lock(&frags->lock);
	frags->out -= size;
	lvs_spin_unlock(&frags->lock);
}

/* --- Bounds --- */

/* Whether all fits into other bounds; the oldest have gone for it, some at a time. */
static bool shrink(struct lvs_frags *frags, const struct lvs_frags_conf *to,
		   lvs_reason_counts *counts)
{
	for (unsigned i = 0; frags->first; i++) {
		if (frags->map.n <= to->datagrams && frags->bytes + frags->out <= to->bytes)
			return true;
		if (i == LVS_FRAGS_STEP)
			return false;
		evict(frags, frags->first, counts);
	}
	return true;
}

static void set_bounds(struct lvs_frags *frags, const struct lvs_frags_conf *to)
{
	frags->conf = *to;
	if (to->bytes > frags->bytes_most)
		frags->bytes_most = to->bytes;
	if (to->ranges > frags->ranges_most)
		frags->ranges_most = to->ranges;
}

void lvs_frags_change(struct lvs_frags *frags, const struct lvs_frags_conf *conf,
		      lvs_reason_counts *counts)
{
	bool done;

	do {
		lvs_frags_lock(frags);
		done = shrink(frags, conf, counts);
		if (done)
			set_bounds(frags, conf);
		lvs_frags_unlock(frags);
	} while (!done);
}

/* --- Check --- */

static const char *check_parts(const struct lvs_frags *frags, const struct lvs_datagram *datagram)
{
	const struct lvs_parts *parts = &datagram->parts;

	if (parts->n > frags->ranges_most || parts->n > datagram->range_cap)
		return "a datagram has too many ranges";
	for (uint32_t i = 0; i < parts->n; i++)
		if (parts->range[i].start >= parts->range[i].end ||
		    (i > 0 && parts->range[i].start <= parts->range[i - 1].end))
			return "a datagram's ranges are out of order";
	if (lvs_parts_whole(parts) && datagram->state != LVS_DATAGRAM_DECIDING)
		return "a datagram is whole and still there";
	return NULL;
}

static const char *check_datagram(const struct lvs_frags *frags,
				  const struct lvs_datagram *datagram)
{
	uint64_t bytes = sizeof(*datagram);
	uint32_t n = 0;

	if (datagram->parts.range != datagram->few)
		bytes += ranges_size(datagram->range_cap);
	for (const struct lvs_piece *piece = datagram->held.first; piece; piece = piece->next) {
		bytes += piece->size;
		n++;
	}
	if (bytes != datagram->bytes || n != datagram->held.n)
		return "a datagram miscounts what it holds";
	if (datagram->state == LVS_DATAGRAM_DECIDED && datagram->held.first)
		return "a datagram holds what it should have let go";
	if (datagram->next &&
	    (datagram->next->prev != datagram || datagram->next->number <= datagram->number ||
	     datagram->next->deadline < datagram->deadline))
		return "datagrams are out of order";
	if (lvs_frags_find(frags, &datagram->key, lvs_frags_hash(frags, &datagram->key)) !=
	    datagram)
		return "a datagram is not found by its key";
	return check_parts(frags, datagram);
}

static const char *check_sums(const struct lvs_frags *frags, uint64_t bytes, uint32_t n)
{
	uint64_t next = atomic_load_explicit(&frags->next_ns, memory_order_relaxed);

	if (bytes != frags->bytes || n != frags->map.n)
		return "datagrams are miscounted";
	/* What waits in outboxes may be more than the bound is by now. */
	if (n > frags->conf.datagrams || frags->bytes + frags->out > frags->bytes_most ||
	    (frags->bytes && frags->bytes + frags->out > frags->conf.bytes))
		return "datagrams are beyond their bounds";
	if (next != (frags->first ? frags->first->deadline : UINT64_MAX))
		return "the first deadline of datagrams is lost";
	return NULL;
}

const char *lvs_frags_check(struct lvs_frags *frags)
{
	const char *fault = NULL;
	uint64_t bytes = 0;
	uint32_t n = 0;

	lvs_frags_lock(frags);
	for (const struct lvs_datagram *datagram = frags->first; datagram && !fault;
	     datagram = datagram->next, n++) {
		fault = check_datagram(frags, datagram);
		bytes += datagram->bytes;
	}
	if (!fault)
		fault = check_sums(frags, bytes, n);
	lvs_frags_unlock(frags);
	return fault;
}
