/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/byteorder.h"
#include "io/host/route.h"

void lvs_prefix_mask(union lvs_addr *addr, unsigned len)
{
	for (unsigned i = 0; i<4; i++, len = len> 32 ? len - 32 : 0)
		if (len < 32)
			addr->word[i] &= len ? lvs_htonl(~0u << (32 - len)) : 0;
}
