/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Within one machine a packet may travel with its transport checksum unfinished
 * (only the pseudo-header is summed), and TCP segments as one super-packet of up
 * to 64 KB; receive offload (GRO) gathers segments of a tunnel into the same
 * form. A raw socket does not say so. It shows: an unfinished checksum is
 * exactly the pseudo-header's sum. The TUN is told by the virtio header, so that
 * the host can finish what is left.
 */
#include "offload.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum {
	IPV4_FRAGMENT = 0x3fff,
	TCP_CSUM = 16,
	UDP_CSUM = 6,
	TCP_HEADER = 20,
	UDP_HEADER = 8,
	TCP_CWR = 0x80,
};

struct transport {
	size_t start; /* from the IP header */
	size_t len;
	uint8_t protocol;
};

static size_t load16(const uint8_t *bytes)
{
	return (size_t)(bytes[0] << 8 | bytes[1]);
}

/* Finds TCP and UDP; a fragment has no whole checksum, and extension headers no offload. */
static int find_transport(const struct inner_packet *inner, struct transport *transport)
{
	const uint8_t *ip = inner->ip;

	if (inner->family == AF_INET) {
		transport->start = (size_t)(ip[0] & 0xf) * 4;
		transport->protocol = ip[9];
		if (load16(ip + 6) & IPV4_FRAGMENT)
			return -1;
	} else {
		transport->start = 40;
		transport->protocol = ip[6];
	}
	transport->len = inner->len - transport->start;
	if (transport->protocol == IPPROTO_TCP)
		return transport->len >= TCP_HEADER ? 0 : -1;
	if (transport->protocol == IPPROTO_UDP)
		return transport->len >= UDP_HEADER ? 0 : -1;
	return -1;
}

static uint64_t sum_pseudo(const struct inner_packet *inner, const struct transport *transport)
{
	uint64_t sum = (uint64_t)transport->protocol + transport->len;

	return inner->family == AF_INET ? inner_sum(sum, inner->ip + 12, 8)
					: inner_sum(sum, inner->ip + 8, 32);
}

/* A finished checksum can look like an unfinished one, once in 65536: then the whole sum tells. */
static int is_partial(const struct inner_packet *inner, const struct transport *transport,
		      size_t csum_offset)
{
	const uint8_t *l4 = inner->ip + transport->start;
	uint64_t pseudo = sum_pseudo(inner, transport);

	if (load16(l4 + csum_offset) != inner_fold(pseudo))
		return 0;
	return inner_fold(inner_sum(pseudo, l4, transport->len)) != 0xffff;
}

/* The original segment size is lost; what the device's MTU allows is as good. */
static int describe_super(const struct inner_packet *inner, const struct transport *transport,
			  unsigned mtu, struct virtio_net_hdr *header)
{
	const uint8_t *tcp = inner->ip + transport->start;
	size_t headers = transport->start + (size_t)(tcp[12] >> 4) * 4;

	if (transport->protocol != IPPROTO_TCP || inner->len <= mtu ||
	    headers < transport->start + TCP_HEADER || headers >= mtu)
		return 0;
	header->gso_type =
		inner->family == AF_INET ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	if (tcp[13] & TCP_CWR)
		header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	header->gso_size = (uint16_t)(mtu - headers);
	header->hdr_len = (uint16_t)headers;
	return 1;
}

static size_t csum_offset_of(const struct transport *transport)
{
	return transport->protocol == IPPROTO_TCP ? TCP_CSUM : UDP_CSUM;
}

int offload_is_partial(const struct inner_packet *inner)
{
	struct transport transport;

	return find_transport(inner, &transport) == 0 &&
	       is_partial(inner, &transport, csum_offset_of(&transport));
}

/* The pseudo-header's sum stands where the result goes: it is summed with the rest. */
static void complete(struct inner_packet *inner)
{
	size_t start = inner->csum_start;
	uint16_t sum = (uint16_t)~inner_fold(inner_sum(0, inner->ip + start, inner->len - start));

	/* UDP has no sum of 0, and to others it is the same. */
	sum = sum ? sum : 0xffff;
	inner->ip[inner->csum_place] = (uint8_t)(sum >> 8);
	inner->ip[inner->csum_place + 1] = (uint8_t)sum;
}

/* Whether the host finishes the checksum. */
static int is_for_host(const struct inner_packet *inner, const struct transport *transport)
{
	size_t offset = csum_offset_of(transport);

	if (!inner->csum_place)
		return is_partial(inner, transport, offset);
	return inner->csum_start == transport->start &&
	       inner->csum_place == transport->start + offset;
}

void offload_describe(struct inner_packet *inner, unsigned mtu, struct virtio_net_hdr *header,
		      struct decap_counts *counts)
{
	struct transport transport;

	memset(header, 0, sizeof(*header));
	counts->n[DECAP_remote] += inner->csum_place != 0;
	if (find_transport(inner, &transport) < 0 || !is_for_host(inner, &transport)) {
		if (inner->csum_place)
			complete(inner);
		return;
	}
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start = (uint16_t)transport.start;
	header->csum_offset = (uint16_t)csum_offset_of(&transport);
	counts->n[DECAP_partial]++;
	counts->n[DECAP_super] += (uint64_t)describe_super(inner, &transport, mtu, header);
}
