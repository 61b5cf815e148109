/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/frame.h"

#include <string.h>

#include "base/byteorder.h"

enum {
	ETHER_LEN = 14,
	ETHERTYPE_IS_ARP = 0x0806,
	ETHERTYPE_IS_IPV6 = 0x86dd,
	ARP_LEN = 28,
	ARP_IS_REQUEST = 1,
	IPV6_LEN = 40,
	ND_LEN = 24, /* type, code, checksum, flags, target */
	ND_OPTION_LEN = 8,
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
	ND_ROUTER = 0x80,
	ND_OVERRIDE = 0x20,
	OPTION_TARGET_MAC = 2,
};

static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

static void put_ether(uint8_t *frame, const uint8_t *dst, const uint8_t *src, uint16_t type)
{
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	lvs_store16(frame + 12, type);
}

/* An ARP request: with sender 0.0.0.0 a probe, with the address itself an announcement. */
static size_t put_arp(uint8_t *frame, const uint8_t *mac, const union lvs_addr *addr, bool announce)
{
	static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t *arp = frame + ETHER_LEN;

	put_ether(frame, everybody, mac, ETHERTYPE_IS_ARP);
	memset(arp, 0, ARP_LEN);
	lvs_store16(arp, 1);
	lvs_store16(arp + 2, 0x0800);
	arp[4] = 6;
	arp[5] = 4;
	lvs_store16(arp + 6, ARP_IS_REQUEST);
	memcpy(arp + 8, mac, 6);
	if (announce)
		memcpy(arp + 14, addr->byte, 4);
	memcpy(arp + 24, addr->byte, 4);
	return ETHER_LEN + ARP_LEN;
}

/* RFC 4443, section 2.3: over the pseudo-header, too. */
static uint16_t icmpv6_checksum(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = len + 58;

	for (unsigned i = 8; i < IPV6_LEN + len; i += 2)
		sum += lvs_load16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_nd(uint8_t *frame, const uint8_t *mac, const uint8_t *src, const uint8_t *dst,
		     const uint8_t *body, uint32_t len)
{
	uint8_t group[6] = {0x33, 0x33};
	uint8_t *ip = frame + ETHER_LEN;

	memcpy(group + 2, dst + 12, 4); /* RFC 2464, section 7 */
	put_ether(frame, group, mac, ETHERTYPE_IS_IPV6);
	memset(ip, 0, IPV6_LEN);
	ip[0] = 0x60;
	lvs_store16(ip + 4, (uint16_t)len);
	ip[6] = LVS_ICMPV6;
	ip[7] = 255;
	memcpy(ip + 8, src, 16);
	memcpy(ip + 24, dst, 16);
	memcpy(ip + IPV6_LEN, body, len);
	lvs_store16(ip + IPV6_LEN + 2, icmpv6_checksum(ip, len));
	return ETHER_LEN + IPV6_LEN + len;
}

/* From the unspecified address to the solicited-node group (RFC 4862, section 5.4.2). */
static size_t put_solicitation(uint8_t *frame, const uint8_t *mac, const union lvs_addr *addr)
{
	static const uint8_t nobody[16];
	uint8_t group[16] = {0xff, 0x02, [11] = 1, [12] = 0xff};
	uint8_t body[ND_LEN] = {ND_SOLICITATION};

	memcpy(group + 13, addr->byte + 13, 3);
	memcpy(body + 8, addr->byte, 16);
	return put_nd(frame, mac, nobody, group, body, sizeof(body));
}

/* Unsolicited, with the override flag (RFC 4861, section 7.2.6). */
static size_t put_advertisement(uint8_t *frame, const uint8_t *mac, const union lvs_addr *addr,
				bool router)
{
	uint8_t body[ND_LEN + ND_OPTION_LEN] = {ND_ADVERTISEMENT};

	body[4] = router ? ND_ROUTER | ND_OVERRIDE : ND_OVERRIDE;
	memcpy(body + 8, addr->byte, 16);
	body[ND_LEN] = OPTION_TARGET_MAC;
	body[ND_LEN + 1] = 1;
	memcpy(body + ND_LEN + 2, mac, 6);
	return put_nd(frame, mac, addr->byte, all_nodes, body, sizeof(body));
}

size_t lvs_frame_probe(uint8_t *frame, unsigned family, const uint8_t *mac,
		       const union lvs_addr *addr)
{
	return family == LVS_INET6 ? put_solicitation(frame, mac, addr)
				   : put_arp(frame, mac, addr, false);
}

size_t lvs_frame_announce(uint8_t *frame, unsigned family, const uint8_t *mac,
			  const union lvs_addr *addr, bool router)
{
	return family == LVS_INET6 ? put_advertisement(frame, mac, addr, router)
				   : put_arp(frame, mac, addr, true);
}

/* A sender address is claimed by requests and replies alike; a probe names it as target. */
static bool read_arp(const uint8_t *arp, size_t len, struct lvs_claim *claim)
{
	static const uint8_t unspecified[4];

	if (len < ARP_LEN || lvs_load16(arp + 2) != 0x0800 || arp[4] != 6 || arp[5] != 4)
		return false;
	claim->family = LVS_INET;
	claim->probe = memcmp(arp + 14, unspecified, 4) == 0;
	memcpy(claim->mac, arp + 8, 6);
	memcpy(claim->addr.byte, claim->probe ? arp + 24 : arp + 14, 4);
	return !claim->probe || lvs_load16(arp + 6) == ARP_IS_REQUEST;
}

/* An advertisement claims its target; a solicitation from nobody asks for it. Hop limit 255 shows
 * that it comes from this link, the checksum that it is whole (RFC 4861, section 7.1). */
static bool read_nd(const uint8_t *ip, size_t len, const uint8_t *sender, struct lvs_claim *claim)
{
	static const uint8_t nobody[16];
	const uint8_t *nd = ip + IPV6_LEN;
	uint32_t nd_len;

	if (len < IPV6_LEN + ND_LEN || ip[6] != LVS_ICMPV6 || ip[7] != 255)
		return false;
	nd_len = lvs_load16(ip + 4);
	if (nd_len < ND_LEN || nd_len % 2 != 0 || IPV6_LEN + nd_len > len ||
	    icmpv6_checksum(ip, nd_len) != 0 || nd[1] != 0)
		return false;
	claim->family = LVS_INET6;
	claim->probe = nd[0] == ND_SOLICITATION;
	memcpy(claim->mac, sender, 6);
	memcpy(claim->addr.byte, nd + 8, 16);
	return claim->probe ? memcmp(ip + 8, nobody, 16) == 0 : nd[0] == ND_ADVERTISEMENT;
}

bool lvs_frame_read(const uint8_t *frame, size_t len, struct lvs_claim *claim)
{
	memset(claim, 0, sizeof(*claim));
	if (len < ETHER_LEN)
		return false;
	switch (lvs_load16(frame + 12)) {
	case ETHERTYPE_IS_ARP:
		return read_arp(frame + ETHER_LEN, len - ETHER_LEN, claim);
	case ETHERTYPE_IS_IPV6:
		return read_nd(frame + ETHER_LEN, len - ETHER_LEN, frame + 6, claim);
	default:
		return false;
	}
}
