/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets of connections that a helper looks into (LVS_CONN_HELPED). */
#ifndef LVS_DIRECTOR_HELPED_H
#define LVS_DIRECTOR_HELPED_H

#include "director/helpers.h"
#include "director/worker.h"
#include "helper/helped.h"

/*
 * Gives a record that was not inserted yet what its helper needs, and the flag for its word; false:
 * no memory.
 */
bool lvs_helped_begin(struct lvs_director *director, struct lvs_conn *conn,
		      const struct lvs_helper_ops *helper);

/* What is known of such a connection, as it is at one moment; and the same replaced. */
void lvs_helped_read(const struct lvs_director *director, const struct lvs_conn *conn,
		     struct lvs_helped *out);
void lvs_helped_write(const struct lvs_director *director, const struct lvs_conn *conn,
		      const struct lvs_helped *in);

/*
 * The first packet of a helped connection, before it is sent: LVS_REASON_NONE, or why it is
 * dropped. @p conn NULL: it is only asked what would be. @p word: the connection's.
 */
enum lvs_reason lvs_helped_first(struct lvs_step *step, struct lvs_conn *conn,
				 const struct lvs_helper_ops *helper, const struct lvs_dest *dest,
				 struct lvs_binding *binding, uint64_t word);

/* lvs_hit() for such a connection. */
enum lvs_reason lvs_hit_helped(struct lvs_step *step, struct lvs_conn *conn, enum lvs_side side,
			       struct lvs_dest *dest, const struct lvs_forward_ops *ops);

/* Whether a first fragment is one of such a connection, or begins one: all of it is needed. */
bool lvs_helped_needs_whole(const struct lvs_step *step);

/* Makes a connection that the helper of @p control expects: why not, or LVS_REASON_NONE. */
enum lvs_reason lvs_expect(struct lvs_step *step, struct lvs_conn *control,
			   const struct lvs_helper_expect *expect);

#endif
