/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/mss.h"

#include "packet/checksum.h"
#include "packet/parse.h"

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_MSS_LEN = 4,
};

/* Where the option's value stands, from the begin of the TCP header of @p len bytes; 0: nowhere. */
static uint32_t find_value(const uint8_t *tcp, uint32_t len)
{
	uint32_t at = LVS_TCP_LEN;

	while (at + 1 < len && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		/* An option that ends inside its own header, or behind the TCP header. */
		if (tcp[at + 1] < 2 || at + tcp[at + 1] > len)
			return 0;
		if (tcp[at] == OPTION_MSS)
			return tcp[at + 1] == OPTION_MSS_LEN ? at + 2 : 0;
		at += tcp[at + 1];
	}
	return 0;
}

static lvs_be16 swapped(lvs_be16 value)
{
	return (lvs_be16)(value << 8 | value >> 8);
}

static void store(struct lvs_packet *packet, uint8_t *tcp, uint32_t at, uint16_t mss)
{
	lvs_be16 before = lvs_load_be16(tcp + at), after;

	lvs_store16(tcp + at, mss);
	after = lvs_load_be16(tcp + at);
	/* A partial checksum is that of the pseudo-header. */
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		return;
	/* At an odd place its bytes belong to two words, each in the other half. */
	if (at & 1)
		lvs_csum_update16(tcp + LVS_TCP_CSUM, swapped(before), swapped(after));
	else
		lvs_csum_update16(tcp + LVS_TCP_CSUM, before, after);
}

void lvs_mss_clamp(struct lvs_packet *packet, const struct lvs_headers *headers, uint32_t mtu)
{
	uint32_t overhead =
		(headers->flow.family == LVS_INET6 ? LVS_IPV6_LEN : LVS_IPV4_LEN) + LVS_TCP_LEN;
	uint8_t *tcp = packet->data + headers->l4_offset;
	uint32_t at;

	if (headers->flow.protocol != LVS_TCP || mtu <= overhead)
		return;
	at = find_value(tcp, (uint32_t)headers->payload_offset - headers->l4_offset);
	if (at && lvs_load16(tcp + at) > mtu - overhead)
		store(packet, tcp, at, (uint16_t)(mtu - overhead));
}
