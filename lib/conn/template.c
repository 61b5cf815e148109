/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/template.h"

#include <string.h>

#include "base/byteorder.h"
#include "base/siphash.h"
#include "conn/inside.h"
#include "conn/search.h"

void lvs_template_mask(union lvs_addr *addr, unsigned family, uint32_t netmask)
{
	if (family != LVS_INET6) {
		addr->word[0] &= netmask;
		return;
	}
	for (unsigned i = 0; i < 4; i++) {
		uint32_t bits = netmask > 32 * i ? netmask - 32 * i : 0;

		if (bits == 0)
			addr->word[i] = 0;
		else if (bits < 32)
			addr->word[i] &= lvs_htonl(UINT32_MAX << (32 - bits));
	}
}

uint64_t lvs_template_hash(const struct lvs_table *table, const struct lvs_template_key *key)
{
	return key->data_hash ^ lvs_key_hash_template(&table->env.hash, &key->client, &key->service,
						      key->port, key->protocol,
						      key->family == LVS_INET6);
}

void lvs_template_set_data(const struct lvs_table *table, struct lvs_template_key *key,
			   const struct lvs_pe_ops *pe, const uint8_t *data, uint32_t len)
{
	const uint8_t *secret = table->env.hash.bytes;

	key->pe = pe;
	key->data = data;
	key->data_len = (uint16_t)len;
	key->data_hash = pe->hash ? pe->hash(data, len, secret) : lvs_siphash(secret, data, len);
}

const struct lvs_data *lvs_template_data(const struct lvs_table *table, const struct lvs_conn *conn)
{
	return lvs_data_of(&table->companies, conn);
}

bool lvs_template_keep_data(struct lvs_table *table, struct lvs_conn *conn,
			    const struct lvs_template_key *key)
{
	struct lvs_data *data;

	if (!key->pe)
		return true;
	data = lvs_table_add_company(table, conn, sizeof(*data) + key->data_len);
	if (!data)
		return false;
	data->pe = key->pe;
	data->hash = key->data_hash;
	data->len = key->data_len;
	memcpy(data->byte, key->data, key->data_len);
	return true;
}

static bool is_same(const struct lvs_data *data, const struct lvs_template_key *key)
{
	if (data->pe != key->pe || data->hash != key->data_hash)
		return false;
	if (key->pe->match)
		return key->pe->match(data->byte, data->len, key->data, key->data_len);
	return data->len == key->data_len && memcmp(data->byte, key->data, data->len) == 0;
}

/* The ends alone. */
static bool is_between(const struct lvs_conn *conn, const struct lvs_template_key *key)
{
	const unsigned kinds = LVS_CONN_INET6 | LVS_CONN_IS_TEMPLATE;

	if ((conn->kind & kinds) !=
		    (LVS_CONN_IS_TEMPLATE | (key->family == LVS_INET6 ? LVS_CONN_INET6 : 0u)) ||
	    conn->protocol != key->protocol || conn->service_port != key->port)
		return false;
	if (key->family == LVS_INET6)
		return memcmp(&conn->u.v6.client, &key->client, 16) == 0 &&
		       memcmp(&conn->u.v6.service, &key->service, 16) == 0;
	return conn->u.v4.client == key->client.word[0] &&
	       lvs_key_other_inet(conn, 0) == key->service.word[0];
}

static bool is_of(const struct lvs_table *table, const struct lvs_conn *conn,
		  const struct lvs_template_key *key)
{
	const struct lvs_data *data;

	if (!is_between(conn, key))
		return false;
	data = lvs_template_data(table, conn);
	return data ? is_same(data, key) : !key->pe;
}

/* A search: whom it is after, and whom it found. */
struct search {
	const struct lvs_table *table;
	const struct lvs_template_key *key;
	struct lvs_conn *found;
};

static bool consider(void *user, uint32_t ref)
{
	struct search *search = user;
	struct lvs_conn *conn = lvs_arena_at(&search->table->arena, ref >> 1);

	if (!is_of(search->table, conn, search->key) ||
	    atomic_load_explicit(&conn->word, memory_order_relaxed) &
		    (LVS_CONN_DEAD | LVS_CONN_INVALID))
		return false;
	search->found = conn;
	return true;
}

struct lvs_conn *lvs_template_guess_locked(const struct lvs_table *table, uint32_t number,
					   const struct lvs_template_key *key)
{
	const uint64_t marks = LVS_CONN_LIVE | LVS_CONN_DEAD | LVS_CONN_INVALID;
	struct lvs_conn *conn;

	if (!number)
		return NULL;
	conn = lvs_arena_at(&table->arena, number);
	/* acquire: pairs with lvs_insert_begin(); only what is published may be read */
	if ((atomic_load_explicit(&conn->word, memory_order_acquire) & marks) != LVS_CONN_LIVE)
		return NULL;
	/* There is one that is valid. */
	return is_of(table, conn, key) ? conn : NULL;
}

struct lvs_conn *lvs_template_find_locked(const struct lvs_table *table,
					  const struct lvs_template_key *key, uint64_t hash)
{
	struct search search = {table, key, NULL};

	lvs_search(lvs_table_view(table, hash), hash, consider, &search);
	return search.found;
}

struct lvs_conn *lvs_template_find(const struct lvs_table *table,
				   const struct lvs_template_key *key, uint64_t hash)
{
	const struct lvs_shard_view *view = lvs_table_view(table, hash);

	for (;;) {
		/* acquire: as in lvs_table_find() */
		uint32_t changes = atomic_load_explicit(&view->changes, memory_order_acquire);
		struct lvs_conn *found = lvs_template_find_locked(table, key, hash);

		/* Growth ends seldom: it has not moved away a second time. */
		if (found || atomic_load_explicit(&view->changes, memory_order_relaxed) == changes)
			return found;
	}
}

void lvs_template_fill(struct lvs_conn *conn, const struct lvs_template_key *key)
{
	conn->kind |= LVS_CONN_IS_TEMPLATE;
	conn->protocol = key->protocol;
	conn->service_port = key->port;
	lvs_conn_set_client_port(conn, 0);
	if (key->family == LVS_INET6)
		conn->kind |= LVS_CONN_INET6;
	if (conn->kind & LVS_CONN_LARGE) {
		conn->u.v6.client = key->client;
		conn->u.v6.service = key->service;
	} else {
		conn->u.v4.client = key->client.word[0];
		conn->u.v4.service = key->service.word[0];
	}
}

void lvs_template_assure(struct lvs_conn *template)
{
	/* relaxed: a mark that nothing else hangs on */
	atomic_fetch_or_explicit(&template->word, LVS_TEMPLATE_ASSURED, memory_order_relaxed);
}

void lvs_template_invalidate(struct lvs_conn *conn)
{
	/* relaxed: who asks under the lock sees it, others ask again */
	atomic_fetch_or_explicit(&conn->word, LVS_CONN_INVALID, memory_order_relaxed);
}
