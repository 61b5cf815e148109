/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SIP over UDP: calls stick by their Call-ID, which requests and answers of both sides bear
 * (RFC 3261, 8.1.1.4), from whatever port the client sends them.
 */
#include <string.h>

#include "pe/list.h"
#include "pe/sip_text.h"

_Static_assert(LVS_SIP_CALL_ID <= LVS_PE_DATA, "what is found fits");

static uint32_t fill(const struct lvs_pe_packet *packet, uint8_t *data)
{
	uint32_t at, len;

	if (packet->flow->protocol != LVS_UDP)
		return 0;
	len = lvs_sip_call_id(packet->data, packet->len, &at);
	if (len)
		memcpy(data, packet->data + at, len);
	return len;
}

/* A server calls, or answers what had no connection (one-packet scheduling). */
static int conn_out(const struct lvs_pe_packet *packet)
{
	return packet->flow->protocol == LVS_UDP;
}

const struct lvs_pe_ops lvs_pe_sip = {
	.size = sizeof(lvs_pe_sip),
	.name = "sip",
	.fill = fill,
	.conn_out = conn_out,
};
