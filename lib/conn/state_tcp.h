/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP's tables, and a step in them, for who makes connections: see state_tcp.c. */
#ifndef LVS_CONN_STATE_TCP_H
#define LVS_CONN_STATE_TCP_H

#include "conn/state_word.h"

/* What kind of packet, by precedence. */
enum lvs_tcp_class {
	LVS_TCP_CLASS_SYN,
	LVS_TCP_CLASS_FIN,
	LVS_TCP_CLASS_ACK,
	LVS_TCP_CLASS_RST,
	LVS_TCP_CLASS_NONE, /* none of the flags: leads to CLOSE whatever the state */
};

/* Next state by direction, class and state. */
struct lvs_tcp_table {
	uint8_t next[LVS_DIRECTIONS][LVS_TCP_CLASS_NONE][LVS_TCP_STATE_N];
};

LVS_INLINE enum lvs_tcp_class lvs_tcp_class_of(uint8_t flags)
{
	if (lvs_likely((flags & (LVS_TCP_RST | LVS_TCP_SYN | LVS_TCP_FIN)) == 0))
		return flags & LVS_TCP_ACK ? LVS_TCP_CLASS_ACK : LVS_TCP_CLASS_NONE;
	if (flags & LVS_TCP_RST)
		return LVS_TCP_CLASS_RST;
	return flags & LVS_TCP_SYN ? LVS_TCP_CLASS_SYN : LVS_TCP_CLASS_FIN;
}

LVS_INLINE unsigned lvs_tcp_state_after(const struct lvs_states *states, unsigned state,
					enum lvs_direction direction, uint8_t flags)
{
	/* relaxed: either table is one to go by, both are constants */
	const struct lvs_tcp_table *table =
		atomic_load_explicit(&states->tcp, memory_order_relaxed);
	enum lvs_tcp_class class = lvs_tcp_class_of(flags);

	if (class == LVS_TCP_CLASS_NONE || state >= LVS_TCP_STATE_N)
		return LVS_TCP_CLOSE_STATE;
	return table->next[direction][class][state];
}

LVS_INLINE uint64_t lvs_tcp_step(const struct lvs_states *states, uint64_t word,
				 enum lvs_direction direction, uint8_t flags)
{
	unsigned before = LVS_CONN_STATE(word);
	unsigned after = lvs_tcp_state_after(states, before, direction, flags);

	word = lvs_state_with_timeout(word, lvs_states_ticks(states, LVS_STATE_TCP, after));
	if (after == before)
		return word;
	return lvs_state_with(word, after, lvs_tcp_states[after].active);
}

#endif
