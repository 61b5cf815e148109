/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's way from the rules in force to new ones: the difference only, all or nothing. */
#include "rules/apply.h"

#include <liblvs/list.h>

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define A "-A -t 192.0.2.1:80 -s rr\n"
#define A_WRR "-A -t 192.0.2.1:80 -s wrr\n"
#define A_MASK "-A -t 192.0.2.1:80 -s rr -M 255.255.255.0\n"
#define A1 "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1\n"
#define A1_W3 "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 3\n"
#define A1_DR "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 1\n"
#define A1_X "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1 -x 9\n"
#define A1_XY "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1 -x 9 -y 3\n"
#define A1_TUN "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -i -w 1"
#define A2 "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -m -w 1\n"
#define B "-A -u 192.0.2.1:80 -s rr\n"
#define B1 "-a -u 192.0.2.1:80 -r 10.0.0.1:80 -m -w 1\n"

static struct rules parse(const char *text)
{
	struct rules rules = {0};
	char copy[1024], error[256] = "";
	FILE *file;

	/* A stream of no bytes at all cannot be made of memory: a comment will do. */
	snprintf(copy, sizeof(copy), "#\n%s", text);
	file = fmemopen(copy, strlen(copy), "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_msg(!rules_read(file, "rules", &rules, error, sizeof(error)), "%s", error);
	fclose(file);
	return rules;
}

/* The director's state in the words of the rules, in the director's order. */
static void show(const struct lvs_director *director, char *text, size_t len)
{
	struct lvs_service_info service = {.size = sizeof(service)};
	struct lvs_cursor services = {{0}};
	size_t at = 0;

	text[0] = 0;
	while (lvs_director_next_service(director, &services, &service) == 1) {
		struct lvs_dest_info dest = {.size = sizeof(dest)};
		struct lvs_cursor dests = {{0}};

		at += (size_t)snprintf(text + at, len - at, "%s %s;",
				       service.key.protocol == LVS_TCP ? "t" : "u",
				       service.conf.sched->name);
		while (lvs_director_next_dest(director, &service.key, &dests, &dest) == 1)
			at += (size_t)snprintf(text + at, len - at, "%u m%u w%d x%u y%u;",
					       dest.key.addr.byte[3], dest.conf.method,
					       dest.conf.weight, dest.conf.upper, dest.conf.lower);
	}
}

static const struct {
	const char *before;
	const char *after;
	struct apply_counts counts; /* added, changed, removed */
	const char *result;
} changes[] = {
	{"", "", {0, 0, 0}, ""},
	{"", A A1 A2, {3, 0, 0}, "t rr;2 m0 w1 x0 y0;1 m0 w1 x0 y0;"},
	{A A1 A2, A A1 A2, {0, 0, 0}, "t rr;2 m0 w1 x0 y0;1 m0 w1 x0 y0;"},
	{A A1 A2, A A2 A1, {0, 0, 0}, "t rr;2 m0 w1 x0 y0;1 m0 w1 x0 y0;"},
	{A A1 A2, A A1_W3 A2, {0, 1, 0}, "t rr;2 m0 w1 x0 y0;1 m0 w3 x0 y0;"},
	{A A1, A A1_DR, {0, 1, 0}, "t rr;1 m3 w1 x0 y0;"},
	{A A1, A A1_X, {0, 1, 0}, "t rr;1 m0 w1 x9 y0;"},
	{A A1_X, A A1_XY, {0, 1, 0}, "t rr;1 m0 w1 x9 y3;"},
	{A A1, A_WRR A1, {0, 1, 0}, "t wrr;1 m0 w1 x0 y0;"},
	{A A1_TUN "\n", A A1_TUN "\n", {0, 0, 0}, "t rr;1 m2 w1 x0 y0;"},
	{A A1_TUN "\n", A A1_TUN " --tun-type gre\n", {0, 1, 0}, "t rr;1 m2 w1 x0 y0;"},
	{A A1_TUN " --tun-type gre\n",
	 A A1_TUN " --tun-type gre --tun-csum\n",
	 {0, 1, 0},
	 "t rr;1 m2 w1 x0 y0;"},
	{A A1_TUN " --tun-type gue --tun-port 1\n",
	 A A1_TUN " --tun-type gue --tun-port 2\n",
	 {0, 1, 0},
	 "t rr;1 m2 w1 x0 y0;"},
	{"-A -u 192.0.2.1:80 -s rr\n", "-A -u 192.0.2.1:80 -s rr -o\n", {0, 1, 0}, "u rr;"},
	{A, A_MASK, {0, 1, 0}, "t rr;"},
	{A A1 A2, A A2, {0, 0, 1}, "t rr;2 m0 w1 x0 y0;"},
	{A A1, A A2, {1, 0, 1}, "t rr;2 m0 w1 x0 y0;"},
	{A A1 B B1, B B1, {0, 0, 1}, "u rr;1 m0 w1 x0 y0;"},
	{A A1, B B1, {2, 0, 1}, "u rr;1 m0 w1 x0 y0;"},
	{A A1 B B1,
	 A B A1 A2 B1,
	 {1, 0, 0},
	 "t rr;2 m0 w1 x0 y0;1 m0 w1 x0 y0;u rr;1 m0 w1 x0 y0;"},
	{A A1 B B1, "", {0, 0, 2}, ""},
};

START_TEST(test_difference)
{
	static const struct rules none;
	struct rules before = parse(changes[_i].before), after = parse(changes[_i].after);
	struct lvs_director *director;
	struct apply_counts counts;
	char text[512], error[256] = "";

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_int_eq(
		apply_rules(director, &none, &before, "rules", &counts, error, sizeof(error)), 0);
	ck_assert_uint_eq(counts.added, before.service_n + before.dest_n);
	ck_assert_int_eq(
		apply_rules(director, &before, &after, "rules", &counts, error, sizeof(error)), 0);
	ck_assert_uint_eq(counts.added, changes[_i].counts.added);
	ck_assert_uint_eq(counts.changed, changes[_i].counts.changed);
	ck_assert_uint_eq(counts.removed, changes[_i].counts.removed);
	show(director, text, sizeof(text));
	ck_assert_str_eq(text, changes[_i].result);
	lvs_director_del(director);
	rules_free(&before);
	rules_free(&after);
}
END_TEST

/* The director refuses what the parser takes: a server that is there already. */
START_TEST(test_refused_changes_nothing)
{
	static const struct rules none;
	struct rules before = parse(A A1), after = parse(A_WRR A2 A1);
	struct rules wrong = parse(A);
	struct lvs_director *director;
	struct apply_counts counts;
	char text[512], error[256] = "";

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_int_eq(
		apply_rules(director, &none, &before, "rules", &counts, error, sizeof(error)), 0);
	/* Told wrongly what is in force, it adds 10.0.0.1 again: line 4 of the file. */
	ck_assert_int_eq(
		apply_rules(director, &wrong, &after, "rules", &counts, error, sizeof(error)), -1);
	ck_assert_msg(!strncmp(error, "rules:4: ", 9) && strlen(error) > 9, "%s", error);
	show(director, text, sizeof(text));
	ck_assert_str_eq(text, "t rr;1 m0 w1 x0 y0;");
	lvs_director_del(director);
	rules_free(&before);
	rules_free(&after);
	rules_free(&wrong);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_apply");

	tcase_add_loop_test(tcase, test_difference, 0, (int)(sizeof(changes) / sizeof(changes[0])));
	tcase_add_test(tcase, test_refused_changes_nothing);
	return unit_run("rules_apply", tcase);
}
