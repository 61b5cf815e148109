/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lvs_packet_parse(), lvs_packet_segment() and lvs_packet_fragment() on any bytes.
 *
 *	0 flags: bit 7 puts IPv4 header checksums right, the rest enum lvs_packet_flag
 *	1 gso type    2 gso size     4 csum start    6 csum offset
 *	8 bytes of the packet that are not linear    10 MTU
 *	12 the packet
 */
#include <string.h>

#include <liblvs/error.h>
#include <liblvs/packet.h>

#include "base/byteorder.h"
#include "packet/checksum.h"

#include "fuzz.h"

enum {
	CONTROL_LEN = 12,
	FIX_CHECKSUMS = 0x80,
	OUT_SIZE = 65535,
	PARTS_MAX = 70000, /* more than any packet has bytes */
};

/* Puts right the checksums of up to four IPv4 headers in a row, as far as they can be read. */
static void fix_checksums(uint8_t *p, size_t len)
{
	for (unsigned n = 0; n < 4 && len >= 20; n++) {
		size_t header_len = (size_t)(p[0] & 15) * 4;
		uint8_t next;

		if (p[0] >> 4 == 4 && header_len >= 20 && header_len <= len) {
			lvs_store_be16(p + 10, lvs_csum_ipv4(p, (unsigned)header_len));
			next = p[9];
		} else if (p[0] >> 4 == 6 && len >= 40) {
			header_len = 40;
			next = p[6];
		} else {
			return;
		}
		if (next != LVS_IPIP && next != LVS_IPV6)
			return;
		p += header_len;
		len -= header_len;
	}
}

/* The packet in a buffer of exactly its linear bytes. */
static struct lvs_packet read_packet(const uint8_t *data, size_t size)
{
	struct lvs_packet packet;
	uint32_t away = lvs_load16(data + 8);

	memset(&packet, 0, sizeof(packet));
	packet.flags = data[0] & (LVS_PACKET_CSUM_PARTIAL | LVS_PACKET_CSUM_VALID);
	packet.gso_type = data[1];
	packet.gso_size = lvs_load16(data + 2);
	packet.csum_start = lvs_load16(data + 4);
	packet.csum_offset = lvs_load16(data + 6);
	packet.len = (uint32_t)(size - CONTROL_LEN);
	packet.linear_len = away < packet.len ? packet.len - away : 0;
	packet.data = fuzz_copy(data + CONTROL_LEN, packet.linear_len);
	if (data[0] & FIX_CHECKSUMS)
		fix_checksums(packet.data, packet.linear_len);
	return packet;
}

/* The chunk that counts is the first, or an ABORT behind a cookie's. */
static void check_chunk(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	uint8_t first = packet->data[headers->l4_offset + 12];

	FUZZ_CHECK(headers->l4_offset + 16u <= headers->len);
	FUZZ_CHECK(headers->sctp_first == first);
	FUZZ_CHECK(headers->sctp_chunk == first ||
		   (headers->sctp_chunk == 6 && (first == 10 || first == 11)));
}

static void check_headers(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	int later = headers->flags & LVS_HEADERS_LATER_FRAGMENT;
	unsigned version = packet->data[0] >> 4;

	FUZZ_CHECK(headers->flow.family == (version == 4 ? LVS_INET : LVS_INET6));
	FUZZ_CHECK(headers->len <= packet->len);
	FUZZ_CHECK(headers->l4_offset >= (version == 4 ? 20 : 40));
	FUZZ_CHECK(headers->payload_offset >= headers->l4_offset);
	FUZZ_CHECK(headers->payload_offset <= headers->len);
	FUZZ_CHECK(headers->payload_offset <= packet->linear_len);
	FUZZ_CHECK(!later || (headers->flow.src_port == 0 && headers->flow.dst_port == 0));
	FUZZ_CHECK(!later || (headers->flags & LVS_HEADERS_FRAGMENT));
	FUZZ_CHECK(headers->tcp_flags == 0 || headers->flow.protocol == LVS_TCP);
	FUZZ_CHECK(headers->sctp_chunk == 0 || headers->flow.protocol == LVS_SCTP);
	FUZZ_CHECK(headers->sctp_first == 0 || headers->flow.protocol == LVS_SCTP);
	if (headers->flow.protocol == LVS_SCTP && !later)
		check_chunk(packet, headers);
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		FUZZ_CHECK(packet->csum_start + packet->csum_offset + 2u <= headers->len);
}

/* Twice the same, into memory of different contents. */
static enum lvs_reason check_parse(const struct lvs_packet *packet, struct lvs_headers *headers)
{
	struct lvs_headers again;
	enum lvs_reason reason;

	memset(headers, 0, sizeof(*headers));
	memset(&again, 0xff, sizeof(again));
	reason = lvs_packet_parse(packet, headers);
	FUZZ_CHECK(reason == lvs_packet_parse(packet, &again));
	FUZZ_CHECK(memcmp(headers, &again, sizeof(again)) == 0);
	FUZZ_CHECK(reason == LVS_REASON_NONE || reason == LVS_REASON_NOT_IP ||
		   reason == LVS_REASON_FRAGMENT_TINY ||
		   (reason >= LVS_REASON_SHORT_IP && reason <= LVS_REASON_BAD_OFFLOAD));
	if (reason == LVS_REASON_NONE)
		check_headers(packet, headers);
	return reason;
}

/* A piece in a buffer of exactly its length; one byte less is refused. */
static void check_tight(const struct lvs_packet *packet, const struct lvs_packet *piece)
{
	struct lvs_packet out = {0};

	out.data = malloc(piece->len);
	FUZZ_CHECK(out.data);
	out.tailroom = (uint16_t)(piece->len - 1);
	FUZZ_CHECK(lvs_packet_segment(packet, 0, &out) == LVS_ERR_RANGE);
	out.tailroom = (uint16_t)piece->len;
	FUZZ_CHECK(lvs_packet_segment(packet, 0, &out) == 1);
	FUZZ_CHECK(memcmp(out.data, piece->data, piece->len) == 0);
	free(out.data);
}

static void check_segments(const struct lvs_packet *packet, const struct lvs_headers *whole,
			   enum lvs_reason parsed)
{
	struct lvs_packet out = {0};
	uint8_t *buffer = malloc(OUT_SIZE);
	uint64_t payload = 0;
	int got = 1;

	FUZZ_CHECK(buffer);
	for (unsigned part = 0; got > 0; part++) {
		struct lvs_headers headers;

		FUZZ_CHECK(part < PARTS_MAX);
		out.data = buffer;
		out.tailroom = OUT_SIZE;
		out.linear_len = 0;
		got = lvs_packet_segment(packet, part, &out);
		FUZZ_CHECK(got == 1 || got == 0 || got == LVS_ERR_FORMAT ||
			   (got == LVS_ERR_RANGE && packet->len > OUT_SIZE));
		if (got <= 0)
			break;
		FUZZ_CHECK(out.len <= packet->len && out.linear_len == out.len);
		FUZZ_CHECK(lvs_packet_parse(&out, &headers) == LVS_REASON_NONE);
		FUZZ_CHECK(headers.len == out.len);
		payload += headers.len - headers.payload_offset;
		if (part == 0)
			check_tight(packet, &out);
	}
	/* What parses can be cut, whole and without loss; a routing header is the exception. */
	if (got == 0 && parsed == LVS_REASON_NONE)
		FUZZ_CHECK(payload == whole->len - whole->payload_offset);
	FUZZ_CHECK(got == 0 || parsed != LVS_REASON_NONE || packet->linear_len < packet->len ||
		   packet->len > OUT_SIZE || packet->csum_offset == 8 ||
		   (whole->flags & LVS_HEADERS_OPTIONS));
	free(buffer);
}

/* Where a fragment stands among the bytes of the whole. */
static uint32_t fragment_start(const uint8_t *ip)
{
	return (lvs_load16(ip + 6) & 0x1fff) * 8u;
}

static void check_fragments(const struct lvs_packet *packet, uint32_t mtu)
{
	struct lvs_packet out = {0};
	uint8_t *buffer = malloc(OUT_SIZE);
	uint32_t next = 0;
	int got = 1;

	FUZZ_CHECK(buffer);
	for (unsigned part = 0; got > 0; part++) {
		uint32_t header_len;

		FUZZ_CHECK(part < PARTS_MAX);
		out.data = buffer;
		out.tailroom = OUT_SIZE;
		out.linear_len = 0;
		got = lvs_packet_fragment(packet, mtu, part, &out);
		FUZZ_CHECK(got == 1 || got == 0 || got == LVS_ERR_FORMAT ||
			   (got == LVS_ERR_RANGE && (mtu < 68 || packet->data[0] >> 4 == 6)));
		if (got <= 0)
			break;
		FUZZ_CHECK(out.len <= mtu);
		if (out.data[0] >> 4 == 6) { /* fuzz_cut.c looks closer */
			FUZZ_CHECK(lvs_load16(out.data + 4) + 40u == out.len);
			continue;
		}
		header_len = (out.data[0] & 15) * 4u;
		FUZZ_CHECK(out.len >= header_len && header_len >= 20);
		FUZZ_CHECK(lvs_load16(out.data + 2) == out.len);
		if (part == 0)
			next = fragment_start(out.data);
		else
			FUZZ_CHECK(lvs_csum_ipv4_valid(out.data, header_len));
		FUZZ_CHECK(fragment_start(out.data) == next);
		next += out.len - header_len;
	}
	if (got == 0 && packet->data[0] >> 4 == 4)
		FUZZ_CHECK(next == fragment_start(packet->data) + lvs_load16(packet->data + 2) -
					   (packet->data[0] & 15) * 4u);
	free(buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lvs_packet packet;
	struct lvs_headers headers;
	enum lvs_reason reason;

	if (size < CONTROL_LEN)
		return 0;
	packet = read_packet(data, size);
	reason = check_parse(&packet, &headers);
	check_segments(&packet, &headers, reason);
	check_fragments(&packet, lvs_load16(data + 10));
	free(packet.data);
	return 0;
}
