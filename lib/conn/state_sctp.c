/* SPDX-License-Identifier: BSD-2-Clause */
/* SCTP (RFC 9260), as the kernel's IPVS follows it: by the type of one chunk a packet. */
#include "conn/state_word.h"
#include "packet/sctp.h"

/* What a chunk means. All types that are not named are like DATA. */
enum sctp_event {
	EVENT_DATA,
	EVENT_INIT,
	EVENT_INIT_ACK,
	EVENT_COOKIE_ECHO,
	EVENT_COOKIE_ACK,
	EVENT_SHUTDOWN,
	EVENT_SHUTDOWN_ACK,
	EVENT_SHUTDOWN_COMPLETE,
	EVENT_ERROR,
	EVENT_ABORT,
	EVENT_N,
};

static const uint8_t event_of[] = {
	[LVS_SCTP_INIT] = EVENT_INIT,
	[LVS_SCTP_INIT_ACK] = EVENT_INIT_ACK,
	[LVS_SCTP_ABORT] = EVENT_ABORT,
	[LVS_SCTP_SHUTDOWN] = EVENT_SHUTDOWN,
	[LVS_SCTP_SHUTDOWN_ACK] = EVENT_SHUTDOWN_ACK,
	[LVS_SCTP_ERROR] = EVENT_ERROR,
	[LVS_SCTP_COOKIE_ECHO] = EVENT_COOKIE_ECHO,
	[LVS_SCTP_COOKIE_ACK] = EVENT_COOKIE_ACK,
	[LVS_SCTP_SHUTDOWN_COMPLETE] = EVENT_SHUTDOWN_COMPLETE,
};

#define NO LVS_SCTP_NONE_STATE
#define I1 LVS_SCTP_INIT1_STATE
#define IN LVS_SCTP_INIT_STATE
#define CS LVS_SCTP_COOKIE_SENT_STATE
#define CR LVS_SCTP_COOKIE_REPLIED_STATE
#define CW LVS_SCTP_COOKIE_WAIT_STATE
#define CO LVS_SCTP_COOKIE_STATE
#define CE LVS_SCTP_COOKIE_ECHOED_STATE
#define ES LVS_SCTP_ESTABLISHED_STATE
#define SS LVS_SCTP_SHUTDOWN_SENT_STATE
#define SR LVS_SCTP_SHUTDOWN_RECEIVED_STATE
#define SA LVS_SCTP_SHUTDOWN_ACK_SENT_STATE
#define RJ LVS_SCTP_REJECTED_STATE
#define CL LVS_SCTP_CLOSED_STATE

/* clang-format off */

/* Next state by direction, event and state. */
static const uint8_t next[LVS_DIRECTIONS][EVENT_N][LVS_SCTP_STATE_N] = {
	[LVS_INPUT] = {
		/*                             NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
		[EVENT_DATA] =              {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_INIT] =              {I1, IN, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, IN, IN},
		[EVENT_INIT_ACK] =          {CW, CW, CW, CS, CR, CO, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ECHO] =       {CR, IN, IN, CR, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ACK] =        {ES, I1, IN, CS, CR, CW, CO, ES, ES, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN] =          {SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN_ACK] =      {CL, IN, IN, CS, CR, CW, CO, CE, ES, CL, SR, CL, RJ, CL},
		[EVENT_SHUTDOWN_COMPLETE] = {CL, CL, CL, CS, CR, CW, CO, CE, ES, SS, SR, CL, RJ, CL},
		[EVENT_ERROR] =             {CL, I1, IN, CS, CR, CW, CO, CL, ES, SS, SR, SA, RJ, CL},
		[EVENT_ABORT] =             {CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL},
	},
	[LVS_OUTPUT] = {
		/*                             NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
		[EVENT_DATA] =              {ES, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_INIT] =              {CW, CW, CW, CW, CW, CW, CW, CW, ES, CW, CW, CW, CW, CW},
		[EVENT_INIT_ACK] =          {CS, CS, CS, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ECHO] =       {CE, CE, CE, CE, CE, CE, CE, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ACK] =        {ES, ES, ES, ES, ES, ES, ES, ES, ES, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN] =          {SS, SS, SS, SS, SS, SS, SS, SS, SS, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN_ACK] =      {SA, SA, SA, SA, SA, CW, CO, CE, ES, SA, SA, SA, RJ, CL},
		[EVENT_SHUTDOWN_COMPLETE] = {CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_ERROR] =             {CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_ABORT] =             {CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL},
	},
	[LVS_INPUT_ONLY] = {
		/*                             NO  I1  IN  CS  CR  CW  CO  CE  ES  SS  SR  SA  RJ  CL */
		[EVENT_DATA] =              {ES, I1, IN, CS, CR, ES, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_INIT] =              {I1, IN, IN, IN, IN, IN, CO, CE, ES, SS, SR, SA, IN, IN},
		[EVENT_INIT_ACK] =          {CE, CE, CE, CE, CE, CE, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ECHO] =       {ES, ES, ES, ES, ES, ES, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_COOKIE_ACK] =        {ES, I1, IN, ES, ES, CW, ES, ES, ES, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN] =          {SR, I1, IN, CS, CR, CW, CO, CE, SR, SS, SR, SA, RJ, CL},
		[EVENT_SHUTDOWN_ACK] =      {CL, IN, IN, CS, CR, CW, CO, CE, CL, CL, SR, CL, RJ, CL},
		[EVENT_SHUTDOWN_COMPLETE] = {CL, CL, CL, CL, CL, CW, CO, CE, ES, SS, CL, CL, RJ, CL},
		[EVENT_ERROR] =             {CL, I1, IN, CS, CR, CW, CO, CE, ES, SS, SR, SA, RJ, CL},
		[EVENT_ABORT] =             {CL, CL, CL, CL, CL, RJ, CL, CL, CL, CL, CL, CL, CL, CL},
	},
};

/* clang-format on */

const struct lvs_state_row lvs_sctp_states[LVS_SCTP_STATE_N] = {LVS_SCTP_STATES(LVS_STATE_ROW)};

static unsigned state_after(unsigned state, enum lvs_direction direction, uint8_t chunk)
{
	unsigned event = chunk < LVS_ARRAY_N(event_of) ? event_of[chunk] : EVENT_DATA;

	return state < LVS_SCTP_STATE_N ? next[direction][event][state] : CL;
}

uint64_t lvs_sctp_next(const struct lvs_states *states, uint64_t word, enum lvs_direction direction,
		       uint8_t chunk)
{
	unsigned before = LVS_CONN_STATE(word);
	unsigned after = state_after(before, direction, chunk);

	word = lvs_state_with_timeout(word, lvs_states_ticks(states, LVS_STATE_SCTP, after));
	if (after == before)
		return word;
	return lvs_state_with(word, after, lvs_sctp_states[after].active);
}
