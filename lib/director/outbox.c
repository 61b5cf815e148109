/* SPDX-License-Identifier: BSD-2-Clause */
/* What a worker has to send by itself: fragments that were held, in the order of their release. */
#include <string.h>

#include "director/frag.h"

static void let_go(struct lvs_worker *worker, struct lvs_pieces *pieces)
{
	struct lvs_piece *piece;

	while ((piece = lvs_pieces_shift(pieces)))
		lvs_frags_let_go(worker->director->frags, piece);
}

void lvs_outbox_fini(struct lvs_worker *worker)
{
	let_go(worker, &worker->given);
	let_go(worker, &worker->outbox);
}

unsigned lvs_worker_outbox(struct lvs_worker *worker, struct lvs_packet *packets, unsigned n)
{
	unsigned i;

	let_go(worker, &worker->given);
	for (i = 0; i < n && worker->outbox.first; i++) {
		struct lvs_piece *piece = lvs_pieces_shift(&worker->outbox);

		packets[i] = piece->packet;
		lvs_pieces_append(&worker->given, piece);
	}
	return i;
}

/* One that was held gets its verdict. */
static void settle(const struct lvs_step *from, struct lvs_piece *piece,
		   const struct lvs_pieces *rest, const struct lvs_fate *known,
		   struct lvs_fate *fate)
{
	struct lvs_worker *worker = from->worker;
	struct lvs_headers headers;
	struct lvs_step step = {
		.worker = worker,
		.packet = &piece->packet,
		.headers = &headers,
		.now_ns = from->now_ns,
		.tick = from->tick,
		.odd = true,
	};
	/* It was read once, and has not changed since. */
	enum lvs_reason reason = lvs_packet_parse(&piece->packet, &headers);

	if (reason == LVS_REASON_NONE && !known && piece->part.start == 0) {
		step.hash = lvs_table_hash(worker->director->table, &headers.flow);
		reason = lvs_frag_decide(&step, rest, fate);
	} else if (reason == LVS_REASON_NONE) {
		reason = lvs_frag_follow(&step, known ? known : fate);
	}
	reason = lvs_step_settle(&step, reason);
	lvs_count(&worker->counters.reason[reason], 1);
	piece->packet.flags = 0;
	if (piece->packet.verdict == LVS_DROP)
		lvs_frags_let_go(worker->director->frags, piece);
	else
		lvs_pieces_append(&worker->outbox, piece);
}

void lvs_frag_release(const struct lvs_step *step, struct lvs_pieces *pieces,
		      const struct lvs_fate *known)
{
	struct lvs_fate fate = {.kind = LVS_FATE_SAME, .reason = LVS_REASON_FRAGMENT_REFUSED};
	struct lvs_piece *piece;

	if (!known)
		lvs_pieces_lead(pieces);
	while ((piece = pieces->first)) {
		/* All of them are there while the first one is decided about. */
		struct lvs_piece *next = piece->next;

		settle(step, piece, pieces, known, &fate);
		pieces->first = next;
	}
	memset(pieces, 0, sizeof(*pieces));
}
