/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/vnet.h"

#include <string.h>

_Static_assert(sizeof(struct virtio_net_hdr) == LVS_VNET_LEN, "the legacy header");
_Static_assert(VIRTIO_NET_HDR_GSO_ECN == LVS_GSO_ECN, "the flag is handed through");

enum {
	IPV6_LEN = 40,
	UDP_LEN = 8,
	TCP_LEN = 20,
	TCP_DATA_OFFSET = 12, /* of the byte with the header's length */
};

static bool read_gso(const struct virtio_net_hdr *header, struct lvs_packet *packet)
{
	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		return true;
	case VIRTIO_NET_HDR_GSO_TCPV4:
	case VIRTIO_NET_HDR_GSO_TCPV6:
		packet->gso_type = LVS_GSO_TCP;
		break;
	case LVS_VNET_GSO_UDP_L4:
		packet->gso_type = LVS_GSO_UDP;
		break;
	default: /* UDP fragmentation offload: fragments, not datagrams */
		return false;
	}
	packet->gso_type |= header->gso_type & LVS_GSO_ECN;
	packet->gso_size = header->gso_size;
	return packet->gso_size != 0;
}

bool lvs_vnet_read(const struct virtio_net_hdr *header, uint32_t link_len,
		   struct lvs_packet *packet)
{
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		if (header->csum_start < link_len)
			return false;
		packet->flags |= LVS_PACKET_CSUM_PARTIAL;
		packet->csum_start = (uint16_t)(header->csum_start - link_len);
		packet->csum_offset = header->csum_offset;
	} else if (header->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		packet->flags |= LVS_PACKET_CSUM_VALID;
	}
	return read_gso(header, packet);
}

/* Offset of the transport header of a packet that the link itself is to cut. */
static uint32_t transport_offset(const struct lvs_packet *packet)
{
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		return packet->csum_start;
	if (packet->linear_len && packet->data[0] >> 4 == 4)
		return (packet->data[0] & 0xfu) * 4;
	return IPV6_LEN;
}

/* Bytes of all headers of a super-packet. */
static uint32_t headers_len(const struct lvs_packet *packet)
{
	uint32_t offset = transport_offset(packet);

	if ((packet->gso_type & ~LVS_GSO_ECN) == LVS_GSO_UDP)
		return offset + UDP_LEN;
	if (offset + TCP_LEN > packet->linear_len)
		return offset + TCP_LEN;
	return offset + (packet->data[offset + TCP_DATA_OFFSET] >> 4) * 4u;
}

static uint8_t gso_type(const struct lvs_packet *packet)
{
	uint8_t ecn = packet->gso_type & LVS_GSO_ECN;

	if ((packet->gso_type & ~LVS_GSO_ECN) == LVS_GSO_UDP)
		return LVS_VNET_GSO_UDP_L4;
	if (packet->data[0] >> 4 == 4)
		return ecn | VIRTIO_NET_HDR_GSO_TCPV4;
	return ecn | VIRTIO_NET_HDR_GSO_TCPV6;
}

void lvs_vnet_write(struct virtio_net_hdr *header, uint32_t link_len,
		    const struct lvs_packet *packet)
{
	memset(header, 0, sizeof(*header));
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL) {
		header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header->csum_start = (uint16_t)(packet->csum_start + link_len);
		header->csum_offset = packet->csum_offset;
	} else if (packet->flags & LVS_PACKET_CSUM_VALID) {
		/* read by the host when it takes a packet back; a link does not ask */
		header->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	}
	if (packet->gso_size) {
		header->gso_type = gso_type(packet);
		header->gso_size = packet->gso_size;
		header->hdr_len = (uint16_t)(headers_len(packet) + link_len);
	}
}

uint32_t lvs_vnet_longest(const struct lvs_packet *packet)
{
	uint32_t longest;

	if (!packet->gso_size)
		return packet->len;
	longest = headers_len(packet) + packet->gso_size;
	return longest < packet->len ? longest : packet->len;
}
