/* SPDX-License-Identifier: BSD-2-Clause */
/* A gathered datagram as one: its checksum, and one linear packet of it. */
#include <string.h>

#include "base/memory.h"
#include "director/frag.h"
#include "packet/sctp.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/parse.h"

/* The sum over the first @p len bytes of the fragmentable part, from @p from on. Parts begin at
 * multiples of eight, so that words stay words. */
static uint64_t sum_of(const struct lvs_pieces *pieces, uint32_t from, uint32_t len)
{
	uint64_t sum = 0;

	for (const struct lvs_piece *piece = pieces->first; piece; piece = piece->next) {
		const struct lvs_part *part = &piece->part;
		uint32_t start = part->start > from ? part->start : from;
		uint32_t end = part->end < len ? part->end : len;

		if (start < end)
			sum = lvs_csum_add(sum, lvs_csum_sum(0,
							     piece->packet.data + part->offset +
								     (start - part->start),
							     end - start));
	}
	return sum;
}

/* Bytes of the fragmentable part. */
static uint32_t total_of(const struct lvs_pieces *pieces)
{
	uint32_t total = 0;

	for (const struct lvs_piece *piece = pieces->first; piece; piece = piece->next)
		if (piece->part.end > total)
			total = piece->part.end;
	return total;
}

/* From the fragmentable part's begin to the transport header. */
static uint32_t headers_len(const struct lvs_step *step, const struct lvs_pieces *pieces)
{
	return step->headers->l4_offset - (uint32_t)pieces->first->part.offset;
}

static uint64_t pseudo(const struct lvs_step *step, uint32_t len)
{
	const struct lvs_flow *flow = &step->headers->flow;

	return lvs_csum_pseudo(flow->src.byte, flow->dst.byte, flow->family, flow->protocol, len);
}

static enum lvs_reason verify_udp(const struct lvs_step *step, const struct lvs_pieces *pieces,
				  uint8_t **filled)
{
	uint8_t *udp = step->packet->data + step->headers->l4_offset;
	uint32_t from = headers_len(step, pieces);
	uint32_t len = lvs_load16(udp + 4);

	if (from + len > total_of(pieces))
		return LVS_REASON_BAD_L4;
	if (step->headers->flow.family == LVS_INET && lvs_load_be16(udp + LVS_UDP_CSUM) == 0) {
		uint64_t sum = lvs_csum_add(pseudo(step, len), sum_of(pieces, from, from + len));

		lvs_csum_finish(udp + LVS_UDP_CSUM, sum, true);
		*filled = udp + LVS_UDP_CSUM;
	}
	return LVS_REASON_NONE;
}

static enum lvs_reason verify_icmp(const struct lvs_step *step, const struct lvs_pieces *pieces)
{
	uint32_t from = headers_len(step, pieces);
	uint32_t total = total_of(pieces);
	uint64_t sum = sum_of(pieces, from, total);

	if (step->headers->flow.family == LVS_INET6)
		sum = lvs_csum_add(sum, pseudo(step, total - from));
	if (lvs_csum_fold(sum) != 0xffff)
		return LVS_REASON_ICMP_CHECKSUM;
	/* Its own part would not show it. */
	step->packet->flags |= LVS_PACKET_CSUM_VALID;
	return LVS_REASON_NONE;
}

enum lvs_reason lvs_frag_verify(const struct lvs_step *step, const struct lvs_pieces *pieces,
				uint8_t **filled)
{
	switch (step->headers->flow.protocol) {
	case LVS_UDP:
		return verify_udp(step, pieces, filled);
	case LVS_ICMP:
	case LVS_ICMPV6:
		return verify_icmp(step, pieces);
	default:
		return LVS_REASON_NONE;
	}
}

/* --- One packet --- */

/* The IP header of the whole: that of the first fragment, without what makes it one. False: the
 * packet would be too long. */
static bool write_header(uint8_t *ip, const struct lvs_piece *first, uint32_t header_len,
			 uint32_t total)
{
	const uint8_t *from = first->packet.data;

	memcpy(ip, from, header_len);
	if (ip[0] >> 4 == 6) {
		if (header_len - LVS_IPV6_LEN + total > UINT16_MAX)
			return false;
		ip[first->part.next_at] = first->part.following;
		lvs_store16(ip + 4, (uint16_t)(header_len - LVS_IPV6_LEN + total));
		return true;
	}
	if (header_len + total > UINT16_MAX)
		return false;
	lvs_store16(ip + 2, (uint16_t)(header_len + total));
	lvs_store16(ip + 6, lvs_load16(ip + 6) & LVS_FRAG_DF);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, header_len));
	return true;
}

static void fill_in(struct lvs_packet *whole, const struct lvs_packet *first, uint8_t *data,
		    uint32_t len)
{
	memset(whole, 0, sizeof(*whole));
	whole->data = data;
	whole->len = whole->linear_len = len;
	whole->mark = first->mark;
	whole->ifindex = first->ifindex;
	whole->vlan = first->vlan;
	whole->link_type = first->link_type;
}

struct lvs_packet *lvs_frag_join(const struct lvs_step *step, const struct lvs_pieces *pieces,
				 size_t *size)
{
	const struct lvs_alloc *alloc = &step->worker->director->settings.alloc;
	const struct lvs_piece *first = pieces->first;
	uint32_t header_len = first->part.header ? first->part.header : first->part.offset;
	uint32_t total = total_of(pieces);
	struct lvs_packet *whole;
	uint8_t *data;

	*size = sizeof(*whole) + header_len + total;
	whole = lvs_mem_alloc(alloc, *size, _Alignof(struct lvs_packet));
	if (!whole)
		return NULL;
	data = (uint8_t *)(whole + 1);
	if (!write_header(data, first, header_len, total)) {
		lvs_mem_free(alloc, whole, *size, _Alignof(struct lvs_packet));
		return NULL;
	}
	for (const struct lvs_piece *piece = first; piece; piece = piece->next)
		memcpy(data + header_len + piece->part.start,
		       piece->packet.data + piece->part.offset,
		       (uint32_t)piece->part.end - piece->part.start);
	fill_in(whole, &first->packet, data, header_len + total);
	return whole;
}

bool lvs_frag_sctp_begin(struct lvs_frag_sctp *sctp, struct lvs_step *step,
			 const struct lvs_pieces *pieces)
{
	uint32_t len = total_of(pieces) - headers_len(step, pieces);
	const uint8_t *chunk;

	sctp->whole = lvs_frag_join(step, pieces, &sctp->size);
	if (!sctp->whole)
		return false;
	sctp->header = step->packet->data + step->headers->l4_offset;
	/* The first fragment has the common header and a chunk's: so has the whole. */
	chunk = sctp->whole->data + sctp->whole->len - len + LVS_SCTP_LEN;
	step->headers->sctp_first = *chunk;
	step->headers->sctp_chunk = lvs_sctp_chunk_that_counts(chunk, len - LVS_SCTP_LEN);
	/* From here on it is the SCTP packet alone. */
	sctp->whole->data += sctp->whole->len - len;
	sctp->whole->len = len;
	return true;
}

void lvs_frag_sctp_end(struct lvs_frag_sctp *sctp, const struct lvs_step *step)
{
	const struct lvs_alloc *alloc = &step->worker->director->settings.alloc;
	uint8_t *whole = sctp->whole->data;

	/* Both ports. */
	if (lvs_load_be32(whole) != lvs_load_be32(sctp->header)) {
		memcpy(whole, sctp->header, sizeof(lvs_be32));
		lvs_crc32c_sctp(whole, sctp->whole->len);
		memcpy(sctp->header + LVS_SCTP_CSUM, whole + LVS_SCTP_CSUM, sizeof(lvs_be32));
	}
	lvs_mem_free(alloc, sctp->whole, sctp->size, _Alignof(struct lvs_packet));
}
