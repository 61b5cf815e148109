/* SPDX-License-Identifier: BSD-2-Clause */
/* The parser on IPv6: chains of extension headers, each written out as letters. */
#include "base/byteorder.h"

#include "packet_ref.h"
#include "unit.h"

#define PAYLOAD 8 /* bytes behind the transport header */

/* What a letter of a chain stands for. */
struct chain_link {
	char letter;
	uint8_t type;
	uint16_t units; /* of 8 bytes */
};

static const struct chain_link links[] = {
	{'h', 0, 1},  {'r', 43, 3}, {'d', 60, 2}, {'D', 60, 256}, {'f', 44, 1}, {'F', 44, 1},
	{'L', 44, 1}, {'t', 6, 0},  {'u', 17, 0}, {'s', 132, 0},  {'i', 58, 0}, {'e', 50, 0},
	{'a', 51, 3}, {'q', 51, 1}, {'n', 59, 0}, {'x', 99, 0},
};

static const struct chain_link *link_of(char letter)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(links); i++)
		if (links[i].letter == letter)
			return &links[i];
	ck_abort_msg("no letter %c", letter);
	return NULL;
}

/* The packet of a chain; *l4 is where its last letter's header starts. Returns the length. */
static uint32_t chain_put(uint8_t *p, const char *chain, unsigned *l4)
{
	struct ref_rng rng = {1};
	unsigned at = ref_put_ip(p, LVS_INET6, link_of(*chain)->type, 0, 0, &rng);
	unsigned header = 0;

	for (; chain[1]; chain++) {
		const struct chain_link *link = link_of(*chain);
		/* AH counts by four, and its shortest, without a value, has twelve. */
		unsigned len = link->letter == 'q' ? 12 : link->units * 8u;

		memset(p + at, 0, len);
		p[at] = link_of(chain[1])->type;
		p[at + 1] = (uint8_t)(link->type == 44   ? 0xff
				      : link->type == 51 ? len / 4 - 2
							 : len / 8 - 1);
		if (link->letter == 'F')
			p[at + 3] = 1;
		if (link->letter == 'L')
			p[at + 3] = 8;
		at += len;
	}
	*l4 = at;
	if (*chain == 't' || *chain == 'u')
		header = ref_put_l4(p + at, link_of(*chain)->type, 0, PAYLOAD, &rng);
	ref_fill(&rng, p + at + header, 16);
	at += header ? header + PAYLOAD : 16;
	ref_put16(p + 4, at - 40);
	return at;
}

static enum lvs_reason parse(uint8_t *p, uint32_t len, uint32_t linear, struct lvs_headers *headers)
{
	struct lvs_packet packet = ref_packet(p, len);

	packet.linear_len = linear;
	memset(headers, 0xaa, sizeof(*headers));
	return lvs_packet_parse(&packet, headers);
}

START_TEST(test_fields)
{
	struct lvs_headers headers;
	uint8_t p[200];
	unsigned l4;
	uint32_t len = chain_put(p, "t", &l4);

	p[0] = 0x6a;
	p[1] = 0xbc;
	p[7] = 17;
	p[l4 + 13] = LVS_TCP_FIN | LVS_TCP_ACK;
	ck_assert_uint_eq(parse(p, len, len, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.flow.family, LVS_INET6);
	ck_assert_uint_eq(headers.flow.protocol, LVS_TCP);
	ck_assert_mem_eq(&headers.flow.src, p + 8, 16);
	ck_assert_mem_eq(&headers.flow.dst, p + 24, 16);
	ck_assert_mem_eq(&headers.flow.src_port, p + 40, 2);
	ck_assert_mem_eq(&headers.flow.dst_port, p + 42, 2);
	ck_assert_uint_eq(headers.len, len);
	ck_assert_uint_eq(headers.l4_offset, 40);
	ck_assert_uint_eq(headers.payload_offset, 60);
	ck_assert_uint_eq(headers.flags, LVS_HEADERS_DF);
	ck_assert_uint_eq(headers.tcp_flags, LVS_TCP_FIN | LVS_TCP_ACK);
	ck_assert_uint_eq(headers.ttl, 17);
	ck_assert_uint_eq(headers.tos, 0xab);
}
END_TEST

#define OPT LVS_HEADERS_OPTIONS
#define FRAG (LVS_HEADERS_OPTIONS | LVS_HEADERS_FRAGMENT)

static const struct {
	const char *chain;
	enum lvs_reason reason;
	uint8_t protocol;
	uint8_t flags; /* besides DF */
} chains[] = {
	{"t", LVS_REASON_NONE, 6, 0},
	{"u", LVS_REASON_NONE, 17, 0},
	{"s", LVS_REASON_NONE, 132, 0},
	{"i", LVS_REASON_NONE, 58, 0},
	{"e", LVS_REASON_NONE, 50, 0},
	{"n", LVS_REASON_NONE, 59, 0},
	{"x", LVS_REASON_NONE, 99, 0},
	{"ht", LVS_REASON_NONE, 6, OPT},
	{"hdrdt", LVS_REASON_NONE, 6, OPT},
	{"Du", LVS_REASON_NONE, 17, OPT},
	{"DDDDDDDDt", LVS_REASON_NONE, 6, OPT},
	{"dddddddddt", LVS_REASON_EXT_HEADERS, 0, OPT},
	{"dht", LVS_REASON_EXT_HEADERS, 0, OPT},
	{"hht", LVS_REASON_EXT_HEADERS, 0, OPT},
	{"ft", LVS_REASON_NONE, 6, OPT},
	{"hfdu", LVS_REASON_NONE, 17, OPT},
	{"Ft", LVS_REASON_NONE, 6, FRAG},
	{"hrFdu", LVS_REASON_NONE, 17, FRAG},
	{"Lt", LVS_REASON_NONE, 6, FRAG | LVS_HEADERS_LATER_FRAGMENT},
	{"hLx", LVS_REASON_NONE, 99, FRAG | LVS_HEADERS_LATER_FRAGMENT},
	{"fft", LVS_REASON_EXT_HEADERS, 0, OPT},
	{"FFt", LVS_REASON_EXT_HEADERS, 0, FRAG},
	{"FLt", LVS_REASON_EXT_HEADERS, 0, FRAG},
	{"dn", LVS_REASON_NONE, 59, OPT},
	{"at", LVS_REASON_NONE, 6, OPT},
	{"hrfaqdu", LVS_REASON_NONE, 17, OPT},
	{"ae", LVS_REASON_NONE, 50, OPT},
	{"an", LVS_REASON_NONE, 59, OPT},
	{"Fas", LVS_REASON_NONE, 132, FRAG},
	{"aFt", LVS_REASON_NONE, 6, FRAG},
	{"La", LVS_REASON_NONE, 51, FRAG | LVS_HEADERS_LATER_FRAGMENT},
	{"aht", LVS_REASON_EXT_HEADERS, 0, OPT},
	{"qqqqqqqqqt", LVS_REASON_EXT_HEADERS, 0, OPT},
};

START_TEST(test_chains)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(chains); i++) {
		static uint8_t p[20000];
		struct lvs_headers headers;
		unsigned l4;
		uint32_t len = chain_put(p, chains[i].chain, &l4);
		enum lvs_reason reason = parse(p, len, len, &headers);

		ck_assert_msg(reason == chains[i].reason, "%s: %s", chains[i].chain,
			      lvs_reason_name(reason));
		ck_assert_uint_eq(headers.flags, chains[i].flags | LVS_HEADERS_DF);
		if (reason != LVS_REASON_NONE)
			continue;
		ck_assert_uint_eq(headers.flow.protocol, chains[i].protocol);
		ck_assert_uint_eq(headers.l4_offset, l4);
		ck_assert_uint_eq(headers.len, len);
	}
}
END_TEST

/* A later fragment's payload is not a header, whatever its protocol says. */
START_TEST(test_later_fragment)
{
	struct lvs_headers headers;
	uint8_t p[200];
	unsigned l4;
	uint32_t len = chain_put(p, "Lt", &l4);

	p[40] = 60;
	memset(p + l4, 0xff, len - l4);
	ck_assert_uint_eq(parse(p, len, len, &headers), LVS_REASON_NONE);
	ck_assert_uint_eq(headers.flow.protocol, 60);
	ck_assert_uint_eq(headers.payload_offset, 48);
	ck_assert_uint_eq(headers.flow.src_port, 0);
	ck_assert_uint_eq(headers.flow.dst_port, 0);
	/* The last byte of the longest datagram is 65535. */
	ref_put16(p + 42, 65535 - (len - 48) + 8);
	ck_assert_uint_eq(parse(p, len, len, &headers), LVS_REASON_BAD_IP);
	ref_put16(p + 42, (65535 - (len - 48)) & 0xfff8);
	ck_assert_uint_eq(parse(p, len, len, &headers), LVS_REASON_NONE);
}
END_TEST

/* Cut short by its own length, by what came, and by what may be read, at every byte. */
START_TEST(test_cut)
{
	static const char *const cut[] = {"t", "u", "hdt", "hFu", "drs", "ri", "haqt", "ae"};

	for (unsigned i = 0; i < LVS_ARRAY_N(cut); i++) {
		uint8_t p[300];
		unsigned l4;
		uint32_t len = chain_put(p, cut[i], &l4);
		struct lvs_headers headers;
		uint32_t need;

		ck_assert_uint_eq(parse(p, len, len, &headers), LVS_REASON_NONE);
		need = headers.payload_offset + (headers.flow.protocol == LVS_SCTP ? 4u : 0u);
		for (uint32_t n = 0; n < len; n++) {
			enum lvs_reason want = n < 40 ? LVS_REASON_SHORT_IP : LVS_REASON_LENGTH;

			ck_assert_uint_eq(parse(p, n, n, &headers), want);
			want = n < need ? LVS_REASON_NOT_LINEAR : LVS_REASON_NONE;
			ck_assert_uint_eq(parse(p, len, n, &headers), want);
		}
		for (uint32_t n = 41; n < need; n++) {
			ref_put16(p + 4, n - 40);
			ck_assert_uint_eq(parse(p, len, len, &headers),
					  n < l4                ? LVS_REASON_EXT_HEADERS
					  : strchr(cut[i], 'F') ? LVS_REASON_FRAGMENT_TINY
								: LVS_REASON_SHORT_L4);
		}
	}
}
END_TEST

START_TEST(test_payload_length)
{
	static const struct {
		char letter[2];
		uint32_t len;
		enum lvs_reason reason;
	} rows[] = {
		{"t", 68, LVS_REASON_BAD_IP},   {"h", 48, LVS_REASON_BAD_IP},
		{"n", 68, LVS_REASON_NONE},     {"n", 40, LVS_REASON_NONE},
		{"t", 40, LVS_REASON_SHORT_L4}, {"h", 40, LVS_REASON_EXT_HEADERS},
		{"e", 40, LVS_REASON_NONE},
	};

	for (unsigned i = 0; i < LVS_ARRAY_N(rows); i++) {
		struct lvs_headers headers;
		uint8_t p[200];
		unsigned l4;

		memset(p, 0, sizeof(p));
		chain_put(p, rows[i].letter, &l4);
		ref_put16(p + 4, 0);
		ck_assert_uint_eq(parse(p, rows[i].len, rows[i].len, &headers), rows[i].reason);
	}
}
END_TEST

/* Checksum places move with the chain. */
START_TEST(test_offload)
{
	struct lvs_headers headers;
	struct lvs_packet packet;
	uint8_t p[200];
	unsigned l4;

	packet = ref_packet(p, chain_put(p, "hdt", &l4));
	packet.flags = LVS_PACKET_CSUM_PARTIAL;
	packet.csum_start = (uint16_t)l4;
	packet.csum_offset = 16;
	packet.gso_size = 4;
	packet.gso_type = LVS_GSO_TCP;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_NONE);
	packet.csum_start = 40;
	ck_assert_uint_eq(lvs_packet_parse(&packet, &headers), LVS_REASON_BAD_OFFLOAD);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("parse_ipv6");

	tcase_add_test(tcase, test_fields);
	tcase_add_test(tcase, test_chains);
	tcase_add_test(tcase, test_later_fragment);
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_payload_length);
	tcase_add_test(tcase, test_offload);
	return unit_run("parse_ipv6", tcase);
}
