/* SPDX-License-Identifier: BSD-2-Clause */
/* liburcu's cds_lfht, with the flavour whose readers cost nothing (QSBR). */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>

#include "bench.h"

struct node {
	struct cds_lfht_node link;
	uint32_t value;
	uint8_t key[TABLE_KEY6];
};

struct peer {
	struct cds_lfht *ht;
	uint8_t *nodes; /* in one piece, each as long as its key needs */
	size_t node_len;
	uint32_t n;
	unsigned key_len;
};

/* What a match compares: the length is not the table's to know. */
struct wanted {
	const void *key;
	unsigned len;
};

static void *peer_open(uint32_t n, unsigned key_len)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	unsigned long buckets = 1;

	while (buckets < n)
		buckets *= 2;
	if (!peer)
		bench_fail("no memory");
	peer->key_len = key_len;
	peer->node_len = key_len == TABLE_KEY4 ? 48 : 80; /* link, value, key; aligned to 16 */
	peer->nodes = calloc(n, peer->node_len);
	urcu_qsbr_register_thread();
	peer->ht = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &urcu_qsbr_flavor, NULL);
	if (!peer->nodes || !peer->ht)
		bench_fail("cds_lfht: no memory");
	return peer;
}

static struct node *node_at(const struct peer *peer, uint32_t i)
{
	return (struct node *)(void *)(peer->nodes + i * peer->node_len);
}

static void peer_close(void *table)
{
	struct peer *peer = table;

	for (uint32_t i = 0; i < peer->n; i++)
		cds_lfht_del(peer->ht, &node_at(peer, i)->link);
	cds_lfht_destroy(peer->ht, NULL);
	urcu_qsbr_unregister_thread();
	free(peer->nodes);
	free(peer);
}

static void peer_add(void *table, const uint8_t *key, uint32_t value)
{
	struct peer *peer = table;
	struct node *node = node_at(peer, peer->n++);

	memcpy(node->key, key, peer->key_len);
	node->value = value;
	cds_lfht_node_init(&node->link);
	cds_lfht_add(peer->ht, table_hash(key, peer->key_len), &node->link);
}

static int match(struct cds_lfht_node *link, const void *arg)
{
	const struct node *node = caa_container_of(link, struct node, link);
	const struct wanted *wanted = arg;

	return memcmp(node->key, wanted->key, wanted->len) == 0;
}

static uint64_t peer_find(void *table, const void *const *query, unsigned n)
{
	struct peer *peer = table;
	uint64_t sum = 0;

	urcu_qsbr_read_lock();
	for (unsigned i = 0; i < n; i++) {
		struct wanted wanted = {query[i], peer->key_len};
		const struct cds_lfht_node *link;
		struct cds_lfht_iter iter;

		cds_lfht_lookup(peer->ht, table_hash(query[i], peer->key_len), match, &wanted,
				&iter);
		link = cds_lfht_iter_get_node(&iter);
		if (link)
			sum += caa_container_of(link, struct node, link)->value;
	}
	urcu_qsbr_read_unlock();
	urcu_qsbr_quiescent_state();
	return sum;
}

const struct table_ops table_urcu = {
	.name = "table/cds_lfht",
	.open = peer_open,
	.close = peer_close,
	.add = peer_add,
	.find = peer_find,
};
