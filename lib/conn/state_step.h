/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection's word after a packet, for who asks it once a packet: see lvs_state_next(). */
#ifndef LVS_CONN_STATE_STEP_H
#define LVS_CONN_STATE_STEP_H

#include "conn/state_word.h"

/* Whatever has tables; the direction is that of the table. */
uint64_t lvs_state_next_rare(const struct lvs_states *states, uint64_t word,
			     enum lvs_direction direction, const struct lvs_headers *headers);

/* What nearly all packets are: an ACK of an established connection, which all tables leave so. */
LVS_INLINE bool lvs_state_goes_on(uint64_t word, uint8_t flags)
{
	const uint8_t marks = LVS_TCP_RST | LVS_TCP_SYN | LVS_TCP_FIN | LVS_TCP_ACK;

	return LVS_CONN_STATE(word) == LVS_TCP_ESTABLISHED_STATE && (flags & marks) == LVS_TCP_ACK;
}

LVS_INLINE uint64_t lvs_state_step(const struct lvs_states *states, uint64_t word,
				   enum lvs_direction direction, const struct lvs_headers *headers)
{
	/* Replies were not expected, and this is one: from now on the full tables hold. */
	if (direction == LVS_OUTPUT)
		word &= ~(uint64_t)(LVS_CONN_NOOUTPUT | LVS_CONN_UNASSURED);
	if (lvs_likely(headers->flow.protocol == LVS_TCP) &&
	    lvs_likely(lvs_state_goes_on(word, headers->tcp_flags)))
		return lvs_state_with_timeout(
			word, lvs_states_ticks(states, LVS_STATE_TCP, LVS_TCP_ESTABLISHED_STATE));
	if (headers->flow.protocol == LVS_UDP)
		return lvs_state_with_timeout(word, lvs_states_ticks(states, LVS_STATE_UDP, 0));
	if (direction == LVS_INPUT && word & LVS_CONN_NOOUTPUT)
		direction = LVS_INPUT_ONLY;
	return lvs_state_next_rare(states, word, direction, headers);
}

#endif
