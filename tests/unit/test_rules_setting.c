/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's settings: taken by the kernel's names, from the rules file and the command line. */
#include "rules/rules.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static int parse(const char *text, struct rules *rules, char *error, size_t error_len)
{
	FILE *file = fmemopen((char *)(uintptr_t)text, strlen(text), "r");
	int failed;

	ck_assert_ptr_nonnull(file);
	memset(rules, 0, sizeof(*rules));
	failed = rules_read(file, "rules", rules, error, error_len);
	fclose(file);
	return failed;
}

static void defaults(struct lvs_settings *settings, struct lvs_timeouts *timeouts)
{
	lvs_settings_init(settings);
	*timeouts = (struct lvs_timeouts){
		.size = sizeof(*timeouts), .tcp_s = 900, .tcp_fin_s = 120, .udp_s = 300};
}

/* The kernel's defaults, as its documentation has them, in the order of the list. */
static const uint32_t kernel[SETTING_N] = {
	1, 0, 0, 0, 0,       0,     0,     0, 1024, 10,  1,   0,
	0, 0, 0, 0, 1048576, 86400, 86400, 1, 1,    900, 120, 300,
};

START_TEST(test_defaults)
{
	struct setting_values values;
	struct lvs_settings settings;
	struct lvs_timeouts timeouts;

	defaults(&settings, &timeouts);
	setting_read(&values, &settings, &timeouts);
	for (int i = 0; i < SETTING_N; i++)
		ck_assert_msg(values.value[i] == kernel[i], "%s is %u",
			      setting_name((enum setting)i), values.value[i]);
}
END_TEST

/* Each by itself: what is written is read again, and nothing else has changed. */
START_TEST(test_each)
{
	uint32_t other = kernel[_i] == 1 ? 0 : 1;
	struct setting_values values, again;
	struct lvs_settings settings;
	struct lvs_timeouts timeouts;

	if (_i == SETTING_SNAT_REROUTE) /* has one value */
		return;
	defaults(&settings, &timeouts);
	setting_read(&values, &settings, &timeouts);
	values.value[_i] = other;
	setting_write(&values, &settings, &timeouts);
	setting_read(&again, &settings, &timeouts);
	ck_assert_mem_eq(&values, &again, sizeof(values));
	setting_write(&(struct setting_values){{0}}, &settings, &timeouts);
	values.value[_i] = kernel[_i];
	setting_write(&values, &settings, &timeouts);
	setting_read(&again, &settings, &timeouts);
	ck_assert_mem_eq(&values, &again, sizeof(values));
}
END_TEST

START_TEST(test_reuse)
{
	static const uint32_t reuse[] = {LVS_REUSE_NEVER, LVS_REUSE_CLOSED, LVS_REUSE_FIN_WAIT,
					 LVS_REUSE_FIN_WAIT};
	struct setting_values values;
	struct lvs_settings settings;
	struct lvs_timeouts timeouts;

	defaults(&settings, &timeouts);
	setting_read(&values, &settings, &timeouts);
	values.value[SETTING_CONN_REUSE_MODE] = (uint32_t)_i;
	setting_write(&values, &settings, &timeouts);
	ck_assert_uint_eq(settings.reuse, reuse[_i]);
}
END_TEST

/* The command line stands over the file. */
START_TEST(test_order)
{
	struct setting_list line = {0};
	struct setting_values values;
	struct rules rules;
	char error[512] = "";

	ck_assert_msg(parse("set drop_entry 2 # while memory is short\n"
			    "\tset  udp 30\r\n-A -t 192.0.2.1:80 -s rr\nset pmtu_disc 0\n",
			    &rules, error, sizeof(error)) == 0,
		      "%s", error);
	ck_assert_uint_eq(rules.service_n, 1);
	ck_assert_uint_eq(rules.settings.line[SETTING_UDP], 2);
	ck_assert_int_eq(setting_take(&line, "udp=7", 3, "7", 0, error, sizeof(error)), 0);
	memcpy(values.value, kernel, sizeof(kernel));
	setting_overlay(&values, &rules.settings);
	setting_overlay(&values, &line);
	ck_assert_uint_eq(values.value[SETTING_DROP_ENTRY], 2);
	ck_assert_uint_eq(values.value[SETTING_PMTU_DISC], 0);
	ck_assert_uint_eq(values.value[SETTING_UDP], 7);
	ck_assert_uint_eq(values.value[SETTING_TCP], 900);
	rules_free(&rules);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} bad[] = {
	{"set\n", "rules:1: expected \"set NAME VALUE\", got 1 words"},
	{"set udp\n", "rules:1: expected \"set NAME VALUE\", got 2 words"},
	{"set udp = 3\n", "rules:1: expected \"set NAME VALUE\", got 4 words"},
	{"set udp 0\n", "rules:1: expected udp from 1 to 2678400, got \"0\""},
	{"set udp 3s\n", "rules:1: expected udp from 1 to 2678400, got \"3s\""},
	{"set udp -1\n", "rules:1: expected udp from 1 to 2678400, got \"-1\""},
	{"set sloppy_tcp 2\n", "rules:1: expected sloppy_tcp from 0 to 1, got \"2\""},
	{"set secure_tcp 4\n", "rules:1: expected secure_tcp from 0 to 3, got \"4\""},
	{"set conn_max 99999999999999999999\n",
	 "rules:1: expected conn_max from 1 to 536870912, got \"99999999999999999999\""},
	{"set snat_reroute 0\n", "rules:1: expected 1 for snat_reroute, got \"0\""},
	{"set tcp 3\nset udp 3\nset tcp 3\n", "rules:3: expected each setting once, got tcp again"},
};

START_TEST(test_bad)
{
	struct rules rules;
	char error[512] = "";

	ck_assert_int_eq(parse(bad[_i].text, &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, bad[_i].message);
	ck_assert_uint_eq(rules.settings.given, 0);
}
END_TEST

START_TEST(test_unknown_name)
{
	static const char front[] = "rules:1: expected a setting (conn_reuse_mode ";
	struct rules rules;
	char error[512] = "";

	ck_assert_int_eq(parse("set tcp_loose 1\n", &rules, error, sizeof(error)), -1);
	ck_assert_msg(!strncmp(error, front, strlen(front)), "%s", error);
	ck_assert_msg(strstr(error, " udp), got \"tcp_loose\"") != NULL, "%s", error);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_setting");

	tcase_add_test(tcase, test_defaults);
	tcase_add_loop_test(tcase, test_each, 0, SETTING_N);
	tcase_add_loop_test(tcase, test_reuse, 0, 4);
	tcase_add_test(tcase, test_order);
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, test_unknown_name);
	return unit_run("rules_setting", tcase);
}
