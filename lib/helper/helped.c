/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/helped.h"

#include <string.h>

#include "helper/mangle.h"

/* Numbers further from what has passed are not this connection's: nothing is concluded from them.
 */
#define FAR (UINT32_C(1) << 20)

static bool is_near(const struct lvs_seq *seq, uint32_t sent)
{
	return !seq->known || sent - seq->next + FAR < 2 * FAR;
}

/* What the other end says it has got. It may know of more than has passed here: by another
 * director, before this one took over. */
static void acknowledge(struct lvs_seq *seq, uint32_t got)
{
	uint32_t sent;

	if (!seq->known || !is_near(seq, lvs_seq_sent(seq, got)))
		return;
	lvs_seq_acknowledge(seq, got);
	sent = lvs_seq_sent(seq, got);
	lvs_seq_pass(seq, sent, 0);
}

/* Bytes of a super-packet's segment, of another all. */
static uint32_t piece_len(const struct lvs_packet *packet, uint32_t len)
{
	return packet->gso_size && packet->gso_size < len ? packet->gso_size : len;
}

/* A rewrite that can be done: within the segment, and none of it has passed. */
static bool is_possible(const struct lvs_seq *own, const struct lvs_helper_answer *answer,
			uint32_t from, uint32_t len)
{
	return answer->cut_len && answer->cut_len <= len &&
	       answer->cut_at <= len - answer->cut_len && answer->text_len <= LVS_HELPER_TEXT &&
	       (!own->known || !lvs_seq_before(from + answer->cut_at, own->next));
}

static enum lvs_reason rewrite(struct lvs_seq *own, const struct lvs_helper_answer *answer,
			       const struct lvs_helper_segment *segment, uint32_t from)
{
	if (!is_possible(own, answer, from, segment->len))
		return LVS_REASON_NONE;
	if (answer->text_len == answer->cut_len &&
	    memcmp(answer->text, segment->data + answer->cut_at, answer->cut_len) == 0)
		return LVS_REASON_NONE;
	return lvs_seq_replace(own, from + answer->cut_at, answer->cut_len, answer->text,
			       answer->text_len)
		       ? LVS_REASON_NONE
		       : LVS_REASON_HELPER_BUSY;
}

/* One segment, its data beginning with the number @p from. */
static enum lvs_reason ask(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
			   const uint8_t *data, uint32_t len, uint32_t from)
{
	struct lvs_helper_segment segment = {
		.size = sizeof(segment),
		.flags = turn->reply ? LVS_HELPER_REPLY : 0,
		.binding = turn->binding,
		.data = data,
		.len = len,
	};
	struct lvs_helper_answer answer = {.size = sizeof(answer)};
	enum lvs_reason reason = LVS_REASON_NONE;

	if (!helped->ops->segment(helped->state, &segment, &answer))
		return LVS_REASON_HELPER_REFUSED;
	if (answer.flags & LVS_HELPER_EXPECT)
		reason = turn->expect(turn->user, &answer.expect);
	if (reason == LVS_REASON_NONE && answer.flags & LVS_HELPER_REWRITE)
		reason = rewrite(&helped->seq[turn->reply], &answer, &segment, from);
	return reason;
}

/* Segment by segment; what was rewritten once is not asked about again. */
static enum lvs_reason ask_about(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				 const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	const uint8_t *data = packet->data + headers->payload_offset;
	uint32_t from = lvs_mangle_data_seq(packet, headers);
	uint32_t len = lvs_mangle_data_len(headers);
	enum lvs_reason reason = LVS_REASON_NONE;
	uint32_t piece = piece_len(packet, len);

	for (uint32_t at = 0; at < len && reason == LVS_REASON_NONE; at += piece) {
		uint32_t n = piece < len - at ? piece : len - at;

		if (!lvs_seq_touches(&helped->seq[turn->reply], from + at, n))
			reason = ask(helped, turn, data + at, n, from + at);
	}
	return reason;
}

static bool awaits(const struct lvs_helped *helped, const struct lvs_helped_turn *turn)
{
	return helped->ops->awaits &&
	       helped->ops->awaits(helped->state, turn->reply ? LVS_HELPER_REPLY : 0);
}

enum lvs_reason lvs_helped_look(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	const struct lvs_seq *own = &helped->seq[turn->reply];
	uint32_t from = lvs_mangle_data_seq(packet, headers);

	if (headers->tcp_flags & LVS_TCP_ACK)
		acknowledge(&helped->seq[!turn->reply], lvs_mangle_ack(packet, headers));
	/* What a reset brings along nobody reads (RFC 9293, 3.10.7.4). */
	if (lvs_mangle_data_len(headers) == 0 || headers->tcp_flags & LVS_TCP_RST ||
	    !turn->established || !is_near(own, from))
		return LVS_REASON_NONE;
	if (own->known && lvs_seq_before(own->next, from) && awaits(helped, turn))
		return LVS_REASON_HELPER_GAP;
	return ask_about(helped, turn, packet, headers);
}

void lvs_helped_pass(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
		     const struct lvs_headers *headers, uint32_t from, uint32_t len)
{
	struct lvs_seq *own = &helped->seq[turn->reply];

	if (headers->tcp_flags & LVS_TCP_RST)
		return;
	/* One that opens the connection again, with other numbers, before there were any data. */
	if (headers->tcp_flags & LVS_TCP_SYN && !turn->established && !lvs_seq_is_moved(own))
		own->known = false;
	if (is_near(own, from))
		lvs_seq_pass(own, from, len + (headers->tcp_flags & LVS_TCP_FIN ? 1 : 0));
}

void lvs_helped_undo(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
		     const struct lvs_helped *before)
{
	helped->seq[turn->reply] = before->seq[turn->reply];
	memcpy(helped->state, before->state, sizeof(helped->state));
}

enum lvs_reason lvs_helped_segment(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				   struct lvs_packet *packet, struct lvs_headers *headers)
{
	struct lvs_seq *own = &helped->seq[turn->reply];
	uint32_t from = lvs_mangle_data_seq(packet, headers);
	uint32_t len = lvs_mangle_data_len(headers);
	struct lvs_helped before = *helped;
	enum lvs_reason reason = lvs_helped_look(helped, turn, packet, headers);

	if (reason == LVS_REASON_NONE)
		reason = lvs_mangle(packet, headers, own, &helped->seq[!turn->reply]);
	if (reason == LVS_REASON_NONE)
		lvs_helped_pass(helped, turn, headers, from, len);
	else
		lvs_helped_undo(helped, turn, &before);
	return reason;
}
