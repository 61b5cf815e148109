/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP, as the kernel's IPVS follows it: by flags alone, no sequence number is looked at. */
#include "conn/state_word.h"

/* What kind of packet, by precedence. */
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

/* Next state by direction, class and state. */
struct lvs_tcp_table {
	uint8_t next[LVS_DIRECTIONS][CLASS_NONE][LVS_TCP_STATE_N];
};

/* clang-format off */

static const struct lvs_tcp_table ordinary = {{
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
}};

/* A client alone gets no further than SYN_RECV or SYNACK, unless its server is never seen. */
static const struct lvs_tcp_table secure = {{
	[LVS_INPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA},
		[CLASS_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA},
		[CLASS_ACK] = {ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA},
		[CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
	},
	[LVS_OUTPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA},
		[CLASS_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
		[CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
		[CLASS_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
	},
	[LVS_INPUT_ONLY] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[CLASS_SYN] = {SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA},
		[CLASS_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
		[CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
	},
}};

/* clang-format on */

const struct lvs_state_row lvs_tcp_states[LVS_TCP_STATE_N] = {LVS_TCP_STATES(LVS_STATE_ROW)};

/* Embryonic ones and closing ones. */
const uint32_t lvs_tcp_evictable = 1u << NO | 1u << SS | 1u << SR | 1u << SA | 1u << FW | 1u << TW |
				   1u << CL | 1u << CW | 1u << LA | 1u << LI;

const struct lvs_tcp_table *lvs_tcp_table(bool is_secure)
{
	return is_secure ? &secure : &ordinary;
}

static enum tcp_class class_of(uint8_t flags)
{
	if (lvs_likely((flags & (LVS_TCP_RST | LVS_TCP_SYN | LVS_TCP_FIN)) == 0))
		return flags & LVS_TCP_ACK ? CLASS_ACK : CLASS_NONE;
	if (flags & LVS_TCP_RST)
		return CLASS_RST;
	return flags & LVS_TCP_SYN ? CLASS_SYN : CLASS_FIN;
}

static unsigned state_after(const struct lvs_states *states, unsigned state,
			    enum lvs_direction direction, uint8_t flags)
{
	/* relaxed: either table is one to go by, both are constants */
	const struct lvs_tcp_table *table =
		atomic_load_explicit(&states->tcp, memory_order_relaxed);
	enum tcp_class class = class_of(flags);

	if (class == CLASS_NONE || state >= LVS_TCP_STATE_N)
		return CL;
	return table->next[direction][class][state];
}

uint64_t lvs_tcp_next(const struct lvs_states *states, uint64_t word, enum lvs_direction direction,
		      uint8_t flags)
{
	unsigned before = LVS_CONN_STATE(word);
	unsigned after = state_after(states, before, direction, flags);

	word = lvs_state_with_timeout(word, lvs_states_ticks(states, LVS_STATE_TCP, after));
	if (after == before)
		return word;
	return lvs_state_with(word, after, lvs_tcp_states[after].active);
}
