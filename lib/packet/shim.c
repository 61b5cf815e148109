/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/shim.h"

#include "packet/parse.h"

bool lvs_shim_gre(const uint8_t *gre, uint32_t room, struct lvs_shim *shim)
{
	unsigned flags, type;

	if (room < LVS_GRE_LEN)
		return false;
	flags = lvs_load16(gre);
	type = lvs_load16(gre + 2);
	if ((flags & ~(unsigned)LVS_GRE_CSUM_FLAG) ||
	    (type != LVS_ETHERTYPE_IPV4 && type != LVS_ETHERTYPE_IPV6))
		return false;
	shim->has_csum = flags != 0;
	shim->is_remote = false;
	shim->len = shim->has_csum ? LVS_GRE_CSUM_LEN : LVS_GRE_LEN;
	shim->family = type == LVS_ETHERTYPE_IPV6 ? LVS_INET6 : LVS_INET;
	return shim->len <= room;
}

/* Behind UDP. */
static bool read_gue(const uint8_t *gue, uint32_t room, struct lvs_shim *shim)
{
	unsigned flags = lvs_load16(gue + 2);

	if (gue[1] != LVS_IPIP && gue[1] != LVS_IPV6)
		return false;
	shim->family = gue[1] == LVS_IPV6 ? LVS_INET6 : LVS_INET;
	shim->is_remote = flags == LVS_GUE_PRIVATE;
	if (!shim->is_remote) {
		shim->len = LVS_UDP_LEN + LVS_GUE_LEN;
		return gue[0] == 0 && flags == 0;
	}
	shim->len = LVS_UDP_LEN + LVS_GUE_REMCSUM_LEN;
	return gue[0] == (LVS_GUE_REMCSUM_LEN - LVS_GUE_LEN) / 4 && room >= LVS_GUE_REMCSUM_LEN &&
	       lvs_load32(gue + 4) == LVS_GUE_REMCSUM;
}

bool lvs_shim_gue(const uint8_t *udp, uint32_t room, struct lvs_shim *shim)
{
	if (room < LVS_UDP_LEN + LVS_GUE_LEN)
		return false;
	shim->has_csum = lvs_load_be16(udp + LVS_UDP_CSUM) != 0;
	return read_gue(udp + LVS_UDP_LEN, room - LVS_UDP_LEN, shim);
}
