/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a conversation that a helper looks into, both directions, in any order and with any
 * numbers. Segments stay whole, sums right, and what is remembered of rewrites in order; what does
 * not go has changed nothing.
 *
 *	0 bits: 1 IPv6, 2 a helper that rewrites all it can, else FTP's
 *	then segments:
 *	0 bits: 1 from the server, 2 established, 4 partial checksum, 8 in pieces of 16 bytes,
 *	        16 SACK blocks, 32 the number is the next one, less 64: a number that follows
 *	1 TCP flags    2 bytes of tailroom    3 bytes of data, then as many
 *	(what of the numbers is read: 4 bytes, sequence and acknowledgement, from the next ones)
 */
#include <string.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "helper/ftp_text.h"
#include "helper/helped.h"
#include "helper/list.h"
#include "helper/mangle.h"
#include "packet/checksum.h"

#include "fuzz.h"

enum { SEGMENTS = 64 };

struct input {
	const uint8_t *at;
	const uint8_t *end;
};

struct talk {
	struct lvs_helped helped;
	struct lvs_binding binding;
	struct lvs_headers headers;
	struct lvs_packet packet;
	uint8_t *memory;
	uint32_t room; /* bytes of it */
	bool v6;
};

static unsigned take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Rewrites from the first letter to what its bytes say. */
static int rewrite_all(void *state, const struct lvs_helper_segment *segment,
		       struct lvs_helper_answer *answer)
{
	(void)state;
	answer->flags = LVS_HELPER_REWRITE;
	answer->cut_at = segment->data[0] & 7;
	answer->cut_len = segment->data[0] >> 3 & 7;
	answer->text_len = segment->data[segment->len - 1] & 63;
	memset(answer->text, '#', answer->text_len < LVS_HELPER_TEXT ? answer->text_len : 1);
	return segment->data[0] != 0xff;
}

static const struct lvs_helper_ops rewriting = {
	.size = sizeof(rewriting), .name = "all", .segment = rewrite_all};

static enum lvs_reason expect(void *user, const struct lvs_helper_expect *what)
{
	(void)user;
	/* What no port can be is not asked for. */
	FUZZ_CHECK(what->dest_port);
	return LVS_REASON_NONE;
}

/* --- Texts --- */

static void check_place(const struct lvs_ftp_end *end, uint32_t len)
{
	FUZZ_CHECK(end->len > 0 && end->at < len && end->len <= len - end->at && end->port);
}

static void read_texts(const uint8_t *data, uint32_t len)
{
	uint8_t *copy = fuzz_copy(data, len);
	struct lvs_ftp_end end;
	union lvs_addr addr;

	for (unsigned family = LVS_INET;; family = LVS_INET6) {
		lvs_ftp_read_passive(copy, len, family);
		if (lvs_ftp_read_active(copy, len, family, &end))
			check_place(&end, len);
		lvs_addr_read((const char *)copy, len, family, &addr);
		if (family == LVS_INET6)
			break;
	}
	if (lvs_ftp_read_227(copy, len, &end))
		check_place(&end, len);
	if (lvs_ftp_read_229(copy, len, &end))
		check_place(&end, len);
	free(copy);
}

/* --- Segments --- */

static uint8_t *tcp_of(const struct talk *talk)
{
	return talk->packet.data + (talk->v6 ? 40 : 20);
}

static void put_ip(const struct talk *talk, uint32_t len, bool reply)
{
	uint8_t *ip = talk->packet.data;
	unsigned from = reply ? 2 : 1;

	if (talk->v6) {
		ip[0] = 0x60;
		lvs_store16(ip + 4, (uint16_t)(len - 40));
		ip[6] = LVS_TCP;
		ip[7] = 64;
		ip[8] = ip[24] = 0x20;
		ip[23] = (uint8_t)from;
		ip[39] = (uint8_t)(3 - from);
		return;
	}
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)len);
	ip[8] = 64;
	ip[9] = LVS_TCP;
	ip[12] = ip[16] = 10;
	ip[15] = (uint8_t)from;
	ip[19] = (uint8_t)(3 - from);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

static uint64_t pseudo(const struct talk *talk)
{
	const uint8_t *src = talk->packet.data + (talk->v6 ? 8 : 12);
	unsigned family = talk->v6 ? LVS_INET6 : LVS_INET;
	uint32_t l4 = talk->v6 ? 40 : 20;

	return lvs_csum_pseudo(src, src + lvs_addr_len(family), family, LVS_TCP,
			       talk->packet.len - l4);
}

static void put_sum(struct talk *talk, bool partial)
{
	uint8_t *tcp = tcp_of(talk);
	uint32_t l4 = talk->v6 ? 40 : 20;

	if (!partial) {
		lvs_csum_finish(tcp + 16, lvs_csum_sum(pseudo(talk), tcp, talk->packet.len - l4),
				false);
		return;
	}
	lvs_store_be16(tcp + 16, lvs_csum_fold(pseudo(talk)));
	talk->packet.flags = LVS_PACKET_CSUM_PARTIAL;
	talk->packet.csum_start = (uint16_t)l4;
	talk->packet.csum_offset = 16;
}

static void put_numbers(struct talk *talk, struct input *in, unsigned bits)
{
	uint32_t seq = talk->helped.seq[bits & 1].next;
	uint32_t ack =
		lvs_seq_got(&talk->helped.seq[!(bits & 1)], talk->helped.seq[!(bits & 1)].next);
	uint8_t *tcp = tcp_of(talk);

	if (bits & 0x40) {
		seq -= take(in);
		seq += take(in) << (take(in) & 24);
		ack -= take(in);
	}
	lvs_store32(tcp + 4, seq);
	lvs_store32(tcp + 8, ack);
	if (bits & 0x10) {
		tcp[20] = 5;
		tcp[21] = (uint8_t)(bits & 0x80 ? take(in) : 10);
		lvs_store32(tcp + 22, ack + 10);
		lvs_store32(tcp + 26, ack + 20);
	}
}

/* The next segment in memory of exactly its room; false: there is none. */
static bool make_segment(struct talk *talk, struct input *in, unsigned *bits)
{
	unsigned flags, tailroom, len, header;

	if (in->at == in->end)
		return false;
	*bits = take(in);
	flags = take(in);
	tailroom = take(in);
	len = take(in);
	len = len < (size_t)(in->end - in->at) ? len : (unsigned)(in->end - in->at);
	read_texts(in->at, len);
	header = (talk->v6 ? 40 : 20) + 20 + (*bits & 0x10 ? 12 : 0);
	talk->room = header + len + tailroom;
	talk->memory = calloc(1, talk->room);
	FUZZ_CHECK(talk->memory);
	talk->packet = (struct lvs_packet){.data = talk->memory,
					   .len = header + len,
					   .linear_len = header + len,
					   .tailroom = (uint16_t)tailroom};
	if (*bits & 8) {
		talk->packet.gso_size = 16;
		talk->packet.gso_type = LVS_GSO_TCP;
	}
	put_ip(talk, header + len, *bits & 1);
	tcp_of(talk)[12] = *bits & 0x10 ? 0x80 : 0x50;
	tcp_of(talk)[13] = (uint8_t)flags;
	memcpy(talk->memory + header, in->at, len);
	in->at += len;
	put_numbers(talk, in, *bits);
	put_sum(talk, *bits & 4);
	return true;
}

/* --- What must hold --- */

static void check_seq(const struct lvs_seq *seq)
{
	FUZZ_CHECK(seq->n <= LVS_SEQ_EDITS);
	for (unsigned i = 0; i < seq->n; i++) {
		const struct lvs_seq_edit *edit = &seq->edit[i];

		FUZZ_CHECK(edit->cut_len > 0 && edit->text_len <= LVS_HELPER_TEXT);
		FUZZ_CHECK(!lvs_seq_before(seq->next, edit->at + edit->cut_len));
		if (i)
			FUZZ_CHECK(!lvs_seq_before(edit->at, edit[-1].at + edit[-1].cut_len));
		/* There and back, but for what became nothing; and to the end of what it became. */
		FUZZ_CHECK(lvs_seq_sent(seq, lvs_seq_got(seq, edit->at)) == edit->at ||
			   (i && edit[-1].text_len == 0));
		FUZZ_CHECK(lvs_seq_got(seq, edit->at + edit->cut_len) ==
			   lvs_seq_got(seq, edit->at) + edit->text_len);
	}
}

static void check_packet(const struct talk *talk, const uint8_t *before, uint32_t before_len,
			 enum lvs_reason reason)
{
	const struct lvs_packet *packet = &talk->packet;
	struct lvs_headers now;

	FUZZ_CHECK(packet->data == talk->memory);
	FUZZ_CHECK(packet->linear_len + packet->tailroom <= talk->room);
	FUZZ_CHECK(packet->len == packet->linear_len);
	if (reason != LVS_REASON_NONE) {
		FUZZ_CHECK(packet->len == before_len);
		FUZZ_CHECK(memcmp(packet->data, before, before_len) == 0);
		return;
	}
	FUZZ_CHECK(lvs_packet_parse(packet, &now) == LVS_REASON_NONE);
	FUZZ_CHECK(now.len == packet->len && now.len == talk->headers.len);
	FUZZ_CHECK(packet->gso_size || lvs_mangle_valid(packet, &now));
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		FUZZ_CHECK(lvs_csum_fold(pseudo(talk)) == lvs_load_be16(tcp_of(talk) + 16));
}

static void one_segment(struct talk *talk, unsigned bits)
{
	struct lvs_helped_turn turn = {.binding = &talk->binding,
				       .reply = bits & 1,
				       .established = bits & 2,
				       .expect = expect};
	uint32_t len = talk->packet.len;
	uint8_t *before = fuzz_copy(talk->packet.data, len);
	enum lvs_reason reason = lvs_packet_parse(&talk->packet, &talk->headers);

	FUZZ_CHECK(reason == LVS_REASON_NONE);
	FUZZ_CHECK(lvs_mangle_valid(&talk->packet, &talk->headers));
	reason = lvs_helped_segment(&talk->helped, &turn, &talk->packet, &talk->headers);
	check_packet(talk, before, len, reason);
	check_seq(&talk->helped.seq[0]);
	check_seq(&talk->helped.seq[1]);
	free(before);
}

static void open_talk(struct talk *talk, unsigned bits)
{
	memset(talk, 0, sizeof(*talk));
	talk->v6 = bits & 1;
	talk->helped.ops = bits & 2 ? &rewriting : &lvs_helper_ftp;
	talk->binding.family = talk->v6 ? LVS_INET6 : LVS_INET;
	talk->binding.service.byte[0] = 198;
	talk->binding.service_port = lvs_htons(21);
	talk->binding.dest_port = lvs_htons(2121);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	struct talk talk;
	unsigned bits;

	open_talk(&talk, take(&in));
	for (unsigned i = 0; i < SEGMENTS && make_segment(&talk, &in, &bits); i++) {
		one_segment(&talk, bits);
		free(talk.memory);
	}
	return 0;
}
