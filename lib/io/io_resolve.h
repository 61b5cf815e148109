/* SPDX-License-Identifier: BSD-2-Clause */
/* The link-layer address of a packet's next hop, for adapters that write frames. */
#ifndef LVS_IO_IO_RESOLVE_H
#define LVS_IO_IO_RESOLVE_H

#include <liblvs/host.h>
#include <liblvs/io.h>

#include "base/compiler.h"

/* By the embedder's own resolver, or the host's; as lvs_host_resolve(). */
LVS_INLINE int lvs_io_resolve(const struct lvs_io_conf *conf, const struct lvs_packet *packet,
			      struct lvs_host_link *link)
{
	enum lvs_family family = (enum lvs_family)packet->next_hop_family;

	if (conf->resolve)
		return conf->resolve(conf->resolve_user, packet->path, family, &packet->next_hop,
				     link);
	return lvs_host_resolve(conf->host, packet->path, family, &packet->next_hop, link);
}

#endif
