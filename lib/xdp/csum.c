/* SPDX-License-Identifier: BSD-2-Clause */
#include "xdp/csum.h"

#include <netinet/in.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/crc32c.h"

enum {
	IPV4_LEN = 20,
	IPV6_LEN = 40,
	TCP_FIELD = 16,
	UDP_FIELD = 6,
	SCTP_FIELD = 8,
	EXTENSIONS = 8,
};

/* A transport header and what it covers. */
struct covered {
	uint8_t *l4;
	uint32_t len;
	uint8_t protocol;
	uint64_t pseudo; /* the pseudo-header's sum */
};

static bool find_ipv4(const struct lvs_packet *packet, struct covered *covered)
{
	uint8_t *ip = packet->data;
	uint32_t header_len, len;

	if (packet->linear_len < IPV4_LEN)
		return false;
	header_len = (ip[0] & 0xfu) * 4;
	len = lvs_load16(ip + 2);
	if (header_len < IPV4_LEN || len < header_len || len > packet->linear_len ||
	    (lvs_load16(ip + 6) & 0x3fff) != 0)
		return false;
	covered->l4 = ip + header_len;
	covered->len = len - header_len;
	covered->protocol = ip[9];
	covered->pseudo =
		lvs_csum_pseudo(ip + 12, ip + 16, LVS_INET, covered->protocol, covered->len);
	return true;
}

/* Over what has no transport header before it; a fragment is none of ours. */
static bool find_ipv6(const struct lvs_packet *packet, struct covered *covered)
{
	uint8_t *ip = packet->data;
	uint32_t at = IPV6_LEN, len;
	uint8_t protocol;

	if (packet->linear_len < IPV6_LEN)
		return false;
	len = IPV6_LEN + lvs_load16(ip + 4);
	protocol = ip[6];
	if (len > packet->linear_len)
		return false;
	for (unsigned i = 0; protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_DSTOPTS; i++) {
		if (i == EXTENSIONS || at + 8 > len)
			return false;
		protocol = ip[at];
		at += (ip[at + 1] + 1u) * 8;
	}
	if (at > len)
		return false;
	covered->l4 = ip + at;
	covered->len = len - at;
	covered->protocol = protocol;
	covered->pseudo = lvs_csum_pseudo(ip + 8, ip + 24, LVS_INET6, protocol, covered->len);
	return true;
}

/* The field, 0 for a protocol without one, or one of which the whole header is not there. */
static uint32_t field_of(const struct covered *covered)
{
	switch (covered->protocol) {
	case LVS_TCP:
		return covered->len >= 20 ? TCP_FIELD : 0;
	case LVS_UDP:
		return covered->len >= 8 ? UDP_FIELD : 0;
	default:
		return 0;
	}
}

/* Sums what is covered, the field included, on top of @sum. */
static void put_sum(const struct covered *covered, uint8_t *field, uint64_t sum)
{
	lvs_be16 whole = (lvs_be16)~lvs_csum_fold(lvs_csum_sum(sum, covered->l4, covered->len));

	if (whole == 0 && covered->protocol == LVS_UDP)
		whole = 0xffff;
	lvs_store_be16(field, whole);
}

static bool complete_sum(const struct covered *covered, enum lvs_xdp_csum how)
{
	uint32_t offset = field_of(covered);
	uint8_t *field = covered->l4 + offset;
	lvs_be16 present;

	if (!offset)
		return false;
	present = lvs_load_be16(field);
	/* RFC 768: it has none. */
	if (covered->protocol == LVS_UDP && present == 0)
		return false;
	if (how == LVS_XDP_CSUM_RECOMPUTE) {
		lvs_store_be16(field, 0);
		put_sum(covered, field, covered->pseudo);
		return true;
	}
	if (lvs_likely(present != lvs_csum_fold(covered->pseudo)))
		return false;
	/* The pseudo-header's sum stands in the field already. */
	put_sum(covered, field, 0);
	return true;
}

static bool complete_crc(const struct covered *covered, enum lvs_xdp_csum how)
{
	if (covered->len < 12 ||
	    (how == LVS_XDP_CSUM_DETECT && lvs_load32(covered->l4 + SCTP_FIELD) != 0))
		return false;
	lvs_crc32c_sctp(covered->l4, covered->len);
	return true;
}

void lvs_xdp_csum(struct lvs_packet *packet, enum lvs_xdp_csum how)
{
	struct covered covered;
	bool found, made;

	if (how == LVS_XDP_CSUM_TRUST || !packet->linear_len)
		return;
	found = packet->data[0] >> 4 == 4 ? find_ipv4(packet, &covered)
					  : find_ipv6(packet, &covered);
	if (!found)
		return;
	made = covered.protocol == LVS_SCTP ? complete_crc(&covered, how)
					    : complete_sum(&covered, how);
	if (made)
		packet->flags |= LVS_PACKET_CSUM_VALID;
}
