/* SPDX-License-Identifier: BSD-2-Clause */
#include "adapters/adapter.h"

#include <liblvs/io.h>

#include <arpa/inet.h>
#include <stdio.h>

int adapter_check(const struct rules *rules, const char *adapter, uint32_t lacks, const char *file,
		  char *error, size_t error_len)
{
	char server[INET6_ADDRSTRLEN];

	if (!(lacks & LVS_IO_LINK_LAYER))
		return 0;
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct rule_dest *dest = &rules->dest[i];

		if (dest->conf.method != LVS_METHOD_DR)
			continue;
		inet_ntop((int)dest->key.family, &dest->key.addr, server, sizeof(server));
		snprintf(error, error_len,
			 "%s:%u: server %s: direct routing (-g) needs a link layer, and --io %s "
			 "has none; expected -m or -i, or --io packet",
			 file, dest->line, server, adapter);
		return -1;
	}
	return 0;
}
