/* SPDX-License-Identifier: BSD-2-Clause */
#include "quote.h"

#include <stdbool.h>
#include <string.h>

enum { MAC_LEN = 6, ETHER_LEN = 14, ICMP_LEN = 8, IPV4_LEN = 20, IPV6_LEN = 40, ICMPV6 = 58 };

struct ends {
	size_t src;
	size_t dst;
	size_t addr_len;
	size_t head;
};

static const struct ends ends4 = {12, 16, 4, IPV4_LEN};
static const struct ends ends6 = {8, 24, 16, IPV6_LEN};

static uint32_t sum_of(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

static void sum_write(uint8_t *field, uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

static bool is_zero(const uint8_t *data, size_t len)
{
	while (len && !*data) {
		data++;
		len--;
	}
	return len == 0;
}

static void finish4(uint8_t *ip, size_t len)
{
	ip[2] = (uint8_t)(len >> 8);
	ip[3] = (uint8_t)len;
	ip[10] = ip[11] = 0;
	sum_write(ip + 10, sum_of(ip, IPV4_LEN, 0));
}

static uint32_t finish6(uint8_t *ip, size_t len)
{
	size_t payload = len - IPV6_LEN;

	ip[4] = (uint8_t)(payload >> 8);
	ip[5] = (uint8_t)payload;
	return sum_of(ip + 8, 32, (uint32_t)payload + ICMPV6);
}

int quote_fill(uint8_t *frame, size_t len, size_t size, const uint8_t *about, size_t about_len,
	       size_t bytes)
{
	uint8_t *ip = frame + ETHER_LEN;
	const uint8_t *quoted = about + ETHER_LEN;
	const struct ends *at;
	uint32_t sum = 0;
	uint8_t fault[2];
	uint8_t *icmp;

	if (len < ETHER_LEN + IPV4_LEN + ICMP_LEN || about_len < ETHER_LEN + IPV4_LEN ||
	    ip[0] >> 4 != quoted[0] >> 4)
		return -1;
	at = ip[0] >> 4 == 4 ? &ends4 : &ends6;
	if (bytes > about_len - ETHER_LEN)
		bytes = about_len - ETHER_LEN;
	if (about_len < ETHER_LEN + at->head || len != ETHER_LEN + at->head + ICMP_LEN ||
	    len + bytes > size)
		return -1;
	memcpy(ip + at->dst, quoted + at->src, at->addr_len);
	if (is_zero(ip + at->src, at->addr_len))
		memcpy(ip + at->src, quoted + at->dst, at->addr_len);
	memcpy(frame + MAC_LEN, about, MAC_LEN);
	memcpy(frame + len, quoted, bytes);
	len += bytes;
	if (at == &ends4)
		finish4(ip, len - ETHER_LEN);
	else
		sum = finish6(ip, len - ETHER_LEN);
	icmp = ip + at->head;
	memcpy(fault, icmp + 2, 2);
	icmp[2] = icmp[3] = 0;
	sum_write(icmp + 2, sum_of(icmp, len - ETHER_LEN - at->head, sum));
	icmp[2] ^= fault[0];
	icmp[3] ^= fault[1];
	return (int)len;
}
