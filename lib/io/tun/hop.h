/* SPDX-License-Identifier: BSD-2-Clause */
/* A hop given back or taken: TTL or hop limit, and the header's checksum with it. */
#ifndef LVS_IO_TUN_HOP_H
#define LVS_IO_TUN_HOP_H

#include <stdbool.h>

#include "base/byteorder.h"

enum {
	LVS_TUN_HOP_HEAD = 20, /* bytes that lvs_tun_hop() may change, of either family */
};

/*
 * @ip: LVS_TUN_HOP_HEAD bytes of a header. @up: a hop is given back, else it is taken. 255 and 0
 * stay what they are.
 */
static inline void lvs_tun_hop(uint8_t *ip, bool up)
{
	bool ipv4 = ip[0] >> 4 == 4;
	uint8_t *hops = ipv4 ? ip + 8 : ip + 7;
	uint32_t sum;

	if (*hops == (up ? 255 : 0))
		return;
	*hops = (uint8_t)(up ? *hops + 1 : *hops - 1);
	if (!ipv4)
		return;
	/* RFC 1624: TTL is the upper byte of its word; the checksum falls as it grows. */
	sum = lvs_load16(ip + 10) + (up ? 0xfeffu : 0x0100u);
	sum = (sum & 0xffff) + (sum >> 16);
	lvs_store16(ip + 10, (uint16_t)(sum == 0xffff ? 0 : sum));
}

#endif
