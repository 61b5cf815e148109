/* SPDX-License-Identifier: BSD-2-Clause */
/* From a captured frame to the IP packet in it. */
#include <liblvs/io.h>

#include <string.h>

#include "base/byteorder.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,    /* IEEE 802.1Q */
	ETHERTYPE_SERVICE = 0x88a8, /* IEEE 802.1ad, the outer of two */
	ETHERNET_TYPE = 12,         /* offset in the frame */
	VLAN_LEN = 4,
	VLAN_ID = 0x0fff,
	SLL_TYPE = 14, /* offset of the protocol; the packet type is in the first two bytes */
};

static uint8_t ethernet_link_type(const uint8_t *dst)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!(dst[0] & 1))
		return LVS_LINK_HOST;
	return memcmp(dst, broadcast, 6) == 0 ? LVS_LINK_BROADCAST : LVS_LINK_MULTICAST;
}

/* Whom a "cooked" frame was for; its numbers are Linux's PACKET_HOST and so on. */
static uint8_t sll_link_type(uint16_t type)
{
	static const uint8_t types[] = {LVS_LINK_HOST, LVS_LINK_BROADCAST, LVS_LINK_MULTICAST,
					LVS_LINK_OTHER, LVS_LINK_SELF};

	return type < sizeof(types) ? types[type] : LVS_LINK_OTHER;
}

/* Offset of the IP packet behind the type field at @at and any VLAN tags, 0 where there is none. */
static uint32_t behind_type(const struct lvs_pcap_record *record, uint32_t at,
			    struct lvs_packet *packet)
{
	for (unsigned tags = 0; tags <= 2 && at + 2 <= record->len; tags++, at += VLAN_LEN) {
		uint16_t type = lvs_load16(record->data + at);

		if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6)
			return at + 2;
		if ((type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE) || at + 4 > record->len)
			return 0;
		if (!packet->vlan)
			packet->vlan = lvs_load16(record->data + at + 2) & VLAN_ID;
	}
	return 0;
}

static int fill(const struct lvs_pcap_record *record, uint32_t offset, struct lvs_packet *packet)
{
	uint32_t headroom = record->headroom + offset;

	if (record->len <= offset)
		return 0;
	packet->data = record->data + offset;
	packet->len = record->wire_len - offset;
	packet->linear_len = record->len - offset;
	packet->headroom = headroom > UINT16_MAX ? UINT16_MAX : (uint16_t)headroom;
	packet->tailroom = record->tailroom;
	return 1;
}

static int raw(const struct lvs_pcap_record *record, struct lvs_packet *packet)
{
	unsigned version = record->len ? record->data[0] >> 4 : 0;

	return version == 4 || version == 6 ? fill(record, 0, packet) : 0;
}

int lvs_pcap_packet(uint32_t linktype, const struct lvs_pcap_record *record,
		    struct lvs_packet *packet)
{
	uint32_t offset;

	memset(packet, 0, sizeof(*packet));
	switch (linktype) {
	case LVS_PCAP_ETHERNET:
		offset = behind_type(record, ETHERNET_TYPE, packet);
		if (offset)
			packet->link_type = ethernet_link_type(record->data);
		return offset ? fill(record, offset, packet) : 0;
	case LVS_PCAP_SLL:
		offset = behind_type(record, SLL_TYPE, packet);
		if (offset)
			packet->link_type = sll_link_type(lvs_load16(record->data));
		return offset ? fill(record, offset, packet) : 0;
	case LVS_PCAP_RAW:
	case LVS_PCAP_IPV4:
	case LVS_PCAP_IPV6:
		return raw(record, packet);
	default:
		return LVS_ERR_UNSUPPORTED;
	}
}
