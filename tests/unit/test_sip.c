/* SPDX-License-Identifier: BSD-2-Clause */
/* SIP's Call-ID in messages of all kinds: what the kernel's IPVS was seen to find in them (6.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "pe/list.h"
#include "pe/sip_text.h"
#include "unit.h"
#include "unit_check.h"

#define R "INVITE sip:a@b SIP/2.0\r\n"
#define E "\r\n\r\n"

/* What is found; NULL: nothing. */
static const struct text_row {
	const char *text;
	const char *found;
	unsigned len; /* of a text with zeroes in it */
} text_rows[] = {
	{R "Call-ID: abc@host" E, "abc@host", 0},
	{R "call-id: ABC@host" E, "ABC@host", 0},
	{R "CALL-ID: plain" E, "plain", 0},
	{"SIP/2.0 200 OK\r\nCall-ID: answer" E, "answer", 0},
	{R "Via: x\r\nFrom: y\r\nCall-ID: third" E, "third", 0},
	/* the compact form */
	{R "i: compact1" E, "compact1", 0},
	{R "I:compact2" E, "compact2", 0},
	{R "i\t:\ttabs" E, "tabs", 0},
	{R "ii: no" E, NULL, 0},
	{R "ii: no\r\ni: next" E, "next", 0},
	{R "i\xe4: no\r\ni: next" E, "next", 0},
	/* the first that has a value counts, whatever it is worth */
	{R "Call-ID: one\r\nCall-ID: two" E, "one", 0},
	{R "i: one\r\nCall-ID: two" E, "one", 0},
	{R "Call-ID: @b\r\nCall-ID: two" E, "two", 0},
	{R "Call-ID: a@\r\nCall-ID: two" E, "two", 0},
	{R "Call-ID: ^\ni: two\n", "two", 0},
	{R "Call-ID: a;b\r\nCall-ID: two" E, NULL, 0},
	{R "Call-ID: a@b@c\r\nCall-ID: two" E, NULL, 0},
	/* other names end the search where they begin with these */
	{R "Call-IDx: no\r\nCall-ID: two" E, NULL, 0},
	{R "i1: no\r\ni: two" E, NULL, 0},
	{R "Call-ID x: no\r\ni: two" E, NULL, 0},
	{R "XCall-ID: no\r\ncall_id: no" E, NULL, 0},
	/* blanks and folded lines */
	{R "Call-ID:nospace" E, "nospace", 0},
	{R "Call-ID \t : \t many" E, "many", 0},
	{R "Call-ID:\r\n folded" E, "folded", 0},
	{R "Call-ID\r\n :\n\t folded" E, "folded", 0},
	{R "Call-ID: value\r\n more" E, "value", 0},
	{R "X: y\r\n Call-ID: no" E, NULL, 0},
	{R "X: y\r\n Call-ID: no\r\nCall-ID: real" E, "real", 0},
	{R "Call-ID:\r\n\r\n no" E, NULL, 0},
	{R "Call-ID: \r\nCall-ID: no" E, NULL, 0},
	{R "Call-ID: \r\n \r\ni: next" E, "next", 0},
	{R "Call-ID: \r\n \n no\ni: next\n", "next", 0},
	{R "Call-ID: trailing " E, NULL, 0},
	{R "Call-ID:\x0bno" E, NULL, 0},
	{R "Call-ID\xa0: no" E, NULL, 0},
	/* line breaks */
	{R "Call-ID: lf\n", "lf", 0},
	{R "Call-ID: cr\r", "cr", 0},
	{R "Call-ID: open", NULL, 0},
	{"x\nCall-ID: a\n", "a", 0},
	{"x\rCall-ID: a\r", "a", 0},
	{"\nCall-ID: a\n", "a", 0},
	{R "X: y\r\n\r\nCall-ID: body" E, "body", 0},
	{R "X: y\n\rCall-ID: missed" E, NULL, 0},
	{"\n\ni: missed\n", NULL, 0},
	{"\n\n\ni: third\n", "third", 0},
	{"\r\r\ni: third\n", "third", 0},
	{"\n\r\ni: third\n", "third", 0},
	{"\n \ni: third\n", "third", 0},
	{"\n \n i: no\n", NULL, 0},
	/* the first line is none of these */
	{"Call-ID: first\r\n\r\n", NULL, 0},
	{"Call-ID: first\r\nCall-ID: second" E, "second", 0},
	/* words */
	{R "Call-ID: !%*_+`'~()<>:\\\"/[]?{}.-z@H(2)" E, "!%*_+`'~()<>:\\\"/[]?{}.-z@H(2)", 0},
	{R "Call-ID: a@[::1]:5060" E, "a@[::1]:5060", 0},
	{R "Call-ID: a b" E, NULL, 0},
	{R "Call-ID: \xe4\xf6" E, "\xe4\xf6", 0},
	{R "Call-ID: \xc3\xa4" E, NULL, 0},
	{"x\nCall-ID: a\0b\n", NULL, sizeof("x\nCall-ID: a\0b\n") - 1},
	{"x\0\nCall-ID: a\n", "a", sizeof("x\0\nCall-ID: a\n") - 1},
	{"x\nCall-ID: x@\0\ni: a\n", "a", sizeof("x\nCall-ID: x@\0\ni: a\n") - 1},
	/* less than that */
	{"", NULL, 0},
	{"\n", NULL, 0},
	{"\ni", NULL, 0},
	{"\ni:", NULL, 0},
	{"\ni: ", NULL, 0},
	{"\ni:\n ", NULL, 0},
	{"\ncall-id", NULL, 0},
	{"\ncall-id:", NULL, 0},
	{"\ncall-id:c\r", "c", 0},
};

/* In memory of just that length: who reads beyond is told of by the sanitizer. */
static uint32_t find(const char *text, uint32_t len, char *found)
{
	uint8_t *copy = malloc(len ? len : 1);
	uint32_t at = UINT32_MAX;
	uint32_t n;

	memcpy(copy, text, len);
	n = lvs_sip_call_id(copy, len, &at);
	if (n) {
		ck_assert_uint_le(at, len);
		ck_assert_uint_lt(n, len - at);
		memcpy(found, copy + at, n);
	}
	found[n] = 0;
	free(copy);
	return n;
}

START_TEST(test_text)
{
	const struct text_row *row = &text_rows[_i];
	uint32_t len = row->len ? row->len : (uint32_t)strlen(row->text);
	char found[LVS_SIP_CALL_ID + 1];

	find(row->text, len, found);
	ck_assert_str_eq(found, row->found ? row->found : "");
}
END_TEST

START_TEST(test_length)
{
	const unsigned lens[] = {1, 254, 255, 256, 1000};
	char text[1100], found[LVS_SIP_CALL_ID + 1];

	for (unsigned i = 0; i < LVS_ARRAY_N(lens); i++) {
		int head = snprintf(text, sizeof(text), "x\ni:");

		memset(text + head, 'y', lens[i]);
		text[(unsigned)head + lens[i] / 2] = lens[i] > 2 ? '@' : 'y';
		strcpy(text + head + lens[i], "\ni:other\n");
		ck_assert_uint_eq(find(text, (uint32_t)strlen(text), found),
				  lens[i] <= LVS_SIP_CALL_ID ? lens[i] : 0);
	}
}
END_TEST

/* Every byte within a value: a word's, or none. */
START_TEST(test_bytes)
{
	char text[] = "x\ni:a?b\n", found[LVS_SIP_CALL_ID + 1];
	unsigned n = 0;

	for (unsigned byte = 0; byte < 256; byte++) {
		text[5] = (char)byte;
		n += find(text, sizeof(text) - 1, found) == 3;
	}
	/* Digits, letters, those of Latin-1, RFC 3261's marks, and "@". */
	ck_assert_uint_eq(n, 10 + 52 + 62 + 23 + 1);
}
END_TEST

START_TEST(test_engine)
{
	const struct lvs_pe_ops *sip = lvs_pe_find("sip");
	const char text[] = R "Call-ID: abc" E;
	struct lvs_flow flow = {.family = LVS_INET, .protocol = LVS_UDP};
	struct lvs_pe_packet packet = {.size = sizeof(packet),
				       .len = sizeof(text) - 1,
				       .flow = &flow,
				       .data = (const uint8_t *)text};
	uint8_t data[LVS_PE_DATA];

	ck_assert_ptr_eq(sip, &lvs_pe_sip);
	ck_assert_ptr_null(lvs_pe_find("sips"));
	ck_assert_uint_eq(sip->fill(&packet, data), 3);
	ck_assert_mem_eq(data, "abc", 3);
	ck_assert_int_eq(sip->conn_out(&packet), 1);
	packet.len = 4;
	ck_assert_uint_eq(sip->fill(&packet, data), 0);
	packet.len = sizeof(text) - 1;
	flow.protocol = LVS_TCP;
	ck_assert_uint_eq(sip->fill(&packet, data), 0);
	ck_assert_int_eq(sip->conn_out(&packet), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sip");

	tcase_add_loop_test(tcase, test_text, 0, LVS_ARRAY_N(text_rows));
	tcase_add_test(tcase, test_length);
	tcase_add_test(tcase, test_bytes);
	tcase_add_test(tcase, test_engine);
	return unit_run("sip", tcase);
}
