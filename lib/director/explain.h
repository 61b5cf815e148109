/* SPDX-License-Identifier: BSD-2-Clause */
/* What lvs_explain() is made of: the record of a packet's way becomes an explanation. */
#ifndef LVS_DIRECTOR_EXPLAIN_H
#define LVS_DIRECTOR_EXPLAIN_H

#include <liblvs/explain.h>

#include "director/worker.h"

/* A packet's way, and what it was before. Inside an epoch. */
struct lvs_explained_way {
	const struct lvs_director *director;
	const struct lvs_record *record;
	const struct lvs_packet *packet; /* as it is now */
	const uint8_t *data;             /* where it began */
};

/* The service that was asked, or that the connection is of, with its candidates. */
void lvs_explain_service(const struct lvs_explained_way *way, struct lvs_explanation *out);

/* Connection, template, destination and state. */
void lvs_explain_conn(const struct lvs_explained_way *way, struct lvs_explanation *out);

/* What was rewritten, put in front, and where it goes. */
void lvs_explain_way_out(const struct lvs_explained_way *way, struct lvs_explanation *out);

LVS_INLINE void lvs_explain_end(struct lvs_explained_end *end, const union lvs_addr *addr,
				unsigned family, lvs_be16 port)
{
	lvs_addr_set(&end->addr, addr, family);
	end->family = (uint8_t)family;
	end->port = port;
}

#endif
