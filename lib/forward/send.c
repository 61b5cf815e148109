/* SPDX-License-Identifier: BSD-2-Clause */
#include "forward/send.h"

#include "packet/checksum.h"

void lvs_send_decrement_ttl(struct lvs_packet *packet, struct lvs_headers *headers)
{
	uint8_t *ip = packet->data;

	headers->ttl--;
	if (headers->flow.family == LVS_INET6) {
		ip[7] = headers->ttl;
		return;
	}
	/* RFC 1141: TTL is the upper byte of its word, so the sum grows by 0x0100. */
	lvs_csum_update16(ip + 10, lvs_htons(0x0100), 0);
	ip[8] = headers->ttl;
}
