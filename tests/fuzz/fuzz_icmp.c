/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What becomes of any bytes as an ICMP error: its quote and the quote's quote are read, an error
 * is built of it, its MSS is lowered. Nothing is touched outside the buffer, nothing lost from it.
 *
 *	0 headroom    1 tailroom    2 bytes of the packet that are not linear
 *	3 type of the error that is built    4 MTU
 *	6 the packet
 */
#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/mss.h"
#include "packet/quote.h"

#include "fuzz.h"

enum { CONTROL_LEN = 6 };

struct input {
	const uint8_t *control;
	const uint8_t *data;
	uint32_t len;
	uint32_t linear;
};

/* The packet in a buffer of exactly its room. */
static uint8_t *lay_out(const struct input *in, struct lvs_packet *packet)
{
	uint32_t room = in->control[0] + in->linear + in->control[1];
	uint8_t *memory = malloc(room ? room : 1);

	FUZZ_CHECK(memory);
	memset(packet, 0, sizeof(*packet));
	packet->data = memory + in->control[0];
	packet->headroom = in->control[0];
	packet->tailroom = in->control[1];
	packet->len = in->len;
	packet->linear_len = in->linear;
	if (in->linear)
		memcpy(packet->data, in->data, in->linear);
	/* So that more than one in 65536 gets past the first guard. */
	if (in->linear >= 20 && packet->data[0] == 0x45)
		lvs_store_be16(packet->data + 10, lvs_csum_ipv4(packet->data, 20));
	return memory;
}

static void check_quote(const struct lvs_packet *packet, const struct lvs_headers *headers,
			const struct lvs_quote *quote, uint32_t from)
{
	uint32_t need = quote->l4_offset;

	if (lvs_quote_has_ports(quote->flow.protocol) &&
	    !(quote->flags & LVS_HEADERS_LATER_FRAGMENT))
		need += 4;
	FUZZ_CHECK(quote->ip_offset == from);
	FUZZ_CHECK(quote->l4_offset >= from + (quote->flow.family == LVS_INET6 ? 40 : 20));
	FUZZ_CHECK(need <= packet->linear_len && need <= headers->len);
}

/* Bytes between the headers of a tunnel that may be quoted; UINT32_MAX: it is none. */
static uint32_t shim_len(const struct lvs_packet *packet, const struct lvs_quote *quote)
{
	const uint8_t *shim = packet->data + quote->l4_offset;

	switch (quote->flow.protocol) {
	case LVS_IPIP:
	case LVS_IPV6:
		return 0;
	case LVS_GRE:
		return shim[0] ? 8 : 4;
	case LVS_UDP:
		return shim[8] ? 20 : 12;
	default:
		return UINT32_MAX;
	}
}

static void check_quotes(const struct lvs_packet *packet, const struct lvs_headers *headers)
{
	struct lvs_quote quote, inner;

	if (lvs_quote_parse(packet, headers, &quote) != LVS_REASON_NONE)
		return;
	check_quote(packet, headers, &quote, headers->l4_offset + 8u);
	if (lvs_quote_inner(packet, headers, &quote, &inner) == LVS_REASON_NONE)
		check_quote(packet, headers, &inner, quote.l4_offset + shim_len(packet, &quote));
}

static void check_build(const struct input *in, struct lvs_packet *packet,
			const struct lvs_headers *headers)
{
	struct lvs_icmp_error error = {.type = in->control[3], .source = headers->flow.dst};
	uint32_t room = packet->headroom + packet->linear_len + packet->tailroom;
	uint8_t *begin = packet->data - packet->headroom;
	bool v6 = headers->flow.family == LVS_INET6;
	struct lvs_headers now;

	lvs_icmp_build(packet, headers, &error);
	FUZZ_CHECK(packet->data - packet->headroom == begin);
	FUZZ_CHECK(packet->headroom + packet->linear_len + packet->tailroom == room);
	FUZZ_CHECK(packet->len == packet->linear_len && packet->len <= (v6 ? 1280u : 576u));
	FUZZ_CHECK(lvs_packet_parse(packet, &now) == LVS_REASON_NONE);
	FUZZ_CHECK(now.len == packet->len && lvs_icmp_valid(packet, &now));
	FUZZ_CHECK(memcmp(&now.flow.dst, &headers->flow.src, sizeof(now.flow.dst)) == 0);
	/* What is quoted is what came: it can be read again, as far as it goes. */
	FUZZ_CHECK(memcmp(packet->data + now.payload_offset + (v6 ? 8 : 12), &headers->flow.src,
			  v6 ? 16 : 4) == 0);
}

static void check_mss(const struct input *in, struct lvs_packet *packet,
		      const struct lvs_headers *headers)
{
	struct lvs_headers now;

	lvs_mss_clamp(packet, headers, lvs_load16(in->control + 4));
	FUZZ_CHECK(lvs_packet_parse(packet, &now) == LVS_REASON_NONE);
	FUZZ_CHECK(memcmp(&now, headers, sizeof(now)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lvs_packet packet;
	struct lvs_headers headers;
	const struct lvs_icmp_error too_big = {.type = LVS_ICMPV6_TOO_BIG};
	struct input in = {.control = data};
	uint8_t *memory;

	if (size < CONTROL_LEN)
		return 0;
	in.data = data + CONTROL_LEN;
	in.len = (uint32_t)(size - CONTROL_LEN);
	in.linear = data[2] < in.len ? in.len - data[2] : 0;
	memory = lay_out(&in, &packet);
	if (lvs_packet_parse(&packet, &headers) == LVS_REASON_NONE) {
		uint8_t protocol = headers.flow.protocol;

		if ((protocol == LVS_ICMP || protocol == LVS_ICMPV6) &&
		    !(headers.flags & LVS_HEADERS_LATER_FRAGMENT))
			check_quotes(&packet, &headers);
		if (protocol == LVS_TCP && !(headers.flags & LVS_HEADERS_LATER_FRAGMENT))
			check_mss(&in, &packet, &headers);
		if (lvs_icmp_may_answer(&packet, &headers, &too_big))
			check_build(&in, &packet, &headers);
	}
	free(memory);
	return 0;
}
