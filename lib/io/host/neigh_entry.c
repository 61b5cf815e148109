/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/neigh_entry.h"

#include <string.h>

/*
 * A sequence lock (H.-J. Boehm, "Can seqlocks get along with programming
 * language memory models?", 2012): all fields are atomics. Each is stored with
 * release and loaded with acquire: who reads a new field then reads at least
 * the odd count that begin() stored before it. Fences would do the same, but
 * the thread sanitizer does not know them.
 */
void lvs_neigh_read(const struct lvs_neigh *entry, struct lvs_neigh_view *view)
{
	uint32_t before;
	uint32_t after;
	uint64_t where;
	uint64_t addr[2];

	do {
		/* acquire: the fields are read after the count; pairs with the release in end() */
		before = atomic_load_explicit(&entry->change, memory_order_acquire);
		addr[0] = atomic_load_explicit(&entry->addr[0], memory_order_acquire);
		addr[1] = atomic_load_explicit(&entry->addr[1], memory_order_acquire);
		where = atomic_load_explicit(&entry->where, memory_order_acquire);
		view->dst = atomic_load_explicit(&entry->dst, memory_order_acquire);
		view->src = atomic_load_explicit(&entry->src, memory_order_acquire);
		view->mtu = atomic_load_explicit(&entry->mtu, memory_order_acquire);
		after = atomic_load_explicit(&entry->change, memory_order_relaxed);
	} while (lvs_unlikely(before != after || (before & 1) != 0));
	memcpy(&view->addr, addr, sizeof(view->addr));
	view->ifindex = (uint32_t)(where >> 32);
	view->family = where >> 8 & 0xff;
	view->state = (enum lvs_neigh_state)(where & 0xff);
}

static void begin(struct lvs_neigh *entry)
{
	uint32_t change = atomic_load_explicit(&entry->change, memory_order_relaxed);

	atomic_store_explicit(&entry->change, change + 1, memory_order_relaxed);
}

static void end(struct lvs_neigh *entry)
{
	uint32_t change = atomic_load_explicit(&entry->change, memory_order_relaxed);

	/* release: who sees the even count sees the fields; pairs with the acquire in read() */
	atomic_store_explicit(&entry->change, change + 1, memory_order_release);
}

static void set_state_bits(struct lvs_neigh *entry, enum lvs_neigh_state state)
{
	uint64_t where = atomic_load_explicit(&entry->where, memory_order_relaxed);

	atomic_store_explicit(&entry->where, (where & ~(uint64_t)0xff) | state,
			      memory_order_release);
}

void lvs_neigh_set_key(struct lvs_neigh *entry, const struct lvs_neigh_key *key)
{
	uint64_t addr[2];

	memcpy(addr, &key->addr, sizeof(addr));
	begin(entry);
	atomic_store_explicit(&entry->addr[0], addr[0], memory_order_release);
	atomic_store_explicit(&entry->addr[1], addr[1], memory_order_release);
	atomic_store_explicit(&entry->where,
			      (uint64_t)key->ifindex << 32 | (uint64_t)key->family << 8 |
				      LVS_NEIGH_DOWN,
			      memory_order_release);
	end(entry);
}

void lvs_neigh_set_link(struct lvs_neigh *entry, const struct lvs_iface *iface)
{
	enum lvs_neigh_state state = lvs_neigh_get_state(entry);

	if (iface == NULL || (iface->flags & IFF_UP) == 0)
		state = LVS_NEIGH_DOWN;
	else if (!iface->has_mac)
		state = LVS_NEIGH_DIRECT;
	else if (state == LVS_NEIGH_DOWN || state == LVS_NEIGH_DIRECT)
		state = LVS_NEIGH_NONE;
	begin(entry);
	set_state_bits(entry, state);
	if (iface != NULL) {
		atomic_store_explicit(&entry->src, lvs_neigh_mac_word(iface->mac),
				      memory_order_release);
		atomic_store_explicit(&entry->mtu, iface->mtu, memory_order_release);
	}
	end(entry);
}

void lvs_neigh_set_state(struct lvs_neigh *entry, enum lvs_neigh_state state, const uint8_t *mac)
{
	begin(entry);
	set_state_bits(entry, state);
	if (mac != NULL)
		atomic_store_explicit(&entry->dst, lvs_neigh_mac_word(mac), memory_order_release);
	end(entry);
}

enum lvs_neigh_state lvs_neigh_get_state(const struct lvs_neigh *entry)
{
	return (enum lvs_neigh_state)(atomic_load_explicit(&entry->where, memory_order_relaxed) &
				      0xff);
}

uint64_t lvs_neigh_mac_word(const uint8_t *mac)
{
	uint64_t word = 0;

	memcpy(&word, mac, 6);
	return word;
}

void lvs_neigh_mac_bytes(uint64_t word, uint8_t *mac)
{
	memcpy(mac, &word, 6); /* the same end of the word as in lvs_neigh_mac_word() */
}
