/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/state.h"

#include "base/compiler.h"
#include "conn/conn.h"

/* What kind of TCP packet, by precedence. */
enum tcp_class {
	CLASS_SYN,
	CLASS_FIN,
	CLASS_ACK,
	CLASS_RST,
	CLASS_NONE, /* none of the flags: leads to CLOSE whatever the state */
};

#define NO LVS_TCP_NONE_STATE
#define ES LVS_TCP_ESTABLISHED_STATE
#define SS LVS_TCP_SYN_SENT_STATE
#define SR LVS_TCP_SYN_RECV_STATE
#define FW LVS_TCP_FIN_WAIT_STATE
#define TW LVS_TCP_TIME_WAIT_STATE
#define CL LVS_TCP_CLOSE_STATE
#define CW LVS_TCP_CLOSE_WAIT_STATE
#define LA LVS_TCP_LAST_ACK_STATE
#define LI LVS_TCP_LISTEN_STATE
#define SA LVS_TCP_SYNACK_STATE

/* Next state by direction, class and state: the kernel's "normal" table. */
static const uint8_t tcp_next[3][CLASS_NONE][LVS_TCP_STATE_N] =
	{
		/* clang-format off */
	[LVS_INPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
		[CLASS_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW},
		[CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR},
	},
	[LVS_OUTPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR},
		[CLASS_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
		[CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
		[CLASS_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
	},
	[LVS_INPUT_ONLY] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
		[CLASS_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
		[CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
	},
		/* clang-format on */
};

static const struct {
	const char *name;
	uint32_t timeout_s;
	bool active;
} tcp_states[LVS_TCP_STATE_N] = {
#define TCP_STATE_ROW(name, timeout, active) {#name, timeout, active},
	LVS_TCP_STATES(TCP_STATE_ROW)
#undef TCP_STATE_ROW
};

/* Which states may make room, by bit: embryonic ones and closing ones. */
static const uint32_t tcp_evictable = 1u << NO | 1u << SS | 1u << SR | 1u << SA | 1u << FW |
				      1u << TW | 1u << CL | 1u << CW | 1u << LA;

#define UDP_TIMEOUT_S 300
/* UDP has no states; a flow that has had no more packets is no loss, or never was one. */
#define QUESTION_AND_ANSWER 2

void lvs_state_timeouts_init(struct lvs_state_timeouts *timeouts)
{
	for (unsigned i = 0; i < LVS_TCP_STATE_N; i++)
		lvs_state_timeout_set(timeouts, LVS_STATE_TCP, i, tcp_states[i].timeout_s);
	lvs_state_timeout_set(timeouts, LVS_STATE_UDP, 0, UDP_TIMEOUT_S);
}

void lvs_state_timeout_set(struct lvs_state_timeouts *timeouts, unsigned protocol, unsigned state,
			   uint32_t seconds)
{
	/* relaxed: a number by itself, taken up by each connection's next packet */
	atomic_store_explicit(&timeouts->ticks[protocol][state], LVS_TICKS_OF_S(seconds),
			      memory_order_relaxed);
}

static uint32_t timeout_ticks(const struct lvs_state_timeouts *timeouts, unsigned protocol,
			      unsigned state)
{
	/* relaxed: as in lvs_state_timeout_set() */
	return atomic_load_explicit(&timeouts->ticks[protocol][state], memory_order_relaxed);
}

uint32_t lvs_state_timeout_s(const struct lvs_state_timeouts *timeouts, unsigned protocol,
			     unsigned state)
{
	uint64_t ticks = timeout_ticks(timeouts, protocol, state);

	return (uint32_t)((ticks << LVS_TICK_SHIFT) / 1000000000);
}

static enum tcp_class tcp_class_of(uint8_t flags)
{
	if (lvs_likely((flags & (LVS_TCP_RST | LVS_TCP_SYN | LVS_TCP_FIN)) == 0))
		return flags & LVS_TCP_ACK ? CLASS_ACK : CLASS_NONE;
	if (flags & LVS_TCP_RST)
		return CLASS_RST;
	return flags & LVS_TCP_SYN ? CLASS_SYN : CLASS_FIN;
}

static unsigned tcp_state_after(unsigned state, enum lvs_direction direction, uint8_t flags)
{
	enum tcp_class class = tcp_class_of(flags);

	if (class == CLASS_NONE || state >= LVS_TCP_STATE_N)
		return CL;
	return tcp_next[direction][class][state];
}

LVS_INLINE uint64_t with_timeout(uint64_t word, uint32_t ticks)
{
	return (word & UINT32_MAX) | (uint64_t)ticks << 32;
}

static uint64_t tcp_word_after(const struct lvs_state_timeouts *timeouts, uint64_t word,
			       enum lvs_direction direction, uint8_t flags)
{
	unsigned before = LVS_CONN_STATE(word);
	unsigned after = tcp_state_after(before, direction, flags);

	word = with_timeout(word, timeout_ticks(timeouts, LVS_STATE_TCP, after));
	if (after == before)
		return word;
	word = (word & ~(uint64_t)0xff) | after;
	return tcp_states[after].active ? word & ~(uint64_t)LVS_CONN_INACTIVE
					: word | LVS_CONN_INACTIVE;
}

uint64_t lvs_state_next(const struct lvs_state_timeouts *timeouts, uint64_t word,
			enum lvs_direction direction, const struct lvs_headers *headers)
{
	/* Replies were not expected, and this is one: from now on the full tables hold. */
	if (direction == LVS_OUTPUT)
		word &= ~(uint64_t)(LVS_CONN_NOOUTPUT | LVS_CONN_UNASSURED);
	else if (word & LVS_CONN_NOOUTPUT)
		direction = LVS_INPUT_ONLY;
	if (headers->flow.protocol == LVS_TCP)
		return tcp_word_after(timeouts, word, direction, headers->tcp_flags);
	return with_timeout(word, timeout_ticks(timeouts, LVS_STATE_UDP, 0));
}

bool lvs_state_opens(const struct lvs_headers *headers, bool sloppy_tcp)
{
	if (headers->flow.protocol != LVS_TCP)
		return true;
	if (headers->tcp_flags & LVS_TCP_RST)
		return false;
	return sloppy_tcp || headers->tcp_flags & LVS_TCP_SYN;
}

const char *lvs_state_name(unsigned protocol, uint64_t word)
{
	if (protocol == LVS_UDP)
		return "UDP";
	if (LVS_CONN_STATE(word) >= LVS_TCP_STATE_N)
		return "BUG!";
	return tcp_states[LVS_CONN_STATE(word)].name;
}

bool lvs_state_evictable(unsigned protocol, uint64_t word, uint32_t packets)
{
	if (protocol != LVS_TCP)
		return packets <= QUESTION_AND_ANSWER;
	return tcp_evictable >> LVS_CONN_STATE(word) & 1;
}
