/* SPDX-License-Identifier: BSD-2-Clause */
/* An explanation's way out: what the packet has become, read from its own bytes. */
#include <string.h>

#include "base/byteorder.h"
#include "director/explain.h"
#include "packet/parse.h"

static void fill_outer(const struct lvs_explained_way *way, struct lvs_explanation *out)
{
	const uint8_t *ip = way->packet->data;
	bool v6 = ip[0] >> 4 == 6;
	unsigned len = v6 ? 16 : 4, at = v6 ? 8 : 12;
	union lvs_addr addr;

	for (unsigned i = 0; i < 2; i++) {
		memset(&addr, 0, sizeof(addr));
		memcpy(addr.byte, ip + at + i * len, len);
		lvs_explain_end(&out->outer[i], &addr, v6 ? LVS_INET6 : LVS_INET, 0);
	}
	out->flags |= LVS_EXPLAINED_OUTER;
}

/* What is inside of what was put in front. */
static void fill_inner(const struct lvs_explained_way *way, struct lvs_explanation *out)
{
	struct lvs_packet inner = *way->packet;
	struct lvs_headers headers;

	inner.data += out->outer_len;
	inner.len -= out->outer_len;
	inner.linear_len -= out->outer_len;
	/* What is still to be computed or cut says nothing about where it goes. */
	inner.flags = 0;
	inner.gso_size = 0;
	inner.gso_type = 0;
	memset(&headers, 0, sizeof(headers));
	if (lvs_packet_parse(&inner, &headers) != LVS_REASON_NONE)
		return;
	out->out = headers.flow;
	out->out_ttl = headers.ttl;
	out->flags |= LVS_EXPLAINED_OUT;
}

static bool is_sent(const struct lvs_explanation *out)
{
	return out->verdict == LVS_FORWARD || out->verdict == LVS_REPLY;
}

void lvs_explain_way_out(const struct lvs_explained_way *way, struct lvs_explanation *out)
{
	const struct lvs_packet *packet = way->packet;

	if (!is_sent(out) && out->reason != LVS_REASON_LOCAL)
		return;
	out->len = packet->len;
	/* An answer is another packet, wherever it begins. */
	if (out->verdict == LVS_FORWARD && packet->data < way->data)
		out->outer_len = (uint32_t)(way->data - packet->data);
	if (out->outer_len)
		fill_outer(way, out);
	fill_inner(way, out);
	if (!is_sent(out))
		return;
	lvs_explain_end(&out->next_hop, &packet->next_hop, packet->next_hop_family, 0);
	out->path = packet->path;
	out->cut = packet->cut;
	out->cut_len = packet->cut_len;
}
