/* SPDX-License-Identifier: BSD-2-Clause */
/* What would become of a packet (lvs_explain()), as a text in parts. */
#include "io/ipvs/session.h"

#include <liblvs/explain.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	DESTS = 1024, /* candidates told at most */
	PART = 12288, /* bytes of a message */
};

/* The ends of the packet, from the attributes of a connection. */
static int read_flow(struct lvs_ipvs_session *session, struct lvs_flow *flow)
{
	const struct lvs_ipvs_conn *conn = &session->message.conn;
	const uint32_t needed =
		LVS_IPVS_BIT(LVS_IPVS_CONN_FAMILY) | LVS_IPVS_BIT(LVS_IPVS_CONN_PROTOCOL) |
		LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT) | LVS_IPVS_BIT(LVS_IPVS_CONN_SERVICE);

	if (!(session->message.given & IPVS_OWN(CONN)) || (conn->given & needed) != needed)
		return ipvs_fail(session, -EINVAL,
				 "expected a packet: address family, protocol, client and service");
	memset(flow, 0, sizeof(*flow));
	flow->family = (uint8_t)conn->family;
	flow->protocol = (uint8_t)conn->protocol;
	flow->src = conn->client;
	flow->dst = conn->service;
	flow->src_port = conn->client_port;
	flow->dst_port = conn->service_port;
	return 0;
}

static int make_packet(struct lvs_ipvs_session *session, uint8_t *buffer, struct lvs_packet *packet)
{
	const struct lvs_ipvs_message *request = &session->message;
	uint8_t tcp = request->given & IPVS_OWN(VALUE) ? (uint8_t)request->value : LVS_TCP_SYN;
	struct lvs_flow flow;
	int err = read_flow(session, &flow);

	if (err)
		return err;
	err = lvs_explain_packet(&flow, tcp, buffer, packet);
	if (err)
		return ipvs_fail(session, err, "packet: %s", lvs_strerror(err));
	if (request->conn.given & LVS_IPVS_BIT(LVS_IPVS_CONN_FWMARK))
		packet->mark = request->conn.fwmark;
	else if (session->server.mark)
		session->server.mark(session->server.user, packet);
	return 0;
}

/* The whole text, as long as it is. */
static int write_text(struct lvs_ipvs_session *session, const struct lvs_explanation *explanation)
{
	bool json =
		session->message.given & IPVS_OWN(FLAGS) && session->message.flags & LVS_IPVS_JSON;
	size_t (*write)(const struct lvs_explanation *explanation, char *text, size_t size) =
		json ? lvs_explanation_json : lvs_explanation_text;
	size_t len = write(explanation, NULL, 0);

	free(session->text); /* of another request in this datagram */
	session->text = malloc(len + 1);
	if (!session->text)
		return ipvs_fail(session, -ENOMEM, "out of memory");
	write(explanation, session->text, len + 1);
	session->text_len = len;
	return 0;
}

static int explain(struct lvs_ipvs_session *session, struct lvs_packet *packet)
{
	struct lvs_explanation explanation = {.size = sizeof(explanation), .dest_max = DESTS};
	int err;

	explanation.dests = calloc(DESTS, sizeof(*explanation.dests));
	if (!explanation.dests)
		return ipvs_fail(session, -ENOMEM, "out of memory");
	err = lvs_explain(session->server.director, packet, 0, &explanation);
	if (err)
		ipvs_fail(session, err, "%s", lvs_strerror(err));
	else
		err = write_text(session, &explanation);
	free(explanation.dests);
	return err;
}

static int next_part(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	size_t at = session->dump.index;
	size_t left = session->text_len - at;

	if (!left)
		return 0;
	message->given = IPVS_OWN(TEXT);
	message->text = session->text + at;
	message->text_len = (uint32_t)(left < PART ? left : PART);
	session->dump.index += message->text_len;
	return 1;
}

int ipvs_dump_explanation(struct lvs_ipvs_session *session)
{
	uint8_t buffer[LVS_EXPLAIN_PACKET];
	struct lvs_packet packet;
	int err = make_packet(session, buffer, &packet);

	if (!err)
		err = explain(session, &packet);
	if (err)
		return err;
	session->dump.head = ipvs_answer_head(session, LVS_IPVS_EXPLAIN);
	session->dump.next = next_part;
	return 0;
}
