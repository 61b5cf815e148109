/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv4 packets into fragments. RFC 791, section 3.2, "An Example Fragmentation Procedure". */
#include "packet/checksum.h"
#include "packet/cut.h"
#include "packet/parse.h"

enum {
	PARTS_MAX = 8192, /* there are no more places for a fragment to start */
	HEADER_MAX = 60,

	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_COPIED = 0x80, /* flag of those that go into every fragment */
};

struct fragment {
	uint8_t header[HEADER_MAX]; /* of the fragment */
	uint32_t header_len;
	uint32_t start; /* first byte of its data, from the first of the packet's */
	uint32_t len;   /* bytes of its data */
	bool last;
};

/* Bytes of the option at @p option, of which @p room are left; 0: it says nonsense. */
static uint32_t option_len(const uint8_t *option, uint32_t room)
{
	if (option[0] == OPTION_NOP)
		return 1;
	if (room < 2 || option[1] < 2 || option[1] > room)
		return 0;
	return option[1];
}

/*
 * The header of later fragments: the fixed part and the options that are copied, filled up to
 * whole words. Returns its length, 0 when the options cannot be read.
 */
static uint32_t later_header(const uint8_t *ip, uint32_t header_len, uint8_t *header)
{
	uint32_t to = LVS_IPV4_LEN;
	uint32_t len;

	memset(header, OPTION_END, HEADER_MAX);
	memcpy(header, ip, LVS_IPV4_LEN);
	for (uint32_t at = LVS_IPV4_LEN; at < header_len && ip[at] != OPTION_END; at += len) {
		len = option_len(ip + at, header_len - at);
		if (len == 0)
			return 0;
		if (!(ip[at] & OPTION_COPIED))
			continue;
		memcpy(header + to, ip + at, len);
		to += len;
	}
	to = (to + 3) & ~3u;
	header[0] = (uint8_t)(0x40 | to / 4);
	return to;
}

/* Where fragment @p part starts, when all before it are full. */
static uint32_t part_start(unsigned part, uint32_t first_room, uint32_t later_room)
{
	return part == 0 ? 0 : (first_room & ~7u) + (part - 1) * (later_room & ~7u);
}

/* Finds what fragment @p part of @p total bytes of data holds; false: there is none. */
static bool place_part(struct fragment *fragment, unsigned part, uint32_t total,
		       uint32_t first_room, uint32_t later_room)
{
	uint32_t room = part == 0 ? first_room : later_room;

	if (part >= PARTS_MAX)
		return false;
	fragment->start = part_start(part, first_room, later_room);
	if (part > 0) {
		uint32_t before = part_start(part - 1, first_room, later_room);

		/* The last one need not be a multiple of eight: it may have taken all. */
		if (total <= before + (part == 1 ? first_room : later_room))
			return false;
	}
	fragment->last = total - fragment->start <= room;
	fragment->len = fragment->last ? total - fragment->start : room & ~7u;
	return true;
}

/*
 * What is cut may itself be a fragment: it keeps its place, and "more" unless it was the last.
 * "Don't fragment" is cleared, as it no longer holds: the next router may have to cut again.
 */
static void write_header(const struct fragment *fragment, const uint8_t *ip, uint8_t *to)
{
	unsigned word = lvs_load16(ip + 6);
	unsigned more = fragment->last ? word & LVS_FRAG_MORE : LVS_FRAG_MORE;

	word = (word & LVS_FRAG_OFFSET) + fragment->start / 8;
	memcpy(to, fragment->header, fragment->header_len);
	lvs_store16(to + 2, (uint16_t)(fragment->header_len + fragment->len));
	lvs_store16(to + 6, (uint16_t)((word & LVS_FRAG_OFFSET) | more));
	lvs_store_be16(to + 10, lvs_csum_ipv4(to, fragment->header_len));
}

/* The IPv4 packet's length by its own header; 0: it is none, or not whole, or asks for more
 * than to be cut. */
static uint32_t whole_len(const struct lvs_packet *packet)
{
	uint32_t len, header_len;

	if (!lvs_cut_is_plain(packet) || packet->len < LVS_IPV4_LEN || packet->data[0] >> 4 != 4)
		return 0;
	header_len = (packet->data[0] & 15) * 4u;
	len = lvs_load16(packet->data + 2);
	if (header_len < LVS_IPV4_LEN || len < header_len || len > packet->len)
		return 0;
	/* A fragment that ends behind the longest packet: its pieces would have no place. */
	if ((lvs_load16(packet->data + 6) & LVS_FRAG_OFFSET) * 8u + len > UINT16_MAX)
		return 0;
	return len;
}

static int fragment_ipv4(const struct lvs_packet *packet, uint32_t mtu, unsigned part,
			 struct lvs_packet *out)
{
	struct fragment fragment;
	uint32_t len = whole_len(packet);
	uint32_t header_len, later_len;
	int filled;

	if (len == 0)
		return LVS_ERR_FORMAT;
	if (mtu < LVS_CUT_MTU_MIN)
		return LVS_ERR_RANGE;
	if (len <= mtu)
		return lvs_cut_whole(packet, len, part, out);
	header_len = (packet->data[0] & 15) * 4u;
	later_len = later_header(packet->data, header_len, fragment.header);
	if (later_len == 0)
		return LVS_ERR_FORMAT;
	if (!place_part(&fragment, part, len - header_len, mtu - header_len, mtu - later_len))
		return 0;
	fragment.header_len = later_len;
	if (part == 0) {
		memcpy(fragment.header, packet->data, header_len);
		fragment.header_len = header_len;
	}
	filled = lvs_cut_piece(packet, fragment.header_len + fragment.len, out);
	if (filled < 0)
		return filled;
	write_header(&fragment, packet->data, out->data);
	memcpy(out->data + fragment.header_len, packet->data + header_len + fragment.start,
	       fragment.len);
	return 1;
}

int lvs_packet_fragment(const struct lvs_packet *packet, uint32_t mtu, unsigned part,
			struct lvs_packet *out)
{
	if (packet->len && packet->linear_len && packet->data[0] >> 4 == 6)
		return lvs_fragment_ipv6(packet, mtu, part, out);
	return fragment_ipv4(packet, mtu, part, out);
}
