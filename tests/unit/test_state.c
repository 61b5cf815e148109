/* SPDX-License-Identifier: BSD-2-Clause */
/* The TCP tables, as sequences of packets that lead through them. */
#include "conn/state.h"

#include <string.h>

#include "conn/conn.h"
#include "unit.h"

#define IN LVS_INPUT
#define OUT LVS_OUTPUT
#define ACK LVS_TCP_ACK
#define SYN LVS_TCP_SYN
#define FIN LVS_TCP_FIN
#define RST LVS_TCP_RST

struct step {
	enum lvs_direction direction;
	uint8_t flags;
	const char *state;
	unsigned timeout_s;
	bool active;
};

struct life {
	const char *name;
	uint64_t word; /* flags at the start */
	struct step steps[8];
};

static const struct life lives[] = {
	{"NAT, closed by the client",
	 LVS_CONN_INACTIVE,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {OUT, SYN | ACK, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, FIN | ACK, "CLOSE_WAIT", 60, false},
	  {OUT, FIN | ACK, "TIME_WAIT", 120, false},
	  {IN, ACK, "TIME_WAIT", 120, false}}},
	{"NAT, closed by the server",
	 LVS_CONN_INACTIVE,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {OUT, FIN | ACK, "FIN_WAIT", 120, false},
	  {IN, FIN | ACK, "TIME_WAIT", 120, false}}},
	{"NAT, refused",
	 LVS_CONN_INACTIVE,
	 {{IN, SYN, "SYN_RECV", 60, true}, {OUT, RST | ACK, "CLOSE", 10, false}}},
	{"DR, closed, then opened again",
	 LVS_CONN_INACTIVE | LVS_CONN_NOOUTPUT,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, FIN | ACK, "FIN_WAIT", 120, false},
	  {IN, ACK, "FIN_WAIT", 120, false},
	  {IN, SYN, "SYN_RECV", 60, true}}},
	{"DR, reset",
	 LVS_CONN_INACTIVE | LVS_CONN_NOOUTPUT,
	 {{IN, SYN, "SYN_RECV", 60, true},
	  {IN, ACK, "ESTABLISHED", 900, true},
	  {IN, RST, "CLOSE", 10, false}}},
	{"no flag at all closes",
	 LVS_CONN_INACTIVE,
	 {{IN, SYN, "SYN_RECV", 60, true}, {IN, 0, "CLOSE", 10, false}}},
	{"mid-stream, sloppy", LVS_CONN_INACTIVE, {{IN, ACK, "ESTABLISHED", 900, true}}},
};

static void live(const struct life *life, const struct lvs_state_timeouts *timeouts)
{
	struct lvs_headers headers = {.flow.protocol = LVS_TCP};
	uint64_t word = life->word;

	for (const struct step *step = life->steps; step->state; step++) {
		headers.tcp_flags = step->flags;
		word = lvs_state_next(timeouts, word, step->direction, &headers);
		ck_assert_msg(!strcmp(lvs_state_name(LVS_TCP, word), step->state),
			      "%s: step %d: got %s, expected %s", life->name,
			      (int)(step - life->steps), lvs_state_name(LVS_TCP, word),
			      step->state);
		ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(step->timeout_s));
		ck_assert_int_eq(!(word & LVS_CONN_INACTIVE), step->active);
	}
}

START_TEST(test_lives)
{
	struct lvs_state_timeouts timeouts;

	lvs_state_timeouts_init(&timeouts);
	live(&lives[_i], &timeouts);
}
END_TEST

/* The first reply clears NOOUTPUT for good: from then on FIN leads to CLOSE_WAIT. */
START_TEST(test_nooutput)
{
	struct lvs_headers headers = {.flow.protocol = LVS_TCP, .tcp_flags = SYN};
	struct lvs_state_timeouts timeouts;
	uint64_t word = LVS_CONN_INACTIVE | LVS_CONN_NOOUTPUT;

	lvs_state_timeouts_init(&timeouts);
	word = lvs_state_next(&timeouts, word, IN, &headers);
	ck_assert(word & LVS_CONN_NOOUTPUT);
	headers.tcp_flags = ACK;
	word = lvs_state_next(&timeouts, word, OUT, &headers);
	ck_assert(!(word & LVS_CONN_NOOUTPUT));
	headers.tcp_flags = FIN | ACK;
	word = lvs_state_next(&timeouts, word, IN, &headers);
	ck_assert_str_eq(lvs_state_name(LVS_TCP, word), "CLOSE_WAIT");
}
END_TEST

START_TEST(test_udp)
{
	struct lvs_headers headers = {.flow.protocol = LVS_UDP};
	struct lvs_state_timeouts timeouts;
	uint64_t word;

	lvs_state_timeouts_init(&timeouts);
	word = lvs_state_next(&timeouts, LVS_CONN_INACTIVE, IN, &headers);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(300));
	ck_assert(word & LVS_CONN_INACTIVE);
	ck_assert_str_eq(lvs_state_name(LVS_UDP, word), "UDP");
	lvs_state_timeout_set(&timeouts, LVS_STATE_UDP, 0, 17);
	ck_assert_uint_eq(lvs_state_timeout_s(&timeouts, LVS_STATE_UDP, 0), 17);
	word = lvs_state_next(&timeouts, word, OUT, &headers);
	ck_assert_uint_eq(LVS_CONN_TIMEOUT(word), LVS_TICKS_OF_S(17));
}
END_TEST

START_TEST(test_opens)
{
	struct lvs_headers headers = {.flow.protocol = LVS_TCP};
	static const struct {
		uint8_t flags;
		bool strict, sloppy;
	} rows[] = {
		{SYN, true, true},   {SYN | ACK, true, true},   {ACK, false, true},
		{RST, false, false}, {SYN | RST, false, false}, {0, false, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		headers.tcp_flags = rows[i].flags;
		ck_assert_int_eq(lvs_state_opens(&headers, false), rows[i].strict);
		ck_assert_int_eq(lvs_state_opens(&headers, true), rows[i].sloppy);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("state");

	tcase_add_loop_test(tcase, test_lives, 0, sizeof(lives) / sizeof(lives[0]));
	tcase_add_test(tcase, test_nooutput);
	tcase_add_test(tcase, test_udp);
	tcase_add_test(tcase, test_opens);
	return unit_run("state", tcase);
}
