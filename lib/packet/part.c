/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/part.h"

#include <string.h>

#include "packet/parse.h"

enum {
	EXT_MORE = 0x1,     /* IPv6: more follow */
	EXT_START = 0xfff8, /* IPv6: first byte of the part */
};

static uint32_t read_ipv4(const uint8_t *ip, struct lvs_part *part)
{
	unsigned word = lvs_load16(ip + 6);

	part->id = lvs_load16(ip + 4);
	part->more = word & LVS_FRAG_MORE;
	part->offset = (uint16_t)((ip[0] & 15) * 4);
	part->following = ip[9];
	return (word & LVS_FRAG_OFFSET) * 8;
}

/* The parser has walked the same way and found that all of it is there. */
static uint32_t read_ipv6(const uint8_t *ip, struct lvs_part *part)
{
	uint32_t at = LVS_IPV6_LEN;
	uint8_t type = ip[6];
	unsigned word;

	part->next_at = 6;
	while (type != LVS_EXT_FRAGMENT) {
		uint32_t end = at + lvs_parse_ext_len(type, ip + at);

		part->next_at = (uint16_t)at;
		type = ip[at];
		at = end;
	}
	word = lvs_load16(ip + at + 2);
	part->id = lvs_load32(ip + at + 4);
	part->more = word & EXT_MORE;
	part->header = (uint16_t)at;
	part->offset = (uint16_t)(at + LVS_FRAGMENT_LEN);
	part->following = ip[at];
	return word & EXT_START;
}

enum lvs_reason lvs_part_read(const struct lvs_packet *packet, const struct lvs_headers *headers,
			      struct lvs_part *part)
{
	uint32_t start, end;

	memset(part, 0, sizeof(*part));
	if (headers->flow.family == LVS_INET6)
		start = read_ipv6(packet->data, part);
	else
		start = read_ipv4(packet->data, part);
	end = start + headers->len - part->offset;
	/* Nothing in it, or its neighbour would begin where none can. */
	if (end == start || end > UINT16_MAX || (part->more && (end - start) % 8))
		return LVS_REASON_FRAGMENT_BAD;
	part->start = (uint16_t)start;
	part->end = (uint16_t)end;
	/* RFC 1858, 3128: it would lie over the TCP header that the first one must have whole. */
	if (start && part->following == LVS_TCP && start < LVS_TCP_LEN)
		return LVS_REASON_FRAGMENT_TINY;
	return LVS_REASON_NONE;
}

static uint32_t last_end(const struct lvs_parts *parts)
{
	return parts->n ? parts->range[parts->n - 1].end : 0;
}

static bool ends_agree(const struct lvs_parts *parts, const struct lvs_part *part)
{
	if (part->more)
		return !parts->total || part->end < parts->total;
	return parts->total ? part->end == parts->total : part->end >= last_end(parts);
}

/* The first range that does not end before @p start. */
static uint32_t find(const struct lvs_parts *parts, uint32_t start)
{
	uint32_t i = 0;

	while (i < parts->n && parts->range[i].end < start)
		i++;
	return i;
}

enum lvs_reason lvs_parts_probe(const struct lvs_parts *parts, const struct lvs_part *part)
{
	uint32_t i = find(parts, part->start);

	if (!ends_agree(parts, part))
		return LVS_REASON_FRAGMENT_BAD;
	/* One that only touches it is its neighbour. */
	if (i < parts->n && parts->range[i].end == part->start)
		i++;
	if (i == parts->n || parts->range[i].start >= part->end)
		return LVS_REASON_NONE;
	if (parts->range[i].start <= part->start && parts->range[i].end >= part->end)
		return LVS_REASON_FRAGMENT_DUPLICATE;
	return LVS_REASON_FRAGMENT_OVERLAP;
}

uint32_t lvs_parts_after(const struct lvs_parts *parts, const struct lvs_part *part)
{
	uint32_t i = find(parts, part->start);
	uint32_t n = parts->n + 1;

	if (i < parts->n && parts->range[i].end == part->start) {
		n--;
		i++;
	}
	return i < parts->n && parts->range[i].start == part->end ? n - 1 : n;
}

static void remove_range(struct lvs_parts *parts, uint32_t i)
{
	parts->n--;
	memmove(&parts->range[i], &parts->range[i + 1], (parts->n - i) * sizeof(*parts->range));
}

static void insert_range(struct lvs_parts *parts, uint32_t i, const struct lvs_part *part)
{
	memmove(&parts->range[i + 1], &parts->range[i], (parts->n - i) * sizeof(*parts->range));
	parts->range[i] = (struct lvs_range){part->start, part->end};
	parts->n++;
}

void lvs_parts_add(struct lvs_parts *parts, const struct lvs_part *part)
{
	uint32_t i = find(parts, part->start);

	if (!part->more)
		parts->total = part->end;
	if (i < parts->n && parts->range[i].end == part->start)
		parts->range[i].end = part->end;
	else if (i < parts->n && parts->range[i].start == part->end)
		parts->range[i].start = part->start;
	else
		insert_range(parts, i, part);
	if (i + 1 < parts->n && parts->range[i].end == parts->range[i + 1].start) {
		parts->range[i].end = parts->range[i + 1].end;
		remove_range(parts, i + 1);
	}
}
