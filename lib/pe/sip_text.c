/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directors of one cluster must find the same Call-ID in the same bytes, and some of them may be
 * kernels. So where RFC 3261 leaves a choice, or a message breaks it, the rules are those that the
 * kernel's IPVS was seen to follow (tests/unit/test_sip.c has the cases): headers are looked for
 * behind the end of the headers, too; the first one counts, if it has a value; after a line that
 * begins with a line break the next line may be missed.
 */
#include "pe/sip_text.h"

#include <stdbool.h>

/* A message, and how far it was read. */
struct text {
	const uint8_t *data;
	uint32_t len;
	uint32_t at;
};

/* Letters, also those of Latin-1, digits, and what may stand in a word (RFC 3261, 25.1). */
static const uint32_t word_bits[8] = {
	0x00000000, 0xd7ffefa6, 0xbffffffe, 0x6fffffff,
	0x00000000, 0x00000000, 0xff7fffff, 0xff7fffff,
};

static bool is_word(uint8_t c)
{
	return word_bits[c >> 5] >> (c & 31) & 1;
}

/* The same for Latin-1. */
static bool is_letter(uint8_t c)
{
	return is_word(c) && (c >= 0xc0 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool is_break(uint8_t c)
{
	return c == '\r' || c == '\n';
}

/* A line break lies at hand: behind it. */
static void skip_break(struct text *text)
{
	uint8_t first = text->data[text->at++];

	if (first == '\r' && text->at < text->len && text->data[text->at] == '\n')
		text->at++;
}

static void skip_blanks(struct text *text)
{
	while (text->at < text->len && is_blank(text->data[text->at]))
		text->at++;
}

/* To the next line; false: there is none. */
static bool next_line(struct text *text)
{
	while (text->at < text->len && !is_break(text->data[text->at]))
		text->at++;
	if (text->at < text->len)
		skip_break(text);
	return text->at < text->len;
}

/* Blanks, and one line break that blanks follow: a folded line. False: the header ends there. */
static bool skip_space(struct text *text)
{
	skip_blanks(text);
	if (text->at < text->len && is_break(text->data[text->at])) {
		skip_break(text);
		if (text->at == text->len || !is_blank(text->data[text->at]))
			return false;
		skip_blanks(text);
	}
	return text->at < text->len;
}

static bool is_full_name(const struct text *text)
{
	static const uint8_t name[] = {'c', 'a', 'l', 'l', '-', 'i', 'd'};

	if (text->len - text->at < sizeof(name))
		return false;
	for (unsigned i = 0; i < sizeof(name); i++) {
		uint8_t c = text->data[text->at + i];

		/* No letter but these two has the other case there. */
		if (name[i] == '-' ? c != '-' : (c | 0x20) != name[i])
			return false;
	}
	return true;
}

/* How long the header's name is that the line begins with, in either form; 0: another header. */
static uint32_t name_len(const struct text *text)
{
	if (is_full_name(text))
		return 7;
	return text->len - text->at >= 2 && (text->data[text->at] | 0x20) == 'i' &&
			       !is_letter(text->data[text->at + 1])
		       ? 1
		       : 0;
}

static uint32_t word_end(const struct text *text, uint32_t at)
{
	while (at < text->len && is_word(text->data[at]))
		at++;
	return at;
}

/* callid = word [ "@" word ]; 0: it is none. */
static uint32_t value_len(const struct text *text)
{
	uint32_t end = word_end(text, text->at);
	uint32_t host;

	if (end == text->at || end == text->len || text->data[end] != '@')
		return end - text->at;
	host = end + 1;
	end = word_end(text, host);
	return end == host ? 0 : end - text->at;
}

/* From behind the name to the value; false: this is no header. */
static bool to_value(struct text *text)
{
	if (!skip_space(text) || text->data[text->at] != ':')
		return false;
	text->at++;
	return skip_space(text);
}

/* It fits, and its line ends with it. */
static bool is_sound(const struct text *text, uint32_t len)
{
	return len <= LVS_SIP_CALL_ID && text->at + len < text->len &&
	       is_break(text->data[text->at + len]);
}

uint32_t lvs_sip_call_id(const uint8_t *data, uint32_t len, uint32_t *at)
{
	struct text text = {data, len, 0};

	/* Before the first line break stands the request or the status. */
	while (next_line(&text)) {
		uint32_t name = name_len(&text);
		uint32_t value;

		text.at += name ? name : 1;
		if (!name)
			continue;
		if (!to_value(&text))
			return 0;
		value = value_len(&text);
		*at = text.at;
		if (value)
			return is_sound(&text, value) ? value : 0;
	}
	return 0;
}
