/* SPDX-License-Identifier: BSD-2-Clause */
/* An explanation's connection, template and states. */
#include "base/byteorder.h"
#include "director/conn_info.h"
#include "director/explain.h"
#include "service/services.h"

/* False: it has ended meanwhile. */
static bool fill_conn(const struct lvs_explained_way *way, uint32_t number,
		      struct lvs_explained_conn *to)
{
	uint32_t next = number;
	unsigned looks = 1; /* for this one alone */
	const struct lvs_conn *conn = lvs_table_walk(way->director->table, &next, &looks);
	struct lvs_conn_info info;

	if (!conn || next != number + 1)
		return false;
	lvs_conn_info_of(&info, conn, way->director);
	to->number = number;
	to->flags = info.flags;
	lvs_explain_end(&to->client, &info.client, info.family, info.client_port);
	lvs_explain_end(&to->service, &info.service, info.family, info.service_port);
	lvs_explain_end(&to->dest, &info.dest, info.dest_family, info.dest_port);
	to->expires_ns = info.expires_ns;
	to->state = info.state;
	to->controller = info.controller;
	to->control_n = info.control_n;
	to->protocol = info.protocol;
	return true;
}

static void fill_state(unsigned protocol, uint64_t word, struct lvs_explained_state *to)
{
	to->name = lvs_state_name(protocol, word);
	to->timeout_ns = (uint64_t)LVS_CONN_TIMEOUT(word) << LVS_TICK_SHIFT;
	to->active = !(word & LVS_CONN_INACTIVE);
}

/* Whose states they are: IKE's for IPsec, the quoted packet's for an ICMP error. */
static unsigned protocol_of(const struct lvs_explained_way *way, const struct lvs_explanation *out)
{
	unsigned own = way->record->headers.flow.protocol;

	if (out->flags & LVS_EXPLAINED_CONN)
		return out->conn.protocol;
	return lvs_is_balanced(own) || !way->record->service ? own
							     : way->record->service->key.protocol;
}

void lvs_explain_conn(const struct lvs_explained_way *way, struct lvs_explanation *out)
{
	const struct lvs_record *record = way->record;
	unsigned protocol;

	if (record->conn && fill_conn(way, record->conn, &out->conn)) {
		out->flags |= LVS_EXPLAINED_CONN;
		out->conn.reply =
			record->side != LVS_SIDE_REQUEST && record->side != LVS_SIDE_DEST_REQUEST;
	}
	if (record->template && fill_conn(way, record->template, &out->persistence))
		out->flags |= LVS_EXPLAINED_TEMPLATE;
	protocol = protocol_of(way, out);
	if (record->word_before) {
		fill_state(protocol, record->word_before, &out->before);
		out->flags |= LVS_EXPLAINED_BEFORE;
	}
	if (record->word_after) {
		fill_state(protocol, record->word_after, &out->after);
		out->flags |= LVS_EXPLAINED_AFTER;
	}
}
