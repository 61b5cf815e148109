/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of destinations within a transaction. */
#include <limits.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "service/txn.h"

#define NAME_TEXT (LVS_ENDPOINT_TEXT + LVS_SERVICE_TEXT + 24)
/* Bytes of a forwarding method in the first version; what was appended may be missing. */
#define OPS_LEAST offsetof(struct lvs_forward_ops, overhead)
/* Bytes of its settings in the first version. */
#define CONF_LEAST offsetof(struct lvs_dest_conf, tun_type)

/* What one call speaks of: the keys in their one form, and the words for both. */
struct subject {
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	char name[NAME_TEXT]; /* "destination 10.0.0.1:80 of TCP 192.0.2.1:80" */
};

static int no_memory(struct lvs_txn *txn, const struct subject *subject)
{
	return lvs_txn_fail(txn, LVS_ERR_NO_MEMORY, "%s: out of memory", subject->name);
}

static bool family_known(unsigned family)
{
	return family == LVS_INET || family == LVS_INET6;
}

static int name_subject(struct lvs_txn *txn, const struct lvs_service_key *service,
			const struct lvs_dest_key *key, struct subject *subject)
{
	char service_text[LVS_SERVICE_TEXT];
	char dest_text[LVS_ENDPOINT_TEXT];

	if (!service || !key)
		return lvs_txn_fail(txn, LVS_ERR_INVALID, "destination: no key was given");
	if (!family_known(service->family) || !family_known(key->family))
		return lvs_txn_fail(txn, LVS_ERR_FAMILY,
				    "destination: address family %u of a service of family %u, "
				    "expected %d (IPv4) or %d (IPv6)",
				    key->family, service->family, LVS_INET, LVS_INET6);
	lvs_service_key_normal(service, &subject->service);
	lvs_dest_key_normal(key, &subject->dest);
	snprintf(subject->name, sizeof(subject->name), "destination %s of %s",
		 lvs_endpoint_text(&subject->dest.addr, key->family, key->port, dest_text),
		 lvs_service_text(&subject->service, service_text));
	return 0;
}

static int check_numbers(struct lvs_txn *txn, const struct subject *subject,
			 const struct lvs_dest_conf *conf)
{
	if (conf->weight < 0)
		return lvs_txn_fail(txn, LVS_ERR_RANGE, "%s: weight %d, expected 0 or more",
				    subject->name, conf->weight);
	if (conf->upper > INT_MAX)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "%s: upper threshold %u, expected %d or less", subject->name,
				    conf->upper, INT_MAX);
	if (conf->lower > conf->upper)
		return lvs_txn_fail(txn, LVS_ERR_RANGE,
				    "%s: lower threshold %u, expected the upper, %u, or less",
				    subject->name, conf->lower, conf->upper);
	return 0;
}

/* Own methods get numbers behind the library's; the same ops have the same number. */
static int number_of_ops(struct lvs_txn *txn, const struct subject *subject,
			 const struct lvs_forward_ops *ops, uint8_t *number)
{
	struct lvs_services *services = txn->services;
	unsigned i = LVS_METHOD_CUSTOM;

	if (!ops || ops->size < OPS_LEAST || !ops->name || !ops->out)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "%s: own forwarding method without size, name or out()",
				    subject->name);
	while (i < services->forwarder_n && lvs_services_forwarder(services, i) != ops)
		i++;
	if (i == LVS_FORWARDERS)
		return lvs_txn_fail(txn, LVS_ERR_FULL,
				    "%s: forwarding method %s, expected one of the %d in use",
				    subject->name, ops->name, LVS_FORWARDERS - LVS_METHOD_CUSTOM);
	if (i == services->forwarder_n) {
		/* relaxed: published with the first set that names the number */
		atomic_store_explicit(&services->forwarder[i], ops, memory_order_relaxed);
		services->forwarder_n++;
	}
	*number = (uint8_t)i;
	return 0;
}

static int check_forwarder(struct lvs_txn *txn, const struct subject *subject,
			   const struct lvs_dest_conf *conf, uint8_t *number)
{
	if (conf->method == LVS_METHOD_CUSTOM)
		return number_of_ops(txn, subject, conf->forward, number);
	if (conf->method > LVS_METHOD_DR || conf->forward)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "%s: forwarding method %u%s, expected 0 to %d, or %d with ops",
				    subject->name, conf->method, conf->forward ? " with ops" : "",
				    LVS_METHOD_DR, LVS_METHOD_CUSTOM);
	if (!lvs_services_forwarder(txn->services, conf->method))
		return lvs_txn_fail(txn, LVS_ERR_UNSUPPORTED,
				    "%s: forwarding method %u is not supported", subject->name,
				    conf->method);
	*number = (uint8_t)conf->method;
	return 0;
}

static int check_addr(struct lvs_txn *txn, const struct subject *subject)
{
	if (!lvs_addr_unicast(&subject->dest.addr, subject->dest.family))
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "%s: expected the address of a host, not link-local",
				    subject->name);
	return 0;
}

static int check_family(struct lvs_txn *txn, const struct subject *subject, uint8_t forwarder)
{
	if (subject->dest.family != subject->service.family &&
	    !(lvs_services_forwarder(txn->services, forwarder)->flags & LVS_FORWARD_MIXED))
		return lvs_txn_fail(
			txn, LVS_ERR_INVALID,
			"%s: its forwarding method needs a destination of the service's family",
			subject->name);
	return 0;
}

/* As the kernel: it asks no more, and asks it of whatever method. Of @p conf all is there. */
static int check_tunnel(struct lvs_txn *txn, const struct subject *subject,
			const struct lvs_dest_conf *conf)
{
	if (conf->tun_type == LVS_TUNNEL_GUE && !conf->tun_port)
		return lvs_txn_fail(
			txn, LVS_ERR_INVALID,
			"%s: tunnel port 0, expected the UDP port of the GUE tunnel's end",
			subject->name);
	return 0;
}

/* Fills what @p to is set to. */
static int check_conf(struct lvs_txn *txn, const struct subject *subject,
		      const struct lvs_dest_conf *conf, struct lvs_draft_dest *to)
{
	int err;

	if (!conf || conf->size < CONF_LEAST)
		return lvs_txn_fail(txn, LVS_ERR_INVALID,
				    "%s: settings of %u bytes, expected %zu or more", subject->name,
				    conf ? conf->size : 0, CONF_LEAST);
	/* In the kernel's order: of two errors it tells the same one. */
	err = check_forwarder(txn, subject, conf, &to->forwarder);
	if (!err)
		err = check_family(txn, subject, to->forwarder);
	if (!err)
		err = check_numbers(txn, subject, conf);
	if (err)
		return err;
	to->key = subject->dest;
	memcpy(&to->conf, conf, conf->size < sizeof(to->conf) ? conf->size : sizeof(to->conf));
	to->conf.size = sizeof(to->conf);
	return check_tunnel(txn, subject, &to->conf);
}

static struct lvs_draft_dest *find(const struct lvs_draft *draft, const struct lvs_dest_key *key)
{
	for (uint32_t i = 0; i < draft->dest_n; i++) {
		if (memcmp(&draft->dest[i].key, key, sizeof(*key)) == 0)
			return &draft->dest[i];
	}
	return NULL;
}

/* The draft of an existing service with its destinations. */
static int open_draft(struct lvs_txn *txn, const struct subject *subject, struct lvs_draft **draft)
{
	char service[LVS_SERVICE_TEXT];

	*draft = lvs_draft_get(txn, &subject->service);
	if (!*draft)
		return no_memory(txn, subject);
	if (!(*draft)->exists)
		return lvs_txn_fail(txn, LVS_ERR_NO_SERVICE, "service %s: no such service",
				    lvs_service_text(&subject->service, service));
	return lvs_draft_load(txn, *draft) ? no_memory(txn, subject) : 0;
}

static int add_dest(struct lvs_txn *txn, const struct subject *subject, struct lvs_draft *draft,
		    struct lvs_draft_dest *dest)
{
	if (lvs_draft_reserve(txn, draft))
		return no_memory(txn, subject);
	dest->created = ++txn->created;
	dest->last_weight = dest->conf.weight;
	draft->dest[draft->dest_n++] = *dest;
	draft->changed = true;
	return 0;
}

static void edit_dest(struct lvs_draft *draft, struct lvs_draft_dest *dest,
		      const struct lvs_draft_dest *to)
{
	dest->conf = to->conf;
	dest->forwarder = to->forwarder;
	dest->edits++;
	if (to->conf.weight)
		dest->last_weight = to->conf.weight;
	draft->changed = true;
}

enum set_how {
	SET_ADD = 0x1,  /* may add */
	SET_EDIT = 0x2, /* may change */
};

static int set_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
		    const struct lvs_dest_key *key, const struct lvs_dest_conf *conf, unsigned how)
{
	struct lvs_draft_dest to = {0};
	struct lvs_draft_dest *present;
	struct lvs_draft *draft;
	struct subject subject = {0};
	int err = name_subject(txn, service, key, &subject);

	if (!err && key->reserved)
		err = lvs_txn_fail(txn, LVS_ERR_INVALID, "%s: reserved is %u, expected 0",
				   subject.name, key->reserved);
	if (!err)
		err = open_draft(txn, &subject, &draft);
	if (!err)
		err = check_conf(txn, &subject, conf, &to);
	if (err)
		return err;
	present = find(draft, &subject.dest);
	if (present && !(how & SET_EDIT))
		return lvs_txn_fail(txn, LVS_ERR_EXISTS, "%s: exists already", subject.name);
	if (!present && !(how & SET_ADD))
		return lvs_txn_fail(txn, LVS_ERR_NO_ENTRY, "%s: no such destination", subject.name);
	if (!present) {
		err = check_addr(txn, &subject);
		return err ? err : add_dest(txn, &subject, draft, &to);
	}
	edit_dest(draft, present, &to);
	return 0;
}

int lvs_txn_add_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
		     const struct lvs_dest_key *key, const struct lvs_dest_conf *conf)
{
	return set_dest(txn, service, key, conf, SET_ADD);
}

int lvs_txn_edit_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
		      const struct lvs_dest_key *key, const struct lvs_dest_conf *conf)
{
	return set_dest(txn, service, key, conf, SET_EDIT);
}

int lvs_txn_set_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
		     const struct lvs_dest_key *key, const struct lvs_dest_conf *conf)
{
	return set_dest(txn, service, key, conf, SET_ADD | SET_EDIT);
}

int lvs_txn_del_dest(struct lvs_txn *txn, const struct lvs_service_key *service,
		     const struct lvs_dest_key *key)
{
	struct lvs_draft_dest *dest;
	struct lvs_draft *draft;
	struct subject subject;
	int err = name_subject(txn, service, key, &subject);

	if (!err)
		err = open_draft(txn, &subject, &draft);
	if (err)
		return err;
	dest = find(draft, &subject.dest);
	if (!dest)
		return lvs_txn_fail(txn, LVS_ERR_NO_ENTRY, "%s: no such destination", subject.name);
	if (dest->dest)
		draft->removed_n++;
	draft->dest_n--;
	memmove(dest, dest + 1, (size_t)(draft->dest + draft->dest_n - dest) * sizeof(*dest));
	draft->changed = true;
	return 0;
}
