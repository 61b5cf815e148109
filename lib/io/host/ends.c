/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/ends.h"

#include <liblvs/packet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/byteorder.h"

#define IP_FRAGMENT 0x3fff /* more fragments, or an offset */
#define IP_OFFSET 0x1fff
#define IPV6_OFFSET 0xfff8
#define IPV6_MAX_HEADERS 16
#define SCTP_HEADER 12
#define SCTP_INIT 1

/* A SYN, or INIT as SCTP's first chunk (RFC 9260): how a connection begins. */
static bool is_opening(unsigned protocol, const uint8_t *l4, uint32_t len)
{
	if (protocol == LVS_TCP)
		return len >= 14 && (l4[13] & (LVS_TCP_SYN | LVS_TCP_ACK)) == LVS_TCP_SYN;
	return protocol == LVS_SCTP && len > SCTP_HEADER && l4[SCTP_HEADER] == SCTP_INIT;
}

static void read_ports(const uint8_t *data, uint32_t len, struct lvs_ends *ends)
{
	const uint8_t *l4 = data + ends->l4;

	if (!lvs_ends_has_ports(ends->protocol) || len < ends->l4 + 4)
		return;
	ends->ports = true;
	ends->src_port = lvs_load_be16(l4);
	ends->dst_port = lvs_load_be16(l4 + 2);
	ends->opens = is_opening(ends->protocol, l4, len - ends->l4);
}

static bool read_ipv4(const uint8_t *data, uint32_t len, struct lvs_ends *ends)
{
	uint16_t fragment;

	if (len < 20)
		return false;
	ends->l4 = (data[0] & 0x0fu) * 4;
	if (ends->l4 < 20)
		return false;
	fragment = lvs_load16(data + 6);
	ends->family = LVS_INET;
	ends->protocol = ends->fragment_protocol = data[9];
	ends->fragment = (fragment & IP_FRAGMENT) != 0;
	ends->later = (fragment & IP_OFFSET) != 0;
	ends->id = lvs_load16(data + 4);
	memcpy(ends->src.byte, data + 12, 4);
	memcpy(ends->dst.byte, data + 16, 4);
	if (!ends->later)
		read_ports(data, len, ends);
	return true;
}

/* AH is a transport to the table's expressions. */
static bool is_extension(uint8_t type)
{
	return type == IPPROTO_HOPOPTS || type == IPPROTO_ROUTING || type == IPPROTO_FRAGMENT ||
	       type == IPPROTO_DSTOPTS;
}

static void read_fragment(const uint8_t *header, struct lvs_ends *ends)
{
	ends->fragment = true;
	ends->later = (lvs_load16(header + 2) & IPV6_OFFSET) != 0;
	ends->fragment_protocol = header[0];
	ends->id = lvs_load32(header + 4);
}

/* RFC 8200, section 4. */
static bool walk(const uint8_t *data, uint32_t len, struct lvs_ends *ends)
{
	for (unsigned i = 0; is_extension(ends->protocol) && !ends->later; i++) {
		const uint8_t *header = data + ends->l4;

		if (i == IPV6_MAX_HEADERS || len < ends->l4 + 8)
			return false;
		if (ends->protocol == IPPROTO_FRAGMENT)
			read_fragment(header, ends);
		ends->l4 += ends->protocol == IPPROTO_FRAGMENT ? 8 : (header[1] + 1u) * 8;
		ends->protocol = header[0];
	}
	return true;
}

static bool read_ipv6(const uint8_t *data, uint32_t len, struct lvs_ends *ends)
{
	if (len < 40)
		return false;
	ends->family = LVS_INET6;
	ends->protocol = data[6];
	ends->l4 = 40;
	memcpy(ends->src.byte, data + 8, 16);
	memcpy(ends->dst.byte, data + 24, 16);
	if (!walk(data, len, ends))
		return false;
	if (!ends->later)
		read_ports(data, len, ends);
	return true;
}

bool lvs_ends_read(const uint8_t *data, uint32_t len, struct lvs_ends *ends)
{
	memset(ends, 0, sizeof(*ends));
	if (len == 0)
		return false;
	switch (data[0] >> 4) {
	case 4:
		return read_ipv4(data, len, ends);
	case 6:
		return read_ipv6(data, len, ends);
	default:
		return false;
	}
}
