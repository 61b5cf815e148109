/* SPDX-License-Identifier: BSD-2-Clause */
#include "director/binding.h"

#include <string.h>

static union lvs_addr addr4(lvs_be32 word)
{
	union lvs_addr addr = {.word = {word}};

	return addr;
}

static uint8_t pmtu_disc(const struct lvs_director *director)
{
	return !(lvs_setting(director, flags) & LVS_SET_NO_PMTU_DISC);
}

void lvs_binding_of_conn(struct lvs_binding *binding, const struct lvs_conn *conn,
			 const struct lvs_director *director)
{
	if (lvs_likely(!(conn->kind & LVS_CONN_LARGE))) {
		binding->client = addr4(conn->u.v4.client);
		binding->service = addr4(conn->u.v4.service);
		binding->dest = addr4(conn->u.v4.dest);
	} else {
		binding->client = conn->u.v6.client;
		binding->service = conn->u.v6.service;
		binding->dest = conn->u.v6.dest;
	}
	binding->client_port = lvs_conn_client_port(conn);
	binding->service_port = conn->service_port;
	binding->dest_port = conn->dest_port;
	binding->family = (uint8_t)lvs_conn_family(conn);
	binding->dest_family = (uint8_t)lvs_conn_dest_family(conn);
	binding->protocol = conn->protocol;
	binding->pmtu_disc = pmtu_disc(director);
	memset(&binding->tun_port, 0, sizeof(*binding) - offsetof(struct lvs_binding, tun_port));
}

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
	binding->pmtu_disc = pmtu_disc(director);
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
		path->next_hop = *addr;
		path->next_hop_family = (uint8_t)family;
	}
	return true;
}

bool lvs_binding_path_back(struct lvs_path_conf *path, struct lvs_binding *binding,
			   const struct lvs_director *director)
{
	binding->path = path;
	return lvs_path_to(path, director, binding->family, &binding->client);
}
