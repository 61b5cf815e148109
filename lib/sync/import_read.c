/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection's frame, read and checked: what could not be, is not. */
#include "conn/state.h"
#include "conn/table.h"
#include "sync/import.h"

#define TICKS_MAX (UINT32_C(1) << 30) /* as a template's timeout at the most */
#define AHEAD_MAX (UINT32_C(1) << 29) /* ticks that an export may take */
#define PACKETS_MAX 3                 /* of a server's, that are counted */

static void read_name(struct lvs_wire_in *in, char *name)
{
	lvs_wire_get(in, name, LVS_WIRE_NAME);
	name[LVS_WIRE_NAME - 1] = 0;
}

static void read_fixed(struct lvs_import *import, struct lvs_wire_in *in,
		       struct lvs_import_conn *conn, uint32_t *age, uint32_t *timeout)
{
	uint8_t packets, state;

	conn->number = lvs_wire_get32(in);
	conn->created = lvs_wire_get32(in);
	conn->dest = lvs_wire_get32(in);
	conn->controller = lvs_wire_get32(in);
	*age = 0 - lvs_wire_get32(in);
	*timeout = lvs_wire_get32(in);
	conn->flags = lvs_wire_get32(in);
	state = lvs_wire_get8(in);
	conn->protocol = lvs_wire_get8(in);
	conn->method = lvs_wire_get8(in);
	packets = lvs_wire_get8(in);
	conn->client_port = lvs_wire_get_be16(in);
	conn->service_port = lvs_wire_get_be16(in);
	conn->dest_port = lvs_wire_get_be16(in);
	lvs_wire_get16(in);
	conn->seen = import->base - *age;
	conn->word = (uint64_t)*timeout << 32 |
		     (uint64_t)(conn->flags & LVS_WIRE_WORD_FLAGS & ~LVS_WIRE_HELPED)
			     << LVS_WIRE_WORD_SHIFT |
		     state;
	conn->counts = (uint32_t)(packets >> 4) * LVS_CONN_REQUEST +
		       (packets & PACKETS_MAX) * LVS_CONN_REPLY;
}

static void read_addrs(struct lvs_wire_in *in, struct lvs_import_conn *conn)
{
	conn->family = conn->flags & LVS_WIRE_INET6 ? LVS_INET6 : LVS_INET;
	conn->dest_family = conn->flags & LVS_WIRE_DEST6 ? LVS_INET6 : LVS_INET;
	lvs_wire_get(in, &conn->client, lvs_addr_len(conn->family));
	lvs_wire_get(in, &conn->service, lvs_addr_len(conn->family));
	lvs_wire_get(in, &conn->to, lvs_addr_len(conn->dest_family));
}

static unsigned states_of(const struct lvs_import_conn *conn)
{
	if (conn->flags & LVS_WIRE_TEMPLATE)
		return LVS_TEMPLATE_ASSURED + 1;
	if (conn->protocol == LVS_TCP)
		return LVS_TCP_STATE_N;
	return conn->protocol == LVS_SCTP ? LVS_SCTP_STATE_N : 1;
}

static bool is_protocol(const struct lvs_import_conn *conn)
{
	return conn->protocol == LVS_TCP || conn->protocol == LVS_UDP ||
	       conn->protocol == LVS_SCTP ||
	       (conn->protocol == 0 && conn->flags & LVS_WIRE_TEMPLATE);
}

/* Flags that exclude each other, or the rest of it. */
static bool flags_agree(const struct lvs_import_conn *conn)
{
	bool template = conn->flags & LVS_WIRE_TEMPLATE;

	if (conn->flags & LVS_WIRE_HELPED && (template || conn->protocol != LVS_TCP))
		return false;
	if (conn->flags & (LVS_WIRE_DATA | LVS_WIRE_INVALID) && !template)
		return false;
	if (template && !(conn->flags & LVS_WIRE_INACTIVE))
		return false;
	if (conn->flags & (LVS_WIRE_NO_CPORT | LVS_WIRE_FROM_PORT_0))
		return !template && conn->client_port == 0;
	return true;
}

static int check_fixed(struct lvs_import *import, const struct lvs_import_conn *conn, uint32_t age,
		       uint32_t timeout)
{
	if (conn->number == 0 || conn->number == conn->controller)
		return lvs_import_fail(import,
				       "number is %u, expected another than 0 and its "
				       "controller's",
				       (unsigned)conn->number);
	if (conn->flags & ~(uint32_t)LVS_WIRE_FLAGS || !flags_agree(conn))
		return lvs_import_fail(import, "flags are 0x%x, which do not go together",
				       (unsigned)conn->flags);
	if (!is_protocol(conn))
		return lvs_import_fail(import, "protocol is %u, expected 6, 17 or 132",
				       conn->protocol);
	if (LVS_CONN_STATE(conn->word) >= states_of(conn))
		return lvs_import_fail(import, "state is %u, expected below %u",
				       LVS_CONN_STATE(conn->word), states_of(conn));
	if (timeout > TICKS_MAX)
		return lvs_import_fail(import, "timeout is %u ticks, expected at most %u",
				       (unsigned)timeout, (unsigned)TICKS_MAX);
	if (age + AHEAD_MAX > TICKS_MAX + AHEAD_MAX)
		return lvs_import_fail(import, "last packet is %d ticks old, expected at most %d",
				       (int)age, (int)TICKS_MAX);
	if (!conn->dest != (conn->method == LVS_METHOD_BYPASS) ||
	    (!conn->dest && conn->flags & LVS_WIRE_TEMPLATE))
		return lvs_import_fail(import,
				       "method is %u to destination %u, expected %u to 0 alone",
				       conn->method, (unsigned)conn->dest, LVS_METHOD_BYPASS);
	return 0;
}

static int read_data(struct lvs_import *import, struct lvs_wire_in *in,
		     struct lvs_import_conn *conn)
{
	read_name(in, conn->name);
	conn->data_len = lvs_wire_get16(in);
	if (conn->data_len == 0 || conn->data_len > LVS_PE_DATA)
		return lvs_import_fail(import, "%u bytes of an engine, expected 1 to %u",
				       conn->data_len, LVS_PE_DATA);
	conn->data = lvs_wire_take(in, conn->data_len);
	return 0;
}

static int read_edit(struct lvs_import *import, struct lvs_wire_in *in, struct lvs_seq_edit *edit)
{
	edit->at = lvs_wire_get32(in);
	edit->cut_len = lvs_wire_get16(in);
	edit->text_len = lvs_wire_get16(in);
	if (edit->cut_len == 0 || edit->text_len > LVS_HELPER_TEXT)
		return lvs_import_fail(import,
				       "rewrite of %u bytes by %u, expected 1 and at most %u",
				       edit->cut_len, edit->text_len, LVS_HELPER_TEXT);
	lvs_wire_get(in, edit->text, edit->text_len);
	return 0;
}

static int read_seq(struct lvs_import *import, struct lvs_wire_in *in, struct lvs_seq *seq)
{
	int err = 0;

	seq->base = lvs_wire_get32(in);
	seq->next = lvs_wire_get32(in);
	seq->known = lvs_wire_get8(in);
	seq->n = lvs_wire_get8(in);
	if (seq->known > 1 || seq->n > LVS_SEQ_EDITS)
		return lvs_import_fail(import, "%u rewrites, known %u, expected at most %u and 1",
				       seq->n, seq->known, LVS_SEQ_EDITS);
	for (unsigned i = 0; i < seq->n && err == 0; i++) {
		const struct lvs_seq_edit *last = i ? &seq->edit[i - 1] : NULL;

		err = read_edit(import, in, &seq->edit[i]);
		if (err == 0 && last && lvs_seq_before(seq->edit[i].at, last->at + last->cut_len))
			err = lvs_import_fail(import, "rewrites are out of order");
	}
	return err;
}

static int read_helped(struct lvs_import *import, struct lvs_wire_in *in,
		       struct lvs_import_conn *conn)
{
	int err;

	memset(&conn->helped, 0, sizeof(conn->helped));
	read_name(in, conn->name);
	conn->state_len = lvs_wire_get16(in);
	if (conn->state_len > LVS_HELPER_STATE)
		return lvs_import_fail(import, "%u bytes of a helper's state, expected at most %u",
				       conn->state_len, LVS_HELPER_STATE);
	lvs_wire_get(in, conn->helped.state, conn->state_len);
	err = read_seq(import, in, &conn->helped.seq[0]);
	return err ? err : read_seq(import, in, &conn->helped.seq[1]);
}

int lvs_import_read_conn(struct lvs_import *import, struct lvs_wire_in *in,
			 struct lvs_import_conn *conn)
{
	uint32_t age, timeout;
	int err;

	/* The long rest of it when it is needed. */
	memset(conn, 0, offsetof(struct lvs_import_conn, helped));
	read_fixed(import, in, conn, &age, &timeout);
	read_addrs(in, conn);
	if (in->over)
		return lvs_import_fail(import, "is too short");
	err = check_fixed(import, conn, age, timeout);
	if (err == 0 && conn->flags & LVS_WIRE_DATA)
		err = read_data(import, in, conn);
	if (err == 0 && conn->flags & LVS_WIRE_HELPED)
		err = read_helped(import, in, conn);
	return err;
}
