/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/apply.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct change {
	struct lvs_txn *txn;
	const struct rules *present;
	const struct rules *next;
	struct apply_counts *counts;
	unsigned line; /* of the rule that was tried last; 0 for one that is removed */
};

static bool same_service(const struct rule_service *a, const struct rule_service *b)
{
	return a->conf.sched == b->conf.sched && a->conf.flags == b->conf.flags &&
	       a->conf.timeout_s == b->conf.timeout_s && a->conf.netmask == b->conf.netmask &&
	       a->conf.pe == b->conf.pe;
}

static bool same_dest(const struct rule_dest *a, const struct rule_dest *b)
{
	return a->conf.method == b->conf.method && a->conf.weight == b->conf.weight &&
	       a->conf.upper == b->conf.upper && a->conf.lower == b->conf.lower &&
	       a->conf.tun_type == b->conf.tun_type && a->conf.tun_flags == b->conf.tun_flags &&
	       a->conf.tun_port == b->conf.tun_port;
}

static int remove_services(struct change *change)
{
	for (uint32_t i = 0; i < change->present->service_n; i++) {
		const struct lvs_service_key *key = &change->present->service[i].key;
		int err;

		if (rules_find_service(change->next, key) != RULES_NONE)
			continue;
		err = lvs_txn_del_service(change->txn, key);
		if (err)
			return err;
		change->counts->removed++;
	}
	return 0;
}

/* Those of services that go went with them. */
static int remove_dests(struct change *change)
{
	for (uint32_t i = 0; i < change->present->dest_n; i++) {
		const struct rule_dest *dest = &change->present->dest[i];
		const struct lvs_service_key *key = &change->present->service[dest->service].key;
		uint32_t service = rules_find_service(change->next, key);
		int err;

		if (service == RULES_NONE ||
		    rules_find_dest(change->next, service, &dest->key) != RULES_NONE)
			continue;
		err = lvs_txn_del_dest(change->txn, key, &dest->key);
		if (err)
			return err;
		change->counts->removed++;
	}
	return 0;
}

static int set_services(struct change *change)
{
	for (uint32_t i = 0; i < change->next->service_n; i++) {
		const struct rule_service *service = &change->next->service[i];
		uint32_t known = rules_find_service(change->present, &service->key);
		int err;

		change->line = service->line;
		if (known == RULES_NONE) {
			err = lvs_txn_add_service(change->txn, &service->key, &service->conf);
			change->counts->added++;
		} else if (!same_service(&change->present->service[known], service)) {
			err = lvs_txn_edit_service(change->txn, &service->key, &service->conf);
			change->counts->changed++;
		} else {
			continue;
		}
		if (err)
			return err;
	}
	return 0;
}

static uint32_t find_present(const struct change *change, const struct rule_dest *dest)
{
	uint32_t service =
		rules_find_service(change->present, &change->next->service[dest->service].key);

	return service == RULES_NONE ? RULES_NONE
				     : rules_find_dest(change->present, service, &dest->key);
}

static int set_dests(struct change *change)
{
	for (uint32_t i = 0; i < change->next->dest_n; i++) {
		const struct rule_dest *dest = &change->next->dest[i];
		const struct lvs_service_key *key = &change->next->service[dest->service].key;
		uint32_t known = find_present(change, dest);
		int err;

		change->line = dest->line;
		if (known == RULES_NONE) {
			err = lvs_txn_add_dest(change->txn, key, &dest->key, &dest->conf);
			change->counts->added++;
		} else if (!same_dest(&change->present->dest[known], dest)) {
			err = lvs_txn_edit_dest(change->txn, key, &dest->key, &dest->conf);
			change->counts->changed++;
		} else {
			continue;
		}
		if (err)
			return err;
	}
	return 0;
}

static int fill(struct change *change)
{
	int err = remove_services(change);

	if (!err)
		err = remove_dests(change);
	if (!err)
		err = set_services(change);
	return err ? err : set_dests(change);
}

int apply_rules(struct lvs_director *director, const struct rules *present,
		const struct rules *next, const char *name, struct apply_counts *counts,
		char *error, size_t error_len)
{
	struct change change = {.present = present, .next = next, .counts = counts};
	int err = lvs_txn_begin(director, &change.txn);

	memset(counts, 0, sizeof(*counts));
	if (err) {
		snprintf(error, error_len, "%s: %s", name, lvs_strerror(err));
		return -1;
	}
	err = fill(&change);
	if (err) {
		const char *sentence = lvs_txn_error(change.txn);

		snprintf(error, error_len, "%s:%u: %s", name, change.line,
			 sentence[0] ? sentence : lvs_strerror(err));
		lvs_txn_abort(change.txn);
		return -1;
	}
	err = lvs_txn_commit(change.txn);
	if (err)
		snprintf(error, error_len, "%s: %s", name, lvs_strerror(err));
	return err ? -1 : 0;
}
