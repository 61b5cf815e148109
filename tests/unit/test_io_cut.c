/* SPDX-License-Identifier: BSD-2-Clause */
/* Which packets a link cuts itself, and the pieces of those that it does not. */
#include "io/io_cut.h"

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "unit.h"

enum {
	BUFFER = 65535,
	PARTIAL = LVS_PACKET_CSUM_PARTIAL,
	UDP_HEADER = 8,
};

/* The first header is of @protocol; the offload request is at @csum_start. */
static const struct {
	bool by_link;
	uint8_t version, ip_len, protocol, gso_type, flags;
	uint16_t csum_start;
} requests[] = {
	{true, 4, 20, LVS_TCP, LVS_GSO_TCP, PARTIAL, 20},
	{true, 4, 24, LVS_TCP, LVS_GSO_TCP | LVS_GSO_ECN, PARTIAL, 24},
	{false, 4, 20, LVS_TCP, LVS_GSO_TCP, 0, 0}, /* segments, but not their checksums */
	{false, 6, 40, 0, LVS_GSO_TCP, 0, 0},
	{false, 4, 20, LVS_UDP, LVS_GSO_UDP, 0, 0},
	{true, 4, 20, LVS_UDP, LVS_GSO_UDP, PARTIAL, 20},
	{true, 6, 40, LVS_TCP, LVS_GSO_TCP, PARTIAL, 40},
	{true, 6, 40, 0, LVS_GSO_TCP, PARTIAL, 48}, /* behind hop-by-hop options */
	{false, 4, 20, LVS_IPIP, LVS_GSO_TCP, PARTIAL, 40},
	{false, 4, 20, LVS_IPIP, LVS_GSO_TCP, 0, 0},
	{false, 6, 40, LVS_IPV6, LVS_GSO_TCP, PARTIAL, 80},
	{false, 4, 20, LVS_GRE, LVS_GSO_TCP, PARTIAL, 44},
	{false, 4, 20, LVS_UDP, LVS_GSO_TCP, PARTIAL, 48}, /* GUE */
	{false, 4, 20, LVS_UDP, LVS_GSO_UDP, PARTIAL, 48}, /* UDP in GUE */
	{true, 4, 20, LVS_TCP, 0, PARTIAL, 20},
	{false, 4, 20, LVS_IPIP, 0, PARTIAL, 40},
	{false, 4, 20, LVS_UDP, 0, PARTIAL, 48},
	{true, 4, 20, LVS_IPIP, 0, 0, 0},         /* nothing is asked */
	{false, 4, 20, LVS_SCTP, 0, PARTIAL, 20}, /* a CRC */
	{true, 4, 20, LVS_SCTP, 0, 0, 20},
};

START_TEST(test_by_link)
{
	uint8_t data[128] = {0};
	struct lvs_packet packet = {.data = data,
				    .len = 60000,
				    .linear_len = sizeof(data),
				    .flags = requests[_i].flags,
				    .csum_start = requests[_i].csum_start,
				    .csum_offset = requests[_i].protocol == LVS_SCTP ? 8 : 6,
				    .gso_type = requests[_i].gso_type,
				    .gso_size = requests[_i].gso_type ? 1000 : 0};

	data[0] = (uint8_t)(requests[_i].version << 4 | requests[_i].ip_len / 4);
	data[requests[_i].version == 4 ? 9 : 6] = requests[_i].protocol;
	ck_assert_int_eq(lvs_io_cut_by_link(&packet), requests[_i].by_link);
}
END_TEST

/* IPv4 and UDP of @len bytes, checksum partial, payload counting up. */
static struct lvs_packet make_udp(uint8_t *data, uint32_t len)
{
	struct lvs_packet packet = {.data = data,
				    .len = len,
				    .linear_len = len,
				    .flags = PARTIAL,
				    .csum_start = 20,
				    .csum_offset = 6};

	memset(data, 0, 20);
	lvs_store32(data, 0x45000000u | len);
	data[8] = 64;
	data[9] = LVS_UDP;
	lvs_store32(data + 12, 0xc0000201);
	lvs_store32(data + 16, 0xc6336407);
	for (uint32_t i = 20; i < len; i++)
		data[i] = (uint8_t)(i * 7);
	lvs_store16(data + 24, (uint16_t)(len - 20));
	return packet;
}

struct buffers {
	uint8_t in[4000], out[BUFFER], segment[BUFFER];
};

/* How many pieces come; each is complete and no longer than @max. */
static unsigned count_pieces(struct lvs_io_cut *cut, struct buffers *b, uint32_t max,
			     uint32_t *payload)
{
	unsigned n = 0;

	for (*payload = 0;; n++) {
		struct lvs_packet piece = {.data = b->out, .tailroom = BUFFER};
		int got = lvs_io_cut_next(cut, &piece);

		ck_assert_int_ge(got, 0);
		if (!got)
			return n;
		ck_assert_uint_le(piece.len, max);
		ck_assert_uint_eq(piece.len, piece.linear_len);
		ck_assert_uint_eq(piece.gso_size, 0);
		ck_assert_uint_eq(piece.flags & PARTIAL, 0);
		ck_assert_uint_eq(lvs_load16(piece.data + 2), piece.len);
		*payload += piece.len - 20;
	}
}

/* @max: of a piece; @payload: bytes behind the IP headers of all. */
static const struct {
	uint32_t len, max;
	uint16_t gso_size;
	uint8_t flags, cut;
	bool by_link, whole;
	unsigned pieces;
	uint32_t payload;
} cuts[] = {
	{1000, 1500, 0, 0, LVS_CUT_NONE, false, true, 0, 0},
	{1000, 1500, 0, PARTIAL, LVS_CUT_NONE, true, true, 0, 0},
	{1000, 1500, 0, PARTIAL, LVS_CUT_NONE, false, false, 1, 980},
	{3028, 1500, 1000, PARTIAL, LVS_CUT_NONE, true, true, 0, 0},
	{3028, 1500, 1000, PARTIAL, LVS_CUT_NONE, false, false, 3, 3000 + 3 * UDP_HEADER},
	{3028, 1500, 1000, PARTIAL, LVS_CUT_SEGMENT, false, false, 3, 3000 + 3 * UDP_HEADER},
	/* the verdict says so, whatever the link could */
	{3028, 1500, 1000, PARTIAL, LVS_CUT_SEGMENT, true, false, 3, 3000 + 3 * UDP_HEADER},
	{1000, 1500, 0, PARTIAL, LVS_CUT_SEGMENT, true, false, 1, 980},
	{3000, 1500, 0, 0, LVS_CUT_FRAGMENT, true, false, 3, 2980},
	{3000, 1500, 0, PARTIAL, LVS_CUT_FRAGMENT, true, false, 3, 2980},
	{1000, 1500, 0, 0, LVS_CUT_FRAGMENT, true, false, 1, 980},
	/* segments of 1028, 1028 and 1028 bytes, of which each becomes two fragments */
	{3028, 600, 1000, PARTIAL, LVS_CUT_FRAGMENT, true, false, 6, 3000 + 3 * UDP_HEADER},
	/* 1028 and 528: the second fits */
	{1528, 600, 1000, PARTIAL, LVS_CUT_FRAGMENT, true, false, 3, 1500 + 2 * UDP_HEADER},
};

START_TEST(test_cuts)
{
	struct buffers *b = malloc(sizeof(*b));
	struct lvs_packet packet = make_udp(b->in, cuts[_i].len);
	struct lvs_io_cut cut;
	uint32_t payload;

	packet.flags = cuts[_i].flags;
	packet.gso_size = cuts[_i].gso_size;
	packet.gso_type = cuts[_i].gso_size ? LVS_GSO_UDP : LVS_GSO_NONE;
	packet.cut = cuts[_i].cut;
	packet.cut_len = cuts[_i].max;
	lvs_store_be16(b->in + 10, lvs_csum_ipv4(b->in, 20));
	ck_assert_int_eq(lvs_io_cut_start(&cut, &packet, cuts[_i].by_link, b->segment),
			 !cuts[_i].whole);
	if (!cuts[_i].whole) {
		ck_assert_uint_eq(count_pieces(&cut, b, cuts[_i].max, &payload), cuts[_i].pieces);
		ck_assert_uint_eq(payload, cuts[_i].payload);
	}
	free(b);
}
END_TEST

/* What the host was given. */
struct given {
	const uint8_t *data; /* of the last */
	unsigned n;
	unsigned most; /* of which the last is refused; 0: none is */
};

static int give(void *user, const struct lvs_packet *packet)
{
	struct given *given = user;

	given->data = packet->data;
	return ++given->n == given->most ? LVS_ERR_IO : 0;
}

static const struct {
	uint16_t gso_size;
	uint8_t flags;
	bool whole;
	unsigned most, given;
	int result;
} gifts[] = {
	{0, 0, true, 0, 1, 0},
	{0, PARTIAL, true, 0, 1, 0},
	{1000, PARTIAL, true, 0, 1, 0},
	{1000, PARTIAL, true, 1, 1, LVS_ERR_IO},
	{1000, 0, false, 0, 3, 0},
	{1000, LVS_PACKET_CSUM_VALID, false, 0, 3, 0},
	{1000, 0, false, 2, 2, LVS_ERR_IO},
};

START_TEST(test_for_host)
{
	struct buffers *b = malloc(sizeof(*b));
	struct lvs_packet packet = make_udp(b->in, 3028);
	struct given given = {.most = gifts[_i].most};

	packet.flags = gifts[_i].flags;
	packet.gso_size = gifts[_i].gso_size;
	packet.gso_type = gifts[_i].gso_size ? LVS_GSO_UDP : LVS_GSO_NONE;
	lvs_store_be16(b->in + 10, lvs_csum_ipv4(b->in, 20));
	ck_assert_int_eq(lvs_io_cut_for_host(&packet, b->out, give, &given), gifts[_i].result);
	ck_assert_uint_eq(given.n, gifts[_i].given);
	ck_assert_int_eq(given.data == b->in, gifts[_i].whole);
	packet.linear_len--;
	ck_assert_int_eq(lvs_io_cut_for_host(&packet, b->out, give, &given), LVS_ERR_INVALID);
	ck_assert_uint_eq(given.n, gifts[_i].given);
	free(b);
}
END_TEST

/* SCTP, its checksum left to the link: the host gets the CRC, for no header can ask for one. */
START_TEST(test_sctp_for_host)
{
	struct buffers *b = malloc(sizeof(*b));
	struct lvs_packet packet = make_udp(b->in, 1000);
	struct given given = {.n = 0};
	uint8_t crc[4];

	b->in[9] = LVS_SCTP;
	packet.csum_offset = 8;
	lvs_store_be16(b->in + 10, lvs_csum_ipv4(b->in, 20));
	ck_assert_int_eq(lvs_io_cut_for_host(&packet, b->out, give, &given), 0);
	ck_assert_uint_eq(given.n, 1);
	ck_assert_ptr_eq(given.data, b->out);
	memcpy(crc, b->out + 28, sizeof(crc));
	lvs_crc32c_sctp(b->in + 20, 980);
	ck_assert_mem_eq(crc, b->in + 28, sizeof(crc));
	ck_assert_mem_eq(b->out, b->in, 1000);
	free(b);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_cut");

	tcase_add_loop_test(tcase, test_by_link, 0, sizeof(requests) / sizeof(requests[0]));
	tcase_add_loop_test(tcase, test_cuts, 0, sizeof(cuts) / sizeof(cuts[0]));
	tcase_add_loop_test(tcase, test_for_host, 0, sizeof(gifts) / sizeof(gifts[0]));
	tcase_add_test(tcase, test_sctp_for_host);
	return unit_run("io_cut", tcase);
}
