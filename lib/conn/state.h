/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protocol state machines as data: from {protocol, direction, state, packet}
 * to the next state, its timeout and whether it counts as active.
 */
#ifndef LVS_CONN_STATE_H
#define LVS_CONN_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <liblvs/packet.h>

/* Which way a packet goes, as the tables' rows have it. */
enum lvs_direction {
	LVS_INPUT = 0,      /* client to server */
	LVS_OUTPUT = 1,     /* server to client */
	LVS_INPUT_ONLY = 2, /* client to server, replies never seen */
};

/* TCP states: name, timeout in seconds, whether active. The order is the kernel's. */
#define LVS_TCP_STATES(X)                                                                          \
	X(NONE, 2, false)                                                                          \
	X(ESTABLISHED, 900, true)                                                                  \
	X(SYN_SENT, 120, true)                                                                     \
	X(SYN_RECV, 60, true)                                                                      \
	X(FIN_WAIT, 120, false)                                                                    \
	X(TIME_WAIT, 120, false)                                                                   \
	X(CLOSE, 10, false)                                                                        \
	X(CLOSE_WAIT, 60, false)                                                                   \
	X(LAST_ACK, 30, false)                                                                     \
	X(LISTEN, 120, false)                                                                      \
	X(SYNACK, 120, true)

enum lvs_tcp_state {
#define LVS_TCP_STATE_ENUM(name, timeout, active) LVS_TCP_##name##_STATE,
	LVS_TCP_STATES(LVS_TCP_STATE_ENUM)
#undef LVS_TCP_STATE_ENUM
		LVS_TCP_STATE_N,
};

#define LVS_STATE_MAX 16

/* Protocols that have a state machine. */
enum lvs_state_protocol {
	LVS_STATE_TCP,
	LVS_STATE_UDP,
	LVS_STATE_PROTOCOLS,
};

/* Timeouts in force, in ticks; a director's own. Control writes, workers read, relaxed. */
struct lvs_state_timeouts {
	_Atomic uint32_t ticks[LVS_STATE_PROTOCOLS][LVS_STATE_MAX];
};

/* Fills in the kernel's defaults. */
void lvs_state_timeouts_init(struct lvs_state_timeouts *timeouts);

/* Changes one timeout. */
void lvs_state_timeout_set(struct lvs_state_timeouts *timeouts, unsigned protocol, unsigned state,
			   uint32_t seconds);

/* Seconds as last set. */
uint32_t lvs_state_timeout_s(const struct lvs_state_timeouts *timeouts, unsigned protocol,
			     unsigned state);

/*
 * The word of a connection after a packet: state, timeout, INACTIVE and NOOUTPUT
 * flags as the tables say; everything else as in @p word. Pure.
 */
uint64_t lvs_state_next(const struct lvs_state_timeouts *timeouts, uint64_t word,
			enum lvs_direction direction, const struct lvs_headers *headers);

/* Whether a packet looks like the first of a connection (TCP: SYN and not RST). */
bool lvs_state_opens(const struct lvs_headers *headers, bool sloppy_tcp);

/* The name as ipvsadm prints it; static. */
const char *lvs_state_name(unsigned protocol, uint64_t word);

/* Whether an entry may make room for a new one: embryonic or closing; of UDP, one that has had no
 * more than two packets. */
bool lvs_state_evictable(unsigned protocol, uint64_t word, uint32_t packets);

#endif
