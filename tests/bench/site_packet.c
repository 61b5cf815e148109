/* SPDX-License-Identifier: BSD-2-Clause */
/* The packets of a site. */
#include "site.h"

#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"

#define PACKET_LEN(family) ((family) == LVS_INET ? 64u : 84u)

static void write_ip(uint8_t *ip, const struct lvs_flow *flow)
{
	if (flow->family == LVS_INET6) {
		memset(ip, 0, 60);
		ip[0] = 0x60;
		lvs_store16(ip + 4, (uint16_t)(PACKET_LEN(LVS_INET6) - 40));
		ip[6] = flow->protocol;
		ip[7] = 64;
		memcpy(ip + 8, &flow->src, 16);
		memcpy(ip + 24, &flow->dst, 16);
		return;
	}
	memset(ip, 0, 40);
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)PACKET_LEN(LVS_INET));
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = flow->protocol;
	memcpy(ip + 12, &flow->src, 4);
	memcpy(ip + 16, &flow->dst, 4);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

void site_put(struct site *site, unsigned i, const struct lvs_flow *flow, uint8_t tcp_flags)
{
	struct lvs_packet *packet = &site->packets[i];
	uint8_t *ip = site->pool + (size_t)i * site->stride + SITE_HEADROOM;
	uint32_t ip_len = flow->family == LVS_INET6 ? 40 : 20;
	uint32_t len = PACKET_LEN(flow->family);
	uint8_t *l4 = ip + ip_len;

	write_ip(ip, flow);
	lvs_store_be16(l4, flow->src_port);
	lvs_store_be16(l4 + 2, flow->dst_port);
	if (flow->protocol == LVS_TCP) {
		l4[12] = 0x50;
		l4[13] = tcp_flags;
	} else {
		lvs_store16(l4 + 4, (uint16_t)(len - ip_len));
	}
	memset(packet, 0, sizeof(*packet));
	packet->data = ip;
	packet->len = len;
	packet->linear_len = len;
	packet->headroom = SITE_HEADROOM;
	packet->tailroom = (uint16_t)(site->stride - SITE_HEADROOM - 84);
}

void site_lengthen(struct site *site, unsigned i, uint32_t len)
{
	struct lvs_packet *packet = &site->packets[i];
	uint8_t *ip = packet->data;

	packet->len = len;
	packet->linear_len = len;
	packet->tailroom = (uint16_t)(site->stride - SITE_HEADROOM - len);
	if (site->family == LVS_INET6) {
		lvs_store16(ip + 4, (uint16_t)(len - 40));
		return;
	}
	lvs_store16(ip + 2, (uint16_t)len);
	lvs_store_be16(ip + 10, 0);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, (ip[0] & 15u) * 4));
}

/* Eight bytes of nothing behind the header: seven times no operation and the end, or a destination
 * option that pads. */
void site_add_option(struct site *site, unsigned i)
{
	static const uint8_t inet[8] = {1, 1, 1, 1, 1, 1, 1, 0};
	uint8_t inet6[8] = {0, 0, 1, 4, 0, 0, 0, 0};
	struct lvs_packet *packet = &site->packets[i];
	uint32_t ip_len = site->family == LVS_INET6 ? 40 : 20;
	uint8_t *ip = packet->data;

	memmove(ip + ip_len + 8, ip + ip_len, packet->len - ip_len);
	if (site->family == LVS_INET6) {
		inet6[0] = ip[6];
		ip[6] = 60;
		memcpy(ip + ip_len, inet6, 8);
	} else {
		ip[0] += 2;
		memcpy(ip + ip_len, inet, 8);
	}
	site_lengthen(site, i, packet->len + 8);
}

struct lvs_flow site_flow(const struct site *site, uint32_t host, unsigned port)
{
	struct lvs_flow flow = {
		.src = site_addr(site->family, 11, host),
		.dst = site_addr(site->family, 192, SITE_SERVICE),
		.src_port = lvs_htons((uint16_t)port),
		.dst_port = lvs_htons(80),
		.family = (uint8_t)site->family,
		.protocol = LVS_TCP,
	};

	return flow;
}

struct lvs_flow site_flow_of(const struct site *site, uint32_t number)
{
	if (site->clients)
		return site_flow(site, number % site->clients, 1024 + number / site->clients);
	return site_flow(site, number & 0xffffff, 1024 + (number >> 24));
}

static void turn_round(const struct site *site, struct lvs_flow *flow, uint32_t number)
{
	flow->dst = flow->src;
	flow->dst_port = flow->src_port;
	flow->src = site_addr(site->family, 10, 0);
	flow->src.word[site->family == LVS_INET ? 0 : 3] = site->server[number];
	flow->src_port = lvs_htons(80);
}

void site_make(struct site *site, unsigned i, uint32_t number, enum site_packet kind)
{
	static const uint8_t flags[] = {
		[SITE_SYN] = LVS_TCP_SYN,
		[SITE_ACK] = LVS_TCP_ACK,
		[SITE_FIN] = LVS_TCP_FIN | LVS_TCP_ACK,
		[SITE_REPLY] = LVS_TCP_ACK,
	};
	struct lvs_flow flow = site_flow_of(site, number);

	if (kind == SITE_REPLY)
		turn_round(site, &flow, number);
	site_put(site, i, &flow, flags[kind]);
}
