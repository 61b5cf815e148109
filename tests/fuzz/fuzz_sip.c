/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a SIP message: what is found lies inside, is a word or two, ends with its line, and
 * stands behind a colon; and nothing that follows its line changes it.
 */
#include <string.h>

#include "pe/sip_text.h"

#include "fuzz.h"

static int is_break(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* RFC 3261, 25.1, and letters of Latin-1. */
static int is_word(uint8_t c)
{
	if (c >= 0xc0)
		return c != 0xd7 && c != 0xf7;
	return c && c < 0x80 &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		      "-.!%*_+`'~()<>:\\\"/[]?{}",
		      c) != NULL;
}

static void check_value(const uint8_t *value, uint32_t len)
{
	unsigned at_n = 0;

	FUZZ_CHECK(len <= LVS_SIP_CALL_ID);
	for (uint32_t i = 0; i < len; i++) {
		FUZZ_CHECK(is_word(value[i]) || value[i] == '@');
		at_n += value[i] == '@';
	}
	FUZZ_CHECK(at_n <= 1 && value[0] != '@' && value[len - 1] != '@');
}

/* Behind blanks and folds a colon; behind more of them the name. */
static uint32_t back_over_space(const uint8_t *data, uint32_t at)
{
	while (at > 0 && (data[at - 1] == ' ' || data[at - 1] == '\t' || is_break(data[at - 1])))
		at--;
	return at;
}

static void check_place(const uint8_t *data, uint32_t at)
{
	uint32_t colon = back_over_space(data, at);
	uint32_t name;

	FUZZ_CHECK(colon >= 3 && data[colon - 1] == ':');
	name = back_over_space(data, colon - 1);
	FUZZ_CHECK(name >= 2);
	if ((data[name - 1] | 0x20) == 'i' && is_break(data[name - 2]))
		return;
	FUZZ_CHECK(name >= 8 && is_break(data[name - 8]) && (data[name - 1] | 0x20) == 'd');
}

static uint32_t find(const uint8_t *data, uint32_t len, uint32_t *at)
{
	uint8_t *copy = fuzz_copy(data, len);
	uint32_t n = lvs_sip_call_id(copy, len, at);

	free(copy);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t at = UINT32_MAX, again;
	uint32_t len = size < 65536 ? (uint32_t)size : 65535;
	uint32_t n = find(data, len, &at);

	if (!n)
		return 0;
	FUZZ_CHECK(at < len && n < len - at && is_break(data[at + n]));
	check_value(data + at, n);
	check_place(data, at);
	FUZZ_CHECK(find(data, at + n + 1, &again) == n && again == at);
	FUZZ_CHECK(find(data, at + n, &again) == 0);
	return 0;
}
