/* SPDX-License-Identifier: BSD-2-Clause */
/* What a forwarder is told of a connection, and of the way there or back. */
#ifndef LVS_DIRECTOR_BINDING_H
#define LVS_DIRECTOR_BINDING_H

#include <string.h>

#include "director/worker.h"

LVS_INLINE uint8_t lvs_binding_pmtu_disc(const struct lvs_director *director)
{
	return !(lvs_setting(director, flags) & LVS_SET_NO_PMTU_DISC);
}

LVS_INLINE void lvs_binding_addrs(struct lvs_binding *binding, const struct lvs_conn *conn)
{
	if (lvs_likely(!(conn->kind & LVS_CONN_LARGE))) {
		binding->client = (union lvs_addr){.word = {conn->u.v4.client}};
		binding->service = (union lvs_addr){.word = {conn->u.v4.service}};
		binding->dest = (union lvs_addr){.word = {conn->u.v4.dest}};
		binding->family = LVS_INET;
		binding->dest_family = LVS_INET;
		return;
	}
	binding->client = conn->u.v6.client;
	binding->service = conn->u.v6.service;
	binding->dest = conn->u.v6.dest;
	binding->family = (uint8_t)lvs_conn_family(conn);
	binding->dest_family = (uint8_t)lvs_conn_dest_family(conn);
}

/* From a record; the path is left to the caller. */
LVS_INLINE void lvs_binding_of_conn(struct lvs_binding *binding, const struct lvs_conn *conn,
				    const struct lvs_director *director)
{
	lvs_binding_addrs(binding, conn);
	binding->client_port = lvs_conn_client_port(conn);
	binding->service_port = conn->service_port;
	binding->dest_port = conn->dest_port;
	binding->protocol = conn->protocol;
	binding->pmtu_disc = lvs_binding_pmtu_disc(director);
	memset(&binding->tun_port, 0, sizeof(*binding) - offsetof(struct lvs_binding, tun_port));
}

/* The same of what is put into the packet alone: the destination on the way out, the service on the
 * way back (LVS_FORWARD_ONE_END). Left to the caller are path, tunnel and pmtu_disc. */
LVS_INLINE void lvs_binding_end_of_conn(struct lvs_binding *binding, const struct lvs_conn *conn,
					enum lvs_direction direction)
{
	const bool back = direction == LVS_OUTPUT;
	union lvs_addr *end = back ? &binding->service : &binding->dest;

	if (lvs_likely(!(conn->kind & LVS_CONN_LARGE))) {
		lvs_be32 addr = back ? conn->u.v4.service : conn->u.v4.dest;

		*end = (union lvs_addr){.word = {addr}};
		binding->family = LVS_INET;
		binding->dest_family = LVS_INET;
	} else {
		*end = back ? conn->u.v6.service : conn->u.v6.dest;
		binding->family = (uint8_t)lvs_conn_family(conn);
		binding->dest_family = (uint8_t)lvs_conn_dest_family(conn);
	}
	if (back)
		binding->service_port = conn->service_port;
	else
		binding->dest_port = conn->dest_port;
	binding->protocol = conn->protocol;
}

/* The same addresses into a new record, whose kind says how large it is. */
LVS_INLINE void lvs_record_addrs(struct lvs_conn *conn, const struct lvs_flow *flow,
				 const union lvs_addr *dest)
{
	if (!(conn->kind & LVS_CONN_LARGE)) {
		conn->u.v4.client = flow->src.word[0];
		conn->u.v4.service = flow->dst.word[0];
		conn->u.v4.dest = dest->word[0];
		return;
	}
	conn->u.v6.client = flow->src;
	conn->u.v6.service = flow->dst;
	conn->u.v6.dest = *dest;
}

/* From a client's packet and the destination it was given. */
void lvs_binding_of_flow(struct lvs_binding *binding, const struct lvs_flow *flow,
			 const struct lvs_dest *dest, const struct lvs_director *director);

/* What kind of tunnel leads to a destination. */
LVS_INLINE void lvs_binding_tunnel(struct lvs_binding *binding, const struct lvs_dest *dest)
{
	/* relaxed: one word, whole in itself */
	uint32_t tunnel = atomic_load_explicit(&dest->tunnel, memory_order_relaxed);

	memcpy(&binding->tun_port, &tunnel, sizeof(tunnel));
}

/* The same and the way there. */
LVS_INLINE void lvs_binding_to(struct lvs_binding *binding, const struct lvs_dest *dest)
{
	lvs_binding_tunnel(binding, dest);
	binding->path = lvs_dest_path(dest);
}

_Static_assert(offsetof(struct lvs_binding, tun_type) == offsetof(struct lvs_binding, tun_port) + 2,
	       "as in the word");
_Static_assert(offsetof(struct lvs_binding, tun_flags) ==
		       offsetof(struct lvs_binding, tun_port) + 3,
	       "as in the word");

/* The way to an address that is no destination's. False: there is none. */
bool lvs_path_to(struct lvs_path_conf *path, const struct lvs_director *director, unsigned family,
		 const union lvs_addr *addr);

/* The way to the client, into @p path, which the binding then points to. False: there is none. */
LVS_INLINE bool lvs_binding_path_back(struct lvs_path_conf *path, struct lvs_binding *binding,
				      const struct lvs_director *director)
{
	binding->path = path;
	return lvs_path_to(path, director, binding->family, &binding->client);
}

/* What forwarders are told of the packets of a round: made once, and of each packet what is not the
 * same for all. */
struct lvs_told {
	struct lvs_binding binding;
	struct lvs_path_conf back; /* the way to any client, where there is no lookup */
};

LVS_INLINE void lvs_told_begin(struct lvs_told *told, const struct lvs_director *director)
{
	memset(&told->binding, 0, sizeof(told->binding));
	memset(&told->back, 0, sizeof(told->back));
	told->binding.pmtu_disc = lvs_binding_pmtu_disc(director);
	told->back.size = sizeof(told->back);
	told->back.mtu = lvs_setting(director, default_mtu);
}

/* The way back to a flow's receiver: lvs_path_to(). False: there is none. */
LVS_INLINE bool lvs_told_path_back(struct lvs_told *told, struct lvs_worker *worker,
				   const struct lvs_flow *flow)
{
	if (lvs_unlikely(worker->director->path_lookup)) {
		told->binding.path = &worker->path;
		return lvs_path_to(&worker->path, worker->director, flow->family, &flow->dst);
	}
	told->back.next_hop = flow->dst;
	told->back.next_hop_family = flow->family;
	told->binding.path = &told->back;
	return true;
}

#endif
