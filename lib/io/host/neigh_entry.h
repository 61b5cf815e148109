/* SPDX-License-Identifier: BSD-2-Clause */
/* One next hop as workers read it: every field is an atomic, a change count makes them one. */
#ifndef LVS_IO_HOST_NEIGH_ENTRY_H
#define LVS_IO_HOST_NEIGH_ENTRY_H

#include "io/host/neigh.h"

/* What a reader saw. */
struct lvs_neigh_view {
	union lvs_addr addr;
	uint64_t dst;
	uint64_t src;
	uint32_t ifindex;
	uint32_t mtu;
	unsigned family;
	enum lvs_neigh_state state;
};

/* Any thread. */
void lvs_neigh_read(const struct lvs_neigh *entry, struct lvs_neigh_view *view);

/* Control thread with a stripe held, or all stripes held. */
void lvs_neigh_set_key(struct lvs_neigh *entry, const struct lvs_neigh_key *key);
void lvs_neigh_set_link(struct lvs_neigh *entry, const struct lvs_iface *iface);
void lvs_neigh_set_state(struct lvs_neigh *entry, enum lvs_neigh_state state, const uint8_t *mac);
enum lvs_neigh_state lvs_neigh_get_state(const struct lvs_neigh *entry);

uint64_t lvs_neigh_mac_word(const uint8_t *mac);
void lvs_neigh_mac_bytes(uint64_t word, uint8_t *mac);

#endif
