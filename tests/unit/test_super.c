/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A super-packet forwarded and then cut is, byte for byte, what its segments are when each is
 * forwarded by itself: through every method, with any options, over any path. Ordinary packets
 * with a partial checksum are super-packets of one segment here.
 *
 * With LVS_SUPER_PCAP=FILE some are written there instead, and what a reader of them should count
 * is printed (super_tshark.sh).
 */
#include <stdio.h>

#include "super_rig.h"
#include "unit.h"
#include "unit_check.h"

#define ROUNDS 3000

/* clang-format off */
#define BOTH(way) {way, LVS_INET, LVS_INET, 0, 0}, {way, LVS_INET6, LVS_INET6, 0, 0}
/* A kind of tunnel, from every family into every family. */
#define TUNNELS(type, flags)                                                                       \
	{TUNNEL, LVS_INET, LVS_INET, type, flags}, {TUNNEL, LVS_INET6, LVS_INET6, type, flags},    \
	{TUNNEL, LVS_INET, LVS_INET6, type, flags}, {TUNNEL, LVS_INET6, LVS_INET, type, flags}
/* clang-format on */

static const struct {
	enum way way;
	unsigned family, dest_family;
	uint8_t tun_type, tun_flags;
} ways[] = {
	BOTH(NAT_OUT),
	BOTH(NAT_BACK),
	BOTH(NAT_TO_HOST),
	BOTH(DR),
	BOTH(LOCAL),
	TUNNELS(LVS_TUNNEL_IPIP, 0),
	TUNNELS(LVS_TUNNEL_GUE, 0),
	TUNNELS(LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM),
	TUNNELS(LVS_TUNNEL_GUE, LVS_TUNNEL_REMCSUM),
	TUNNELS(LVS_TUNNEL_GRE, 0),
	TUNNELS(LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM),
};

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

/* What was met, so that a test of nothing is seen. */
struct met {
	unsigned whole, segmented, fragmented, refused, too_long, partial, pieces;
};

/* For tshark: the file, and what it should find in it. */
struct capture {
	FILE *file;
	unsigned frames, ipv4, tcp, udp, udp_none, gre;
};

static void put_le32(FILE *file, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		fputc((int)(value >> 8 * i & 0xff), file);
}

static void capture_open(struct capture *capture, const char *path)
{
	static const uint32_t header[] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 /* Ethernet */};

	memset(capture, 0, sizeof(*capture));
	capture->file = fopen(path, "wb");
	ck_assert_ptr_nonnull(capture->file);
	for (unsigned i = 0; i < 6; i++)
		put_le32(capture->file, header[i]);
}

static void capture_frame(struct capture *capture, const uint8_t *data, uint32_t len)
{
	/* Raw IP would do, were it not that tshark then guesses at what else it may be. */
	uint8_t ether[14] = {0};

	ref_put16(ether + 12, ref_is4(data) ? 0x0800 : 0x86dd);
	put_le32(capture->file, capture->frames++);
	put_le32(capture->file, 0);
	put_le32(capture->file, 14 + len);
	put_le32(capture->file, 14 + len);
	fwrite(ether, sizeof(ether), 1, capture->file);
	fwrite(data, len, 1, capture->file);
	capture->ipv4 += ref_is4(data);
}

/* tshark knows no GUE: the packets inside are shown to it by themselves, but for those whose sums
 * are left to the tunnel's end. */
static bool capture_inside(struct capture *capture, const struct shot *shot, unsigned parts)
{
	static struct ref_one one;

	if (ref_remote(&shot->shape, &shot->binding))
		return false;
	for (unsigned part = 0; part < parts; part++) {
		ref_cut(&shot->shape, part, &one);
		ref_hop(one.data);
		capture_frame(capture, one.data, one.len);
	}
	return true;
}

static void capture_shim(struct capture *capture, const struct shot *shot, unsigned parts)
{
	bool gre = shot->tun_type == LVS_TUNNEL_GRE;

	capture->gre += gre && shot->tun_flags ? parts : 0;
	capture->udp += !gre && shot->tun_flags ? parts : 0;
	capture->udp_none += !gre && !shot->tun_flags ? parts : 0;
}

static void capture_pieces(struct capture *capture, const struct shot *shot,
			   const struct ref_list *list)
{
	const uint8_t *l4 = shot->before + shot->shape.l4;
	bool tcp = shot->shape.protocol == LVS_TCP;
	bool nat4 = shot->family == LVS_INET && shot->way <= NAT_TO_HOST;
	bool none = !tcp && !shot->shape.partial && ref_get16(l4 + 6) == 0 && !nat4;
	bool tunnel = shot->way == TUNNEL;
	bool gue = tunnel && shot->tun_type == LVS_TUNNEL_GUE;
	unsigned parts = ref_parts(&shot->shape);

	for (unsigned i = 0; i < list->n; i++)
		capture_frame(capture, list->piece[i].data, list->piece[i].len);
	if (tunnel && shot->tun_type != LVS_TUNNEL_IPIP)
		capture_shim(capture, shot, parts);
	if (gue && !capture_inside(capture, shot, parts))
		return;
	if (tunnel && !gue && shot->family == LVS_INET)
		capture->ipv4 += parts;
	capture->tcp += tcp ? parts : 0;
	capture->udp += tcp || none ? 0 : parts;
	capture->udp_none += none ? parts : 0;
}

static void capture_close(struct capture *capture)
{
	ck_assert_int_eq(fclose(capture->file), 0);
	printf("frames %u ipv4 %u tcp %u udp %u none %u gre %u\n", capture->frames, capture->ipv4,
	       capture->tcp, capture->udp, capture->udp_none, capture->gre);
}

/* Why it should not go, by the documents: ipip.c names them. */
static enum lvs_reason expected_reason(const struct shot *shot)
{
	uint32_t len = shot_piece(shot) + shot_overhead(shot);
	/* A tunnel's sum over what is not at hand is asked of the way out. */
	bool request =
		shot->shape.gso_size || shot->shape.partial || (shot->tun_flags && shot->away);
	bool df = shot->before[6] & 0x40;
	bool may;

	if (shot->way == LOCAL || shot->way == NAT_TO_HOST)
		return LVS_REASON_LOCAL;
	if (shot->way == TUNNEL &&
	    len > 65535u + (shot->dest_family == LVS_INET6 && !request ? 40 : 0))
		return LVS_REASON_TOO_LONG;
	if (len <= shot->path.mtu)
		return LVS_REASON_NONE;
	if (shot->family == LVS_INET)
		may = !df || (shot->way == TUNNEL && !shot->binding.pmtu_disc);
	else
		may = shot->way == TUNNEL && shot_piece(shot) <= 1280;
	return may ? LVS_REASON_NONE : LVS_REASON_MTU;
}

static enum lvs_reason forward(struct shot *shot, struct lvs_headers *headers)
{
	static const enum lvs_method methods[] = {
		[NAT_OUT] = LVS_METHOD_NAT,     [NAT_BACK] = LVS_METHOD_NAT,
		[NAT_TO_HOST] = LVS_METHOD_NAT, [DR] = LVS_METHOD_DR,
		[LOCAL] = LVS_METHOD_LOCAL,     [TUNNEL] = LVS_METHOD_TUNNEL,
	};
	const struct lvs_forward_ops *ops = lvs_forward_find(methods[shot->way]);

	if (shot->way == NAT_BACK)
		return ops->back(&shot->packet, headers, &shot->binding);
	return ops->out(&shot->packet, headers, &shot->binding);
}

/* What lies behind the linear part is somewhere else: it must be neither read nor written. */
static enum lvs_reason forward_hidden(struct shot *shot, struct lvs_headers *headers)
{
	uint8_t *ip = shot->buffer + SHOT_HEADROOM;
	uint32_t at = shot->packet.linear_len;
	uint32_t n = at < shot->shape.len ? shot->shape.len - at : 0;
	uint32_t touched = 0;
	enum lvs_reason reason;

	memset(ip + at, SHOT_JUNK, n);
	reason = forward(shot, headers);
	for (uint32_t i = 0; i < n; i++)
		touched += ip[at + i] != SHOT_JUNK;
	ck_assert_uint_eq(touched, 0);
	memcpy(ip + at, shot->before + at, n);
	return reason;
}

static void check_lists(const struct ref_list *want, const struct ref_list *got)
{
	ck_assert_uint_eq(got->n, want->n);
	for (unsigned i = 0; i < want->n; i++) {
		uint32_t len = want->piece[i].len;

		if (got->piece[i].len == len &&
		    !memcmp(got->piece[i].data, want->piece[i].data, len))
			continue;
		ck_assert_uint_eq(got->piece[i].len, len);
		ck_assert_mem_eq(got->piece[i].data, want->piece[i].data, len);
	}
}

/* As a super-packet it may be longer than its outer header can say. */
static void check_outer_len(const struct shot *shot)
{
	const uint8_t *ip = shot->packet.data;
	uint32_t counted = shot->packet.len - (ref_is4(ip) ? 0 : 40);

	if (shot->way != TUNNEL)
		return;
	counted = counted < 65535 ? counted : 65535;
	ck_assert_uint_eq(ref_get16(ip + (ref_is4(ip) ? 2 : 4)), counted);
	ck_assert(!ref_is4(ip) || ref_ipv4_ok(ip));
	if (shot->tun_type == LVS_TUNNEL_GUE)
		ck_assert_uint_eq(ref_get16(ip + (ref_is4(ip) ? 24 : 44)),
				  counted - (ref_is4(ip) ? 20 : 0));
}

/*
 * It leaves with its request: the field is what a card needs, the pseudo-header's sum, or still
 * the whole sum; and the receiver, who cuts it, gets the same.
 */
static void check_whole(const struct shot *shot, const struct ref_list *want, struct ref_list *list)
{
	static struct ref_one one;
	struct shape shape = shot->shape;
	const uint8_t *l4 = shot->packet.data + shape.l4;
	uint16_t field = ref_get16(l4 + ref_place(shape.protocol));
	uint32_t len = shape.len - shape.l4;

	if (shape.protocol == LVS_UDP)
		len = ref_get16(l4 + 4);
	shape.bytes = shot->packet.data;
	shape.partial = shot->packet.flags & LVS_PACKET_CSUM_PARTIAL;
	if (shape.partial) {
		ck_assert_uint_eq(field, ref_pseudo(shape.bytes, shape.protocol, len));
		ck_assert_uint_eq(shot->packet.csum_start, shape.l4);
		ck_assert_uint_eq(shot->packet.csum_offset, ref_place(shape.protocol));
	} else if (field || shape.protocol == LVS_TCP) {
		ck_assert(ref_l4_ok(shape.bytes, l4, shape.protocol, shape.len - shape.l4));
	}
	list->n = list->used = 0;
	for (unsigned part = 0; part < ref_parts(&shape); part++) {
		ref_cut(&shape, part, &one);
		ref_list_add(list, one.data, one.len);
	}
	check_lists(want, list);
}

static void check_refused(const struct shot *shot)
{
	ck_assert_mem_eq(shot->buffer + SHOT_HEADROOM, shot->before, shot->shape.len);
	ck_assert_ptr_eq(shot->packet.data, shot->buffer + SHOT_HEADROOM);
	ck_assert_uint_eq(shot->packet.cut, LVS_CUT_NONE);
	ck_assert_uint_eq(shot->packet.cut_len, 0);
}

static void check_request(const struct shot *shot)
{
	const struct lvs_packet *packet = &shot->packet;
	bool too_long = shot_piece(shot) + shot_overhead(shot) > shot->path.mtu;
	bool request = shot->shape.gso_size ||
		       (shot->shape.partial && !ref_remote(&shot->shape, &shot->binding));
	unsigned cut = LVS_CUT_NONE;

	if (too_long && shot->way != LOCAL && shot->way != NAT_TO_HOST)
		cut = LVS_CUT_FRAGMENT;
	else if (shot->way == TUNNEL && request)
		cut = LVS_CUT_SEGMENT;
	ck_assert_uint_eq(packet->cut, cut);
	ck_assert_uint_eq(packet->cut_len, cut == LVS_CUT_FRAGMENT ? shot->path.mtu : 0);
	ck_assert_uint_eq(packet->gso_size, shot->shape.gso_size);
	ck_assert_uint_eq(packet->gso_type, shot->shape.gso_type);
}

static void meet(struct met *met, const struct shot *shot, const struct ref_list *list)
{
	met->partial += shot->shape.partial && !shot->shape.gso_size;
	met->segmented += shot->shape.gso_size && ref_parts(&shot->shape) > 1;
	met->whole += shot->packet.cut == LVS_CUT_NONE;
	met->fragmented += shot->packet.cut == LVS_CUT_FRAGMENT;
	met->pieces += list->n;
}

static void one_shot(struct ref_rng *rng, struct shot *shot, struct met *met,
		     struct capture *capture)
{
	static struct ref_list want, got;
	struct lvs_headers headers;
	enum lvs_reason reason;

	shot_make(rng, shot);
	shot_path(rng, shot);
	ck_assert_int_eq(lvs_packet_parse(&shot->packet, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.l4_offset, shot->shape.l4);
	ck_assert_uint_eq(headers.payload_offset, shot->shape.payload);
	shot_bind(rng, shot, &headers.flow);
	reason = forward_hidden(shot, &headers);
	ck_assert_int_eq(reason, expected_reason(shot));
	if (reason != LVS_REASON_NONE && reason != LVS_REASON_LOCAL) {
		met->refused += reason == LVS_REASON_MTU;
		met->too_long += reason == LVS_REASON_TOO_LONG;
		check_refused(shot);
		return;
	}
	check_request(shot);
	check_outer_len(shot);
	shot->packet.linear_len = shot->packet.len;
	if (shot->way == TUNNEL && shot->tun_type == LVS_TUNNEL_GUE)
		shot->shape.gue_port =
			ref_get16(shot->packet.data + (shot->dest_family == LVS_INET ? 20 : 40));
	ref_expect(&shot->shape, shot->way, &shot->binding, &want);
	shot_cut(&shot->packet, &got);
	/* What a host gets is not stripped of what follows the packet. */
	if (reason == LVS_REASON_LOCAL && got.n == 1 && got.piece[0].len > want.piece[0].len)
		got.piece[0].len -= shot->pad;
	check_lists(&want, &got);
	meet(met, shot, &want);
	if (shot->packet.cut == LVS_CUT_NONE && shot->way != TUNNEL)
		check_whole(shot, &want, &got);
	if (capture->file)
		capture_pieces(capture, shot, &want);
}

static void run(int row, unsigned rounds, uint64_t seed, struct met *met, struct capture *capture)
{
	static struct shot shot;
	struct ref_rng rng = {seed + (uint64_t)row};

	shot.way = ways[row / 2].way;
	shot.family = ways[row / 2].family;
	shot.dest_family = ways[row / 2].dest_family;
	shot.tun_type = ways[row / 2].tun_type;
	shot.tun_flags = ways[row / 2].tun_flags;
	shot.shape.protocol = row % 2 ? LVS_UDP : LVS_TCP;
	for (unsigned i = 0; i < rounds; i++)
		one_shot(&rng, &shot, met, capture);
}

START_TEST(test_super)
{
	struct capture capture = {0};
	struct met met = {0};
	bool sent = ways[_i / 2].way != LOCAL && ways[_i / 2].way != NAT_TO_HOST;
	bool tunnel = ways[_i / 2].way == TUNNEL;
	bool v4 = ways[_i / 2].family == LVS_INET;
	unsigned rounds = ways[_i / 2].tun_type == LVS_TUNNEL_IPIP ? ROUNDS : ROUNDS / 4;

	run(_i, rounds, 4242, &met, &capture);
	ck_assert_uint_gt(met.whole, tunnel ? rounds / 100 : rounds / 20);
	ck_assert_uint_gt(met.segmented, rounds / 10);
	ck_assert_uint_gt(met.partial, rounds / 20);
	ck_assert_uint_gt(met.pieces, rounds);
	ck_assert(!sent || met.refused > rounds / 20);
	ck_assert(!tunnel || met.too_long > 0);
	ck_assert(!sent || !(v4 || tunnel) || met.fragmented > rounds / 40);
}
END_TEST

/* Some of each for tshark to look at. */
START_TEST(test_capture)
{
	struct capture capture;
	struct met met = {0};

	capture_open(&capture, getenv("LVS_SUPER_PCAP"));
	for (int row = 0; row < 2 * WAYS; row++)
		run(row, 120, 777, &met, &capture);
	capture_close(&capture);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("super");

	if (getenv("LVS_SUPER_PCAP"))
		tcase_add_test(tcase, test_capture);
	else
		tcase_add_loop_test(tcase, test_super, 0, 2 * WAYS);
	return unit_run("super", tcase);
}
