/* SPDX-License-Identifier: BSD-2-Clause */
/* What each request is answered with. */
#include "io/ipvs/session.h"

#include <linux/genetlink.h>

#include <errno.h>
#include <string.h>

enum { CONN_TAB_SIZE = 4096 }; /* the kernel's, unless it was told otherwise */

bool ipvs_answers(const struct lvs_ipvs_message *request)
{
	if (request->kind == LVS_IPVS_OWN)
		return request->command != LVS_IPVS_BEGIN && request->command != LVS_IPVS_ABORT &&
		       request->command != LVS_IPVS_SET_SETTING;
	if (request->kind != LVS_IPVS_IPVS)
		return request->kind == LVS_IPVS_CTRL;
	switch (request->command) {
	case IPVS_CMD_GET_SERVICE:
	case IPVS_CMD_GET_DEST:
	case IPVS_CMD_GET_DAEMON:
	case IPVS_CMD_GET_CONFIG:
	case IPVS_CMD_GET_INFO:
		return true;
	default:
		return false;
	}
}

int ipvs_set_family(struct lvs_ipvs_message *message, unsigned index)
{
	static const struct lvs_ipvs_family families[] = {
		{.id = LVS_IPVS_FAMILY,
		 .version = IPVS_GENL_VERSION,
		 .maxattr = IPVS_CMD_ATTR_MAX,
		 .name = IPVS_GENL_NAME},
		{.id = LVS_IPVS_FAMILY_LVS,
		 .version = LVS_IPVS_LVS_VERSION,
		 .maxattr = LVS_IPVS_ATTR_TEXT,
		 .name = LVS_IPVS_LVS_NAME},
	};

	if (index >= sizeof(families) / sizeof(families[0]))
		return 0;
	message->family = families[index];
	message->family.given = LVS_IPVS_BIT(CTRL_ATTR_FAMILY_ID) |
				LVS_IPVS_BIT(CTRL_ATTR_FAMILY_NAME) |
				LVS_IPVS_BIT(CTRL_ATTR_VERSION) | LVS_IPVS_BIT(CTRL_ATTR_HDRSIZE) |
				LVS_IPVS_BIT(CTRL_ATTR_MAXATTR);
	return 1;
}

static bool is_family(const struct lvs_ipvs_family *wanted, const struct lvs_ipvs_family *family)
{
	if (wanted->given & LVS_IPVS_BIT(CTRL_ATTR_FAMILY_ID))
		return wanted->id == family->id;
	return strcmp(wanted->name, family->name) == 0;
}

static int get_family(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, CTRL_CMD_NEWFAMILY);
	const struct lvs_ipvs_family *wanted = &session->message.family;

	if (session->message.command != CTRL_CMD_GETFAMILY)
		return ipvs_fail(session, -EOPNOTSUPP, "families can be asked for, no more");
	if (!wanted->given)
		return ipvs_fail(session, -EINVAL, "expected a family's number or name, got none");
	for (unsigned i = 0; ipvs_set_family(&answer, i); i++)
		if (is_family(wanted, &answer.family)) {
			ipvs_put(session, &answer);
			return 0;
		}
	return ipvs_fail(session, -ENOENT, "no such family");
}

static int get_service(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, IPVS_CMD_NEW_SERVICE);
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_service_key key;
	int err = ipvs_read_service_key(session, &session->message, &key);

	if (!err)
		err = lvs_director_get_service(session->server.director, &key, &info);
	if (err == LVS_ERR_NO_SERVICE)
		return ipvs_fail(session, -ESRCH, "no such service");
	if (err)
		return err;
	answer.given = IPVS_CMD(SERVICE);
	lvs_ipvs_set_service_info(&answer.service, &info);
	ipvs_put(session, &answer);
	return 0;
}

static int get_config(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, IPVS_CMD_SET_CONFIG);
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts)};

	lvs_director_get_timeouts(session->server.director, &timeouts);
	answer.given = IPVS_CMD(TIMEOUT_TCP) | IPVS_CMD(TIMEOUT_TCP_FIN) | IPVS_CMD(TIMEOUT_UDP);
	answer.tcp_s = timeouts.tcp_s;
	answer.tcp_fin_s = timeouts.tcp_fin_s;
	answer.udp_s = timeouts.udp_s;
	ipvs_put(session, &answer);
	return 0;
}

static int get_info(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, IPVS_CMD_SET_INFO);

	answer.info_given =
		LVS_IPVS_BIT(IPVS_INFO_ATTR_VERSION) | LVS_IPVS_BIT(IPVS_INFO_ATTR_CONN_TAB_SIZE);
	answer.ipvs_version = IP_VS_VERSION_CODE;
	answer.conn_tab_size =
		session->server.conn_tab_size ? session->server.conn_tab_size : CONN_TAB_SIZE;
	ipvs_put(session, &answer);
	return 0;
}

static int daemon_command(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request)
{
	if (!(request->given & IPVS_CMD(DAEMON)))
		return ipvs_fail(session, -EINVAL, "expected a daemon: what it is to be");
	if (request->command == IPVS_CMD_DEL_DAEMON)
		return ipvs_fail(session, -ESRCH, "no daemon is running");
	return ipvs_fail(session, -EOPNOTSUPP,
			 "connection sync is not there yet: no daemon can be started");
}

static int ipvs_family(struct lvs_ipvs_session *session)
{
	const struct lvs_ipvs_message *request = &session->message;

	if (ipvs_is_change(request))
		return ipvs_change(session, request);
	switch (request->command) {
	case IPVS_CMD_GET_SERVICE:
		return get_service(session);
	case IPVS_CMD_SET_CONFIG:
		return ipvs_set_config(session, request);
	case IPVS_CMD_GET_CONFIG:
		return get_config(session);
	case IPVS_CMD_GET_INFO:
		return get_info(session);
	case IPVS_CMD_ZERO:
		return ipvs_zero(session, request);
	case IPVS_CMD_NEW_DAEMON:
	case IPVS_CMD_DEL_DAEMON:
		return daemon_command(session, request);
	default:
		return ipvs_fail(session, -EOPNOTSUPP, "command %u is not known, or must be a dump",
				 request->command);
	}
}

static int kill_conns(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, LVS_IPVS_DEL_CONN);
	struct ipvs_dump *dump = &session->dump;
	int err = ipvs_read_filter(session);
	int64_t n;

	if (!err) {
		n = lvs_director_kill_conns(session->server.director, &dump->filter);
		answer.given = IPVS_OWN(COUNT);
		answer.count = (uint64_t)n;
		if (n < 0)
			err = (int)n;
		else
			ipvs_put(session, &answer);
	}
	memset(dump, 0, sizeof(*dump));
	return err;
}

static int get_setting(struct lvs_ipvs_session *session)
{
	struct lvs_ipvs_message answer = ipvs_answer_head(session, LVS_IPVS_GET_SETTING);
	const struct lvs_ipvs_server *server = &session->server;
	const char *name;

	for (unsigned i = 0;
	     server->get_setting &&
	     server->get_setting(server->user, i, &name, &answer.value, &answer.default_value);
	     i++) {
		if (strcmp(name, session->message.name) != 0)
			continue;
		answer.given = IPVS_OWN(NAME) | IPVS_OWN(VALUE) | IPVS_OWN(DEFAULT);
		strncpy(answer.name, name, sizeof(answer.name) - 1);
		ipvs_put(session, &answer);
		return 0;
	}
	return ipvs_fail(session, -ENOENT, "no setting has the name \"%s\"", session->message.name);
}

static int set_setting(struct lvs_ipvs_session *session)
{
	const struct lvs_ipvs_server *server = &session->server;
	const struct lvs_ipvs_message *request = &session->message;
	const uint32_t needed = IPVS_OWN(NAME) | IPVS_OWN(VALUE);

	if ((request->given & needed) != needed)
		return ipvs_fail(session, -EINVAL, "expected a setting's name and value");
	if (!server->set_setting)
		return ipvs_fail(session, -EOPNOTSUPP, "there are no settings here");
	return server->set_setting(server->user, request->name, request->value,
				   session->fault.sentence, sizeof(session->fault.sentence));
}

static int own_family(struct lvs_ipvs_session *session)
{
	switch (session->message.command) {
	case LVS_IPVS_BEGIN:
		return ipvs_txn_begin(session);
	case LVS_IPVS_COMMIT:
		return ipvs_txn_commit(session);
	case LVS_IPVS_ABORT:
		ipvs_txn_forget(session);
		return 0;
	case LVS_IPVS_DEL_CONN:
		return kill_conns(session);
	case LVS_IPVS_GET_SETTING:
		return get_setting(session);
	case LVS_IPVS_SET_SETTING:
		return set_setting(session);
	default:
		return ipvs_fail(session, -EOPNOTSUPP, "command %u is not known, or must be a dump",
				 session->message.command);
	}
}

int ipvs_command(struct lvs_ipvs_session *session)
{
	if (session->message.kind == LVS_IPVS_CTRL)
		return get_family(session);
	return session->message.kind == LVS_IPVS_OWN ? own_family(session) : ipvs_family(session);
}

static int begin_ipvs_dump(struct lvs_ipvs_session *session)
{
	switch (session->message.command) {
	case IPVS_CMD_GET_SERVICE:
		return ipvs_dump_services(session);
	case IPVS_CMD_GET_DEST:
		return ipvs_dump_dests(session);
	case IPVS_CMD_GET_DAEMON:
		return ipvs_dump_daemons(session);
	default:
		return ipvs_fail(session, -EOPNOTSUPP, "command %u has no dump",
				 session->message.command);
	}
}

static int begin_own_dump(struct lvs_ipvs_session *session)
{
	switch (session->message.command) {
	case LVS_IPVS_GET_CONN:
		return ipvs_dump_conns(session);
	case LVS_IPVS_GET_TEXT:
		return ipvs_dump_text(session);
	case LVS_IPVS_GET_SETTING:
		return ipvs_dump_settings(session);
	case LVS_IPVS_EXPLAIN:
		return ipvs_dump_explanation(session);
	default:
		return ipvs_fail(session, -EOPNOTSUPP, "command %u has no dump",
				 session->message.command);
	}
}

/* Whether the request is one for a dump; it has begun then, or `error` says why not. */
bool ipvs_begin_dump(struct lvs_ipvs_session *session, int *error)
{
	if ((session->message.nl_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return false;
	if (session->message.kind == LVS_IPVS_CTRL)
		*error = ipvs_dump_families(session);
	else if (session->message.kind == LVS_IPVS_OWN)
		*error = begin_own_dump(session);
	else
		*error = begin_ipvs_dump(session);
	if (*error)
		memset(&session->dump, 0, sizeof(session->dump));
	return true;
}
