/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables of state_tables.h, read: what a text says of a state and of a packet. */
#ifndef LVS_TESTS_STATE_TEXT_H
#define LVS_TESTS_STATE_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/packet.h>

#include "conn/state.h"
#include "state_tables.h"
#include "unit_check.h"

#define ACK LVS_TCP_ACK
#define SYN LVS_TCP_SYN
#define FIN LVS_TCP_FIN
#define RST LVS_TCP_RST

enum {
	COLUMNS = 15,
	CELL = 40,
};

/* One line's cells; how many. *text moves behind it. */
static inline unsigned read_line(const char **text, char cell[COLUMNS][CELL])
{
	const char *at = *text;
	unsigned n = 0;

	if (!*at)
		return 0;
	ck_assert_int_eq(*at, '|');
	for (at += 2; *at != '\n'; n++) {
		const char *end = strstr(at, " |");

		ck_assert_ptr_nonnull(end);
		ck_assert_uint_lt(n, COLUMNS);
		snprintf(cell[n], CELL, "%.*s", (int)(end - at), at);
		at = end[2] == '\n' ? end + 2 : end + 3;
	}
	*text = at + 1;
	return n;
}

struct machine {
	const char *name;
	uint8_t protocol;
	bool secure;
	unsigned state_n;
	const char *rows;
	const char *table;
};

static const struct machine machines[] = {
	{"TCP", LVS_TCP, false, LVS_TCP_STATE_N, tcp_rows, tcp_normal},
	{"TCP, secure", LVS_TCP, true, LVS_TCP_STATE_N, tcp_rows, tcp_secure},
	{"SCTP", LVS_SCTP, false, LVS_SCTP_STATE_N, sctp_rows, sctp_table},
};

struct state {
	char code[CELL], shown[CELL];
	unsigned timeout_s;
	bool active;
};

/* The states as the text names them; by number. */
static inline void read_states(const struct machine *machine, struct state *states)
{
	char cell[COLUMNS][CELL] = {{0}};
	const char *text = machine->rows;

	read_line(&text, cell);
	for (unsigned i = 0; i < machine->state_n; i++) {
		unsigned n = read_line(&text, cell);

		ck_assert_uint_ge(n, 4);
		ck_assert_int_eq(atoi(cell[1]), (int)i);
		memcpy(states[i].code, cell[0], CELL);
		memcpy(states[i].shown, cell[2], CELL);
		states[i].timeout_s = (unsigned)atoi(cell[3]);
		/* Of SCTP's only one counts as active. */
		states[i].active = n > 4 ? !strcmp(cell[4], "yes") : !strcmp(cell[0], "ES");
	}
}

static inline unsigned state_of(const struct machine *machine, const struct state *states,
				const char *code)
{
	for (unsigned i = 0; i < machine->state_n; i++)
		if (!strcmp(states[i].code, code))
			return i;
	ck_abort_msg("%s: no state %s", machine->name, code);
}

/* Packets that a row of a table is about, several where they mean the same; -1 ends them. */
static const struct row {
	const char *name;
	uint8_t protocol;
	int what[12]; /* flags, or a chunk */
} rows[] = {
	{"syn", LVS_TCP, {SYN, SYN | ACK, SYN | FIN, SYN | FIN | ACK, -1}},
	{"fin", LVS_TCP, {FIN, FIN | ACK, FIN | LVS_TCP_PSH, -1}},
	{"ack", LVS_TCP, {ACK, ACK | LVS_TCP_PSH, -1}},
	{"rst", LVS_TCP, {RST, RST | ACK, RST | SYN, RST | SYN | FIN | ACK, -1}},
	{"data", LVS_SCTP, {0, 3, 4, 5, 12, 13, 15, 16, 0x80, 0xc0, 0xff, -1}},
	{"INIT", LVS_SCTP, {1, -1}},
	{"INIT-ACK", LVS_SCTP, {2, -1}},
	{"COOKIE-ECHO", LVS_SCTP, {10, -1}},
	{"COOKIE-ACK", LVS_SCTP, {11, -1}},
	{"SHUTDOWN", LVS_SCTP, {7, -1}},
	{"SHUTDOWN-ACK", LVS_SCTP, {8, -1}},
	{"SHUTDOWN-COMPLETE", LVS_SCTP, {14, -1}},
	{"ERROR", LVS_SCTP, {9, -1}},
	{"ABORT", LVS_SCTP, {6, -1}},
};

static inline const struct row *row_of(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	ck_abort_msg("no row %s", name);
}

#endif
