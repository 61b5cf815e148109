/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/addr_set.h"
#include "rules/mark_reach.h"
#include "rules/index.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash(enum lvs_family family, const union lvs_addr *addr)
{
	return rules_index_hash((uint64_t)family, addr, sizeof(*addr));
}

static uint64_t hash_number(const void *list, uint32_t number)
{
	const struct addr_item *item = &((const struct addr_set *)list)->item[number];

	return hash(item->family, &item->addr);
}

static bool same(const void *list, uint32_t number, const void *key)
{
	const struct addr_item *item = &((const struct addr_set *)list)->item[number];
	const struct addr_item *wanted = key;

	return item->family == wanted->family &&
	       !memcmp(&item->addr, &wanted->addr, sizeof(item->addr));
}

static uint32_t *find_slot(const struct addr_set *set, enum lvs_family family,
			   const union lvs_addr *addr)
{
	struct addr_item wanted = {.addr = *addr, .family = family};

	return rules_index_slot(&set->index, hash(family, addr), same, set, &wanted);
}

struct addr_item *addr_set_find(const struct addr_set *set, enum lvs_family family,
				const union lvs_addr *addr)
{
	const uint32_t *slot = find_slot(set, family, addr);

	return slot && *slot ? &set->item[*slot - 1] : NULL;
}

int addr_set_add(struct addr_set *set, enum lvs_family family, const union lvs_addr *addr)
{
	struct addr_item *item;
	uint32_t *slot;

	if (addr_set_find(set, family, addr))
		return 0;
	if (rules_index_grow(&set->index, set->n, hash_number, set) < 0)
		return -1;
	/* Doubled at powers of two. */
	if (!(set->n & (set->n - 1))) {
		item = realloc(set->item, (set->n ? set->n * 2 : 1) * sizeof(*item));
		if (!item)
			return -1;
		set->item = item;
	}
	slot = find_slot(set, family, addr);
	item = &set->item[set->n++];
	memset(item, 0, sizeof(*item));
	item->addr = *addr;
	item->family = family;
	*slot = (uint32_t)set->n;
	return 0;
}

/* A service of a mark has those addresses that stand alone in a rule; of networks it has none. */
static int add_marked(struct addr_set *set, const struct rules *rules,
		      const struct lvs_service_key *key)
{
	for (size_t i = 0; i < rules->mark_n; i++) {
		const struct rule_mark *mark = &rules->mark[i];

		if (mark_reach_gives(mark, key) && mark_reach_addrs(mark) == 1 &&
		    addr_set_add(set, (enum lvs_family)key->family, &mark->rule.dst) < 0)
			return -1;
	}
	return 0;
}

int addr_set_of_services(struct addr_set *set, const struct rules *rules)
{
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct lvs_service_key *key = &rules->service[i].key;

		if (key->fwmark ? add_marked(set, rules, key)
				: addr_set_add(set, (enum lvs_family)key->family, &key->addr))
			return -1;
	}
	return 0;
}

int addr_set_of_dests(struct addr_set *set, const struct rules *rules)
{
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct lvs_dest_key *key = &rules->dest[i].key;

		if (addr_set_add(set, (enum lvs_family)key->family, &key->addr) < 0)
			return -1;
	}
	return 0;
}

void addr_set_free(struct addr_set *set)
{
	free(set->item);
	free(set->index.slot);
	memset(set, 0, sizeof(*set));
}
