/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers of many messages, one at a time. */
#include "io/ipvs/session.h"

#include <linux/genetlink.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int begin(struct lvs_ipvs_session *session, uint8_t command,
		 int (*next)(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message))
{
	session->dump.head = ipvs_answer_head(session, command);
	session->dump.next = next;
	return 0;
}

static int next_service(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	int more =
		lvs_director_next_service(session->server.director, &session->dump.cursor, &info);

	if (more != 1)
		return more;
	message->given = IPVS_CMD(SERVICE);
	lvs_ipvs_set_service_info(&message->service, &info);
	return 1;
}

int ipvs_dump_services(struct lvs_ipvs_session *session)
{
	return begin(session, IPVS_CMD_NEW_SERVICE, next_service);
}

static int next_dest(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	struct ipvs_dump *dump = &session->dump;
	struct lvs_dest_info info = {.size = sizeof(info)};
	int more = lvs_director_next_dest(session->server.director, &dump->service, &dump->cursor,
					  &info);

	/* No such service, or not any more: the end, as in the kernel. */
	if (more != 1)
		return more == LVS_ERR_NO_SERVICE ? 0 : more;
	message->given = IPVS_CMD(DEST);
	lvs_ipvs_set_dest_info(&message->dest, &info);
	return 1;
}

static int next_none(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	(void)session;
	(void)message;
	return 0;
}

int ipvs_dump_dests(struct lvs_ipvs_session *session)
{
	/* What names no service that there could be has no destinations, as in the kernel. */
	if (ipvs_read_service_key(session, &session->message, &session->dump.service))
		return begin(session, IPVS_CMD_NEW_DEST, next_none);
	return begin(session, IPVS_CMD_NEW_DEST, next_dest);
}

int ipvs_dump_daemons(struct lvs_ipvs_session *session)
{
	return begin(session, IPVS_CMD_NEW_DAEMON, next_none);
}

static uint32_t milliseconds_to(const struct lvs_ipvs_session *session, uint64_t then_ns)
{
	uint64_t now_ns = ipvs_now(session);
	uint64_t ms = then_ns > now_ns ? (then_ns - now_ns) / 1000000 : 0;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static void set_conn(struct lvs_ipvs_conn *conn, const struct lvs_conn_info *info)
{
	conn->given = LVS_IPVS_BIT(LVS_IPVS_CONN_ACTIVE + 1) - LVS_IPVS_BIT(LVS_IPVS_CONN_FAMILY);
	conn->family = info->family;
	conn->dest_family = info->dest_family;
	conn->protocol = info->protocol;
	conn->client = info->client;
	conn->service = info->service;
	conn->dest = info->dest;
	conn->client_port = info->client_port;
	conn->service_port = info->service_port;
	conn->dest_port = info->dest_port;
	conn->flags = info->flags;
	conn->method = info->method;
	conn->fwmark = info->fwmark;
	conn->active = info->active;
	snprintf(conn->state, sizeof(conn->state), "%s", info->state);
	if (!info->pe) {
		conn->given &=
			~(LVS_IPVS_BIT(LVS_IPVS_CONN_PE) | LVS_IPVS_BIT(LVS_IPVS_CONN_PE_DATA));
		return;
	}
	snprintf(conn->pe, sizeof(conn->pe), "%s", info->pe);
	snprintf(conn->pe_data, sizeof(conn->pe_data), "%s", info->pe_data);
}

static int next_conn(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	struct ipvs_dump *dump = &session->dump;
	struct lvs_conn_info info = {.size = sizeof(info)};
	int more = lvs_director_next_conn(session->server.director, &dump->filter, &dump->cursor,
					  &info);

	if (more != 1)
		return more;
	message->given = IPVS_OWN(CONN);
	set_conn(&message->conn, &info);
	message->conn.expires_ms = milliseconds_to(session, info.expires_ns);
	return 1;
}

static int read_client(struct lvs_ipvs_session *session)
{
	const struct lvs_ipvs_conn *conn = &session->message.conn;
	struct ipvs_dump *dump = &session->dump;

	if (!(conn->given & LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT)))
		return 0;
	if (conn->family != LVS_INET && conn->family != LVS_INET6)
		return ipvs_fail(session, -EAFNOSUPPORT, "expected the client's address family");
	dump->client = conn->client;
	dump->filter.client = &dump->client;
	dump->filter.client_family = (uint8_t)conn->family;
	return 0;
}

/* Into the session's dump, which need not be one. */
int ipvs_read_filter(struct lvs_ipvs_session *session)
{
	const struct lvs_ipvs_message *request = &session->message;
	struct ipvs_dump *dump = &session->dump;
	int err = 0;

	dump->filter = (struct lvs_conn_filter){.size = sizeof(dump->filter)};
	if (request->given & IPVS_OWN(FLAGS))
		dump->filter.flags = request->flags;
	if (dump->filter.flags &
	    ~(uint32_t)(LVS_CONN_FILTER_TEMPLATES | LVS_CONN_FILTER_NO_TEMPLATES))
		return ipvs_fail(session, -EINVAL, "filter: unknown flags %#x", request->flags);
	if (request->given & IPVS_OWN(SERVICE)) {
		err = ipvs_read_service_key(session, request, &dump->service);
		dump->filter.service = &dump->service;
	}
	if (!err && request->given & IPVS_OWN(DEST)) {
		err = ipvs_read_dest_key(session, request, &dump->service, &dump->dest);
		dump->filter.dest = &dump->dest;
	}
	return err ? err : read_client(session);
}

int ipvs_dump_conns(struct lvs_ipvs_session *session)
{
	int err = ipvs_read_filter(session);

	return err ? err : begin(session, LVS_IPVS_GET_CONN, next_conn);
}

static int next_setting(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	const struct lvs_ipvs_server *server = &session->server;
	const char *name;

	if (!server->get_setting || !server->get_setting(server->user, session->dump.index++, &name,
							 &message->value, &message->default_value))
		return 0;
	message->given = IPVS_OWN(NAME) | IPVS_OWN(VALUE) | IPVS_OWN(DEFAULT);
	snprintf(message->name, sizeof(message->name), "%s", name);
	return 1;
}

int ipvs_dump_settings(struct lvs_ipvs_session *session)
{
	return begin(session, LVS_IPVS_GET_SETTING, next_setting);
}

static int next_family(struct lvs_ipvs_session *session, struct lvs_ipvs_message *message)
{
	return ipvs_set_family(message, session->dump.index++);
}

int ipvs_dump_families(struct lvs_ipvs_session *session)
{
	if (session->message.command != CTRL_CMD_GETFAMILY)
		return ipvs_fail(session, -EOPNOTSUPP, "families can be asked for, no more");
	return begin(session, CTRL_CMD_NEWFAMILY, next_family);
}
