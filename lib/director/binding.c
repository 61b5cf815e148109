/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/binding.h"

#include <string.h>

#include "base/byteorder.h"

void lvs_binding_of_flow(struct lvs_binding *binding, const struct lvs_flow *flow,
			 const struct lvs_dest *dest, const struct lvs_director *director)
{
	memset(binding, 0, sizeof(*binding));
	binding->client = flow->src;
	binding->service = flow->dst;
	binding->dest = dest->addr;
	binding->client_port = flow->src_port;
	binding->service_port = flow->dst_port;
	binding->dest_port = dest->port ? dest->port : flow->dst_port;
	binding->family = flow->family;
	binding->dest_family = (uint8_t)dest->family;
	binding->protocol = flow->protocol;
	binding->pmtu_disc = lvs_binding_pmtu_disc(director);
}

bool lvs_path_to(struct lvs_path_conf *path, const struct lvs_director *director, unsigned family,
		 const union lvs_addr *addr)
{
	memset(path, 0, sizeof(*path));
	path->size = sizeof(*path);
	if (director->path_lookup && director->path_lookup(director->path_lookup_user,
							   (enum lvs_family)family, addr, path) < 0)
		return false;
	if (path->mtu == 0)
		path->mtu = lvs_setting(director, default_mtu);
	if (path->next_hop_family == LVS_UNSPEC) {
		lvs_addr_set(&path->next_hop, addr, family);
		path->next_hop_family = (uint8_t)family;
	}
	return true;
}
