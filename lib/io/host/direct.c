/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/host/direct.h"

/* FNV-1a, then mixed; whoever finds two flows of one tag gains the answers to his own questions. */
static uint64_t hash_bytes(uint64_t hash, const void *data, unsigned n)
{
	const uint8_t *byte = data;

	for (unsigned i = 0; i < n; i++)
		hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t tag_of(const struct lvs_direct_flow *flow)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_bytes(hash, flow->client, sizeof(*flow->client));
	hash = hash_bytes(hash, flow->server, sizeof(*flow->server));
	hash = hash_bytes(hash, &flow->client_port, sizeof(flow->client_port));
	hash = hash_bytes(hash, &flow->server_port, sizeof(flow->server_port));
	hash = hash_bytes(hash, &flow->protocol, sizeof(flow->protocol));
	hash = hash_bytes(hash, &flow->datagram, sizeof(flow->datagram));
	hash ^= hash >> 32;
	return hash ? hash : 1;
}

void lvs_direct_note(struct lvs_direct *direct, const struct lvs_direct_flow *flow)
{
	uint64_t tag = tag_of(flow);
	_Atomic uint64_t *slot = &direct->tag[tag % LVS_DIRECT_SLOTS];

	/* Read first: the line of a flow that is known is only shared. */
	if (atomic_load_explicit(slot, memory_order_relaxed) != tag)
		atomic_store_explicit(slot, tag, memory_order_relaxed);
}

bool lvs_direct_known(const struct lvs_direct *direct, const struct lvs_direct_flow *flow)
{
	uint64_t tag = tag_of(flow);

	return atomic_load_explicit(&direct->tag[tag % LVS_DIRECT_SLOTS], memory_order_relaxed) ==
	       tag;
}
