/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protocol state machines as data: from {protocol, direction, state, packet}
 * to the next state, its timeout and whether it counts as active. Each protocol
 * is a file of its own, lib/conn/state_*.c.
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
	LVS_DIRECTIONS = 3,
};

/* TCP states: name, name shown, timeout in seconds, whether active. The order is the kernel's. */
#define LVS_TCP_STATES(X)                                                                          \
	X(NONE, "NONE", 2, false)                                                                  \
	X(ESTABLISHED, "ESTABLISHED", 900, true)                                                   \
	X(SYN_SENT, "SYN_SENT", 120, true)                                                         \
	X(SYN_RECV, "SYN_RECV", 60, true)                                                          \
	X(FIN_WAIT, "FIN_WAIT", 120, false)                                                        \
	X(TIME_WAIT, "TIME_WAIT", 120, false)                                                      \
	X(CLOSE, "CLOSE", 10, false)                                                               \
	X(CLOSE_WAIT, "CLOSE_WAIT", 60, false)                                                     \
	X(LAST_ACK, "LAST_ACK", 30, false)                                                         \
	X(LISTEN, "LISTEN", 120, false)                                                            \
	X(SYNACK, "SYNACK", 120, true)

enum lvs_tcp_state {
#define LVS_TCP_STATE_ENUM(name, shown, timeout, active) LVS_TCP_##name##_STATE,
	LVS_TCP_STATES(LVS_TCP_STATE_ENUM)
#undef LVS_TCP_STATE_ENUM
		LVS_TCP_STATE_N,
};

/* SCTP states, the same. */
#define LVS_SCTP_STATES(X)                                                                         \
	X(NONE, "NONE", 2, false)                                                                  \
	X(INIT1, "INIT1", 4, false)                                                                \
	X(INIT, "INIT", 61, false)                                                                 \
	X(COOKIE_SENT, "C-SENT", 61, false)                                                        \
	X(COOKIE_REPLIED, "C-REPLIED", 61, false)                                                  \
	X(COOKIE_WAIT, "C-WAIT", 61, false)                                                        \
	X(COOKIE, "COOKIE", 61, false)                                                             \
	X(COOKIE_ECHOED, "C-ECHOED", 61, false)                                                    \
	X(ESTABLISHED, "ESTABLISHED", 900, true)                                                   \
	X(SHUTDOWN_SENT, "S-SENT", 61, false)                                                      \
	X(SHUTDOWN_RECEIVED, "S-RECEIVED", 61, false)                                              \
	X(SHUTDOWN_ACK_SENT, "S-ACK-SENT", 61, false)                                              \
	X(REJECTED, "REJECTED", 4, false)                                                          \
	X(CLOSED, "CLOSED", 61, false)

enum lvs_sctp_state {
#define LVS_SCTP_STATE_ENUM(name, shown, timeout, active) LVS_SCTP_##name##_STATE,
	LVS_SCTP_STATES(LVS_SCTP_STATE_ENUM)
#undef LVS_SCTP_STATE_ENUM
		LVS_SCTP_STATE_N,
};

#define LVS_STATE_MAX 16

/* Protocols that have a state machine. */
enum lvs_state_protocol {
	LVS_STATE_TCP,
	LVS_STATE_UDP,
	LVS_STATE_SCTP,
	LVS_STATE_PROTOCOLS,
};

struct lvs_tcp_table;

/* What is in force in a director. Control and expiry write, workers read, relaxed: each is a
 * value by itself. */
struct lvs_states {
	_Atomic uint32_t ticks[LVS_STATE_PROTOCOLS][LVS_STATE_MAX]; /* timeouts */
	_Atomic(const struct lvs_tcp_table *) tcp;                  /* the ordinary, or secure */
};

/* Fills in the kernel's defaults. */
void lvs_states_init(struct lvs_states *states);

/* Changes one timeout; each connection takes it up with its next packet. */
void lvs_states_set_timeout(struct lvs_states *states, unsigned protocol, unsigned state,
			    uint32_t seconds);

/* Seconds as last set. */
uint32_t lvs_states_timeout_s(const struct lvs_states *states, unsigned protocol, unsigned state);

/* Which of TCP's tables is in force: with the secure one, half-open connections stay apart until
 * their server has answered. Connections go on in the other where they are. */
void lvs_states_set_secure_tcp(struct lvs_states *states, bool secure);
bool lvs_states_secure_tcp(const struct lvs_states *states);

/*
 * The word of a connection after a packet: state, timeout, INACTIVE and NOOUTPUT
 * flags as the tables say; everything else as in @p word. Pure.
 */
uint64_t lvs_state_next(const struct lvs_states *states, uint64_t word,
			enum lvs_direction direction, const struct lvs_headers *headers);

/* Whether a packet may be the first of a connection: TCP's with SYN and without RST, SCTP's with
 * INIT; with LVS_SET_SLOPPY_TCP and LVS_SET_SLOPPY_SCTP in @p flags, all but RST and ABORT. */
bool lvs_state_opens(const struct lvs_headers *headers, uint32_t flags);

/* Whether a packet may begin a connection in the place of one in this state; @p fin_wait: also
 * where it waits for the end of what is never seen. */
bool lvs_state_reopens(unsigned protocol, uint64_t word, bool fin_wait);

/* Whether both sides have agreed that they are connected; never for UDP. */
bool lvs_state_established(unsigned protocol, uint64_t word);

/* What drop_entry does with an entry, by its state. */
enum lvs_state_worth {
	LVS_STATE_WORTH_LITTLE, /* half open: it goes */
	LVS_STATE_WORTH_SOME,   /* it may go where it has been idle, and was of little use */
	LVS_STATE_WORTH_ALL,    /* it stays; it will go by itself before long */
};

enum lvs_state_worth lvs_state_worth(unsigned protocol, uint64_t word);

/* The name as ipvsadm prints it; static. */
const char *lvs_state_name(unsigned protocol, uint64_t word);

/* Whether an entry may make room for a new one: embryonic or closing; of UDP, one that has had no
 * more than two packets. */
bool lvs_state_evictable(unsigned protocol, uint64_t word, uint32_t packets);

#endif
