/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistence templates: records that say to which destination a client's network is bound. They
 * stand in the table beside connections, under keys of their own: their kind says so, their hash
 * is drawn from other words, and so no packet ever finds one.
 */
#ifndef LVS_CONN_TEMPLATE_H
#define LVS_CONN_TEMPLATE_H

#include <liblvs/packet.h>

#include "conn/conn.h"
#include "conn/data.h"

struct lvs_table;

/* A template's key; the kernel's fields. What does not matter is zero. */
struct lvs_template_key {
	union lvs_addr client;  /* masked */
	union lvs_addr service; /* or the firewall mark, network order, in the first word */
	lvs_be16 port;          /* 0: of every port */
	uint8_t family;
	uint8_t protocol; /* 0: by mark, of every protocol */
	/* What an engine found besides; zeroes: there is none. lvs_template_set_data() */
	uint16_t data_len;
	const struct lvs_pe_ops *pe;
	const uint8_t *data;
	uint64_t data_hash;
};

/* Its client's network: the bits of an IPv4 mask (network order) or an IPv6 prefix. */
void lvs_template_mask(union lvs_addr *addr, unsigned family, uint32_t netmask);

/* Clients stick by @p len bytes of @p data too, which must stay as long as @p key. */
void lvs_template_set_data(const struct lvs_table *table, struct lvs_template_key *key,
			   const struct lvs_pe_ops *pe, const uint8_t *data, uint32_t len);

uint64_t lvs_template_hash(const struct lvs_table *table, const struct lvs_template_key *key);

/*
 * The template of a key, NULL: none; one that was invalidated is none. As lvs_table_find(),
 * inside an epoch and without a lock; and with the lock of the shard of @p hash, final.
 */
struct lvs_conn *lvs_template_find(const struct lvs_table *table,
				   const struct lvs_template_key *key, uint64_t hash);
struct lvs_conn *lvs_template_find_locked(const struct lvs_table *table,
					  const struct lvs_template_key *key, uint64_t hash);

/* The record of a number where it is that template, the shard's lock being held; NULL: it has to be
 * looked for. The number was found in the caller's epoch, or is 0. */
struct lvs_conn *lvs_template_guess_locked(const struct lvs_table *table, uint32_t number,
					   const struct lvs_template_key *key);

/* Fills in what a template is found by; lvs_table_insert() publishes it. */
void lvs_template_fill(struct lvs_conn *conn, const struct lvs_template_key *key);

/* Gives it the key's data, where there are some, to be kept as long as it; false: no memory. It was
 * not inserted yet. */
bool lvs_template_keep_data(struct lvs_table *table, struct lvs_conn *conn,
			    const struct lvs_template_key *key);

/* What it has of them, NULL: nothing. Inside an epoch. */
const struct lvs_data *lvs_template_data(const struct lvs_table *table,
					 const struct lvs_conn *conn);

/* A connection that it steered was answered. */
void lvs_template_assure(struct lvs_conn *template);

/* It is not found any more, and ends by its own clock. The lock of its shard is held. */
void lvs_template_invalidate(struct lvs_conn *conn);

#endif
