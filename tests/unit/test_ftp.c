/* SPDX-License-Identifier: BSD-2-Clause */
/* The FTP helper by itself: what it wants at which line of a conversation. */
#include <stdio.h>

#include "base/addr.h"
#include "base/byteorder.h"
#include "helper/list.h"
#include "packet_rig.h"
#include "unit.h"

#define N(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* Client 198.51.100.7, service 192.0.2.10:21, server 10.0.0.1:2121; and the same of IPv6. */
struct line {
	char from; /* c, s: client, server */
	const char *text;
	const char *expect;  /* "client:port service-port server:port"; NULL: nothing */
	const char *rewrite; /* what the line is then; NULL: as it was */
};

#define PASV                                                                                       \
	{                                                                                          \
		'c', "PASV\r\n", NULL, NULL                                                        \
	}
#define EPSV                                                                                       \
	{                                                                                          \
		'c', "EPSV\r\n", NULL, NULL                                                        \
	}
#define REPLY_227 "227 Entering Passive Mode (10,0,0,1,156,64).\r\n"
#define MADE_227 "227 Entering Passive Mode (192,0,2,10,156,64).\r\n"
#define EXPECT_227 "198.51.100.7:0 40000 10.0.0.1:40000"
#define REPLY_229 "229 Entering Extended Passive Mode (|||40000|)\r\n"

static const struct talk {
	unsigned family;
	struct line line[6];
} talks[] = {
	{LVS_INET, {PASV, {'s', REPLY_227, EXPECT_227, MADE_227}}},
	/* not asked for; asked for in the other direction */
	{LVS_INET, {{'s', REPLY_227, NULL, NULL}}},
	{LVS_INET, {{'s', "PASV\r\n", NULL, NULL}, {'s', REPLY_227, NULL, NULL}}},
	{LVS_INET, {PASV, {'c', REPLY_227, NULL, NULL}}},
	/* other replies in between; a second one is nobody's */
	{LVS_INET,
	 {PASV,
	  {'s', "150 Here it comes.\r\n", NULL, NULL},
	  {'s', REPLY_227, EXPECT_227, MADE_227},
	  {'s', REPLY_227, NULL, NULL}}},
	/* the server names another of its addresses */
	{LVS_INET,
	 {PASV,
	  {'s', "227 =10,9,8,7,1,2\r\n", "198.51.100.7:0 258 10.9.8.7:258",
	   "227 =192,0,2,10,1,2\r\n"}}},
	/* the last word counts */
	{LVS_INET, {PASV, EPSV, {'s', REPLY_227, NULL, NULL}}},
	{LVS_INET,
	 {PASV, EPSV, {'s', REPLY_229, "198.51.100.7:0 40000 10.0.0.1:40000", REPLY_229}}},
	{LVS_INET,
	 {PASV,
	  {'c', "PORT 198,51,100,7,1,2\r\n", "198.51.100.7:258 20 10.0.0.1:2120", NULL},
	  {'s', REPLY_227, NULL, NULL}}},
	{LVS_INET,
	 {{'c', "EPRT |1|198.51.100.9|258|\r\n", "198.51.100.9:258 20 10.0.0.1:2120", NULL}}},
	{LVS_INET, {{'s', "PORT 198,51,100,7,1,2\r\n", NULL, NULL}}},
	{LVS_INET, {{'c', "NOOP\r\nPORT 198,51,100,7,1,2\r\n", NULL, NULL}}},
	{LVS_INET,
	 {EPSV, {'s', "229 ok (!!!7!)\r\n", "198.51.100.7:0 7 10.0.0.1:7", "229 ok (|||7|)\r\n"}}},
	/* cut in the middle: neither part says anything */
	{LVS_INET,
	 {PASV, {'s', "227 Entering (10,0,0,1,1", NULL, NULL}, {'s', "56,64).\r\n", NULL, NULL}}},
	{LVS_INET6,
	 {EPSV, {'s', REPLY_229, "[2001:db8::3:7]:0 40000 [2001:db8::1:1]:40000", REPLY_229}}},
	{LVS_INET6,
	 {{'c', "EPRT |2|2001:db8::3:7|258|\r\n", "[2001:db8::3:7]:258 20 [2001:db8::1:1]:2120",
	   NULL}}},
	{LVS_INET6, {PASV, {'s', REPLY_227, NULL, NULL}}},
	{LVS_INET6, {{'c', "PORT 198,51,100,7,1,2\r\n", NULL, NULL}}},
};

static void fill(struct lvs_binding *binding, unsigned family)
{
	bool v6 = family == LVS_INET6;

	*binding = (struct lvs_binding){
		.client = v6 ? rig_addr6(3, 7) : rig_addr4(198, 51, 100, 7),
		.service = v6 ? rig_addr6(2, 10) : rig_addr4(192, 0, 2, 10),
		.dest = v6 ? rig_addr6(1, 1) : rig_addr4(10, 0, 0, 1),
		.client_port = rig_port(50000),
		.service_port = rig_port(21),
		.dest_port = rig_port(2121),
		.family = (uint8_t)family,
		.dest_family = (uint8_t)family,
		.protocol = LVS_TCP,
	};
}

static void expect_text(const struct lvs_helper_expect *expect, unsigned family, char *text)
{
	char client[LVS_ENDPOINT_TEXT], dest[LVS_ENDPOINT_TEXT];

	lvs_endpoint_text(&expect->client, family, expect->client_port, client);
	lvs_endpoint_text(&expect->dest, family, expect->dest_port, dest);
	snprintf(text, 128, "%s %u %s", client, lvs_ntohs(expect->service_port), dest);
}

static void check_line(void *state, const struct lvs_binding *binding, const struct line *line)
{
	struct lvs_helper_segment segment = {.size = sizeof(segment),
					     .flags = line->from == 's' ? LVS_HELPER_REPLY : 0,
					     .binding = binding,
					     .data = (const uint8_t *)line->text,
					     .len = (uint32_t)strlen(line->text)};
	struct lvs_helper_answer answer = {.size = sizeof(answer)};
	char text[256];

	ck_assert(lvs_helper_ftp.segment(state, &segment, &answer));
	ck_assert_int_eq(!!(answer.flags & LVS_HELPER_EXPECT), line->expect != NULL);
	ck_assert_int_eq(!!(answer.flags & LVS_HELPER_REWRITE), line->rewrite != NULL);
	if (line->expect) {
		expect_text(&answer.expect, binding->family, text);
		ck_assert_str_eq(text, line->expect);
	}
	if (line->rewrite) {
		ck_assert_uint_le(answer.cut_at + answer.cut_len, segment.len);
		snprintf(text, sizeof(text), "%.*s%.*s%s", (int)answer.cut_at, line->text,
			 (int)answer.text_len, (const char *)answer.text,
			 line->text + answer.cut_at + answer.cut_len);
		ck_assert_str_eq(text, line->rewrite);
	}
}

START_TEST(test_talk)
{
	const struct talk *talk = &talks[_i];
	_Alignas(8) uint8_t state[LVS_HELPER_STATE] = {0};
	struct lvs_binding binding;

	fill(&binding, talk->family);
	for (const struct line *line = talk->line; line->from; line++)
		check_line(state, &binding, line);
}
END_TEST

/* From the question to its answer the server's segments must come in order. */
START_TEST(test_awaits)
{
	static const struct line question = PASV;
	static const struct line answer = {'s', REPLY_227, EXPECT_227, MADE_227};
	_Alignas(8) uint8_t state[LVS_HELPER_STATE] = {0};
	struct lvs_binding binding;

	fill(&binding, LVS_INET);
	ck_assert(!lvs_helper_ftp.awaits(state, LVS_HELPER_REPLY));
	check_line(state, &binding, &question);
	ck_assert(lvs_helper_ftp.awaits(state, LVS_HELPER_REPLY));
	ck_assert(!lvs_helper_ftp.awaits(state, 0));
	check_line(state, &binding, &answer);
	ck_assert(!lvs_helper_ftp.awaits(state, LVS_HELPER_REPLY));
}
END_TEST

START_TEST(test_find)
{
	ck_assert_ptr_eq(lvs_helper_find("ftp"), &lvs_helper_ftp);
	ck_assert_ptr_null(lvs_helper_find("tftp"));
	ck_assert_uint_le(lvs_helper_ftp.state_size, LVS_HELPER_STATE);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ftp");

	tcase_add_loop_test(tcase, test_talk, 0, N(talks));
	tcase_add_test(tcase, test_awaits);
	tcase_add_test(tcase, test_find);
	return unit_run("ftp", tcase);
}
