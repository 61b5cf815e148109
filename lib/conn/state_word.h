/* SPDX-License-Identifier: BSD-2-Clause */
/* What the protocols' files share: a state's row, and how it gets into a connection's word. */
#ifndef LVS_CONN_STATE_WORD_H
#define LVS_CONN_STATE_WORD_H

#include "base/compiler.h"
#include "conn/conn.h"
#include "conn/state.h"

struct lvs_state_row {
	const char *shown; /* as ipvsadm prints it */
	uint32_t timeout_s;
	bool active;
};

#define LVS_STATE_ROW(name, shown, timeout, active) {shown, timeout, active},

LVS_INLINE uint32_t lvs_states_ticks(const struct lvs_states *states, unsigned protocol,
				     unsigned state)
{
	/* relaxed: as in lvs_states_set_timeout() */
	return atomic_load_explicit(&states->ticks[protocol][state], memory_order_relaxed);
}

LVS_INLINE uint64_t lvs_state_with_timeout(uint64_t word, uint32_t ticks)
{
	return (word & UINT32_MAX) | (uint64_t)ticks << 32;
}

/* The word with another state in it. */
LVS_INLINE uint64_t lvs_state_with(uint64_t word, unsigned state, bool active)
{
	word = (word & ~(uint64_t)0xff) | state;
	return active ? word & ~(uint64_t)LVS_CONN_INACTIVE : word | LVS_CONN_INACTIVE;
}

/* --- state_tcp.c --- */

extern const struct lvs_state_row lvs_tcp_states[LVS_TCP_STATE_N];
/* Which make room for a new connection, by bit. */
extern const uint32_t lvs_tcp_evictable;

const struct lvs_tcp_table *lvs_tcp_table(bool secure);

uint64_t lvs_tcp_next(const struct lvs_states *states, uint64_t word, enum lvs_direction direction,
		      uint8_t flags);

/* --- state_sctp.c --- */

extern const struct lvs_state_row lvs_sctp_states[LVS_SCTP_STATE_N];

uint64_t lvs_sctp_next(const struct lvs_states *states, uint64_t word, enum lvs_direction direction,
		       uint8_t chunk);

#endif
