/* SPDX-License-Identifier: BSD-2-Clause */
/* Conversations for fuzz_director.c: a client and a server of TCP, their texts FTP's, their numbers
 * right as far as each can know, unless the input says otherwise. */
#ifndef LVS_TESTS_FUZZ_DIRECTOR_TALK_H
#define LVS_TESTS_FUZZ_DIRECTOR_TALK_H

#include "director_bench.h"

enum {
	TALK_MAX = 24, /* packets */
	TALK_PORT = 5000,
};

struct talker {
	uint32_t seq; /* its next byte */
	uint32_t ack; /* what it has got */
};

struct talk {
	struct lvs_service_key service;
	union lvs_addr client;
	struct talker end[2]; /* client, server */
	unsigned data_n;      /* packets of data connections */
};

static inline const char *talk_text(unsigned from, unsigned which)
{
	static const char *const texts[2][8] = {
		{"", "PASV\r\n", "EPSV\r\n", "PORT 10,0,2,1,19,136\r\n",
		 "EPRT |2|2001:db8::2:1|5000|\r\n", "NOOP\r\n", "EPRT |1|10.0.2.1|5000|\r\n",
		 "@1234"},
		{"", "227 (10,0,1,1,156,64)\r\n", "229 ok (|||40000|)\r\n",
		 "227 Entering Passive Mode =1,2,3,4,5,6\r\n", "150 Here it comes.\r\n",
		 "229 (!!!80!)\r\n227 (1,1,1,1,1,1)\r\n", "!", "@9abc"},
	};

	return texts[from][which & 7];
}

/* "@n...": four times n bytes in place of two; "!": not at all. */
static inline int talk_rewrite(void *state, const struct lvs_helper_segment *segment,
			       struct lvs_helper_answer *answer)
{
	uint8_t *seen = state;

	FUZZ_CHECK(segment->len > 0 && segment->binding->protocol == LVS_TCP);
	++seen[LVS_HELPER_STATE - 1];
	if (segment->data[0] != '@' || segment->len < 2)
		return segment->data[0] != '!';
	answer->flags = LVS_HELPER_REWRITE | LVS_HELPER_EXPECT;
	answer->cut_len = 2;
	answer->text_len = (segment->data[1] & 15) * 4u;
	memset(answer->text, '@', LVS_HELPER_TEXT);
	answer->expect.client = segment->binding->client;
	answer->expect.dest = segment->binding->dest;
	answer->expect.service_port = segment->binding->service_port;
	answer->expect.dest_port = segment->data[segment->len - 1] & 1 ? 0 : lvs_htons(8080);
	return 1;
}

static inline void set_helper(struct bench *bench, unsigned bits)
{
	static const struct lvs_helper_ops rewriting = {
		.size = sizeof(rewriting),
		.name = "fuzz",
		.state_size = LVS_HELPER_STATE,
		.segment = talk_rewrite,
	};
	const struct lvs_helper_ops *ops = bits & 1 ? &rewriting : lvs_helper_find("ftp");
	lvs_be16 port = lvs_htons(bits & 2 ? 80 : 1000 + (bits >> 3 & 15));

	if (bits & 4)
		lvs_director_unbind_helper(bench->director, LVS_TCP, port);
	else
		lvs_director_bind_helper(bench->director, ops, LVS_TCP, port);
}

/* The server that the client's connection has; false: none. */
static inline bool talk_server(const struct bench *bench, const struct talk *talk,
			       struct lvs_conn_info *info)
{
	struct lvs_conn_filter filter = {.size = sizeof(filter),
					 .service = &talk->service,
					 .client = &talk->client,
					 .client_family = talk->service.family};
	struct lvs_cursor cursor = {0};

	info->size = sizeof(*info);
	while (lvs_director_next_conn(bench->director, &filter, &cursor, info) == 1)
		if (info->client_port == lvs_htons(TALK_PORT))
			return true;
	return false;
}

/* Control: from the client, from its server. Data: the same for a connection that may be expected.
 * False: there is no server. */
static inline bool talk_flow(const struct bench *bench, const struct talk *talk, unsigned from,
			     bool data, struct lvs_flow *flow)
{
	struct lvs_conn_info info;

	*flow = (struct lvs_flow){.family = talk->service.family, .protocol = LVS_TCP};
	if (from == 0) {
		flow->src = talk->client;
		flow->src_port = lvs_htons(data ? 6000 + (talk->data_n & 1) : TALK_PORT);
		flow->dst = talk->service.addr;
		flow->dst_port = data ? lvs_htons(40000) : talk->service.port;
		return true;
	}
	if (!talk_server(bench, talk, &info) || info.dest_family != info.family)
		return false;
	flow->src = info.dest;
	flow->src_port = data ? lvs_htons(lvs_ntohs(info.dest_port) - 1) : info.dest_port;
	flow->dst = talk->client;
	flow->dst_port = lvs_htons(TALK_PORT);
	return true;
}

/* With room behind it, of exactly so many bytes. */
static inline void talk_tail(struct shot *shot, unsigned tail)
{
	uint32_t used = shot->packet.headroom + shot->packet.linear_len;
	uint8_t *memory = realloc(shot->memory, used + tail + 1);

	FUZZ_CHECK(memory);
	memset(memory + used, 0x5a, tail);
	shot->memory = memory;
	shot->packet.data = memory + shot->packet.headroom;
	shot->packet.tailroom = (uint16_t)tail;
}

static inline void talk_make(struct talk *talk, const struct lvs_flow *flow, unsigned from,
			     const char *text, unsigned flags, struct shot *shot)
{
	unsigned len = (unsigned)strlen(text);
	unsigned l4 = flow->family == LVS_INET6 ? 40 : 20;
	uint8_t bytes[BYTES_MAX];
	unsigned whole = write_packet(bytes, flow, flags, len, 8);

	for (unsigned i = 0; i < len; i++)
		bytes[l4 + 20 + i] = (uint8_t)text[i];
	lvs_store32(bytes + l4 + 4, talk->end[from].seq);
	lvs_store32(bytes + l4 + 8, talk->end[from].ack);
	lvs_store16(bytes + l4 + 16, 0);
	fix_l4(bytes, flow, whole);
	lay_out(shot, bytes, whole, 64, 0);
	shot->whole = true;
}

/* Both count on, as what was forwarded has it. */
static inline void talk_count(struct talk *talk, unsigned from, unsigned sent, unsigned flags,
			      const struct lvs_packet *packet)
{
	unsigned more = flags & (LVS_TCP_SYN | LVS_TCP_FIN) ? 1 : 0;
	struct lvs_headers headers;

	if (packet->verdict != LVS_FORWARD ||
	    lvs_packet_parse(packet, &headers) != LVS_REASON_NONE ||
	    headers.flow.protocol != LVS_TCP)
		return;
	talk->end[from].seq += sent + more;
	talk->end[!from].ack = lvs_load32(packet->data + headers.l4_offset + 4) + headers.len -
			       headers.payload_offset + more;
}

#endif
