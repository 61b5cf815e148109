/* SPDX-License-Identifier: BSD-2-Clause */
/* What a forwarder is told of a connection, and of the way there or back. */
#ifndef LVS_DIRECTOR_BINDING_H
#define LVS_DIRECTOR_BINDING_H

#include <string.h>

#include "director/director.h"

/* From a record; the path is left to the caller. */
void lvs_binding_of_conn(struct lvs_binding *binding, const struct lvs_conn *conn,
			 const struct lvs_director *director);

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

/* The way to the destination of a connection, and what kind of tunnel leads there. */
LVS_INLINE void lvs_binding_to(struct lvs_binding *binding, const struct lvs_dest *dest)
{
	/* relaxed: one word, whole in itself */
	uint32_t tunnel = atomic_load_explicit(&dest->tunnel, memory_order_relaxed);

	binding->path = lvs_dest_path(dest);
	memcpy(&binding->tun_port, &tunnel, sizeof(tunnel));
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
bool lvs_binding_path_back(struct lvs_path_conf *path, struct lvs_binding *binding,
			   const struct lvs_director *director);

#endif
