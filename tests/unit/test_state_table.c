/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machines, cell by cell, against the tables of a text. */
#include "conn/state.h"

#include "conn/conn.h"
#include "state_text.h"
#include "unit.h"

#define IN LVS_INPUT
#define OUT LVS_OUTPUT

/* What stands besides state, INACTIVE, NOOUTPUT and timeout is not touched. */
#define OTHERS ((uint64_t)LVS_CONN_LIVE | LVS_CONN_SYNC | LVS_CONN_MSS_CLAMP | 0x0300)

static uint64_t flag(bool is_set, enum lvs_conn_flag flag)
{
	return is_set ? (uint64_t)flag : 0;
}

static void check_cell(const struct machine *machine, const struct state *states,
		       const struct lvs_states *in_force, const char *direction, const char *name,
		       unsigned from, const char *to)
{
	bool only = direction[5] != '\0' && direction[5] != 'T'; /* INPUT_ONLY */
	bool output = !strcmp(direction, "OUTPUT");
	const struct state *after = &states[state_of(machine, states, to)];
	const struct row *row = row_of(name);
	/* A state that stays says nothing of what it counts as. */
	bool counts = states[from].active;

	ck_assert_int_eq(row->protocol, machine->protocol);
	for (const int *what = row->what; *what >= 0; what++) {
		struct lvs_headers headers = {.flow.protocol = machine->protocol};
		uint64_t word = OTHERS | from | flag(!counts, LVS_CONN_INACTIVE) |
				flag(only || output, LVS_CONN_NOOUTPUT);
		uint64_t expected = OTHERS | state_of(machine, states, to) |
				    flag(!after->active, LVS_CONN_INACTIVE) |
				    flag(only, LVS_CONN_NOOUTPUT) |
				    (uint64_t)LVS_TICKS_OF_S(after->timeout_s) << 32;

		if (machine->protocol == LVS_TCP)
			headers.tcp_flags = (uint8_t)*what;
		else
			headers.sctp_chunk = (uint8_t)*what;
		word = lvs_state_next(in_force, word, output ? OUT : IN, &headers);
		ck_assert_msg(word == expected, "%s %s %s (%#x) from %s: %#llx, expected %s %#llx",
			      machine->name, direction, name, *what, states[from].code,
			      (unsigned long long)word, to, (unsigned long long)expected);
	}
}

/* Every cell of every table; there are as many as there should be. */
START_TEST(test_tables)
{
	const struct machine *machine = &machines[_i];
	char heads[COLUMNS][CELL] = {{0}}, cells[COLUMNS][CELL] = {{0}};
	const char *text = machine->table;
	static struct state states[LVS_STATE_MAX];
	struct lvs_states in_force;
	unsigned n = 0, checked = 0;

	read_states(machine, states);
	lvs_states_init(&in_force);
	lvs_states_set_secure_tcp(&in_force, machine->secure);
	ck_assert_int_eq(lvs_states_secure_tcp(&in_force), machine->secure);
	while ((n = read_line(&text, cells))) {
		ck_assert_uint_eq(n, machine->state_n + 1);
		if (strstr(cells[0], "PUT")) {
			memcpy(heads, cells, sizeof(heads));
			continue;
		}
		for (unsigned i = 1; i < n; i++, checked++)
			check_cell(machine, states, &in_force, heads[0], cells[0],
				   state_of(machine, states, heads[i]), cells[i]);
	}
	ck_assert_uint_eq(checked, 3 * (machine->protocol == LVS_TCP ? 4 * 11 : 10 * 14));
}
END_TEST

START_TEST(test_names)
{
	const struct machine *machine = &machines[_i];
	static struct state states[LVS_STATE_MAX];
	struct lvs_states in_force;
	unsigned protocol = machine->protocol == LVS_TCP ? LVS_STATE_TCP : LVS_STATE_SCTP;

	read_states(machine, states);
	lvs_states_init(&in_force);
	for (unsigned i = 0; i < machine->state_n; i++) {
		ck_assert_str_eq(lvs_state_name(machine->protocol, i), states[i].shown);
		ck_assert_uint_eq(lvs_states_timeout_s(&in_force, protocol, i),
				  states[i].timeout_s);
	}
	for (unsigned i = machine->state_n; i < 256; i++)
		ck_assert_str_eq(lvs_state_name(machine->protocol, i),
				 machine->protocol == LVS_TCP ? "BUG!" : "?");
}
END_TEST

/* States that no table has, as from another director: they close. */
START_TEST(test_beyond)
{
	const struct machine *machine = &machines[_i];
	struct lvs_headers headers = {
		.flow.protocol = machine->protocol, .tcp_flags = ACK, .sctp_chunk = 10};
	struct lvs_states in_force;

	lvs_states_init(&in_force);
	for (unsigned i = machine->state_n; i < 256; i++) {
		uint64_t word = lvs_state_next(&in_force, i, _i ? OUT : IN, &headers);

		ck_assert_str_eq(lvs_state_name(machine->protocol, word),
				 machine->protocol == LVS_TCP ? "CLOSE" : "CLOSED");
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("state_table");
	int machine_n = sizeof(machines) / sizeof(machines[0]);

	tcase_add_loop_test(tcase, test_tables, 0, machine_n);
	tcase_add_loop_test(tcase, test_names, 0, machine_n);
	tcase_add_loop_test(tcase, test_beyond, 0, machine_n);
	return unit_run("state_table", tcase);
}
