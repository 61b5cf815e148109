/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machines: as sequences of packets that lead through them. */
#include "conn/state.h"

#include <string.h>

#include <liblvs/director.h>

#include "conn/conn.h"
#include "packet/sctp.h"
#include "unit.h"

#define IN LVS_INPUT
#define OUT LVS_OUTPUT
#define ACK LVS_TCP_ACK
#define SYN LVS_TCP_SYN
#define FIN LVS_TCP_FIN
#define RST LVS_TCP_RST

struct step {
	enum lvs_direction direction;
	uint8_t what; /* flags, or a chunk */
	const char *state;
	unsigned timeout_s;
	bool active;
};

struct life {
	const char *name;
	uint8_t protocol;
	bool secure;
	uint64_t word; /* flags at the start */
	struct step steps[8];
};

#define NAT LVS_CONN_INACTIVE
#define DR (LVS_CONN_INACTIVE | LVS_CONN_NOOUTPUT)

static const struct life lives[] = {
	{"NAT, closed by the client",
	 LVS_TCP,
	 false,
	 NAT,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {OUT, SYN | ACK, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, FIN | ACK, "CLOSE_WAIT", 60, false},
	  {OUT, FIN | ACK, "TIME_WAIT", 120, false},
	  {IN, ACK, "TIME_WAIT", 120, false}}},
	{"NAT, closed by the server",
	 LVS_TCP,
	 false,
	 NAT,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {OUT, FIN | ACK, "FIN_WAIT", 120, false},
	  {IN, FIN | ACK, "TIME_WAIT", 120, false}}},
	{"NAT, refused",
	 LVS_TCP,
	 false,
	 NAT,
	 {{IN, SYN, "SYN_RECV", 60, true}, {OUT, RST | ACK, "CLOSE", 10, false}}},
	{"DR, closed, then opened again",
	 LVS_TCP,
	 false,
	 DR,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, FIN | ACK, "FIN_WAIT", 120, false},
	  {IN, ACK, "FIN_WAIT", 120, false},
	  {IN, SYN, "SYN_RECV", 60, true}}},
	{"DR, reset",
	 LVS_TCP,
	 false,
	 DR,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, RST, "CLOSE", 10, false}}},
	{"no flag at all closes",
	 LVS_TCP,
	 false,
	 NAT,
	 {{IN, SYN, "SYN_RECV", 60, true}, {IN, 0, "CLOSE", 10, false}}},
	{"mid-stream, sloppy", LVS_TCP, false, NAT, {{IN, ACK, "ESTABLISHED", 900, true}}},
	{"NAT, secure: established when the server says so",
	 LVS_TCP,
	 true,
	 NAT,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "SYN_RECV", 60, true},
	  {OUT, SYN | ACK, "SYNACK", 120, true},
	  {IN, ACK, "SYNACK", 120, true},
	  {OUT, ACK, "ESTABLISHED", 900, true}}},
	{"DR, secure",
	 LVS_TCP,
	 true,
	 DR,
	 {{IN, SYN, "SYNACK", 120, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, FIN | ACK, "FIN_WAIT", 120, false}}},
	{"SCTP, NAT, from the first to the last",
	 LVS_SCTP,
	 false,
	 NAT,
	 {{IN, LVS_SCTP_INIT, "INIT1", 4, false},
	  {OUT, LVS_SCTP_INIT_ACK, "C-SENT", 61, false},
	  {IN, LVS_SCTP_COOKIE_ECHO, "C-REPLIED", 61, false},
	  {OUT, LVS_SCTP_COOKIE_ACK, "ESTABLISHED", 900, true},
	  {IN, LVS_SCTP_DATA, "ESTABLISHED", 900, true},
	  {IN, LVS_SCTP_SHUTDOWN, "S-RECEIVED", 61, false},
	  {OUT, LVS_SCTP_SHUTDOWN_ACK, "S-ACK-SENT", 61, false},
	  {IN, LVS_SCTP_SHUTDOWN_COMPLETE, "CLOSED", 61, false}}},
	{"SCTP, DR, refused",
	 LVS_SCTP,
	 false,
	 DR,
	 {{IN, LVS_SCTP_INIT, "INIT1", 4, false},
	  {IN, LVS_SCTP_INIT, "INIT", 61, false},
	  {IN, LVS_SCTP_COOKIE_ECHO, "ESTABLISHED", 900, true},
	  {IN, LVS_SCTP_ABORT, "CLOSED", 61, false},
	  {IN, LVS_SCTP_INIT, "INIT", 61, false}}},
};

static void live(const struct life *life, const struct lvs_states *in_force)
{
	struct lvs_headers headers = {.flow.protocol = life->protocol};
	uint64_t word = life->word;

	for (const struct step *step = life->steps;
	     step < life->steps + LVS_ARRAY_N(life->steps) && step->state; step++) {
		if (life->protocol == LVS_TCP)
			headers.tcp_flags = step->what;
		else
			headers.sctp_chunk = step->what;
		word = lvs_state_next(in_force, word, step->direction, &headers);
		ck_assert_msg(!strcmp(lvs_state_name(life->protocol, word), step->state),
			      "%s: step %d: got %s, expected %s", life->name,
			      (int)(step - life->steps), lvs_state_name(life->protocol, word),
			      step->state);
		ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(step->timeout_s));
		ck_assert_int_eq(!(word & LVS_CONN_INACTIVE), step->active);
	}
}

START_TEST(test_lives)
{
	struct lvs_states in_force;

	lvs_states_init(&in_force);
	lvs_states_set_secure_tcp(&in_force, lives[_i].secure);
	live(&lives[_i], &in_force);
}
END_TEST

/* Where the table changes under it, a connection goes on in the other. */
START_TEST(test_switch)
{
	struct lvs_headers headers = {.flow.protocol = LVS_TCP, .tcp_flags = SYN};
	struct lvs_states in_force;
	uint64_t word;

	lvs_states_init(&in_force);
	word = lvs_state_next(&in_force, NAT, IN, &headers);
	lvs_states_set_secure_tcp(&in_force, true);
	headers.tcp_flags = SYN | ACK;
	word = lvs_state_next(&in_force, word, OUT, &headers);
	ck_assert_str_eq(lvs_state_name(LVS_TCP, word), "SYNACK");
	lvs_states_set_secure_tcp(&in_force, false);
	headers.tcp_flags = ACK;
	word = lvs_state_next(&in_force, word, IN, &headers);
	ck_assert_str_eq(lvs_state_name(LVS_TCP, word), "ESTABLISHED");
}
END_TEST

/* The first reply clears NOOUTPUT for good: from then on FIN leads to CLOSE_WAIT. */
START_TEST(test_nooutput)
{
	struct lvs_headers headers = {.flow.protocol = LVS_TCP, .tcp_flags = SYN};
	struct lvs_states in_force;
	uint64_t word = DR;

	lvs_states_init(&in_force);
	word = lvs_state_next(&in_force, word, IN, &headers);
	ck_assert(word & LVS_CONN_NOOUTPUT);
	headers.tcp_flags = ACK;
	word = lvs_state_next(&in_force, word, OUT, &headers);
	ck_assert(!(word & LVS_CONN_NOOUTPUT));
	headers.tcp_flags = FIN | ACK;
	word = lvs_state_next(&in_force, word, IN, &headers);
	ck_assert_str_eq(lvs_state_name(LVS_TCP, word), "CLOSE_WAIT");
}
END_TEST

START_TEST(test_udp)
{
	struct lvs_headers headers = {.flow.protocol = LVS_UDP};
	struct lvs_states in_force;
	uint64_t word;

	lvs_states_init(&in_force);
	word = lvs_state_next(&in_force, LVS_CONN_INACTIVE, IN, &headers);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(300));
	ck_assert(word & LVS_CONN_INACTIVE);
	ck_assert_str_eq(lvs_state_name(LVS_UDP, word), "UDP");
	lvs_states_set_timeout(&in_force, LVS_STATE_UDP, 0, 17);
	ck_assert_uint_eq(lvs_states_timeout_s(&in_force, LVS_STATE_UDP, 0), 17);
	word = lvs_state_next(&in_force, word, OUT, &headers);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(17));
}
END_TEST

/* --- What opens, what opens again, what makes room --- */

START_TEST(test_opens)
{
	static const struct {
		uint8_t protocol, what;
		bool strict, sloppy_tcp, sloppy_sctp;
	} table[] = {
		{LVS_TCP, SYN, true, true, true},
		{LVS_TCP, SYN | ACK, true, true, true},
		{LVS_TCP, ACK, false, true, false},
		{LVS_TCP, RST, false, false, false},
		{LVS_TCP, SYN | RST, false, false, false},
		{LVS_TCP, 0, false, true, false},
		{LVS_UDP, 0, true, true, true},
		{LVS_SCTP, LVS_SCTP_INIT, true, true, true},
		{LVS_SCTP, LVS_SCTP_DATA, false, false, true},
		{LVS_SCTP, LVS_SCTP_COOKIE_ECHO, false, false, true},
		{LVS_SCTP, 0xff, false, false, true},
		{LVS_SCTP, LVS_SCTP_ABORT, false, false, false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		/* An ABORT behind the first chunk is not asked about. */
		struct lvs_headers headers = {.flow.protocol = table[i].protocol,
					      .sctp_chunk = LVS_SCTP_ABORT};

		if (table[i].protocol == LVS_SCTP)
			headers.sctp_first = table[i].what;
		else
			headers.tcp_flags = table[i].what;
		ck_assert_int_eq(lvs_state_opens(&headers, 0), table[i].strict);
		ck_assert_int_eq(lvs_state_opens(&headers, LVS_SET_SLOPPY_TCP),
				 table[i].sloppy_tcp);
		ck_assert_int_eq(lvs_state_opens(&headers, ~(uint32_t)LVS_SET_SLOPPY_TCP),
				 table[i].sloppy_sctp);
	}
}
END_TEST

START_TEST(test_reopens)
{
	for (unsigned i = 0; i < 256; i++) {
		bool tcp = i == LVS_TCP_TIME_WAIT_STATE || i == LVS_TCP_CLOSE_STATE;
		bool fin = i == LVS_TCP_FIN_WAIT_STATE;

		ck_assert_int_eq(lvs_state_reopens(LVS_TCP, NAT | i, false), tcp);
		ck_assert_int_eq(lvs_state_reopens(LVS_TCP, NAT | i, true), tcp);
		ck_assert_int_eq(lvs_state_reopens(LVS_TCP, DR | i, false), tcp);
		ck_assert_int_eq(lvs_state_reopens(LVS_TCP, DR | i, true), tcp || fin);
		ck_assert_int_eq(lvs_state_reopens(LVS_SCTP, DR | i, true),
				 i == LVS_SCTP_CLOSED_STATE);
		ck_assert(!lvs_state_reopens(LVS_UDP, DR | i, true));
	}
}
END_TEST

START_TEST(test_evictable)
{
	for (unsigned i = 0; i < LVS_TCP_STATE_N; i++)
		ck_assert_int_eq(lvs_state_evictable(LVS_TCP, i, 1),
				 i != LVS_TCP_ESTABLISHED_STATE);
	for (unsigned i = 0; i < LVS_SCTP_STATE_N; i++)
		ck_assert_int_eq(lvs_state_evictable(LVS_SCTP, i, 1),
				 i != LVS_SCTP_ESTABLISHED_STATE);
	ck_assert(lvs_state_evictable(LVS_UDP, 0, 2));
	ck_assert(!lvs_state_evictable(LVS_UDP, 0, 3));
}
END_TEST

/* What drop_entry takes: half-open ones at once, idle ones perhaps, what ends by itself never. */
START_TEST(test_worth)
{
	for (unsigned i = 0; i < 256; i++) {
		bool tcp = i == LVS_TCP_SYN_RECV_STATE || i == LVS_TCP_SYNACK_STATE;
		bool sctp = i == LVS_SCTP_INIT1_STATE || i == LVS_SCTP_INIT_STATE;

		ck_assert_int_eq(lvs_state_worth(LVS_TCP, NAT | i), tcp ? LVS_STATE_WORTH_LITTLE
								    : i == LVS_TCP_ESTABLISHED_STATE
									    ? LVS_STATE_WORTH_SOME
									    : LVS_STATE_WORTH_ALL);
		ck_assert_int_eq(lvs_state_worth(LVS_SCTP, NAT | i),
				 sctp                              ? LVS_STATE_WORTH_LITTLE
				 : i == LVS_SCTP_ESTABLISHED_STATE ? LVS_STATE_WORTH_SOME
								   : LVS_STATE_WORTH_ALL);
		ck_assert_int_eq(lvs_state_worth(LVS_UDP, NAT | i), LVS_STATE_WORTH_SOME);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("state");

	tcase_add_loop_test(tcase, test_lives, 0, sizeof(lives) / sizeof(lives[0]));
	tcase_add_test(tcase, test_switch);
	tcase_add_test(tcase, test_nooutput);
	tcase_add_test(tcase, test_udp);
	tcase_add_test(tcase, test_opens);
	tcase_add_test(tcase, test_reopens);
	tcase_add_test(tcase, test_evictable);
	tcase_add_test(tcase, test_worth);
	return unit_run("state", tcase);
}
