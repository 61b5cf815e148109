/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a connection that a helper looks into, and a segment's turn with it. */
#ifndef LVS_HELPER_HELPED_H
#define LVS_HELPER_HELPED_H

#include <liblvs/helper.h>

#include "helper/seq.h"

struct lvs_helped {
	const struct lvs_helper_ops *ops;
	struct lvs_seq seq[2]; /* of the data from the client, from the server */
	_Alignas(8) uint8_t state[LVS_HELPER_STATE]; /* the helper's */
};

/* What a segment's turn needs besides it. */
struct lvs_helped_turn {
	const struct lvs_binding *binding; /* of the connection */
	bool reply;                        /* server to client */
	bool established;                  /* the connection is: the helper is asked */
	/* Makes a connection that is expected; why not, or LVS_REASON_NONE. */
	enum lvs_reason (*expect)(void *user, const struct lvs_helper_expect *expect);
	void *user;
};

/*
 * Looks at a segment, which is linear and whole: what it acknowledges, whether it may go now, what
 * the helper says of it. Nothing of the packet changes; what is to be rewritten is noted.
 */
enum lvs_reason lvs_helped_look(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				const struct lvs_packet *packet, const struct lvs_headers *headers);

/* The segment goes: @p from and @p len are of its data as it came. */
void lvs_helped_pass(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
		     const struct lvs_headers *headers, uint32_t from, uint32_t len);

/* The segment does not go: as if it had not come, but for what it acknowledged. @p before is what
 * was known before lvs_helped_look(). */
void lvs_helped_undo(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
		     const struct lvs_helped *before);

/* All of it for a segment by itself, which becomes what its receiver is to get, or stays as it is
 * with a reason other than LVS_REASON_NONE. */
enum lvs_reason lvs_helped_segment(struct lvs_helped *helped, const struct lvs_helped_turn *turn,
				   struct lvs_packet *packet, struct lvs_headers *headers);

#endif
