/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP, as the kernel's IPVS follows it: by flags alone, no sequence number is looked at. */
#include "conn/state_tcp.h"

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

/* clang-format off */

static const struct lvs_tcp_table ordinary = {{
	[LVS_INPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
		[LVS_TCP_CLASS_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[LVS_TCP_CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR},
	},
	[LVS_OUTPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR},
		[LVS_TCP_CLASS_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
		[LVS_TCP_CLASS_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
	},
	[LVS_INPUT_ONLY] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR},
		[LVS_TCP_CLASS_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[LVS_TCP_CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
	},
}};

/* A client alone gets no further than SYN_RECV or SYNACK, unless its server is never seen. */
static const struct lvs_tcp_table secure = {{
	[LVS_INPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SA},
		[LVS_TCP_CLASS_FIN] = {CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, SA},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, SR, FW, TW, CL, CW, CL, LI, SA},
		[LVS_TCP_CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
	},
	[LVS_OUTPUT] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SS, ES, SS, SA, SS, SS, SS, SS, SS, LI, SA},
		[LVS_TCP_CLASS_FIN] = {TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES},
		[LVS_TCP_CLASS_RST] = {CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL},
	},
	[LVS_INPUT_ONLY] = {
		/*               NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
		[LVS_TCP_CLASS_SYN] = {SA, ES, ES, SR, SA, SA, SA, SA, SA, SA, SA},
		[LVS_TCP_CLASS_FIN] = {CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW},
		[LVS_TCP_CLASS_ACK] = {ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES},
		[LVS_TCP_CLASS_RST] = {CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL},
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

uint64_t lvs_tcp_next(const struct lvs_states *states, uint64_t word, enum lvs_direction direction,
		      uint8_t flags)
{
	return lvs_tcp_step(states, word, direction, flags);
}
