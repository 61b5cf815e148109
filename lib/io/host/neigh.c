/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/neigh.h"

#include <assert.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <liblvs/error.h>

#include "base/byteorder.h"
#include "io/host/neigh_entry.h"

_Static_assert(sizeof(struct lvs_neigh) == LVS_CACHE_LINE, "a next hop is one cache line");

static size_t entries_len(const struct lvs_neighs *neighs)
{
	return ((size_t)neighs->max + 1) * sizeof(*neighs->entry);
}

int lvs_neighs_init(struct lvs_neighs *neighs, uint32_t max, int wake)
{
	void *memory;

	memset(neighs, 0, sizeof(*neighs));
	neighs->max = max;
	neighs->wake = wake;
	neighs->hand = 1;
	neighs->look = 1;
	for (neighs->buckets_n = 16; neighs->buckets_n < max;)
		neighs->buckets_n *= 2;
	/* Pages that no next hop needs are never touched. */
	memory = mmap(NULL, entries_len(neighs), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory != MAP_FAILED)
		neighs->entry = memory;
	neighs->note = calloc((size_t)max + 1, sizeof(*neighs->note));
	neighs->bucket = calloc(neighs->buckets_n, sizeof(*neighs->bucket));
	neighs->asked = calloc((size_t)max + 1, sizeof(*neighs->asked));
	if (neighs->entry != NULL && neighs->note != NULL && neighs->bucket != NULL &&
	    neighs->asked != NULL)
		return 0;
	lvs_neighs_fini(neighs);
	return LVS_ERR_NO_MEMORY;
}

void lvs_neighs_fini(struct lvs_neighs *neighs)
{
	if (neighs->entry != NULL)
		munmap(neighs->entry, entries_len(neighs));
	free(neighs->note);
	free(neighs->bucket);
	free(neighs->asked);
	memset(neighs, 0, sizeof(*neighs));
}

static uint32_t *bucket_of(const struct lvs_neighs *neighs, const struct lvs_neigh_key *key)
{
	uint64_t high = (uint64_t)key->addr.word[0] << 32 | key->addr.word[1];
	uint64_t low = (uint64_t)key->addr.word[2] << 32 | key->addr.word[3];
	uint64_t hash = (high ^ (uint64_t)key->ifindex << 8 ^ key->family) * 0x9e3779b97f4a7c15u;

	hash = (hash ^ hash >> 32 ^ low) * 0xd6e8feb86659fd93u;
	return &neighs->bucket[(hash ^ hash >> 32) & (neighs->buckets_n - 1)];
}

static bool same_key(const struct lvs_neigh_key *a, const struct lvs_neigh_key *b)
{
	return a->ifindex == b->ifindex && a->family == b->family &&
	       memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0;
}

uint32_t lvs_neighs_find(const struct lvs_neighs *neighs, const struct lvs_neigh_key *key)
{
	uint32_t number = *bucket_of(neighs, key);

	while (number != 0 && !same_key(&neighs->note[number].key, key))
		number = neighs->note[number].next;
	return number;
}

static void unlink_note(struct lvs_neighs *neighs, uint32_t number)
{
	uint32_t *link = bucket_of(neighs, &neighs->note[number].key);

	while (*link != number) {
		assert(*link != 0);
		link = &neighs->note[*link].next;
	}
	*link = neighs->note[number].next;
}

/* Second chance: the first that is not promised and not in use; in a second round, in use or not.
 */
static uint32_t evict(struct lvs_neighs *neighs)
{
	for (uint64_t step = 0; step < (uint64_t)neighs->max * 2; step++) {
		uint32_t number = neighs->hand;
		struct lvs_neigh *entry = &neighs->entry[number];

		neighs->hand = number == neighs->max ? 1 : number + 1;
		if (neighs->note[number].pinned)
			continue;
		if (step < neighs->max &&
		    atomic_exchange_explicit(&entry->used, 0, memory_order_relaxed) != 0)
			continue;
		unlink_note(neighs, number);
		return number;
	}
	return 0;
}

uint32_t lvs_neighs_add(struct lvs_neighs *neighs, const struct lvs_neigh_key *key,
			const struct lvs_iface *iface)
{
	uint32_t number = neighs->n < neighs->max ? ++neighs->n : evict(neighs);
	struct lvs_neigh_note *note = &neighs->note[number];
	uint32_t *bucket;

	if (number == 0)
		return 0;
	memset(note, 0, sizeof(*note));
	note->key = *key;
	bucket = bucket_of(neighs, key);
	note->next = *bucket;
	*bucket = number;
	lvs_neigh_set_key(&neighs->entry[number], key);
	lvs_neigh_set_link(&neighs->entry[number], iface);
	return number;
}

void lvs_neighs_pin(struct lvs_neighs *neighs, uint32_t number)
{
	neighs->note[number].pinned = 1;
}

/* Tells the control thread that a neighbour must be asked for. */
static void want(struct lvs_neighs *neighs, uint32_t number)
{
	struct lvs_neigh *entry = &neighs->entry[number];
	uint64_t one = 1;
	uint32_t first;

	if (atomic_load_explicit(&entry->wanted, memory_order_relaxed) != 0 ||
	    atomic_exchange_explicit(&entry->wanted, 1, memory_order_relaxed) != 0)
		return;
	first = atomic_load_explicit(&neighs->wanted, memory_order_relaxed);
	do {
		atomic_store_explicit(&entry->next_wanted, first, memory_order_relaxed);
		/* release: the link is there before the entry is seen; pairs with the acquire in
		 * lvs_neighs_ask_wanted() */
	} while (!atomic_compare_exchange_weak_explicit(
		&neighs->wanted, &first, number, memory_order_release, memory_order_relaxed));
	/* Only who finds the list empty wakes; a full eventfd is awake already. */
	if (first == 0 && write(neighs->wake, &one, sizeof(one)) < 0)
		return;
}

static void fill(const struct lvs_neigh_view *view, struct lvs_host_link *out)
{
	memset(out, 0, sizeof(*out));
	out->ifindex = view->ifindex;
	out->mtu = view->mtu;
	lvs_neigh_mac_bytes(view->src, out->src);
	lvs_neigh_mac_bytes(view->dst, out->dst);
	if (view->state == LVS_NEIGH_DIRECT)
		out->flags = LVS_HOST_LINK_NO_ADDRESS;
}

int lvs_neighs_resolve(struct lvs_neighs *neighs, uint32_t number, unsigned family,
		       const union lvs_addr *addr, struct lvs_host_link *out)
{
	struct lvs_neigh_view view;
	struct lvs_neigh *entry;

	if (number == 0 || number > neighs->max)
		return 1;
	entry = &neighs->entry[number];
	lvs_neigh_read(entry, &view);
	if (view.family != family || !lvs_addr_equal(&view.addr, addr, family))
		return 1;
	if (atomic_load_explicit(&entry->used, memory_order_relaxed) == 0)
		atomic_store_explicit(&entry->used, 1, memory_order_relaxed);
	switch (view.state) {
	case LVS_NEIGH_VALID:
	case LVS_NEIGH_STALE:
	case LVS_NEIGH_DIRECT:
		fill(&view, out);
		return 0;
	case LVS_NEIGH_DOWN:
		return LVS_ERR_IO;
	case LVS_NEIGH_FAILED:
		want(neighs, number);
		return LVS_ERR_NO_ENTRY;
	default:
		want(neighs, number);
		return LVS_ERR_BUSY;
	}
}
