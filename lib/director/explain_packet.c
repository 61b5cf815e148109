/* SPDX-License-Identifier: BSD-2-Clause */
/* A packet to ask about, made from a flow. */
#include <string.h>

#include <liblvs/explain.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/sctp.h"

enum {
	HEADROOM = 128, /* for any tunnel */
	TTL = 64,
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	TCP_LEN = 20,
	TCP_CSUM = 16,
	UDP_LEN = 8,
	UDP_CSUM = 6,
	INIT_LEN = 20, /* an INIT chunk without parameters (RFC 9260, 3.3.2) */
	WINDOW = 65535,
};

static unsigned l4_len(uint8_t protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return TCP_LEN;
	case LVS_UDP:
		return UDP_LEN;
	case LVS_SCTP:
		return LVS_SCTP_LEN + INIT_LEN;
	default:
		return 0;
	}
}

static void write_ipv4(uint8_t *ip, const struct lvs_flow *flow, unsigned len)
{
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)(IPV4_LEN + len));
	ip[6] = 0x40; /* DF */
	ip[8] = TTL;
	ip[9] = flow->protocol;
	memcpy(ip + 12, flow->src.byte, 4);
	memcpy(ip + 16, flow->dst.byte, 4);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, IPV4_LEN));
}

static void write_ipv6(uint8_t *ip, const struct lvs_flow *flow, unsigned len)
{
	ip[0] = 0x60;
	lvs_store16(ip + 4, (uint16_t)len);
	ip[6] = flow->protocol;
	ip[7] = TTL;
	memcpy(ip + 8, flow->src.byte, 16);
	memcpy(ip + 24, flow->dst.byte, 16);
}

static void write_tcp(uint8_t *tcp, uint8_t flags)
{
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	lvs_store16(tcp + 14, WINDOW);
}

/* Tag, window and streams must not be 0. */
static void write_sctp(uint8_t *sctp)
{
	uint8_t *chunk = sctp + LVS_SCTP_LEN;

	chunk[0] = LVS_SCTP_INIT;
	lvs_store16(chunk + 2, INIT_LEN);
	lvs_store16(chunk + 6, 1);
	lvs_store16(chunk + 10, WINDOW);
	lvs_store16(chunk + 12, 1);
	lvs_store16(chunk + 14, 1);
	lvs_crc32c_sctp(sctp, LVS_SCTP_LEN + INIT_LEN);
}

static void write_l4(uint8_t *l4, const struct lvs_flow *flow, uint8_t tcp_flags, unsigned len)
{
	bool udp = flow->protocol == LVS_UDP;
	uint64_t sum;

	lvs_store_be16(l4, flow->src_port);
	lvs_store_be16(l4 + 2, flow->dst_port);
	if (flow->protocol == LVS_SCTP) {
		write_sctp(l4);
		return;
	}
	if (udp)
		lvs_store16(l4 + 4, UDP_LEN);
	else
		write_tcp(l4, tcp_flags);
	sum = lvs_csum_pseudo(flow->src.byte, flow->dst.byte, flow->family, flow->protocol, len);
	sum = lvs_csum_sum(sum, l4, len);
	lvs_csum_finish(l4 + (udp ? UDP_CSUM : TCP_CSUM), sum, udp);
}

int lvs_explain_packet(const struct lvs_flow *flow, uint8_t tcp_flags, uint8_t *buffer,
		       struct lvs_packet *packet)
{
	bool v6 = flow->family == LVS_INET6;
	unsigned ip_len = v6 ? IPV6_LEN : IPV4_LEN, len = l4_len(flow->protocol);

	if (!v6 && flow->family != LVS_INET)
		return LVS_ERR_FAMILY;
	if (len == 0)
		return LVS_ERR_UNSUPPORTED;
	memset(buffer, 0, LVS_EXPLAIN_PACKET);
	memset(packet, 0, sizeof(*packet));
	packet->data = buffer + HEADROOM;
	packet->headroom = HEADROOM;
	packet->len = packet->linear_len = ip_len + len;
	packet->tailroom = (uint16_t)(LVS_EXPLAIN_PACKET - HEADROOM - packet->len);
	if (v6)
		write_ipv6(packet->data, flow, len);
	else
		write_ipv4(packet->data, flow, len);
	write_l4(packet->data + ip_len, flow, tcp_flags, len);
	return 0;
}
