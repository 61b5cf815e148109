/* SPDX-License-Identifier: BSD-2-Clause */
/* What the state machines have in common; UDP has no more than that. */
#include "conn/state.h"

#include <liblvs/director.h>

#include "conn/state_step.h"
#include "packet/sctp.h"

#define UDP_TIMEOUT_S 300
/* UDP has no states; a flow that has had no more packets is no loss, or never was one. */
#define QUESTION_AND_ANSWER 2

static void set_timeouts(struct lvs_states *states, unsigned protocol,
			 const struct lvs_state_row *rows, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lvs_states_set_timeout(states, protocol, i, rows[i].timeout_s);
}

void lvs_states_init(struct lvs_states *states)
{
	set_timeouts(states, LVS_STATE_TCP, lvs_tcp_states, LVS_TCP_STATE_N);
	set_timeouts(states, LVS_STATE_SCTP, lvs_sctp_states, LVS_SCTP_STATE_N);
	lvs_states_set_timeout(states, LVS_STATE_UDP, 0, UDP_TIMEOUT_S);
	lvs_states_set_secure_tcp(states, false);
}

void lvs_states_set_timeout(struct lvs_states *states, unsigned protocol, unsigned state,
			    uint32_t seconds)
{
	/* relaxed: a number by itself, taken up by each connection's next packet */
	atomic_store_explicit(&states->ticks[protocol][state], LVS_TICKS_OF_S(seconds),
			      memory_order_relaxed);
}

uint32_t lvs_states_timeout_s(const struct lvs_states *states, unsigned protocol, unsigned state)
{
	uint64_t ticks = lvs_states_ticks(states, protocol, state);

	return (uint32_t)((ticks << LVS_TICK_SHIFT) / 1000000000);
}

void lvs_states_set_secure_tcp(struct lvs_states *states, bool secure)
{
	/* relaxed: as the timeouts; what it points to is constant */
	atomic_store_explicit(&states->tcp, lvs_tcp_table(secure), memory_order_relaxed);
}

bool lvs_states_secure_tcp(const struct lvs_states *states)
{
	/* relaxed: as in lvs_states_set_secure_tcp() */
	return atomic_load_explicit(&states->tcp, memory_order_relaxed) == lvs_tcp_table(true);
}

uint64_t lvs_state_next(const struct lvs_states *states, uint64_t word,
			enum lvs_direction direction, const struct lvs_headers *headers)
{
	return lvs_state_step(states, word, direction, headers);
}

uint64_t lvs_state_next_rare(const struct lvs_states *states, uint64_t word,
			     enum lvs_direction direction, const struct lvs_headers *headers)
{
	switch (headers->flow.protocol) {
	case LVS_TCP:
		return lvs_tcp_next(states, word, direction, headers->tcp_flags);
	case LVS_SCTP:
		return lvs_sctp_next(states, word, direction, headers->sctp_chunk);
	default:
		return lvs_state_with_timeout(word, lvs_states_ticks(states, LVS_STATE_UDP, 0));
	}
}

bool lvs_state_opens(const struct lvs_headers *headers, uint32_t flags)
{
	switch (headers->flow.protocol) {
	case LVS_TCP:
		if (headers->tcp_flags & LVS_TCP_RST)
			return false;
		return flags & LVS_SET_SLOPPY_TCP || headers->tcp_flags & LVS_TCP_SYN;
	case LVS_SCTP:
		/* As in the kernel, an ABORT behind a cookie is for the state machine alone. */
		if (headers->sctp_first == LVS_SCTP_ABORT)
			return false;
		return flags & LVS_SET_SLOPPY_SCTP || headers->sctp_first == LVS_SCTP_INIT;
	default:
		return true;
	}
}

static bool tcp_reopens(uint64_t word, bool fin_wait)
{
	switch (LVS_CONN_STATE(word)) {
	case LVS_TCP_TIME_WAIT_STATE:
	case LVS_TCP_CLOSE_STATE:
		return true;
	case LVS_TCP_FIN_WAIT_STATE:
		return fin_wait && word & LVS_CONN_NOOUTPUT;
	default:
		return false;
	}
}

bool lvs_state_reopens(unsigned protocol, uint64_t word, bool fin_wait)
{
	switch (protocol) {
	case LVS_TCP:
		return tcp_reopens(word, fin_wait);
	case LVS_SCTP:
		return LVS_CONN_STATE(word) == LVS_SCTP_CLOSED_STATE;
	default:
		return false;
	}
}

bool lvs_state_established(unsigned protocol, uint64_t word)
{
	switch (protocol) {
	case LVS_TCP:
		return LVS_CONN_STATE(word) == LVS_TCP_ESTABLISHED_STATE;
	case LVS_SCTP:
		return LVS_CONN_STATE(word) == LVS_SCTP_ESTABLISHED_STATE;
	default:
		return false;
	}
}

static bool is_half_open(unsigned protocol, unsigned state)
{
	if (protocol == LVS_TCP)
		return state == LVS_TCP_SYN_RECV_STATE || state == LVS_TCP_SYNACK_STATE;
	return state == LVS_SCTP_INIT1_STATE || state == LVS_SCTP_INIT_STATE;
}

enum lvs_state_worth lvs_state_worth(unsigned protocol, uint64_t word)
{
	if (protocol != LVS_TCP && protocol != LVS_SCTP)
		return LVS_STATE_WORTH_SOME;
	if (is_half_open(protocol, LVS_CONN_STATE(word)))
		return LVS_STATE_WORTH_LITTLE;
	return lvs_state_established(protocol, word) ? LVS_STATE_WORTH_SOME : LVS_STATE_WORTH_ALL;
}

const char *lvs_state_name(unsigned protocol, uint64_t word)
{
	unsigned state = LVS_CONN_STATE(word);

	switch (protocol) {
	case LVS_TCP:
		return state < LVS_TCP_STATE_N ? lvs_tcp_states[state].shown : "BUG!";
	case LVS_SCTP:
		return state < LVS_SCTP_STATE_N ? lvs_sctp_states[state].shown : "?";
	default:
		return "UDP";
	}
}

bool lvs_state_evictable(unsigned protocol, uint64_t word, uint32_t packets)
{
	switch (protocol) {
	case LVS_TCP:
		return lvs_tcp_evictable >> LVS_CONN_STATE(word) & 1;
	case LVS_SCTP:
		return LVS_CONN_STATE(word) != LVS_SCTP_ESTABLISHED_STATE;
	default:
		return packets <= QUESTION_AND_ANSWER;
	}
}
