/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses from text. RFC 4291, section 2.2. */
#include "base/addr.h"

#include <string.h>

#include "base/byteorder.h"

struct reader {
	const char *at;
	const char *end;
};

static bool take(struct reader *in, char what)
{
	if (in->at == in->end || *in->at != what)
		return false;
	in->at++;
	return true;
}

/* The value of a digit; 16: it is none. */
static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* One to @p digits_max digits. */
static bool number(struct reader *in, unsigned base, unsigned digits_max, unsigned *value)
{
	unsigned n = 0;

	for (*value = 0; in->at < in->end && digit_of(*in->at) < base; in->at++, n++) {
		if (n == digits_max)
			return false;
		*value = *value * base + digit_of(*in->at);
	}
	return n > 0;
}

static bool read4(struct reader *in, uint8_t *to)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned value;

		if ((i && !take(in, '.')) || !number(in, 10, 3, &value) || value > 255)
			return false;
		to[i] = (uint8_t)value;
	}
	return true;
}

/* What stands for the last two groups may be written as IPv4. */
static bool is_dotted(const struct reader *in)
{
	const char *at = in->at;

	while (at < in->end && digit_of(*at) < 10)
		at++;
	return at < in->end && *at == '.';
}

/* Groups from @p *n on, up to the end or a "::". */
static bool groups(struct reader *in, uint8_t *to, unsigned *n)
{
	unsigned value;

	for (;;) {
		if (*n <= 6 && is_dotted(in)) {
			bool good = read4(in, to + 2 * *n);

			*n += 2;
			return good && in->at == in->end;
		}
		if (*n == 8 || !number(in, 16, 4, &value))
			return false;
		lvs_store16(to + 2 * (*n)++, (uint16_t)value);
		if (in->at == in->end || in->end - in->at < 2 || in->at[1] == ':')
			return true;
		if (!take(in, ':'))
			return false;
	}
}

static bool take_gap(struct reader *in)
{
	if (in->end - in->at < 2 || in->at[0] != ':' || in->at[1] != ':')
		return false;
	in->at += 2;
	return true;
}

static bool read6(struct reader *in, uint8_t *to)
{
	unsigned n = 0, gap;

	if (!take_gap(in)) {
		if (!groups(in, to, &n))
			return false;
		if (in->at == in->end)
			return n == 8;
		if (!take_gap(in))
			return false;
	}
	gap = n;
	if (in->at < in->end && !groups(in, to, &n))
		return false;
	if (n > 7)
		return false;
	/* What stands behind the gap belongs to the end. */
	memmove(to + 16 - 2 * (n - gap), to + 2 * gap, 2 * (n - gap));
	memset(to + 2 * gap, 0, 16 - 2 * n);
	return true;
}

bool lvs_addr_read(const char *text, size_t len, unsigned family, union lvs_addr *addr)
{
	struct reader in = {text, text + len};
	bool good;

	memset(addr, 0, sizeof(*addr));
	good = family == LVS_INET6 ? read6(&in, addr->byte) : read4(&in, addr->byte);
	return good && in.at == in.end;
}
