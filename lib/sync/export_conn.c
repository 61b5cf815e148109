/* SPDX-License-Identifier: BSD-2-Clause */
/* A record as a frame, and before it the frames of what it names. */
#include "conn/data.h"
#include "conn/template.h"
#include "director/binding.h"
#include "director/helped.h"
#include "service/services.h"
#include "sync/export.h"

static void write_dest(struct lvs_export *export, uint32_t number, struct lvs_wire_out *out)
{
	const struct lvs_dest *dest = lvs_services_dest(export->director->services, number);
	struct lvs_service_key service;
	size_t start;

	if (export->dest[number % LVS_EXPORT_DESTS].number == number &&
	    export->dest[number % LVS_EXPORT_DESTS].step == export->step)
		return;
	lvs_dest_service_key(dest, &service);
	start = lvs_wire_begin(out, LVS_WIRE_DEST);
	lvs_wire_put32(out, number);
	lvs_wire_put32(out, lvs_gauge_overloaded(lvs_gauge_load(&dest->gauge)) ? LVS_WIRE_OVERLOADED
									       : 0);
	lvs_wire_put8(out, service.family);
	lvs_wire_put8(out, service.protocol);
	lvs_wire_put(out, &service.port, 2);
	lvs_wire_put32(out, service.fwmark);
	lvs_wire_put(out, &service.addr, 16);
	lvs_wire_put8(out, dest->family);
	lvs_wire_put8(out, 0);
	lvs_wire_put(out, &dest->port, 2);
	lvs_wire_put(out, &dest->addr, 16);
	lvs_wire_end(out, start);
	if (out->over)
		return;
	export->dest[number % LVS_EXPORT_DESTS].number = number;
	export->dest[number % LVS_EXPORT_DESTS].step = export->step;
}

static void write_data(const struct lvs_data *data, struct lvs_wire_out *out)
{
	lvs_wire_put_name(out, data->pe->name);
	lvs_wire_put16(out, data->len);
	lvs_wire_put(out, data->byte, data->len);
}

static void write_seq(const struct lvs_seq *seq, struct lvs_wire_out *out)
{
	lvs_wire_put32(out, seq->base);
	lvs_wire_put32(out, seq->next);
	lvs_wire_put8(out, seq->known);
	lvs_wire_put8(out, seq->n);
	for (unsigned i = 0; i < seq->n; i++) {
		lvs_wire_put32(out, seq->edit[i].at);
		lvs_wire_put16(out, seq->edit[i].cut_len);
		lvs_wire_put16(out, seq->edit[i].text_len);
		lvs_wire_put(out, seq->edit[i].text, seq->edit[i].text_len);
	}
}

static void write_helped(const struct lvs_director *director, const struct lvs_conn *conn,
			 struct lvs_wire_out *out)
{
	struct lvs_helped helped;

	lvs_helped_read(director, conn, &helped);
	lvs_wire_put_name(out, helped.ops->name);
	lvs_wire_put16(out, helped.ops->state_size);
	lvs_wire_put(out, helped.state, helped.ops->state_size);
	write_seq(&helped.seq[0], out);
	write_seq(&helped.seq[1], out);
}

static uint32_t flags_of(const struct lvs_conn *conn, uint64_t word, const struct lvs_data *data)
{
	return (uint32_t)(word >> LVS_WIRE_WORD_SHIFT & LVS_WIRE_WORD_FLAGS) |
	       (conn->kind & LVS_CONN_INET6 ? LVS_WIRE_INET6 : 0u) |
	       (conn->kind & LVS_CONN_DEST6 ? LVS_WIRE_DEST6 : 0u) |
	       (conn->kind & LVS_CONN_FROM_PORT_0 ? LVS_WIRE_FROM_PORT_0 : 0u) |
	       (data ? LVS_WIRE_DATA : 0u);
}

/* What it is and how it stands. */
static void write_state(const struct lvs_export *export, const struct lvs_conn *conn, uint64_t word,
			uint32_t controller, const struct lvs_data *data, struct lvs_wire_out *out)
{
	const struct lvs_services *services = export->director->services;
	uint32_t counts = atomic_load_explicit(&conn->counts, memory_order_relaxed);

	lvs_wire_put32(out, lvs_arena_number(conn));
	lvs_wire_put32(out, conn->created);
	lvs_wire_put32(out, conn->dest);
	lvs_wire_put32(out, controller);
	lvs_wire_put32(out, atomic_load_explicit(&conn->seen, memory_order_relaxed) - export->base);
	lvs_wire_put32(out, LVS_CONN_TIMEOUT(word));
	lvs_wire_put32(out, flags_of(conn, word, data));
	lvs_wire_put8(out, LVS_CONN_STATE(word));
	lvs_wire_put8(out, conn->protocol);
	lvs_wire_put8(out, lvs_services_forwarder(services, LVS_CONN_FORWARDER(word))->method);
	lvs_wire_put8(out, counts / LVS_CONN_REQUEST << 4 |
				   (counts & LVS_CONN_REPLIES) / LVS_CONN_REPLY);
}

static void write_ends(const struct lvs_export *export, const struct lvs_conn *conn,
		       struct lvs_wire_out *out)
{
	struct lvs_binding binding;
	unsigned len, dest_len;

	lvs_binding_of_conn(&binding, conn, export->director);
	len = lvs_addr_len(binding.family);
	dest_len = lvs_addr_len(binding.dest_family);
	lvs_wire_put(out, &binding.client_port, 2);
	lvs_wire_put(out, &binding.service_port, 2);
	lvs_wire_put(out, &binding.dest_port, 2);
	lvs_wire_put16(out, 0);
	lvs_wire_put(out, &binding.client, len);
	lvs_wire_put(out, &binding.service, len);
	lvs_wire_put(out, &binding.dest, dest_len);
}

/* Number of its controller, where that has not ended. */
static uint32_t controller_of(const struct lvs_export *export, const struct lvs_conn *conn)
{
	const struct lvs_conn *controller = lvs_table_controller(export->director->table, conn);
	uint64_t word;

	if (!controller)
		return 0;
	/* acquire: pairs with publish() in table.c */
	word = atomic_load_explicit(&controller->word, memory_order_acquire);
	return word & LVS_CONN_DEAD ? 0 : lvs_arena_number(controller);
}

static void write_frame(struct lvs_export *export, const struct lvs_conn *conn, uint32_t controller,
			struct lvs_wire_out *out)
{
	/* acquire: its fixed fields, and what the mark beside it says is not older */
	uint64_t word = atomic_load_explicit(&conn->word, memory_order_acquire);
	const struct lvs_data *data = NULL;
	size_t start;

	if (word & LVS_CONN_TEMPLATE)
		data = lvs_template_data(export->director->table, conn);
	if (conn->dest)
		write_dest(export, conn->dest, out);
	start = lvs_wire_begin(out, LVS_WIRE_CONN);
	write_state(export, conn, word, controller, data, out);
	write_ends(export, conn, out);
	if (data)
		write_data(data, out);
	if (word & LVS_CONN_HELPED)
		write_helped(export->director, conn, out);
	lvs_wire_end(out, start);
}

/* It stands already, so far as that is remembered. */
static bool is_known(const struct lvs_export *export, const struct lvs_conn *conn)
{
	uint32_t number = lvs_arena_number(conn);
	const struct lvs_export_known *known = &export->known[number % LVS_EXPORT_CONNS];

	return known->number == number && known->created == conn->created;
}

static void remember(struct lvs_export *export, const struct lvs_conn *conn)
{
	uint32_t number = lvs_arena_number(conn);

	export->known[number % LVS_EXPORT_CONNS] = (struct lvs_export_known){number, conn->created};
}

/* A control connection has a template at most: the chain is short. */
#define CHAIN 8

bool lvs_export_conn(struct lvs_export *export, const struct lvs_conn *conn,
		     struct lvs_wire_out *out)
{
	struct lvs_wire_out mark = *out;
	const struct lvs_conn *chain[CHAIN] = {conn};
	uint32_t controller[CHAIN];
	unsigned n = 0;

	/* From the one to its controllers, then written the other way round. */
	while ((controller[n] = controller_of(export, chain[n])) && n + 1 < CHAIN) {
		chain[n + 1] = lvs_table_controller(export->director->table, chain[n]);
		if (is_known(export, chain[n + 1]))
			break;
		n++;
	}
	for (unsigned i = n + 1; i-- > 0 && !out->over;)
		write_frame(export, chain[i], controller[i], out);
	if (out->over) {
		*out = mark;
		/* What was written of destinations is gone with it. */
		memset(export->dest, 0, sizeof(export->dest));
		return false;
	}
	for (unsigned i = 0; i <= n; i++)
		if (i > 0 || lvs_conn_control_n(conn))
			remember(export, chain[i]);
	export->conns += n + 1;
	return true;
}
