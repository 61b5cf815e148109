/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes that a request asks for, each by itself or within a transaction. */
#include "io/ipvs/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KNOWN_FLAGS                                                                                \
	(LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET | LVS_SERVICE_MSS_CLAMP |                 \
	 LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2 | LVS_SCHED_FLAG3)

bool ipvs_is_change(const struct lvs_ipvs_message *request)
{
	if (request->kind != LVS_IPVS_IPVS)
		return false;
	switch (request->command) {
	case IPVS_CMD_NEW_SERVICE:
	case IPVS_CMD_SET_SERVICE:
	case IPVS_CMD_DEL_SERVICE:
	case IPVS_CMD_NEW_DEST:
	case IPVS_CMD_SET_DEST:
	case IPVS_CMD_DEL_DEST:
	case IPVS_CMD_FLUSH:
		return true;
	default:
		return false;
	}
}

int ipvs_read_service_key(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
			  struct lvs_service_key *key)
{
	int err = -EINVAL;

	memset(key, 0, sizeof(*key));
	if (request->given & IPVS_CMD(SERVICE))
		err = lvs_ipvs_get_service_key(&request->service, key);
	if (err == -EINVAL)
		return ipvs_fail(session, err,
				 "expected a service: address family, and a firewall mark or "
				 "protocol, address and port");
	if (err)
		return ipvs_fail(session, err, "address family %u, expected %d (IPv4) or %d (IPv6)",
				 request->service.family, LVS_INET, LVS_INET6);
	return 0;
}

static int find_sched(struct lvs_ipvs_session *session, const char *name,
		      const struct lvs_sched_ops **sched)
{
	const struct lvs_ipvs_server *server = &session->server;

	*sched = server->find_sched ? server->find_sched(server->user, name) : lvs_sched_find(name);
	return *sched ? 0 : ipvs_fail(session, -ENOENT, "no scheduler has the name \"%s\"", name);
}

static int find_pe(struct lvs_ipvs_session *session, const struct lvs_ipvs_service *service,
		   const struct lvs_pe_ops **pe)
{
	*pe = NULL;
	if (!(service->given & IPVS_SVC(PE_NAME)) || !service->pe[0])
		return 0;
	*pe = lvs_pe_find(service->pe);
	return *pe ? 0
		   : ipvs_fail(session, -ENOENT, "no persistence engine has the name \"%s\"",
			       service->pe);
}

/* What an edit leaves as it is. */
static uint32_t old_flags(const struct lvs_ipvs_session *session,
			  const struct lvs_ipvs_message *request, const struct lvs_service_key *key)
{
	struct lvs_service_info info = {.size = sizeof(info)};

	if (request->command != IPVS_CMD_SET_SERVICE || request->service.mask == UINT32_MAX ||
	    lvs_director_get_service(session->server.director, key, &info))
		return 0;
	return info.conf.flags;
}

/* Whether there is a service counts before what is wrong with the settings, as in the kernel. */
static int fail_incomplete(struct lvs_ipvs_session *session, const struct lvs_service_key *key,
			   bool adds, const char *sentence)
{
	struct lvs_service_info info = {.size = sizeof(info)};

	if (!adds && !session->queue.open &&
	    lvs_director_get_service(session->server.director, key, &info) == LVS_ERR_NO_SERVICE)
		return ipvs_fail(session, -ESRCH, "no such service");
	return ipvs_fail(session, -EINVAL, "%s", sentence);
}

int ipvs_read_service(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		      struct lvs_service_key *key, struct lvs_service_conf *conf)
{
	const uint32_t needed =
		IPVS_SVC(SCHED_NAME) | IPVS_SVC(FLAGS) | IPVS_SVC(TIMEOUT) | IPVS_SVC(NETMASK);
	const struct lvs_ipvs_service *service = &request->service;
	int err = ipvs_read_service_key(session, request, key);

	*conf = (struct lvs_service_conf){.size = sizeof(*conf)};
	if (err)
		return err;
	if ((service->given & needed) != needed)
		return ipvs_fail(session, -EINVAL,
				 "service: expected scheduler, flags, timeout and netmask");
	err = find_sched(session, service->sched, &conf->sched);
	if (!err)
		err = find_pe(session, service, &conf->pe);
	if (err)
		return err;
	if (key->family == LVS_INET6 && (service->netmask < 1 || service->netmask > 128))
		return ipvs_fail(session, -EINVAL, "prefix length %u, expected 1 to 128",
				 service->netmask);
	conf->flags = (old_flags(session, request, key) & ~service->mask) |
		      (service->flags & service->mask & KNOWN_FLAGS);
	conf->timeout_s = service->timeout_s;
	conf->netmask = service->netmask;
	return 0;
}

int ipvs_read_dest_key(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		       const struct lvs_service_key *service, struct lvs_dest_key *key)
{
	const uint32_t needed = IPVS_DEST(ADDR) | IPVS_DEST(PORT);
	const struct lvs_ipvs_dest *dest = &request->dest;
	uint16_t family = dest->given & IPVS_DEST(ADDR_FAMILY) ? dest->family : service->family;

	memset(key, 0, sizeof(*key));
	if (!(request->given & IPVS_CMD(DEST)) || (dest->given & needed) != needed)
		return fail_incomplete(session, service, false,
				       "expected a destination's address and port");
	if (family != LVS_INET && family != LVS_INET6)
		return ipvs_fail(session, -EAFNOSUPPORT,
				 "address family %u, expected %d (IPv4) or %d (IPv6)", family,
				 LVS_INET, LVS_INET6);
	key->family = (uint8_t)family;
	key->port = dest->port;
	memcpy(&key->addr, &dest->addr, family == LVS_INET ? 4 : 16);
	return 0;
}

int ipvs_read_dest(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		   struct lvs_service_key *service, struct lvs_dest_key *key,
		   struct lvs_dest_conf *conf)
{
	const uint32_t needed = IPVS_DEST(FWD_METHOD) | IPVS_DEST(WEIGHT) | IPVS_DEST(U_THRESH) |
				IPVS_DEST(L_THRESH);
	const struct lvs_ipvs_dest *dest = &request->dest;
	int err = ipvs_read_service_key(session, request, service);

	*conf = (struct lvs_dest_conf){.size = sizeof(*conf)};
	if (!err)
		err = ipvs_read_dest_key(session, request, service, key);
	if (err)
		return err;
	if ((dest->given & needed) != needed)
		return fail_incomplete(session, service, false,
				       "destination: expected method, weight and thresholds");
	conf->method = dest->method & IP_VS_CONN_F_FWD_MASK;
	conf->weight = (int32_t)dest->weight;
	conf->upper = dest->upper;
	conf->lower = dest->lower;
	conf->tun_type = dest->tun_type;
	conf->tun_port = dest->tun_port;
	conf->tun_flags = (uint8_t)(dest->tun_flags & (LVS_TUNNEL_CSUM | LVS_TUNNEL_REMCSUM));
	return 0;
}

int ipvs_check(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
	       bool dry_run)
{
	const struct lvs_ipvs_server *server = &session->server;
	struct lvs_service_conf service_conf;
	struct lvs_service_key service;
	struct lvs_dest_conf dest_conf;
	struct lvs_dest_key dest;
	int err;

	if (request->command == IPVS_CMD_NEW_SERVICE || request->command == IPVS_CMD_SET_SERVICE)
		err = ipvs_read_service(session, request, &service, &service_conf);
	else if (request->command == IPVS_CMD_NEW_DEST || request->command == IPVS_CMD_SET_DEST)
		err = ipvs_read_dest(session, request, &service, &dest, &dest_conf);
	else
		return 0;
	if (err || !server->check)
		return err;
	return server->check(server->user, request, dry_run, session->fault.sentence,
			     sizeof(session->fault.sentence));
}

static int apply_service(struct lvs_ipvs_session *session, struct lvs_txn *txn,
			 const struct lvs_ipvs_message *request)
{
	struct lvs_service_conf conf;
	struct lvs_service_key key;
	int err = ipvs_read_service(session, request, &key, &conf);

	if (err)
		return err;
	return request->command == IPVS_CMD_NEW_SERVICE ? lvs_txn_add_service(txn, &key, &conf)
							: lvs_txn_edit_service(txn, &key, &conf);
}

static int apply_dest(struct lvs_ipvs_session *session, struct lvs_txn *txn,
		      const struct lvs_ipvs_message *request)
{
	struct lvs_service_key service;
	struct lvs_dest_key key;
	struct lvs_dest_conf conf;
	int err = ipvs_read_dest(session, request, &service, &key, &conf);

	if (err)
		return err;
	return request->command == IPVS_CMD_NEW_DEST
		       ? lvs_txn_add_dest(txn, &service, &key, &conf)
		       : lvs_txn_edit_dest(txn, &service, &key, &conf);
}

static int remove_service(struct lvs_ipvs_session *session, struct lvs_txn *txn,
			  const struct lvs_ipvs_message *request)
{
	struct lvs_service_key key;
	int err = ipvs_read_service_key(session, request, &key);

	return err ? err : lvs_txn_del_service(txn, &key);
}

static int remove_dest(struct lvs_ipvs_session *session, struct lvs_txn *txn,
		       const struct lvs_ipvs_message *request)
{
	struct lvs_service_key service;
	struct lvs_dest_key key;
	int err = ipvs_read_service_key(session, request, &service);

	if (!err)
		err = ipvs_read_dest_key(session, request, &service, &key);
	return err ? err : lvs_txn_del_dest(txn, &service, &key);
}

/* Services and destinations that there are. */
static uint32_t count_all(const struct lvs_director *director)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	uint32_t n = 0;

	while (lvs_director_next_service(director, &cursor, &info) == 1)
		n += 1 + info.dest_n;
	return n;
}

static void count(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request,
		  struct ipvs_counts *counts)
{
	switch (request->command) {
	case IPVS_CMD_NEW_SERVICE:
	case IPVS_CMD_NEW_DEST:
		counts->added++;
		return;
	case IPVS_CMD_SET_SERVICE:
	case IPVS_CMD_SET_DEST:
		counts->changed++;
		return;
	case IPVS_CMD_FLUSH:
		counts->removed += count_all(session->server.director);
		return;
	default:
		counts->removed++;
	}
}

static int apply(struct lvs_ipvs_session *session, struct lvs_txn *txn,
		 const struct lvs_ipvs_message *request)
{
	switch (request->command) {
	case IPVS_CMD_NEW_SERVICE:
	case IPVS_CMD_SET_SERVICE:
		return apply_service(session, txn, request);
	case IPVS_CMD_NEW_DEST:
	case IPVS_CMD_SET_DEST:
		return apply_dest(session, txn, request);
	case IPVS_CMD_DEL_SERVICE:
		return remove_service(session, txn, request);
	case IPVS_CMD_DEL_DEST:
		return remove_dest(session, txn, request);
	default:
		return lvs_txn_flush(txn);
	}
}

int ipvs_apply(struct lvs_ipvs_session *session, struct lvs_txn *txn,
	       const struct lvs_ipvs_message *request, struct ipvs_counts *counts)
{
	int err = apply(session, txn, request);

	if (err && !session->fault.sentence[0])
		return ipvs_fail(session, err, "%s", lvs_txn_error(txn));
	if (!err && counts)
		count(session, request, counts);
	return err;
}

int ipvs_change(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request)
{
	struct lvs_txn *txn;
	int err = ipvs_check(session, request, false);

	if (err)
		return err;
	err = lvs_txn_begin(session->server.director, &txn);
	if (err)
		return ipvs_fail(session, err, "%s", lvs_strerror(err));
	err = ipvs_apply(session, txn, request, NULL);
	if (err) {
		lvs_txn_abort(txn);
		return err;
	}
	err = lvs_txn_commit(txn);
	if (err)
		return ipvs_fail(session, err, "%s", lvs_strerror(err));
	if (session->server.changed)
		session->server.changed(session->server.user);
	return 0;
}

int ipvs_set_config(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request)
{
	const struct lvs_ipvs_server *server = &session->server;
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts)};
	int err;

	if (request->given & IPVS_CMD(TIMEOUT_TCP))
		timeouts.tcp_s = request->tcp_s;
	if (request->given & IPVS_CMD(TIMEOUT_TCP_FIN))
		timeouts.tcp_fin_s = request->tcp_fin_s;
	if (request->given & IPVS_CMD(TIMEOUT_UDP))
		timeouts.udp_s = request->udp_s;
	err = lvs_director_set_timeouts(server->director, &timeouts);
	if (err)
		return ipvs_fail(session, err, "timeouts: %s", lvs_strerror(err));
	if (server->timeouts)
		server->timeouts(server->user, &timeouts);
	return 0;
}

int ipvs_zero(struct lvs_ipvs_session *session, const struct lvs_ipvs_message *request)
{
	struct lvs_service_key key;
	bool one = request->given & IPVS_CMD(SERVICE);
	int err = one ? ipvs_read_service_key(session, request, &key) : 0;

	if (err)
		return err;
	err = lvs_director_zero(session->server.director, one ? &key : NULL);
	return err ? ipvs_fail(session, err, "%s", lvs_strerror(err)) : 0;
}
