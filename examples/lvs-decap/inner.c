/* SPDX-License-Identifier: BSD-2-Clause */
#include "inner.h"

#include <sys/socket.h>

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	NOT_ECT = 0,
	ECT1 = 1,
	ECT0 = 2,
	CE = 3,
	ECN_DROP = 4,
};

uint64_t inner_sum(uint64_t sum, const uint8_t *bytes, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint64_t)(bytes[i] << 8 | bytes[i + 1]);
	return len & 1 ? sum + (uint64_t)(bytes[i] << 8) : sum;
}

uint16_t inner_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static size_t load16(const uint8_t *bytes)
{
	return (size_t)(bytes[0] << 8 | bytes[1]);
}

static enum decap_count check_ipv4(const uint8_t *ip, size_t room, size_t *len)
{
	size_t header;

	if (room < IPV4_HEADER)
		return DECAP_short_inner;
	header = (size_t)(ip[0] & 0xf) * 4;
	*len = load16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IPV4_HEADER || *len < header)
		return DECAP_bad_inner;
	if (*len > room)
		return DECAP_short_inner;
	if (inner_fold(inner_sum(0, ip, header)) != 0xffff)
		return DECAP_inner_checksum;
	return DECAP_COUNT_N;
}

static enum decap_count check_ipv6(const uint8_t *ip, size_t room, size_t *len)
{
	if (room < IPV6_HEADER)
		return DECAP_short_inner;
	*len = IPV6_HEADER + load16(ip + 4);
	if (ip[0] >> 4 != 6)
		return DECAP_bad_inner;
	/* A length of 0 would be a jumbogram or a "big" super-packet: no tunnel makes those. */
	if (*len > room || (*len == IPV6_HEADER && room > IPV6_HEADER))
		return DECAP_short_inner;
	return DECAP_COUNT_N;
}

int inner_check(struct inner_packet *inner, struct decap_counts *counts)
{
	size_t len = 0;
	enum decap_count wrong = inner->family == AF_INET ? check_ipv4(inner->ip, inner->len, &len)
							  : check_ipv6(inner->ip, inner->len, &len);

	if (wrong != DECAP_COUNT_N) {
		counts->n[wrong]++;
		return -1;
	}
	inner->len = len;
	/* Where a checksum is to go must be in the packet, not in what lies behind it. */
	if (inner->csum_place && inner->csum_place + 2 > len) {
		counts->n[DECAP_short_inner]++;
		return -1;
	}
	return 0;
}

struct address inner_destination(const struct inner_packet *inner)
{
	return address_from(inner->family, inner->ip + (inner->family == AF_INET ? 16 : 24));
}

/* RFC 6040, figure 4: rows are the inner mark, columns the outer one. */
static const uint8_t decap_ecn[4][4] = {
	[NOT_ECT] = {[NOT_ECT] = NOT_ECT, [ECT0] = NOT_ECT, [ECT1] = NOT_ECT, [CE] = ECN_DROP},
	[ECT0] = {[NOT_ECT] = ECT0, [ECT0] = ECT0, [ECT1] = ECT1, [CE] = CE},
	[ECT1] = {[NOT_ECT] = ECT1, [ECT0] = ECT1, [ECT1] = ECT1, [CE] = CE},
	[CE] = {[NOT_ECT] = CE, [ECT0] = CE, [ECT1] = CE, [CE] = CE},
};

static void set_ecn_ipv4(uint8_t *ip, uint8_t ecn)
{
	size_t header = (size_t)(ip[0] & 0xf) * 4;
	uint16_t sum;

	ip[1] = (uint8_t)((ip[1] & ~3u) | ecn);
	ip[10] = 0;
	ip[11] = 0;
	sum = (uint16_t)~inner_fold(inner_sum(0, ip, header));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* The traffic class lies across the first two bytes: its last two bits are bits 5 and 4 of ip[1].
 */
static void set_ecn_ipv6(uint8_t *ip, uint8_t ecn)
{
	ip[1] = (uint8_t)((ip[1] & ~0x30u) | (unsigned)ecn << 4);
}

int inner_decap_ecn(struct inner_packet *inner, uint8_t outer_ecn, struct decap_counts *counts)
{
	uint8_t *ip = inner->ip;
	uint8_t was = (inner->family == AF_INET ? ip[1] : ip[1] >> 4) & 3;
	uint8_t now = decap_ecn[was][outer_ecn & 3];

	if (now == ECN_DROP) {
		counts->n[DECAP_ecn_refused]++;
		return -1;
	}
	if (now == was)
		return 0;
	counts->n[DECAP_ecn_marked] += now == CE;
	if (inner->family == AF_INET)
		set_ecn_ipv4(ip, now);
	else
		set_ecn_ipv6(ip, now);
	return 0;
}
