/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two ends of a TCP connection with a helper between them, for tests: each sends a stream with
 * texts in it that the helper replaces, over a way that loses, doubles and reorders.
 *
 *	end 0 --- packets --- helped --- packets --- end 1
 *
 * What an end is to get is said by plain code: from the bytes as they were sent and the texts that
 * were whole in a segment when they first passed. Nothing here knows how the library counts.
 */
#ifndef LVS_TESTS_STREAM_RIG_H
#define LVS_TESTS_STREAM_RIG_H

#include <stdlib.h>

#include "helper/helped.h"
#include "helper/mangle.h"
#include "packet_ref.h"
#include "packet_rig.h"
#include "unit_check.h"

enum {
	STREAM_MAX = 1500, /* bytes as sent */
	STREAM_GOT = 4 * STREAM_MAX,
	STREAM_WAY = 24, /* packets on their way at a time */
	STREAM_HEADROOM = 64,
	STREAM_PACKET = 2048,
};

/* A text that was replaced: of the stream as sent. */
struct stream_edit {
	uint32_t at;
	uint32_t cut;
	uint32_t text_len;
	uint8_t text[LVS_HELPER_TEXT];
};

/* One direction. */
struct stream {
	uint8_t data[STREAM_MAX];
	uint32_t len;
	uint32_t isn; /* number of the first byte */
	/* the sender */
	uint32_t una, nxt;       /* from isn */
	bool sacked[STREAM_MAX]; /* what it believes that the receiver has */
	/* the helper, as plain code sees it */
	struct stream_edit edit[STREAM_MAX / 3];
	unsigned edit_n;
	uint32_t passed; /* from isn: first byte that has not passed */
	uint32_t known;  /* bytes as got that the receiver is known to have */
	/* the receiver */
	uint8_t got[STREAM_GOT];
	bool has[STREAM_GOT];
	uint32_t got_n; /* in a row */
};

struct stream_packet {
	uint8_t memory[STREAM_HEADROOM + STREAM_PACKET];
	struct lvs_packet packet;
	unsigned from; /* which end */
	bool used;
	bool passed; /* the helper */
};

/* --- What is to come --- */

/* Texts are {x...}: what comes for them is made of their bytes. */
static inline uint32_t stream_text(const uint8_t *data, uint32_t len, uint8_t *text)
{
	uint32_t sum = len, n;

	for (uint32_t i = 0; i < len; i++)
		sum = sum * 31 + data[i];
	n = sum % (LVS_HELPER_TEXT + 1);
	for (uint32_t i = 0; i < n; i++)
		text[i] = (uint8_t)('a' + (sum + i * 7) % 26);
	return n;
}

/* The first text that is whole in the bytes. */
static inline bool stream_find(const uint8_t *data, uint32_t len, uint32_t *at, uint32_t *n)
{
	uint32_t open = 0;

	while (open < len && data[open] != '{')
		open++;
	for (uint32_t end = open; end < len; end++)
		if (data[end] == '}') {
			*at = open;
			*n = end + 1 - open;
			return true;
		}
	return false;
}

static inline int stream_segment(void *state, const struct lvs_helper_segment *segment,
				 struct lvs_helper_answer *answer)
{
	(void)state;
	if (!stream_find(segment->data, segment->len, &answer->cut_at, &answer->cut_len))
		return true;
	answer->flags = LVS_HELPER_REWRITE;
	answer->text_len =
		stream_text(segment->data + answer->cut_at, answer->cut_len, answer->text);
	return true;
}

static inline int stream_awaits(const void *state, unsigned flags)
{
	(void)state;
	(void)flags;
	return true;
}

/* Where a byte of the stream comes out, by plain counting; of replaced ones as many as there are.
 */
static inline uint32_t stream_out(const struct stream *s, uint32_t at)
{
	uint32_t out = 0, from = 0;

	for (unsigned i = 0; i < s->edit_n && s->edit[i].at < at; i++) {
		const struct stream_edit *edit = &s->edit[i];
		uint32_t inside = at - edit->at;

		out += edit->at - from;
		if (inside < edit->cut)
			return out + (inside < edit->text_len ? inside : edit->text_len);
		out += edit->text_len;
		from = edit->at + edit->cut;
	}
	return out + at - from;
}

/* All that the receiver is to get, written down. */
static inline uint32_t stream_want(const struct stream *s, uint8_t *want)
{
	uint32_t n = 0;
	unsigned edit = 0;

	for (uint32_t at = 0; at < s->len;) {
		if (edit < s->edit_n && s->edit[edit].at == at) {
			memcpy(want + n, s->edit[edit].text, s->edit[edit].text_len);
			n += s->edit[edit].text_len;
			at += s->edit[edit++].cut;
		} else {
			want[n++] = s->data[at++];
		}
	}
	return n;
}

static inline void stream_make(struct stream *s, uint64_t *random)
{
	static const char bytes[] = "abcdefgh\r\n ,.{{}";

	memset(s, 0, sizeof(*s));
	s->len = 200 + (uint32_t)(rig_random(random) % (STREAM_MAX - 200));
	s->isn = rig_random(random) % 2 ? 0u - (uint32_t)(rig_random(random) % STREAM_MAX)
					: (uint32_t)rig_random(random);
	for (uint32_t i = 0; i < s->len; i++)
		s->data[i] = (uint8_t)bytes[rig_random(random) % (sizeof(bytes) - 1)];
	for (uint32_t i = 20; i + 30 < s->len; i += 30 + (uint32_t)(rig_random(random) % 60)) {
		s->data[i] = '{';
		s->data[i + 1 + rig_random(random) % 28] = '}';
	}
}

/* The segment of @p len bytes from @p at is about to pass: what is new in it and whole is noted. */
static inline void stream_note(struct stream *s, uint32_t at, uint32_t len)
{
	uint32_t text_at, cut;
	struct stream_edit *edit = &s->edit[s->edit_n];

	/* What was replaced and may be sent again is replaced again, and the helper not asked. */
	for (unsigned i = 0; i < s->edit_n; i++)
		if (s->edit[i].at < at + len && at < s->edit[i].at + s->edit[i].cut &&
		    stream_out(s, s->edit[i].at + s->edit[i].cut) > s->known)
			return;
	if (!stream_find(s->data + at, len, &text_at, &cut) || at + text_at < s->passed)
		return;
	edit->at = at + text_at;
	edit->cut = cut;
	edit->text_len = stream_text(s->data + edit->at, cut, edit->text);
	if (edit->text_len != cut || memcmp(edit->text, s->data + edit->at, cut) != 0)
		s->edit_n++;
}

/* --- Packets --- */

static inline uint32_t stream_get32(const uint8_t *p)
{
	return rig_get16(p) << 16 | rig_get16(p + 2);
}

/* Blocks that a receiver has behind a gap, as SACK option; bytes of it, a multiple of four. */
static inline unsigned stream_sack(const struct stream *s, uint8_t *option, unsigned nops)
{
	unsigned n = 0;

	memset(option, 1, 40);
	option += nops;
	for (uint32_t at = s->got_n; at < STREAM_GOT && n < 3; at++) {
		if (!s->has[at])
			continue;
		ref_put32(option + 2 + n * 8, s->isn + at);
		while (at < STREAM_GOT && s->has[at])
			at++;
		ref_put32(option + 2 + n * 8 + 4, s->isn + at);
		n++;
	}
	if (!n)
		return 0;
	option[0] = 5;
	option[1] = (uint8_t)(2 + n * 8);
	return (nops + option[1] + 3u) / 4 * 4;
}

struct stream_pair {
	struct stream s[2]; /* what end 0, end 1 sends */
	struct lvs_flow flow[2];
	struct stream_packet way[STREAM_WAY];
	struct lvs_helped helped;
	struct lvs_binding binding;
	uint64_t random;
	unsigned passed_n;
	unsigned dropped[LVS_REASON_N];
};

/* A segment of end @p from: @p len bytes from @p at, with what it has got so far. */
static inline void stream_send(struct stream_pair *pair, unsigned from, uint32_t at, uint32_t len,
			       struct stream_packet *out)
{
	const struct lvs_flow *flow = &pair->flow[from];
	const struct stream *back = &pair->s[!from];
	unsigned ip_len = flow->family == LVS_INET6 ? 40 : 20;
	uint8_t *ip = out->memory + STREAM_HEADROOM, *tcp = ip + ip_len;
	unsigned options;

	memset(out, 0, sizeof(*out));
	options = stream_sack(back, tcp + 20, (unsigned)(rig_random(&pair->random) % 3));
	rig_ip(ip, flow, 20 + options + len);
	memcpy(tcp, &flow->src_port, 2);
	memcpy(tcp + 2, &flow->dst_port, 2);
	ref_put32(tcp + 4, pair->s[from].isn + at);
	ref_put32(tcp + 8, back->isn + back->got_n);
	tcp[12] = (uint8_t)((20 + options) / 4 << 4);
	tcp[13] = LVS_TCP_ACK;
	memcpy(tcp + 20 + options, pair->s[from].data + at, len);
	out->packet.data = ip;
	out->packet.len = out->packet.linear_len = ip_len + 20 + options + len;
	out->packet.headroom = STREAM_HEADROOM;
	out->packet.tailroom = (uint16_t)(STREAM_PACKET - out->packet.len);
	if (flow->family == LVS_INET)
		rig_fix_ip(ip);
	rig_fix_l4(ip, out->packet.len);
	out->from = from;
	out->used = true;
}

/* The sum is left to who sends it on. */
static inline void stream_make_partial(struct stream_packet *out)
{
	uint8_t *ip = out->packet.data;
	unsigned ip_len = ip[0] >> 4 == 6 ? 40 : 20;

	ref_put16(ip + ip_len + 16, ref_pseudo(ip, LVS_TCP, out->packet.len - ip_len));
	out->packet.flags = LVS_PACKET_CSUM_PARTIAL;
	out->packet.csum_start = (uint16_t)ip_len;
	out->packet.csum_offset = 16;
}

static inline void stream_flow(struct lvs_flow *flow, unsigned family, const union lvs_addr *src,
			       unsigned src_port, const union lvs_addr *dst, unsigned dst_port)
{
	memset(flow, 0, sizeof(*flow));
	flow->family = (uint8_t)family;
	flow->protocol = LVS_TCP;
	flow->src = *src;
	flow->dst = *dst;
	flow->src_port = rig_port(src_port);
	flow->dst_port = rig_port(dst_port);
}

#endif
