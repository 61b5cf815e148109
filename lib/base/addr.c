/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/addr.h"

#include <string.h>

#include "base/byteorder.h"

static char *put_decimal(char *to, unsigned value)
{
	char digits[10];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n > 0)
		*to++ = digits[--n];
	return to;
}

static char *put_hex(char *to, unsigned value)
{
	unsigned shift = 12;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (;; shift -= 4) {
		*to++ = "0123456789abcdef"[value >> shift & 0xf];
		if (shift == 0)
			return to;
	}
}

static char *put_ipv4(char *to, const uint8_t *byte)
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		to = put_decimal(to, byte[i]);
	}
	return to;
}

/* The run of zero groups that "::" stands for: the longest, the first of equals, never a single
 * one (RFC 5952, 4.2). Returns its length, 0 for none. */
static unsigned zero_run(const uint8_t *byte, unsigned *start)
{
	unsigned best = 1;
	unsigned run = 0;

	for (unsigned i = 0; i < 8; i++) {
		run = lvs_load16(byte + 2 * i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static char *put_ipv6(char *to, const uint8_t *byte)
{
	unsigned start = 8;
	unsigned run = zero_run(byte, &start);

	for (unsigned i = 0; i < 8; i++) {
		if (run && i == start) {
			*to++ = ':';
			*to++ = ':';
			i += run - 1;
			continue;
		}
		if (i > 0 && !(run && i == start + run))
			*to++ = ':';
		to = put_hex(to, lvs_load16(byte + 2 * i));
	}
	return to;
}

static char *put_addr(char *to, const union lvs_addr *addr, unsigned family)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (family != LVS_INET6)
		return put_ipv4(to, addr->byte);
	if (memcmp(addr->byte, mapped, sizeof(mapped)) != 0)
		return put_ipv6(to, addr->byte);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): put_ipv4() ends it */
	memcpy(to, "::ffff:", 7); /* RFC 5952, 5: a mapped address ends in dotted decimal */
	return put_ipv4(to + 7, addr->byte + 12);
}

char *lvs_addr_text(const union lvs_addr *addr, unsigned family, char *text)
{
	*put_addr(text, addr, family) = '\0';
	return text;
}

char *lvs_endpoint_text(const union lvs_addr *addr, unsigned family, lvs_be16 port, char *text)
{
	char *to = text;

	if (family == LVS_INET6)
		*to++ = '[';
	to = put_addr(to, addr, family);
	if (family == LVS_INET6)
		*to++ = ']';
	*to++ = ':';
	*put_decimal(to, lvs_ntohs(port)) = '\0';
	return text;
}

bool lvs_addr_unspecified(const union lvs_addr *addr, unsigned family)
{
	static const union lvs_addr none;

	return lvs_addr_equal(addr, &none, family);
}

bool lvs_addr_multicast(const union lvs_addr *addr, unsigned family)
{
	return family == LVS_INET6 ? addr->byte[0] == 0xff : addr->byte[0] >> 4 == 0xe;
}

bool lvs_addr_unicast(const union lvs_addr *addr, unsigned family)
{
	if (lvs_addr_unspecified(addr, family) || lvs_addr_multicast(addr, family))
		return false;
	if (family == LVS_INET6)
		return !(addr->byte[0] == 0xfe && (addr->byte[1] & 0xc0) == 0x80);
	return addr->word[0] != 0xffffffff;
}
