/* SPDX-License-Identifier: BSD-2-Clause */
/* Super-packets are cut, the pieces checked one by one and put together again. */
#include <liblvs/error.h>

#include "packet/crc32c.h"

#include "packet_ref.h"
#include "unit.h"

#define ROUNDS 4000

/* A super-packet and where its parts lie. */
struct super {
	uint8_t data[REF_MAX];
	struct lvs_packet packet;
	unsigned layer[3]; /* IP headers */
	unsigned layers_n;
	unsigned l4, payload;
	uint32_t len; /* without padding */
	uint8_t protocol;
};

static void put_layer(struct ref_rng *rng, struct super *super, unsigned at, unsigned family,
		      uint8_t protocol, unsigned options)
{
	ref_put_ip(super->data + at, family, protocol, options, 0, rng);
	super->layer[super->layers_n++] = at;
}

/* Lengths and IPv4 checksums, when all is in place. */
static void finish_layers(struct super *super)
{
	for (unsigned i = 0; i < super->layers_n; i++) {
		uint8_t *ip = super->data + super->layer[i];
		uint32_t len = super->len - super->layer[i];

		if (ip[0] >> 4 == 6) {
			ref_put16(ip + 4, len - 40);
		} else {
			ref_put16(ip + 2, len);
			ref_ipv4_checksum(ip);
		}
	}
}

/* As many IP headers as asked, of any family, the inner ones with options at times. */
static void put_layers(struct ref_rng *rng, struct super *super, unsigned layers)
{
	unsigned family[4], options[3], at = 0;

	super->layers_n = 0;
	for (unsigned i = 0; i < layers; i++) {
		family[i] = ref_below(rng, 2) ? LVS_INET : LVS_INET6;
		options[i] = ref_below(rng, 3) ? 0 : (1 + ref_below(rng, 4)) * 8;
	}
	for (unsigned i = 0; i < layers; i++) {
		uint8_t next = super->protocol;

		if (i + 1 < layers)
			next = family[i + 1] == LVS_INET ? LVS_IPIP : LVS_IPV6;
		put_layer(rng, super, at, family[i], next, options[i]);
		at += (family[i] == LVS_INET ? 20 : 40) + options[i];
	}
	super->l4 = at;
}

static void super_make(struct ref_rng *rng, struct super *super, uint32_t payload, uint16_t size)
{
	unsigned tcp_options = ref_below(rng, 11) * 4;
	const uint8_t *ip;

	super->protocol = ref_below(rng, 2) ? LVS_TCP : LVS_UDP;
	put_layers(rng, super, 1 + ref_below(rng, 3));
	super->payload = super->l4 + ref_put_l4(super->data + super->l4, super->protocol,
						tcp_options, payload, rng);
	super->len = super->payload + payload;
	ref_fill(rng, super->data + super->payload, payload);
	finish_layers(super);
	ip = super->data + super->layer[super->layers_n - 1];
	ref_l4_partial(ip, super->data + super->l4, super->protocol, super->len - super->l4);
	super->packet = ref_packet(super->data, super->len + ref_below(rng, 2) * 6);
	super->packet.linear_len = super->packet.len;
	super->packet.gso_size = size;
	super->packet.gso_type = super->protocol == LVS_TCP ? LVS_GSO_TCP : LVS_GSO_UDP;
	if (super->protocol == LVS_TCP && ref_below(rng, 2))
		super->packet.gso_type |= LVS_GSO_ECN;
	if (ref_below(rng, 4)) {
		super->packet.flags = LVS_PACKET_CSUM_PARTIAL;
		super->packet.csum_start = (uint16_t)super->l4;
		super->packet.csum_offset = (uint16_t)ref_place(super->protocol);
	}
}

/* The super-packet's headers as segment @p part of @p len bytes must have them. */
static void expect_headers(const struct super *super, unsigned part, bool last, uint32_t len,
			   uint8_t *want)
{
	uint8_t *l4 = want + super->l4;

	memcpy(want, super->data, super->payload);
	for (unsigned i = 0; i < super->layers_n; i++) {
		uint8_t *ip = want + super->layer[i];

		if (ip[0] >> 4 == 6) {
			ref_put16(ip + 4, len - super->layer[i] - 40);
			continue;
		}
		ref_put16(ip + 2, len - super->layer[i]);
		ref_put16(ip + 4, ref_get16(ip + 4) + part);
		ref_ipv4_checksum(ip);
	}
	if (super->protocol == LVS_UDP) {
		ref_put16(l4 + 4, len - super->l4);
		return;
	}
	ref_put32(l4 + 4, ((uint32_t)ref_get16(l4 + 4) << 16 | ref_get16(l4 + 6)) +
				  part * super->packet.gso_size);
	if (!last)
		l4[13] &= 0xff ^ (LVS_TCP_FIN | LVS_TCP_PSH);
	if (part > 0 && (super->packet.gso_type & LVS_GSO_ECN))
		l4[13] &= 0xff ^ LVS_TCP_CWR;
}

static void check_piece(const struct super *super, unsigned part, const struct lvs_packet *out)
{
	static uint8_t want[REF_MAX];
	uint32_t start = part * super->packet.gso_size;
	uint32_t total = super->len - super->payload;
	uint32_t n =
		total - start < super->packet.gso_size ? total - start : super->packet.gso_size;
	const uint8_t *ip = want + super->layer[super->layers_n - 1];

	ck_assert_uint_eq(out->len, super->payload + n);
	ck_assert_uint_eq(out->linear_len, out->len);
	expect_headers(super, part, start + n == total, out->len, want);
	memcpy(want + super->payload, super->data + super->payload + start, n);
	ref_l4_checksum(ip, want + super->l4, super->protocol, out->len - super->l4);
	ck_assert_mem_eq(out->data, want, out->len);
	ck_assert_uint_eq(out->flags & LVS_PACKET_CSUM_PARTIAL, 0);
	ck_assert_uint_eq(out->gso_size, 0);
	ck_assert_uint_eq(out->gso_type, 0);
	ck_assert_uint_eq(out->csum_start, 0);
	ck_assert_uint_eq(out->cut, LVS_CUT_NONE);
}

/* What a receiver would make of a piece. */
static void check_parses(const struct super *super, const struct lvs_packet *out)
{
	for (unsigned i = 0; i < super->layers_n; i++) {
		struct lvs_packet view =
			ref_packet(out->data + super->layer[i], out->len - super->layer[i]);
		struct lvs_headers headers;

		ck_assert_uint_eq(lvs_packet_parse(&view, &headers), LVS_REASON_NONE);
		ck_assert_uint_eq(headers.len, view.len);
	}
	ck_assert(ref_l4_ok(out->data + super->layer[super->layers_n - 1], out->data + super->l4,
			    super->protocol, out->len - super->l4));
}

static unsigned parts_of(const struct super *super)
{
	uint32_t total = super->len - super->payload;

	return total ? (total + super->packet.gso_size - 1) / super->packet.gso_size : 1;
}

START_TEST(test_super)
{
	static struct super super;
	static uint8_t buffer[REF_MAX];
	struct ref_rng rng = {99};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint16_t size = (uint16_t)(1 + ref_below(&rng, 1500));
		uint32_t payload = ref_below(&rng, size * 12u);
		struct lvs_packet out = {0};
		unsigned part = 0;

		super_make(&rng, &super, payload, size);
		/* The length of one datagram, of all, or nonsense: it is written anew. */
		if (super.protocol == LVS_UDP && ref_below(&rng, 2))
			ref_put16(super.data + super.l4 + 4, 8 + ref_below(&rng, 65000));
		for (;; part++) {
			int got;

			out.data = buffer;
			out.tailroom = 65535;
			out.linear_len = 0;
			got = lvs_packet_segment(&super.packet, part, &out);
			ck_assert_int_ge(got, 0);
			if (got == 0)
				break;
			check_piece(&super, part, &out);
			check_parses(&super, &out);
		}
		ck_assert_uint_eq(part, parts_of(&super));
	}
}
END_TEST

/* The longest that is: many parts, and numbers of parts that do not exist. */
START_TEST(test_longest)
{
	static struct super super;
	static uint8_t buffer[200];
	struct ref_rng rng = {5};
	struct lvs_packet out = {0};
	unsigned n;

	super_make(&rng, &super, 65535 - 400, 1);
	n = parts_of(&super);
	for (unsigned part = n - 3; part < n + 3; part++) {
		out.data = buffer;
		out.tailroom = sizeof(buffer);
		ck_assert_int_eq(lvs_packet_segment(&super.packet, part, &out), part < n);
		if (part < n)
			check_piece(&super, part, &out);
	}
	ck_assert_int_eq(lvs_packet_segment(&super.packet, UINT32_MAX, &out), 0);
	super.packet.gso_size = 0x8000;
	ck_assert_int_eq(lvs_packet_segment(&super.packet, 0x20000, &out), 0);
}
END_TEST

/* One byte too few, and what the buffer is told to be afterwards. */
START_TEST(test_buffer)
{
	static struct super super;
	static uint8_t buffer[REF_MAX];
	struct ref_rng rng = {6};
	struct lvs_packet out = {0};

	super_make(&rng, &super, 5000, 1000);
	super.packet.mark = 7;
	super.packet.headroom = 99;
	out.data = buffer;
	out.headroom = 3;
	out.tailroom = (uint16_t)(super.payload + 999);
	ck_assert_int_eq(lvs_packet_segment(&super.packet, 0, &out), LVS_ERR_RANGE);
	out.tailroom += 11;
	ck_assert_int_eq(lvs_packet_segment(&super.packet, 0, &out), 1);
	ck_assert_ptr_eq(out.data, buffer);
	ck_assert_uint_eq(out.tailroom, 10);
	ck_assert_uint_eq(out.headroom, 3);
	ck_assert_uint_eq(out.mark, 7);
	super.packet.gso_size = 0;
	out.tailroom = (uint16_t)(super.len - 1);
	ck_assert_int_eq(lvs_packet_segment(&super.packet, 0, &out), LVS_ERR_RANGE);
}
END_TEST

/* An ordinary packet with a partial checksum, under any number of IP headers. */
START_TEST(test_complete)
{
	static struct super super;
	static uint8_t buffer[REF_MAX], want[REF_MAX];
	struct ref_rng rng = {8};

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct lvs_packet out = {0};

		super_make(&rng, &super, ref_below(&rng, 2000), 0);
		memcpy(want, super.data, super.len);
		if (super.packet.flags & LVS_PACKET_CSUM_PARTIAL)
			ref_l4_checksum(want + super.layer[super.layers_n - 1], want + super.l4,
					super.protocol, super.len - super.l4);
		out.data = buffer;
		out.tailroom = (uint16_t)super.len;
		ck_assert_int_eq(lvs_packet_segment(&super.packet, 0, &out), 1);
		ck_assert_uint_eq(out.len, super.len);
		ck_assert_uint_eq(out.flags, 0);
		ck_assert_mem_eq(out.data, want, super.len);
		ck_assert_int_eq(lvs_packet_segment(&super.packet, 1, &out), 0);
	}
}
END_TEST

/* A partial checksum that lies elsewhere, or that of a part. */
START_TEST(test_complete_refused)
{
	static const struct {
		uint16_t fragment, csum_start, csum_offset;
		int err;
	} rows[] = {
		{0, 20, 16, 1},
		{0, 18, 16, LVS_ERR_FORMAT},
		{0, 20, 12, LVS_ERR_FORMAT},
		{0, 20, 18, LVS_ERR_FORMAT},
		{0, 26, 10, LVS_ERR_FORMAT},
		{0, 65535, 65535, LVS_ERR_FORMAT},
		{0x2000, 20, 16, LVS_ERR_FORMAT},
		{0x0001, 20, 16, LVS_ERR_FORMAT},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ref_rng rng = {14};
		uint8_t p[46], buffer[46];
		struct lvs_packet packet = ref_packet(p, sizeof(p));
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		/* Six bytes of padding: the sum may not lie in them. */
		ref_put_ip(p, LVS_INET, LVS_TCP, 0, 20, &rng);
		ref_put_l4(p + 20, LVS_TCP, 0, 0, &rng);
		ref_put16(p + 6, rows[i].fragment);
		ref_ipv4_checksum(p);
		packet.flags = LVS_PACKET_CSUM_PARTIAL;
		packet.csum_start = rows[i].csum_start;
		packet.csum_offset = rows[i].csum_offset;
		ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), rows[i].err);
		p[0] = 0x55;
		ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), LVS_ERR_FORMAT);
	}
}
END_TEST

/* SCTP's partial checksum is a CRC (RFC 9260, appendix A). */
START_TEST(test_complete_sctp)
{
	struct ref_rng rng = {9};
	uint8_t p[100], buffer[100];
	struct lvs_packet packet = ref_packet(p, 20 + 40);
	struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};
	uint32_t crc;

	ref_put_ip(p, LVS_INET, LVS_SCTP, 0, 40, &rng);
	ref_fill(&rng, p + 20, 40);
	packet.flags = LVS_PACKET_CSUM_PARTIAL;
	packet.csum_start = 20;
	packet.csum_offset = 8;
	ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), 1);
	memset(p + 28, 0, 4);
	crc = lvs_crc32c(p + 20, 40);
	for (unsigned i = 0; i < 4; i++)
		p[28 + i] = (uint8_t)(crc >> 8 * i);
	ck_assert_mem_eq(out.data, p, 60);
	packet.csum_start = 21;
	out.tailroom = sizeof(buffer);
	ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), LVS_ERR_FORMAT);
	/* In a tunnel it may stand anywhere, as long as all of it is there. */
	ref_put_ip(p, LVS_INET, LVS_GRE, 0, 40, &rng);
	packet.csum_start = 48;
	out.tailroom = sizeof(buffer);
	ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), 1);
	packet.csum_start = 49;
	out.tailroom = sizeof(buffer);
	ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out), LVS_ERR_FORMAT);
}
END_TEST

/* RFC 3720, appendix B.4, and the check value of the CRC catalogues. */
START_TEST(test_crc32c)
{
	uint8_t p[32];

	ck_assert_uint_eq(lvs_crc32c("123456789", 9), 0xe3069283);
	memset(p, 0, sizeof(p));
	ck_assert_uint_eq(lvs_crc32c(p, sizeof(p)), 0x8a9136aa);
	memset(p, 0xff, sizeof(p));
	ck_assert_uint_eq(lvs_crc32c(p, sizeof(p)), 0x62a8ab43);
	for (unsigned i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)i;
	ck_assert_uint_eq(lvs_crc32c(p, sizeof(p)), 0x46dd794e);
}
END_TEST

/* What cannot be cut, each by one thing. */
enum spoil {
	SPOIL_NONE,
	SPOIL_LINEAR,
	SPOIL_TYPE,
	SPOIL_NO_TYPE,
	SPOIL_CSUM_START,
	SPOIL_VERSION,
	SPOIL_FRAGMENT,
	SPOIL_LENGTH,
	SPOIL_PROTOCOL,
	SPOIL_N,
};

static void spoil(struct super *super, enum spoil how)
{
	uint8_t *ip = super->data + super->layer[super->layers_n - 1];

	switch (how) {
	case SPOIL_LINEAR:
		super->packet.linear_len--;
		break;
	case SPOIL_TYPE:
		super->packet.gso_type ^= LVS_GSO_TCP ^ LVS_GSO_UDP;
		break;
	case SPOIL_NO_TYPE:
		super->packet.gso_type = 0;
		break;
	case SPOIL_CSUM_START:
		super->packet.flags = LVS_PACKET_CSUM_PARTIAL;
		super->packet.csum_start = (uint16_t)(super->l4 + 2);
		break;
	case SPOIL_VERSION:
		ip[0] = 0x55;
		break;
	case SPOIL_FRAGMENT:
		ref_put16(ip + 6, 0x2000);
		ref_ipv4_checksum(ip);
		break;
	case SPOIL_LENGTH:
		ref_put16(ip + 2, 65535);
		ref_ipv4_checksum(ip);
		break;
	case SPOIL_PROTOCOL:
		ip[9] = LVS_GRE;
		ref_ipv4_checksum(ip);
		break;
	default:
		break;
	}
}

START_TEST(test_refused)
{
	static struct super super;
	static uint8_t buffer[REF_MAX];
	struct ref_rng rng = {10};

	for (unsigned i = 0; i < 50 * SPOIL_N; i++) {
		struct lvs_packet out = {.data = buffer, .tailroom = 65535};

		/* The innermost header is to be IPv4: most of the above is about that. */
		do
			super_make(&rng, &super, 3000, 500);
		while (super.data[super.layer[super.layers_n - 1]] >> 4 != 4);
		spoil(&super, i % SPOIL_N);
		ck_assert_int_eq(lvs_packet_segment(&super.packet, 0, &out),
				 i % SPOIL_N == SPOIL_NONE ? 1 : LVS_ERR_FORMAT);
	}
}
END_TEST

/* Five IP headers in a row are nobody's tunnel; four are. */
START_TEST(test_layers_max)
{
	for (unsigned layers = 4; layers <= 5; layers++) {
		uint8_t p[300], buffer[300];
		struct ref_rng rng = {11};
		uint32_t len = layers * 20 + 20 + 60;
		struct lvs_packet packet = ref_packet(p, len);
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		for (unsigned i = 0; i < layers; i++)
			ref_put_ip(p + i * 20, LVS_INET, i + 1 < layers ? LVS_IPIP : LVS_TCP, 0,
				   len - (i + 1) * 20, &rng);
		ref_put_l4(p + layers * 20, LVS_TCP, 0, 60, &rng);
		packet.gso_size = 20;
		packet.gso_type = LVS_GSO_TCP;
		ck_assert_int_eq(lvs_packet_segment(&packet, 0, &out),
				 layers == 4 ? 1 : LVS_ERR_FORMAT);
	}
}
END_TEST

/* With waypoints left, the sum's destination is not that of the header. */
START_TEST(test_routing_header)
{
	for (uint8_t left = 0; left < 2; left++) {
		uint8_t p[300], buffer[300];
		struct ref_rng rng = {12};
		struct lvs_packet packet = ref_packet(p, 40 + 24 + 20 + 100);
		struct lvs_packet out = {.data = buffer, .tailroom = sizeof(buffer)};

		ref_put_ip(p, LVS_INET6, LVS_TCP, 24, 120, &rng);
		p[6] = 43;
		p[43] = left;
		ref_put_l4(p + 64, LVS_TCP, 0, 100, &rng);
		packet.gso_size = 50;
		packet.gso_type = LVS_GSO_TCP;
		ck_assert_int_eq(lvs_packet_segment(&packet, 1, &out), left ? LVS_ERR_FORMAT : 1);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("segment");

	tcase_add_test(tcase, test_super);
	tcase_add_test(tcase, test_longest);
	tcase_add_test(tcase, test_buffer);
	tcase_add_test(tcase, test_complete);
	tcase_add_test(tcase, test_complete_refused);
	tcase_add_test(tcase, test_complete_sctp);
	tcase_add_test(tcase, test_crc32c);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_layers_max);
	tcase_add_test(tcase, test_routing_header);
	return unit_run("segment", tcase);
}
