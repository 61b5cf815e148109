/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapters of the library: the only place that names them. */
#include <string.h>

#include "base/compiler.h"
#include "io/adapters.h"

static const struct lvs_io_ops *const adapters[] = {
	&lvs_io_packet_ops,
	&lvs_io_pcap_ops,
	&lvs_io_tun_ops,
};

const struct lvs_io_ops *lvs_io_at(unsigned i)
{
	return i < LVS_ARRAY_N(adapters) ? adapters[i] : NULL;
}

const struct lvs_io_ops *lvs_io_find(const char *name)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(adapters); i++)
		if (name && strcmp(adapters[i]->name, name) == 0)
			return adapters[i];
	return NULL;
}
