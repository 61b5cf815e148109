/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/key.h"

#include <stdio.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "base/siphash.h"

uint64_t lvs_key_seed(uint64_t seed, uint64_t i)
{
	uint8_t key[16] = {0};

	memcpy(key, &seed, sizeof(seed));
	return lvs_siphash(key, &i, sizeof(i));
}

void lvs_key_hash_init(struct lvs_key_hash *hash, uint64_t seed)
{
	/* From the end of the numbers: services take theirs from the start. */
	for (unsigned i = 0; i < LVS_TREE_WORDS; i++)
		hash->factor[i] = lvs_key_seed(seed, UINT64_MAX - i);
}

void lvs_key_leaf(const struct lvs_key_hash *hash, const struct lvs_service_key *key,
		  struct lvs_leaf *leaf)
{
	lvs_key_words(hash, &key->addr, key->fwmark,
		      lvs_key_rest(key->port, key->protocol, key->family), key->family == LVS_INET6,
		      leaf);
}

void lvs_service_key_normal(const struct lvs_service_key *key, struct lvs_service_key *to)
{
	memset(to, 0, sizeof(*to));
	to->fwmark = key->fwmark;
	to->family = key->family;
	if (key->fwmark)
		return;
	memcpy(&to->addr, &key->addr, lvs_addr_len(key->family));
	to->port = key->port;
	to->protocol = key->protocol;
}

void lvs_dest_key_normal(const struct lvs_dest_key *key, struct lvs_dest_key *to)
{
	memset(to, 0, sizeof(*to));
	memcpy(&to->addr, &key->addr, lvs_addr_len(key->family));
	to->port = key->port;
	to->family = key->family;
}

char *lvs_protocol_text(unsigned protocol, char *text)
{
	if (protocol == LVS_TCP)
		memcpy(text, "TCP", 4);
	else if (protocol == LVS_UDP)
		memcpy(text, "UDP", 4);
	else
		snprintf(text, 16, "protocol %u", protocol & 0xff);
	return text;
}

char *lvs_service_text(const struct lvs_service_key *key, char *text)
{
	char endpoint[LVS_ENDPOINT_TEXT];
	char protocol[16];

	if (key->fwmark)
		snprintf(text, LVS_SERVICE_TEXT, "%s mark %u",
			 key->family == LVS_INET6 ? "IPv6" : "IPv4", key->fwmark);
	else
		snprintf(text, LVS_SERVICE_TEXT, "%s %s",
			 lvs_protocol_text(key->protocol, protocol),
			 lvs_endpoint_text(&key->addr, key->family, key->port, endpoint));
	return text;
}
