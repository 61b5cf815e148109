/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's rules files: what is taken, and the message for each kind of mistake. */
#include "rules/rules.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define V4 "-A -t 192.0.2.1:80 -s rr\n"
#define V6 "-A -t [2001:db8::1]:80 -s rr\n"

static int parse(const char *text, size_t len, struct rules *rules, char *error, size_t error_len)
{
	char *copy = malloc(len ? len : 1);
	FILE *file;
	int failed;

	memcpy(copy, text, len);
	file = len ? fmemopen(copy, len, "r") : fopen("/dev/null", "r");
	ck_assert_ptr_nonnull(file);
	memset(rules, 0, sizeof(*rules));
	failed = rules_read(file, "rules", rules, error, error_len);
	fclose(file);
	free(copy);
	return failed;
}

static void parse_good(const char *text, struct rules *rules)
{
	char error[256] = "";

	ck_assert_msg(parse(text, strlen(text), rules, error, sizeof(error)) == 0, "%s", error);
}

static const char *show_addr(uint8_t family, const union lvs_addr *addr, lvs_be16 port, char *text,
			     size_t len)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, len, family == LVS_INET6 ? "[%s]:%u" : "%s:%u", host, ntohs(port));
	return text;
}

/* One line a service or server, so that a whole result compares as text. */
static void show(const struct rules *rules, char *text, size_t len)
{
	size_t at = 0;
	char addr[64];

	text[0] = 0;
	for (size_t i = 0; i < rules->service_n; i++) {
		const struct rule_service *service = &rules->service[i];

		at += (size_t)snprintf(text + at, len - at, "%u S %u %u %s %s %x\n", service->line,
				       service->key.protocol, service->key.fwmark,
				       show_addr(service->key.family, &service->key.addr,
						 service->key.port, addr, sizeof(addr)),
				       service->conf.sched->name, service->conf.flags);
	}
	for (size_t i = 0; i < rules->dest_n; i++) {
		const struct rule_dest *dest = &rules->dest[i];

		at += (size_t)snprintf(
			text + at, len - at, "%u D %u %s %u w%d %u %u\n", dest->line, dest->service,
			show_addr(dest->key.family, &dest->key.addr, dest->key.port, addr,
				  sizeof(addr)),
			dest->conf.method, dest->conf.weight, dest->conf.upper, dest->conf.lower);
	}
}

static const struct {
	const char *text;
	const char *result;
} good[] = {
	{"", ""},
	{"\n# nothing\n  \t\n", ""},
	{V4, "1 S 6 0 192.0.2.1:80 rr 0\n"},
	{"-A -t 192.0.2.1:80 -s rr", "1 S 6 0 192.0.2.1:80 rr 0\n"}, /* no line feed at the end */
	{"ipvsadm -A -u 192.0.2.1:53 -s wrr # names\r\n", "1 S 17 0 192.0.2.1:53 wrr 0\n"},
	{"-A -t 192.0.2.1:80\n", "1 S 6 0 192.0.2.1:80 wlc 0\n"},
	{"-A -f 7 -s rr\n-A -f 7 -6 -s rr\n", "1 S 0 7 0.0.0.0:0 rr 0\n2 S 0 7 [::]:0 rr 0\n"},
	{"-A -f 4294967295 -s rr\n-a -f 4294967295 -r 10.0.0.1 -m\n"
	 "-a -f 4294967295 -r 10.0.0.1:8 -g\n",
	 "1 S 0 4294967295 0.0.0.0:0 rr 0\n2 D 0 10.0.0.1:0 0 w1 0 0\n"
	 "3 D 0 10.0.0.1:8 3 w1 0 0\n"},
	{"-A -t 192.0.2.1:80 -s mh -b mh-port,mh-fallback\n", "1 S 6 0 192.0.2.1:80 mh 18\n"},
	{"-A -t 192.0.2.1:80 -s sh -b sh-port,sh-fallback\n", "1 S 6 0 192.0.2.1:80 sh 18\n"},
	{"-A -t 192.0.2.1:80 -s lc\n", "1 S 6 0 192.0.2.1:80 lc 0\n"},
	{"-A -t 192.0.2.1:80 -s sed\n", "1 S 6 0 192.0.2.1:80 sed 0\n"},
	{"-A -t 192.0.2.1:80 -s nq\n", "1 S 6 0 192.0.2.1:80 nq 0\n"},
	{"-A -t 192.0.2.1:80 -s fo\n", "1 S 6 0 192.0.2.1:80 fo 0\n"},
	{"-A -t 192.0.2.1:80 -s ovf\n", "1 S 6 0 192.0.2.1:80 ovf 0\n"},
	{"-A -t 192.0.2.1:80 -s lblc\n", "1 S 6 0 192.0.2.1:80 lblc 0\n"},
	{"-A -t 192.0.2.1:80 -s lblcr\n", "1 S 6 0 192.0.2.1:80 lblcr 0\n"},
	{"-A -t 192.0.2.1:80 -s dh\n", "1 S 6 0 192.0.2.1:80 dh 0\n"},
	{"-A -t 192.0.2.1:80 -s twos -b flag-3\n", "1 S 6 0 192.0.2.1:80 twos 20\n"},
	{"-A -t 192.0.2.1:80 -b flag-1,flag-3 -s rr\n", "1 S 6 0 192.0.2.1:80 rr 28\n"},
	{"-A -t 192.0.2.1:80 -b mss-clamp -s rr\n", "1 S 6 0 192.0.2.1:80 rr 100\n"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 9 -y 4\n",
	 "1 S 6 0 192.0.2.1:80 rr 0\n2 D 0 10.0.0.1:8080 0 w3 9 4\n"},
	/* What does not rewrite ports keeps the service's; none at all is the service's too. */
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -g\n-a -t 192.0.2.1:80 -r 10.0.0.2:0 -i\n"
	    "-a -t 192.0.2.1:80 -r 10.0.0.3 -m\n-a -t 192.0.2.1:80 -r 10.0.0.3:0 -m -w 0\n",
	 "1 S 6 0 192.0.2.1:80 rr 0\n2 D 0 10.0.0.1:80 3 w1 0 0\n3 D 0 10.0.0.2:80 2 w1 0 0\n"
	 "4 D 0 10.0.0.3:80 0 w1 0 0\n5 D 0 10.0.0.3:0 0 w0 0 0\n"},
	{V6 "-a -t [2001:db8::1]:80 -r [2001:db8::a]:80 -g -w 65535\n"
	    "-a -t [2001:db8::1]:80 -r 10.0.0.1 -i --tun-type ipip\n"
	    "-a -t [2001:db8::1]:80 -r 2001:db8::b -m\n",
	 "1 S 6 0 [2001:db8::1]:80 rr 0\n2 D 0 [2001:db8::a]:80 3 w65535 0 0\n"
	 "3 D 0 10.0.0.1:80 2 w1 0 0\n4 D 0 [2001:db8::b]:80 0 w1 0 0\n"},
	{"--add-service --tcp-service=192.0.2.1:80 --scheduler rr\n"
	 "--add-server --tcp-service 192.0.2.1:80 --real-server 10.0.0.1 --masquerading "
	 "--weight=2 --u-threshold 5 --l-threshold=1\n",
	 "1 S 6 0 192.0.2.1:80 rr 0\n2 D 0 10.0.0.1:80 0 w2 5 1\n"},
	{"-At 192.0.2.1:80 -srr\n-at192.0.2.1:80 -mr 10.0.0.1 -w2\n",
	 "1 S 6 0 192.0.2.1:80 rr 0\n2 D 0 10.0.0.1:80 0 w2 0 0\n"},
	/* The same address twice is no repetition where protocol, port, or service differ. */
	{V4 "-A -u 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 10.0.0.1 -m\n"
	    "-a -u 192.0.2.1:80 -r 10.0.0.1 -m\n-a -u 192.0.2.1:80 -r 10.0.0.1:81 -m\n",
	 "1 S 6 0 192.0.2.1:80 rr 0\n2 S 17 0 192.0.2.1:80 rr 0\n3 D 0 10.0.0.1:80 0 w1 0 0\n"
	 "4 D 1 10.0.0.1:80 0 w1 0 0\n5 D 1 10.0.0.1:81 0 w1 0 0\n"},
};

START_TEST(test_good)
{
	struct rules rules;
	char text[1024];

	parse_good(good[_i].text, &rules);
	show(&rules, text, sizeof(text));
	ck_assert_str_eq(text, good[_i].result);
	rules_free(&rules);
}
END_TEST

#define EXPECTED_ADDRESS "expected an address like 192.0.2.1:80 or [2001:db8::1]:80, got "

static const struct {
	const char *text;
	const char *message;
} bad[] = {
	/* words */
	{"A -t 192.0.2.1:80\n", "rules:1: expected -A, -a, set or mark, got \"A\""},
	{"ipvsadm list\n", "rules:1: expected -A, -a, set or mark, got \"list\""},
	{"ipvsadm\n", "rules:1: expected -A or -a, got the end of the line"},
	{"\n\n-A -t 192.0.2.1:80 -s rr -\n", "rules:3: expected an option, got \"-\""},
	{"-A -t 192.0.2.1:80 --\n", "rules:1: expected an option of -A or -a, got \"--\""},
	{"-A -q 192.0.2.1:80\n", "rules:1: expected an option of -A or -a, got \"-q\""},
	{"-A --tcp 192.0.2.1:80\n", "rules:1: expected an option of -A or -a, got \"--tcp\""},
	{"-C\n", "rules:1: expected -A, -a, set or mark, got \"-C\""},
	{"-D -t 192.0.2.1:80\n", "rules:1: expected -A, -a, set or mark, got \"-D\""},
	{"-A -t 192.0.2.1:80 rr\n", "rules:1: expected an option, got \"rr\""},
	{"-A -t 192.0.2.1:80 -s\n", "rules:1: expected a value for -s, got the end of the line"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -w -1\n", "rules:2: expected a value for -w, got -1"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -w 1 --weight 1\n",
	 "rules:2: expected the option -w once, got it twice"},
	{"-A --add-service=x -t 192.0.2.1:80\n",
	 "rules:1: expected the option -A once, got it twice"},
	{"--add-service=x -t 192.0.2.1:80\n", "rules:1: expected no value for -A, got \"x\""},
	/* commands */
	{"-t 192.0.2.1:80\n", "rules:1: expected one of -A and -a, got neither"},
	{"-A -a -t 192.0.2.1:80\n", "rules:1: expected one of -A and -a, got both"},
	{"-A -s rr\n", "rules:1: expected one of -t, -u, --sctp-service and -f, got none"},
	{"-A -t 192.0.2.1:80 -u 192.0.2.1:80\n",
	 "rules:1: expected one of -t, -u, --sctp-service and -f, got several"},
	{"-A -t 192.0.2.1:80 -w 1\n", "rules:1: expected an option of -A, got -w"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -s rr\n", "rules:2: expected an option of -a, got -s"},
	{"-A -t 192.0.2.1:80 -6\n", "rules:1: expected -6 only with -f, got it with -t"},
	/* services */
	{"-A -t www:80\n", "rules:1: " EXPECTED_ADDRESS "\"www:80\""},
	{"-A -t 192.0.2.256:80\n", "rules:1: " EXPECTED_ADDRESS "\"192.0.2.256:80\""},
	{"-A -t [2001:db8::1]\n", "rules:1: " EXPECTED_ADDRESS "\"[2001:db8::1]\""},
	{"-A -t [2001:db8::1\n", "rules:1: " EXPECTED_ADDRESS "\"[2001:db8::1\""},
	{"-A -t [192.0.2.1]:80\n", "rules:1: " EXPECTED_ADDRESS "\"[192.0.2.1]:80\""},
	{"-A -t 2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001\n",
	 "rules:1: " EXPECTED_ADDRESS
	 "\"2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001\""},
	{"-A -t 224.0.0.1:80\n", "rules:1: expected a unicast address, got \"224.0.0.1\""},
	{"-A -t 0.0.0.0:80\n", "rules:1: expected a unicast address, got \"0.0.0.0\""},
	{"-A -t [ff02::1]:80\n", "rules:1: expected a unicast address, got \"ff02::1\""},
	{"-A -t [fe80::1]:80\n", "rules:1: expected a unicast address, got \"fe80::1\""},
	{"-A -t 127.0.0.1:80\n",
	 "rules:1: expected an address that clients can reach, got \"127.0.0.1:80\""},
	{"-A -u [::1]:80\n",
	 "rules:1: expected an address that clients can reach, got \"[::1]:80\""},
	{"-A -t 192.0.2.1:65536\n", "rules:1: expected a port from 0 to 65535, got \"65536\""},
	{"-A -t 192.0.2.1:http\n", "rules:1: expected a port from 0 to 65535, got \"http\""},
	{"-A -t 192.0.2.1:\n", "rules:1: expected a port from 0 to 65535, got \"\""},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1:65536 -m\n",
	 "rules:2: expected a port from 0 to 65535, got \"65536\""},
	{"-A -f 0\n", "rules:1: expected a firewall mark from 1 to 4294967295, got \"0\""},
	{"-A -f 4294967296\n",
	 "rules:1: expected a firewall mark from 1 to 4294967295, got \"4294967296\""},
	{"-A -f 99999999999999999999\n",
	 "rules:1: expected a firewall mark from 1 to 4294967295, got "
	 "\"99999999999999999999\""},
	{"-A -t 192.0.2.1:80 -s rr -b sh-port\n",
	 "rules:1: expected -s sh with the flag sh-port, got -s rr"},
	{"-A -t 192.0.2.1:80 -s rr -b flag-1,,flag-2\n",
	 "rules:1: expected a flag (flag-1 flag-2 flag-3 sh-fallback sh-port "
	 "mh-fallback mh-port mss-clamp), got \"\""},
	{V4 "#\n" V4, "rules:3: expected a new service, got that of line 1 again"},
	{"-A -t 192.0.2.1:80 -s rr\n-A -t 192.0.2.1:080 -s wrr\n",
	 "rules:2: expected a new service, got that of line 1 again"},
	/* servers */
	{"-a -t 192.0.2.1:80 -r 10.0.0.1\n" V4,
	 "rules:1: expected a line above with -A -t 192.0.2.1:80, got none"},
	{V4 "-a -u 192.0.2.1:80 -r 10.0.0.1\n",
	 "rules:2: expected a line above with -A -u 192.0.2.1:80, got none"},
	{"-A -f 7\n-a -f 7 -6 -r 2001:db8::b -m\n",
	 "rules:2: expected a line above with -A -f 7 -6, got none"},
	{V4 "-a -t 192.0.2.1:80\n", "rules:2: expected -r and a server, got none"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0\n", "rules:2: " EXPECTED_ADDRESS "\"10.0.0\""},
	{V4 "-a -t 192.0.2.1:80 -r 239.0.0.1\n",
	 "rules:2: expected a unicast address, got \"239.0.0.1\""},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -w 65536\n",
	 "rules:2: expected a weight from 0 to 65535, got \"65536\""},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -w 1x\n",
	 "rules:2: expected a weight from 0 to 65535, got \"1x\""},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -x 2147483648\n",
	 "rules:2: expected an upper threshold from 0 to 2147483647, got \"2147483648\""},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -x 5 -y 6\n",
	 "rules:2: expected a lower threshold of at most 5, got 6"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1 -g -m\n",
	 "rules:2: expected one of -g, -i and -m, got several"},
	{V4 "-a -t 192.0.2.1:80 -r 2001:db8::1 -m\n",
	 "rules:2: expected a server of the service's address family, got \"2001:db8::1\": only "
	 "a tunnel (-i) crosses families"},
	{V4 "-a -t 192.0.2.1:80 -r 10.0.0.1:80 -g\n-a -t 192.0.2.1:80 -r 10.0.0.1:81 -g\n",
	 "rules:3: expected a new server, got that of line 2 again"},
};

START_TEST(test_bad)
{
	struct rules rules;
	char error[256] = "";

	ck_assert_int_eq(parse(bad[_i].text, strlen(bad[_i].text), &rules, error, sizeof(error)),
			 -1);
	ck_assert_str_eq(error, bad[_i].message);
	ck_assert_uint_eq(rules.service_n + rules.dest_n, 0);
	ck_assert_ptr_null(rules.service);
}
END_TEST

START_TEST(test_unknown_scheduler_lists_the_known)
{
	static const char text[] = "-A -t 192.0.2.1:80 -s fifo\n";
	static const char front[] = "rules:1: expected a scheduler, one of rr wrr ";
	struct rules rules;
	char error[256] = "";

	ck_assert_int_eq(parse(text, strlen(text), &rules, error, sizeof(error)), -1);
	ck_assert_msg(!strncmp(error, front, strlen(front)), "%s", error);
	ck_assert_msg(strstr(error, ", got fifo") != NULL, "%s", error);
}
END_TEST

START_TEST(test_zero_byte)
{
	static const char text[] = "-A -t 192.0.2.1:80\0 -s rr\n";
	struct rules rules;
	char error[256] = "";

	ck_assert_int_eq(parse(text, sizeof(text) - 1, &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, "rules:1: expected text, got a zero byte");
}
END_TEST

START_TEST(test_too_many_words)
{
	char text[256] = "";
	char error[256] = "";
	struct rules rules;

	for (int i = 0; i < 65; i++)
		strcat(text, "-q ");
	ck_assert_int_eq(parse(text, strlen(text), &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, "rules:1: expected at most 64 words, got more");
}
END_TEST

START_TEST(test_message_is_cut_to_its_buffer)
{
	struct rules rules;
	char error[12] = "";

	ck_assert_int_eq(parse("A\n", 2, &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, "rules:1: ex");
}
END_TEST

START_TEST(test_missing_file)
{
	struct rules rules = {0};
	char error[256] = "";

	ck_assert_int_eq(rules_read_file("/nonexistent/rules", &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, "/nonexistent/rules: No such file or directory");
}
END_TEST

/* Makes a pipe of a name like mkstemp()'s. */
static const char *make_pipe(char *name)
{
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(name);
	ck_assert_int_eq(mkfifo(name, 0600), 0);
	return name;
}

/* What is no file: a directory does not read, a pipe without a writer would wait for one, and a
 * device may never end. */
START_TEST(test_no_regular_file)
{
	char pipe_name[] = "/tmp/test_rules.XXXXXX";
	const char *const names[] = {"/", "/dev/zero", make_pipe(pipe_name)};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct rules rules = {0};
		char error[256] = "";
		char expected[256];

		snprintf(expected, sizeof(expected), "%s: expected a regular file", names[i]);
		ck_assert_int_eq(rules_read_file(names[i], &rules, error, sizeof(error)), -1);
		ck_assert_str_eq(error, expected);
	}
	unlink(pipe_name);
}
END_TEST

START_TEST(test_many)
{
	enum { SERVICES = 3000, DESTS = 4 };
	char *text = malloc(SERVICES * (DESTS + 1) * 64);
	struct rules rules;
	size_t at = 0;

	ck_assert_ptr_nonnull(text);
	for (int i = 0; i < SERVICES; i++) {
		at += (size_t)sprintf(text + at, "-A -t 10.%d.%d.1:80 -s rr\n", i >> 8, i & 255);
		for (int k = 0; k < DESTS; k++)
			at += (size_t)sprintf(text + at, "-a -t 10.%d.%d.1:80 -r 192.0.2.%d -m\n",
					      i >> 8, i & 255, k + 1);
	}
	parse_good(text, &rules);
	free(text);
	ck_assert_uint_eq(rules.service_n, SERVICES);
	ck_assert_uint_eq(rules.dest_n, SERVICES * DESTS);
	for (uint32_t i = 0; i < SERVICES; i++)
		ck_assert_uint_eq(rules_find_service(&rules, &rules.service[i].key), i);
	for (uint32_t i = 0; i < SERVICES * DESTS; i++)
		ck_assert_uint_eq(
			rules_find_dest(&rules, rules.dest[i].service, &rules.dest[i].key), i);
	ck_assert_uint_eq(rules_find_dest(&rules, SERVICES, &rules.dest[0].key), RULES_NONE);
	rules_free(&rules);
	ck_assert_uint_eq(rules_find_service(&rules, &(struct lvs_service_key){0}), RULES_NONE);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules");

	tcase_add_loop_test(tcase, test_good, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, test_unknown_scheduler_lists_the_known);
	tcase_add_test(tcase, test_zero_byte);
	tcase_add_test(tcase, test_too_many_words);
	tcase_add_test(tcase, test_message_is_cut_to_its_buffer);
	tcase_add_test(tcase, test_missing_file);
	tcase_add_test(tcase, test_no_regular_file);
	tcase_add_test(tcase, test_many);
	return unit_run("rules", tcase);
}
