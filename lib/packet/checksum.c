/* SPDX-License-Identifier: BSD-2-Clause */
/* The Internet checksum over long runs of bytes. RFC 1071. */
#include "packet/checksum.h"

/* At most 7 bytes; what is missing in the last word counts as zero behind them. */
static uint64_t sum_tail(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, p, len);
	return lvs_csum_add(sum, word);
}

uint64_t lvs_csum_sum(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t other = 0;

	/* Two chains of additions, because each waits for its own carry. */
	for (; len >= 32; len -= 32, p += 32) {
		sum = lvs_csum_add(sum, lvs_load_be64(p));
		other = lvs_csum_add(other, lvs_load_be64(p + 8));
		sum = lvs_csum_add(sum, lvs_load_be64(p + 16));
		other = lvs_csum_add(other, lvs_load_be64(p + 24));
	}
	sum = lvs_csum_add(sum, other);
	for (; len >= 8; len -= 8, p += 8)
		sum = lvs_csum_add(sum, lvs_load_be64(p));
	return len ? sum_tail(sum, p, len) : sum;
}

uint64_t lvs_csum_pseudo(const uint8_t *src, const uint8_t *dst, unsigned family, uint8_t protocol,
			 uint32_t len)
{
	unsigned addr_len = lvs_addr_len(family);
	/* The 16-bit length of IPv4 and the 32-bit one of IPv6 add up alike. */
	uint64_t sum = (uint64_t)lvs_htonl(len) + lvs_htons(protocol);

	sum = lvs_csum_sum(sum, src, addr_len);
	return lvs_csum_sum(sum, dst, addr_len);
}

lvs_be16 lvs_csum_ipv4(const uint8_t *ip, unsigned header_len)
{
	uint64_t sum = lvs_csum_sum(0, ip, 10);

	return (lvs_be16)~lvs_csum_fold(lvs_csum_sum(sum, ip + 12, header_len - 12));
}
