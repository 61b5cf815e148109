/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP errors, and whose connection they are about. */
#ifndef LVS_DIRECTOR_ICMP_H
#define LVS_DIRECTOR_ICMP_H

#include "director/worker.h"

/* Whose an error is. */
struct lvs_icmp_about {
	struct lvs_conn *conn;
	struct lvs_dest *dest;
	const struct lvs_forward_ops *ops;
	enum lvs_side side;
};

/* The connection of a quoted packet, and which side of it that is. */
bool lvs_icmp_find(struct lvs_step *step, const struct lvs_flow *flow,
		   struct lvs_icmp_about *about);

/* Whether an error that is to be rewritten, or believed, is whole. */
enum lvs_reason lvs_icmp_check(const struct lvs_step *step);

/* An error about a packet that we have wrapped: the path is noted, and the client told.
 * LVS_REASON_ICMP: it is about none of ours. */
enum lvs_reason lvs_icmp_about_tunnel(struct lvs_step *step, const struct lvs_quote *outer);

#endif
