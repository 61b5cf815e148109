/* SPDX-License-Identifier: BSD-2-Clause */
#include "hex.h"

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int hex_read(const char *text, uint8_t *bytes, size_t size)
{
	size_t n = 0;

	for (; *text && *text != ' '; text += 2, n++) {
		int high = digit(text[0]);
		int low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || n == size)
			return -1;
		bytes[n] = (uint8_t)(high << 4 | low);
	}
	return (int)n;
}

void hex_write(FILE *out, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		putc(digits[bytes[i] >> 4], out);
		putc(digits[bytes[i] & 15], out);
	}
}
