/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <arpa/inet.h>
#include <string.h>

#include "rule.h"

static void to_key(const struct rule_service *service, struct lvs_service_key *key)
{
	*key = (struct lvs_service_key){
		.fwmark = service->fwmark,
		.port = htons(service->end.port),
		.family = service->end.family,
		.protocol = service->protocol,
	};
	memcpy(key->addr.byte, service->end.addr, sizeof(key->addr.byte));
}

static int to_conf(const struct rule_options *options, struct lvs_service_conf *conf)
{
	*conf = (struct lvs_service_conf){
		.size = sizeof(*conf),
		.flags = options->flags,
		.timeout_s = options->timeout_s,
		.netmask = options->netmask,
		.sched = lvs_sched_find(options->sched),
		.pe = options->pe ? lvs_pe_find(options->pe) : NULL,
	};
	return conf->sched && !options->pe == !conf->pe ? 0 : LVS_ERR_NO_ENTRY;
}

static void to_dest(const struct rule_dest *dest, struct lvs_dest_key *key,
		    struct lvs_dest_conf *conf)
{
	static const uint32_t method[] = {LVS_METHOD_NAT, LVS_METHOD_LOCAL, LVS_METHOD_TUNNEL,
					  LVS_METHOD_DR};

	*key = (struct lvs_dest_key){.port = htons(dest->end.port), .family = dest->end.family};
	memcpy(key->addr.byte, dest->end.addr, sizeof(key->addr.byte));
	*conf = (struct lvs_dest_conf){
		.size = sizeof(*conf),
		.method = method[dest->method & 3],
		.weight = dest->weight,
		.upper = dest->upper,
		.lower = dest->lower,
		.tun_type = dest->tun_type,
		.tun_flags = (uint8_t)dest->tun_flags,
		.tun_port = htons(dest->tun_port),
	};
}

/* An unknown scheduler is the embedder's to refuse: behind what the library refuses. */
static int either(int err, int then)
{
	return err ? err : then;
}

static int change(struct lvs_txn *txn, const struct rule *rule)
{
	struct lvs_service_conf service_conf;
	struct lvs_service_key service;
	struct lvs_dest_conf dest_conf;
	struct lvs_dest_key dest;
	int err = to_conf(&rule->options, &service_conf);

	to_key(&rule->service, &service);
	to_dest(&rule->dest, &dest, &dest_conf);
	switch (rule->verb) {
	case 'A':
		return either(lvs_txn_add_service(txn, &service, &service_conf), err);
	case 'E':
		return either(lvs_txn_edit_service(txn, &service, &service_conf), err);
	case 'D':
		return lvs_txn_del_service(txn, &service);
	case 'a':
		return lvs_txn_add_dest(txn, &service, &dest, &dest_conf);
	case 'e':
		return lvs_txn_edit_dest(txn, &service, &dest, &dest_conf);
	case 'd':
		return lvs_txn_del_dest(txn, &service, &dest);
	case 'C':
		return lvs_txn_flush(txn);
	default:
		return LVS_ERR_UNSUPPORTED;
	}
}

static int commit(struct lvs_director *director, const struct rule *rule)
{
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn);

	if (err)
		return err;
	err = change(txn, rule);
	if (!err)
		return lvs_txn_commit(txn);
	lvs_txn_abort(txn);
	return err;
}

static int set_timeouts(struct lvs_director *director, const uint32_t *timeout_s)
{
	const struct lvs_timeouts timeouts = {
		.size = sizeof(timeouts),
		.tcp_s = timeout_s[0],
		.tcp_fin_s = timeout_s[1],
		.udp_s = timeout_s[2],
	};

	return lvs_director_set_timeouts(director, &timeouts);
}

static int zero(struct lvs_director *director, const struct rule_service *service)
{
	struct lvs_service_key key;

	to_key(service, &key);
	return lvs_director_zero(director, service->end.family ? &key : NULL);
}

/* Where there is none, the packets show it. */
static int set_path(struct lvs_director *director, struct host *host, const struct rule_end *end)
{
	enum lvs_family family = (enum lvs_family)end->family;
	struct lvs_path_conf path;
	union lvs_addr addr;
	int err;

	memcpy(addr.byte, end->addr, sizeof(addr.byte));
	err = host_path(host, family, &addr, &path);
	return err ? 0 : lvs_director_set_path(director, family, &addr, &path);
}

int rules_apply(struct lvs_director *director, struct host *host, char *args)
{
	struct rule rule;
	int err = 0;

	if (!rule_parse(&rule, args))
		return LVS_ERR_UNSUPPORTED;
	if (rule.verb == 's')
		return set_timeouts(director, rule.timeout_s);
	if (rule.verb == 'B' || rule.verb == 'b') {
		lvs_director_set_backup(director, rule.verb == 'B');
		return 0;
	}
	if (rule.verb == 'Z')
		return zero(director, &rule.service);
	if (rule.verb == 'a')
		err = set_path(director, host, &rule.dest.end);
	return err ? err : commit(director, &rule);
}
