/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 packets into fragments. Only who sends a packet may do so: here the end of a tunnel, whose
 * own header is cut (RFC 2473, section 7). RFC 8200, section 4.5:
 *
 *	per-fragment headers | fragment header | a part of all that follows
 *	^0                   ^keep             ^keep + 8
 */
#include "packet/crc32c.h"
#include "packet/cut.h"
#include "packet/parse.h"

enum {
	EXT_HOP_BY_HOP = 0,
	EXT_UNIT = 8,  /* the shortest extension header, and the unit of their lengths */
	NEXT_AT = 6,   /* place of the fixed header's next header */
	MORE = 0x1,    /* more fragments follow */
	ID_BYTES = 64, /* what the identification is made of */
};

struct layout {
	uint32_t len;     /* bytes of the IP packet */
	uint32_t keep;    /* bytes of the per-fragment headers */
	uint32_t next_at; /* where the last of these names what follows */
};

/*
 * Fixed header, hop-by-hop options and routing header are in every fragment, with what stands
 * before them. False: they cannot be read, or it is a fragment already.
 */
static bool find_keep(const uint8_t *ip, struct layout *layout)
{
	uint8_t type = ip[NEXT_AT];
	uint32_t at = LVS_IPV6_LEN;

	layout->keep = LVS_IPV6_LEN;
	layout->next_at = NEXT_AT;
	while (type == EXT_HOP_BY_HOP || type == LVS_EXT_ROUTING || type == LVS_EXT_OPTIONS) {
		uint32_t end = at + EXT_UNIT;

		if (end > layout->len)
			return false;
		end += ip[at + 1] * (uint32_t)EXT_UNIT;
		if (end > layout->len)
			return false;
		if (type != LVS_EXT_OPTIONS) {
			layout->keep = end;
			layout->next_at = at;
		}
		type = ip[at];
		at = end;
	}
	return type != LVS_EXT_FRAGMENT;
}

/*
 * Told apart by what it carries: the first bytes hold addresses, identification or ports and
 * sequence number, and sums over the rest. So it is a function of the packet alone, whichever
 * worker cuts it. Two packets between the same ends with the same sum are one in 2^32.
 */
static uint32_t identification(const uint8_t *data, uint32_t len)
{
	return lvs_crc32c(data, len < ID_BYTES ? len : ID_BYTES);
}

static void write_fragment(const struct layout *layout, const uint8_t *from, uint32_t start,
			   uint32_t len, uint8_t *to)
{
	const uint8_t *data = from + layout->keep;
	uint32_t total = layout->len - layout->keep;
	uint8_t *header = to + layout->keep;

	memcpy(to, from, layout->keep);
	lvs_store16(to + 4, (uint16_t)(layout->keep - LVS_IPV6_LEN + LVS_FRAGMENT_LEN + len));
	to[layout->next_at] = LVS_EXT_FRAGMENT;
	header[0] = from[layout->next_at];
	header[1] = 0;
	lvs_store16(header + 2, (uint16_t)(start | (start + len < total ? MORE : 0)));
	lvs_store32(header + 4, identification(data, total));
	memcpy(header + LVS_FRAGMENT_LEN, data + start, len);
}

/* False: it is no whole IPv6 packet, or asks for more than to be cut. */
static bool read_layout(const struct lvs_packet *packet, struct layout *layout)
{
	uint32_t payload_len;

	if (!lvs_cut_is_plain(packet) || packet->len < LVS_IPV6_LEN)
		return false;
	payload_len = lvs_load16(packet->data + 4);
	layout->len = LVS_IPV6_LEN + payload_len;
	/* A jumbogram (RFC 2675) says 0, and is never cut. */
	return layout->len <= packet->len && (payload_len || packet->data[NEXT_AT] == LVS_NO_NEXT);
}

int lvs_fragment_ipv6(const struct lvs_packet *packet, uint32_t mtu, unsigned part,
		      struct lvs_packet *out)
{
	struct layout layout;
	uint32_t total, room, len;
	uint64_t start;
	int filled;

	if (!read_layout(packet, &layout))
		return LVS_ERR_FORMAT;
	if (mtu < LVS_CUT_MTU_MIN)
		return LVS_ERR_RANGE;
	if (layout.len <= mtu)
		return lvs_cut_whole(packet, layout.len, part, out);
	if (!find_keep(packet->data, &layout))
		return LVS_ERR_FORMAT;
	if (mtu < layout.keep + LVS_FRAGMENT_LEN + EXT_UNIT)
		return LVS_ERR_RANGE;
	room = (mtu - layout.keep - LVS_FRAGMENT_LEN) & ~7u;
	total = layout.len - layout.keep;
	start = (uint64_t)part * room;
	if (start >= total)
		return 0;
	len = total - (uint32_t)start < room ? total - (uint32_t)start : room;
	filled = lvs_cut_piece(packet, layout.keep + LVS_FRAGMENT_LEN + len, out);
	if (filled < 0)
		return filled;
	write_fragment(&layout, packet->data, (uint32_t)start, len, out->data);
	return 1;
}
