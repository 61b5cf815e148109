/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of services within a transaction. */
#include "base/addr.h"
#include "base/byteorder.h"
#include "service/txn.h"

#define SCHED_FLAGS (LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2 | LVS_SCHED_FLAG3)
#define OWN_FLAGS (LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET | LVS_SERVICE_MSS_CLAMP)
/* Bytes of a scheduler in the first version; what was appended may be missing. */
#define SCHED_LEAST offsetof(struct lvs_sched_ops, expiry)
/* Bytes of a persistence engine in the first version, which is this one. */
#define PE_LEAST sizeof(struct lvs_pe_ops)
/* Bytes of its settings in the first version. */
#define CONF_LEAST offsetof(struct lvs_service_conf, pe)

static int no_memory(struct lvs_txn *txn, const char *name)
{
	return lvs_txn_fail(txn, LVS_ERR_NO_MEMORY, "service %s: out of memory", name);
}

static int check_addr(struct lvs_txn *txn, const struct lvs_service_key *key, const char *name)
{
	if (key->protocol != LVS_TCP && key->protocol != LVS_UDP && key->protocol != LVS_SCTP)
		return lvs_txn_fail(txn, LVS_ERR_UNSUPPORTED,
				    "service %s: not supported, expected TCP, UDP or SCTP", name);
	if (lvs_addr_unspecified(&key->addr, key->family) ||
	    lvs_addr_multicast(&key->addr, key->family))
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "service %s: expected the address of a host", name);
	return 0;
}

/* @p name is filled, @p normal is the key in its one form. */
static int check_key(struct lvs_txn *txn, const struct lvs_service_key *key,
		     struct lvs_service_key *normal, char *name)
{
	if (!key)
		return lvs_txn_fail(txn, LVS_ERR_INVALID, "service: no key was given");
	if (key->family != LVS_INET && key->family != LVS_INET6)
		return lvs_txn_fail(txn, LVS_ERR_FAMILY,
				    "service: address family %u, expected %d (IPv4) or %d (IPv6)",
				    key->family, LVS_INET, LVS_INET6);
	lvs_service_key_normal(key, normal);
	lvs_service_text(normal, name);
	return 0;
}

static int check_sched(struct lvs_txn *txn, const struct lvs_sched_ops *sched, const char *name)
{
	if (!sched)
		return lvs_txn_fail(txn, LVS_ERR_NO_ENTRY,
				    "service %s: scheduler wlc, the default, is not there", name);
	if (sched->size < SCHED_LEAST || !sched->name || !sched->pick)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "service %s: scheduler without size, name or pick()", name);
	return 0;
}

static int check_flags(struct lvs_txn *txn, const struct lvs_service_conf *conf, const char *name)
{
	if (conf->flags & ~(uint32_t)(SCHED_FLAGS | OWN_FLAGS))
		return lvs_txn_fail(txn, LVS_ERR_INVALID, "service %s: unknown flags %#x", name,
				    conf->flags & ~(uint32_t)(SCHED_FLAGS | OWN_FLAGS));
	return 0;
}

/* An IPv4 mask may be any; an IPv6 prefix of no length matters to persistence alone. */
static int check_netmask(struct lvs_txn *txn, const struct lvs_service_key *key,
			 const struct lvs_service_conf *conf, const char *name)
{
	if (key->family != LVS_INET6 ||
	    (conf->netmask <= 128 &&
	     (conf->netmask > 0 || !(conf->flags & LVS_SERVICE_PERSISTENT))))
		return 0;
	return lvs_txn_fail(txn, LVS_ERR_INVALID, "service %s: prefix length %u, expected 1 to 128",
			    name, conf->netmask);
}

static int check_conf(struct lvs_txn *txn, const struct lvs_service_key *key,
		      const struct lvs_service_conf *conf, struct lvs_service_conf *full,
		      const char *name)
{
	int err;

	if (!conf || conf->size < CONF_LEAST)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "service %s: settings of %u bytes, expected %zu or more", name,
				    conf ? conf->size : 0, CONF_LEAST);
	err = check_flags(txn, conf, name);
	if (err)
		return err;
	err = check_netmask(txn, key, conf, name);
	if (err)
		return err;
	memset(full, 0, sizeof(*full));
	memcpy(full, conf, conf->size < sizeof(*full) ? conf->size : sizeof(*full));
	full->size = sizeof(*full);
	if (full->pe && (full->pe->size < PE_LEAST || !full->pe->name || !full->pe->fill))
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "service %s: persistence engine without size, name or fill()",
				    name);
	if (!full->sched)
		full->sched = lvs_sched_find("wlc");
	return check_sched(txn, full->sched, name);
}

enum set_how {
	SET_ADD = 0x1,  /* may add */
	SET_EDIT = 0x2, /* may change */
};

static void add(struct lvs_txn *txn, struct lvs_draft *draft)
{
	draft->exists = true;
	draft->fresh = true;
	draft->loaded = true;
	draft->created = ++txn->created;
}

static int set_service(struct lvs_txn *txn, const struct lvs_service_key *key,
		       const struct lvs_service_conf *conf, unsigned how)
{
	struct lvs_service_key normal = {0};
	struct lvs_service_conf full;
	char name[LVS_SERVICE_TEXT];
	struct lvs_draft *draft;
	int err = check_key(txn, key, &normal, name);

	if (!err && !normal.fwmark)
		err = check_addr(txn, &normal, name);
	if (!err)
		err = check_conf(txn, &normal, conf, &full, name);
	if (err)
		return err;
	draft = lvs_draft_get(txn, &normal);
	if (!draft)
		return no_memory(txn, name);
	if (draft->exists && !(how & SET_EDIT))
		return lvs_txn_fail(txn, LVS_ERR_EXISTS, "service %s: exists already", name);
	if (!draft->exists && !(how & SET_ADD))
		return lvs_txn_fail(txn, LVS_ERR_NO_SERVICE, "service %s: no such service", name);
	if (!draft->exists)
		add(txn, draft);
	else if (lvs_draft_load(txn, draft))
		return no_memory(txn, name);
	draft->conf = full;
	draft->changed = true;
	return 0;
}

int lvs_txn_add_service(struct lvs_txn *txn, const struct lvs_service_key *key,
			const struct lvs_service_conf *conf)
{
	return set_service(txn, key, conf, SET_ADD);
}

int lvs_txn_edit_service(struct lvs_txn *txn, const struct lvs_service_key *key,
			 const struct lvs_service_conf *conf)
{
	return set_service(txn, key, conf, SET_EDIT);
}

int lvs_txn_set_service(struct lvs_txn *txn, const struct lvs_service_key *key,
			const struct lvs_service_conf *conf)
{
	return set_service(txn, key, conf, SET_ADD | SET_EDIT);
}

static void remove_service(struct lvs_draft *draft)
{
	draft->exists = false;
	draft->changed = true;
	draft->loaded = true;
	draft->dest_n = 0;
	draft->removed_n = draft->base ? draft->base->set.sched_set.dest_n : 0;
}

int lvs_txn_del_service(struct lvs_txn *txn, const struct lvs_service_key *key)
{
	struct lvs_service_key normal;
	char name[LVS_SERVICE_TEXT];
	struct lvs_draft *draft;
	int err = check_key(txn, key, &normal, name);

	if (err)
		return err;
	draft = lvs_draft_get(txn, &normal);
	if (!draft)
		return no_memory(txn, name);
	if (!draft->exists)
		return lvs_txn_fail(txn, LVS_ERR_NO_SERVICE, "service %s: no such service", name);
	remove_service(draft);
	return 0;
}

int lvs_txn_flush(struct lvs_txn *txn)
{
	struct lvs_services_root *root = lvs_services_root(txn->services);
	struct lvs_leaf start = {{0}};
	struct lvs_service_ident *ident = lvs_tree_next(root->by_created, &start);

	for (; ident; ident = lvs_tree_next(root->by_created, &ident->leaf)) {
		if (!lvs_draft_get(txn, &ident->key))
			return lvs_txn_fail(txn, LVS_ERR_NO_MEMORY, "flush: out of memory");
	}
	for (struct lvs_draft *draft = txn->first; draft; draft = draft->next) {
		if (draft->exists)
			remove_service(draft);
	}
	return 0;
}
