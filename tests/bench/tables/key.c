/* SPDX-License-Identifier: BSD-2-Clause */
#include "table.h"

#include <string.h>

#include "base/hash.h"

/* Clients of a network to one service; the number becomes address and port. */
void table_key(uint8_t *key, unsigned key_len, uint32_t number)
{
	unsigned addr_len = key_len == TABLE_KEY4 ? 4 : 16;
	uint32_t client = (number & 0xffffff) | 11u << 24, service = 0xc0000201;
	uint16_t port = (uint16_t)(1024 + (number >> 24)), service_port = 80;

	memset(key, 0, key_len);
	memcpy(key + addr_len - 4, &client, 4);
	memcpy(key + 2 * addr_len - 4, &service, 4);
	memcpy(key + 2 * addr_len, &port, 2);
	memcpy(key + 2 * addr_len + 2, &service_port, 2);
	key[2 * addr_len + 4] = 6;
}

_Static_assert(LVS_HASH_INET_WORDS * 8 == TABLE_KEY4 && LVS_HASH_INET6_WORDS * 8 == TABLE_KEY6,
	       "a key is what is hashed");

static struct lvs_hash hash;

uint64_t table_hash(const uint8_t *key, unsigned key_len)
{
	static const uint8_t secret[16] = "0123456789abcde";
	static bool ready;
	uint64_t words[TABLE_KEY6 / 8];

	if (!ready)
		lvs_hash_init(&hash, secret);
	ready = true;
	memcpy(words, key, key_len);
	return key_len == TABLE_KEY4 ? lvs_hash_inet(&hash, words) : lvs_hash_inet6(&hash, words);
}
