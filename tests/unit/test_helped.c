/* SPDX-License-Identifier: BSD-2-Clause */
/* Streams in which a helper replaces bytes: both ends get what they are to get, whatever is lost,
 * doubled, or comes out of order, and neither believes what is not so. */
#include "helper/helped.h"

#include "stream_rig.h"
#include "unit.h"

#define TURNS 60000
#define WINDOW 220
#define SEEDS 10

static const struct lvs_helper_ops strict = {.size = sizeof(strict),
					     .name = "strict",
					     .segment = stream_segment,
					     .awaits = stream_awaits};
static const struct lvs_helper_ops loose = {
	.size = sizeof(loose), .name = "loose", .segment = stream_segment};

static uint32_t below(struct stream_pair *pair, uint32_t n)
{
	return (uint32_t)(rig_random(&pair->random) % n);
}

static struct stream_packet *free_slot(struct stream_pair *pair)
{
	for (unsigned i = 0; i < STREAM_WAY; i++)
		if (!pair->way[i].used)
			return &pair->way[i];
	return NULL;
}

/* Bytes that may be sent again from @p at on. */
static uint32_t unknown_len(const struct stream *s, uint32_t at, uint32_t most)
{
	uint32_t len = 0;

	while (len < most && at + len < s->nxt && !s->sacked[at + len])
		len++;
	return len;
}

static void send_some(struct stream_pair *pair, unsigned from)
{
	struct stream_packet *out = free_slot(pair);
	struct stream *s = &pair->s[from];
	uint32_t at = s->nxt, len = below(pair, 80), piece = 0;

	if (!out)
		return;
	if (below(pair, 8) == 0) {
		piece = 30 + below(pair, 40);
		len = 100 + below(pair, 100);
	}
	if (below(pair, 2) || s->nxt == s->len || s->nxt - s->una > WINDOW) {
		at = s->una + (s->nxt > s->una ? below(pair, s->nxt - s->una) : 0);
		at = below(pair, 2) ? s->una : at;
		len = unknown_len(s, at, len);
	} else {
		len = len < s->len - at ? len : s->len - at;
		s->nxt += len;
	}
	stream_send(pair, from, at, len, out);
	if (piece < len)
		out->packet.gso_size = (uint16_t)piece;
	if (out->packet.gso_size)
		out->packet.gso_type = LVS_GSO_TCP;
	if (piece || below(pair, 4) == 0)
		stream_make_partial(out);
	if (below(pair, 10) == 0)
		out->packet.tailroom = (uint16_t)below(pair, 10);
}

/* --- Half way --- */

static enum lvs_reason no_expect(void *user, const struct lvs_helper_expect *expect)
{
	(void)user;
	(void)expect;
	ck_abort_msg("nothing was expected");
}

static void note(struct stream_pair *pair, const struct stream_packet *packet, uint32_t at,
		 uint32_t len)
{
	struct stream *s = &pair->s[packet->from];
	uint32_t piece = packet->packet.gso_size ? packet->packet.gso_size : len;

	for (uint32_t i = 0; i < len; i += piece)
		stream_note(s, at + i, piece < len - i ? piece : len - i);
	if (at + len > s->passed)
		s->passed = at + len;
}

static void pass(struct stream_pair *pair, struct stream_packet *packet)
{
	struct lvs_helped_turn turn = {.binding = &pair->binding,
				       .reply = packet->from == 1,
				       .established = true,
				       .expect = no_expect};
	struct lvs_headers headers;
	struct stream *back = &pair->s[!packet->from];
	enum lvs_reason reason;
	uint32_t at, len, ack;

	ck_assert_int_eq(lvs_packet_parse(&packet->packet, &headers), LVS_REASON_NONE);
	ack = lvs_mangle_ack(&packet->packet, &headers) - back->isn;
	back->known = ack > back->known ? ack : back->known;
	ck_assert(lvs_mangle_valid(&packet->packet, &headers));
	at = lvs_mangle_data_seq(&packet->packet, &headers) - pair->s[packet->from].isn;
	len = lvs_mangle_data_len(&headers);
	reason = lvs_helped_segment(&pair->helped, &turn, &packet->packet, &headers);
	if (reason != LVS_REASON_NONE) {
		ck_assert(reason == LVS_REASON_HELPER_GAP || reason == LVS_REASON_HELPER_BUSY ||
			  reason == LVS_REASON_TAILROOM);
		pair->dropped[reason]++;
		packet->used = false;
		return;
	}
	note(pair, packet, at, len);
	packet->passed = true;
	ck_assert_uint_eq(headers.len, packet->packet.len);
	pair->passed_n++;
}

/* --- At the other end --- */

/* What it has already it does not look at again (RFC 9293, 3.10.7.4). */
static void take_data(struct stream *s, uint32_t at, const uint8_t *data, uint32_t len)
{
	static uint8_t want[STREAM_GOT];
	uint32_t want_n = stream_want(s, want);

	for (uint32_t i = 0; i < len; i++) {
		if (lvs_seq_before(at + i, s->got_n))
			continue;
		ck_assert_uint_lt(at + i, want_n);
		if (data[i] != want[at + i])
			ck_abort_msg("byte %u: got %c, expected %c", at + i, data[i], want[at + i]);
		s->got[at + i] = data[i];
		s->has[at + i] = true;
	}
	while (s->has[s->got_n])
		s->got_n++;
}

static bool has_all(const struct stream *s, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		if (!s->has[from])
			return false;
	return true;
}

/* The same of what it knows to have arrived: RFC 2018 and 2883. */
static void take_blocks(struct stream *s, const uint8_t *option, unsigned len)
{
	for (unsigned i = 2; i + 8 <= len; i += 8) {
		uint32_t from = stream_get32(option + i) - s->isn;
		uint32_t to = stream_get32(option + i + 4) - s->isn;

		if (lvs_seq_before(from, s->una))
			from = s->una;
		if (!lvs_seq_before(from, to))
			continue;
		ck_assert_uint_le(from, s->nxt);
		ck_assert_uint_le(to, s->nxt);
		ck_assert(has_all(s, stream_out(s, from), stream_out(s, to)));
		for (; from < to; from++)
			s->sacked[from] = true;
	}
}

/* What the other end has got, in this one's numbers. */
static void take_ack(struct stream *s, const uint8_t *tcp)
{
	uint32_t ack = stream_get32(tcp + 8) - s->isn;

	if (lvs_seq_before(s->una, ack)) {
		ck_assert_uint_le(ack, s->nxt);
		ck_assert_uint_le(stream_out(s, ack), s->got_n);
		s->una = ack;
	}
	for (unsigned at = 20; at < (tcp[12] >> 4) * 4u;) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		ck_assert_uint_eq(tcp[at], 5);
		take_blocks(s, tcp + at, tcp[at + 1]);
		at += tcp[at + 1];
	}
}

static void take_packet(struct stream_pair *pair, unsigned from, const struct lvs_packet *packet)
{
	const uint8_t *ip = packet->data;
	unsigned ip_len = ip[0] >> 4 == 6 ? 40 : 20;
	const uint8_t *tcp = ip + ip_len, *data = tcp + (tcp[12] >> 4) * 4u;

	ck_assert(rig_sums_right(ip, packet->len));
	take_data(&pair->s[from], stream_get32(tcp + 4) - pair->s[from].isn, data,
		  (uint32_t)(ip + packet->len - data));
	take_ack(&pair->s[!from], tcp);
}

static void arrive(struct stream_pair *pair, struct stream_packet *packet)
{
	static uint8_t room[STREAM_PACKET];
	struct lvs_packet part = {.data = room, .tailroom = sizeof(room)};

	if (!packet->packet.gso_size && !(packet->packet.flags & LVS_PACKET_CSUM_PARTIAL))
		take_packet(pair, packet->from, &packet->packet);
	else
		for (unsigned i = 0; lvs_packet_segment(&packet->packet, i, &part) == 1; i++) {
			take_packet(pair, packet->from, &part);
			part = (struct lvs_packet){.data = room, .tailroom = sizeof(room)};
		}
	packet->used = below(pair, 10) == 0;
}

/* --- The whole --- */

static void build(struct stream_pair *pair, unsigned family, const struct lvs_helper_ops *ops,
		  uint64_t seed)
{
	union lvs_addr a = family == LVS_INET ? rig_addr4(198, 51, 100, 7) : rig_addr6(1, 7);
	union lvs_addr b = family == LVS_INET ? rig_addr4(192, 0, 2, 1) : rig_addr6(2, 1);

	memset(pair, 0, sizeof(*pair));
	pair->random = seed;
	pair->helped.ops = ops;
	stream_flow(&pair->flow[0], family, &a, 40000, &b, 21);
	stream_flow(&pair->flow[1], family, &b, 21, &a, 40000);
	for (unsigned i = 0; i < 2; i++)
		stream_make(&pair->s[i], &pair->random);
	for (unsigned i = 0; i < 2; i++) { /* the handshake has passed */
		pair->helped.seq[i].known = true;
		pair->helped.seq[i].next = pair->s[i].isn;
	}
}

static bool is_done(const struct stream_pair *pair)
{
	return pair->s[0].una == pair->s[0].len && pair->s[1].una == pair->s[1].len;
}

static void turn(struct stream_pair *pair)
{
	struct stream_packet *packet = &pair->way[below(pair, STREAM_WAY)];

	send_some(pair, below(pair, 2));
	if (!packet->used)
		return;
	if (below(pair, 12) == 0)
		packet->used = false;
	else if (packet->passed)
		arrive(pair, packet);
	else
		pass(pair, packet);
}

static void expect_all(const struct stream *s)
{
	static uint8_t want[STREAM_GOT];
	uint32_t want_n = stream_want(s, want);

	ck_assert_uint_eq(s->got_n, want_n);
	ck_assert_mem_eq(s->got, want, want_n);
}

/* What has been seen in all of a test. */
struct sight {
	unsigned edit_n;
	unsigned passed_n;
	unsigned dropped[LVS_REASON_N];
};

static void look_at(const struct stream_pair *pair, struct sight *sight)
{
	sight->edit_n += pair->s[0].edit_n + pair->s[1].edit_n;
	sight->passed_n += pair->passed_n;
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		sight->dropped[i] += pair->dropped[i];
}

static void play(const struct lvs_helper_ops *ops, unsigned seed, struct sight *sight)
{
	static struct stream_pair pair;

	build(&pair, seed & 1 ? LVS_INET6 : LVS_INET, ops, seed + 1);
	for (unsigned i = 0; i < TURNS && !is_done(&pair); i++)
		turn(&pair);
	ck_assert(is_done(&pair));
	expect_all(&pair.s[0]);
	expect_all(&pair.s[1]);
	look_at(&pair, sight);
}

/* In order, so that all texts that are whole are replaced. */
START_TEST(test_strict)
{
	struct sight sight = {0};

	for (unsigned i = 0; i < SEEDS; i++)
		play(&strict, (unsigned)_i * SEEDS + i, &sight);
	ck_assert_uint_gt(sight.edit_n, SEEDS * 4);
	ck_assert_uint_gt(sight.passed_n, SEEDS * 50);
	ck_assert_uint_gt(sight.dropped[LVS_REASON_HELPER_GAP], SEEDS);
	ck_assert_uint_gt(sight.dropped[LVS_REASON_HELPER_BUSY], 0);
	ck_assert_uint_gt(sight.dropped[LVS_REASON_TAILROOM], 0);
}
END_TEST

/* In any order: those of which something has passed before stay. */
START_TEST(test_loose)
{
	struct sight sight = {0};

	for (unsigned i = 0; i < SEEDS; i++)
		play(&loose, (unsigned)_i * SEEDS + i, &sight);
	ck_assert_uint_gt(sight.edit_n, SEEDS * 2);
	ck_assert_uint_eq(sight.dropped[LVS_REASON_HELPER_GAP], 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("helped");

	tcase_add_loop_test(tcase, test_strict, 0, 8);
	tcase_add_loop_test(tcase, test_loose, 0, 8);
	return unit_run("helped", tcase);
}
