/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's --io: what each adapter's target may be. */
#include "options.h"

#include "unit.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { WRONG = 2, GO_ON = -1 };

static const struct {
	const char *io;
	int status;
	const char *tun;
	const char *interface[3];
} targets[] = {
	{"packet:eth0", GO_ON, "", {"eth0"}},
	{"packet:eth0,eth1", GO_ON, "", {"eth0", "eth1"}},
	{"tun:lvs-tun,eth0", GO_ON, "lvs-tun", {"eth0"}},
	{"tun:lvs-tun,eth0,eth1.5", GO_ON, "lvs-tun", {"eth0", "eth1.5"}},
	{"tun:123456789012345,eth0", GO_ON, "123456789012345", {"eth0"}},
	{"pcap:in,out", GO_ON, "", {NULL}},
	{"eth0", GO_ON, "", {"eth0"}},
	{"tun,eth1", GO_ON, "", {"tun", "eth1"}},
	{"auto:eth0,eth1", GO_ON, "", {"eth0", "eth1"}},
	{"auto:", WRONG, NULL, {NULL}},
	{"auto:eth0,", WRONG, NULL, {NULL}},
	{"eth0,,eth1", WRONG, NULL, {NULL}},
	{"1234567890123456", WRONG, NULL, {NULL}},
	{"tun:", WRONG, NULL, {NULL}},
	{"tun:lvs-tun", WRONG, NULL, {NULL}},
	{"tun:lvs-tun,", WRONG, NULL, {NULL}},
	{"tun:,eth0", WRONG, NULL, {NULL}},
	{"tun:lvs-tun,eth0,", WRONG, NULL, {NULL}},
	{"tun:lvs-tun,,eth0", WRONG, NULL, {NULL}},
	{"tun:1234567890123456,eth0", WRONG, NULL, {NULL}},
	{"tun:lvs-tun,1234567890123456", WRONG, NULL, {NULL}},
	{"tap:lvs-tun,eth0", WRONG, NULL, {NULL}},
};

static int read_line(char *line, struct options *options)
{
	char *argv[16];
	int argc = 0;

	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	optind = 0; /* from the beginning */
	return options_read(argc, argv, options);
}

START_TEST(test_target)
{
	struct options options;
	const char *colon;
	char line[128];
	unsigned n = 0;

	snprintf(line, sizeof(line), "lvsd --rules r --io %s", targets[_i].io);
	ck_assert_int_eq(read_line(line, &options), targets[_i].status);
	if (targets[_i].status == WRONG)
		return;
	ck_assert_str_eq(options.tun, targets[_i].tun);
	colon = strchr(targets[_i].io, ':');
	ck_assert_str_eq(options.target, colon ? colon + 1 : targets[_i].io);
	ck_assert((options.io == NULL) == (!colon || !strncmp(targets[_i].io, "auto:", 5)));
	while (n < 3 && targets[_i].interface[n])
		n++;
	ck_assert_uint_eq(options.interface_n, n);
	for (unsigned i = 0; i < n; i++)
		ck_assert_str_eq(options.interface[i], targets[_i].interface[i]);
}
END_TEST

static const struct {
	const char *word;
	unsigned n; /* 0: it is refused */
	uint16_t port[8];
} ftps[] = {
	{"--ftp", 1, {21}},
	{"--ftp=2121", 1, {2121}},
	{"--ftp=21,2,65535", 3, {21, 2, 65535}},
	{"--ftp=1001,1002,1003,1004,1005,1006,1007,1008", 8, {1001, 1002}},
	{"--ftp=1001,1002,1003,1004,1005,1006,1007,1008,1009", 0, {0}},
	{"--ftp=", 0, {0}},
	{"--ftp=,", 0, {0}},
	{"--ftp=21,", 0, {0}},
	{"--ftp=1", 0, {0}}, /* its data would come from port 0 */
	{"--ftp=65536", 0, {0}},
	{"--ftp=-21", 0, {0}},
	{"--ftp=ftp", 0, {0}},
};

START_TEST(test_ftp)
{
	struct options options;
	char line[128];

	snprintf(line, sizeof(line), "lvsd --rules r --io pcap:in %s", ftps[_i].word);
	ck_assert_int_eq(read_line(line, &options), ftps[_i].n ? GO_ON : WRONG);
	if (!ftps[_i].n)
		return;
	ck_assert_uint_eq(options.ftp_n, ftps[_i].n);
	for (unsigned i = 0; i < 8 && ftps[_i].port[i]; i++)
		ck_assert_uint_eq(options.ftp[i], ftps[_i].port[i]);
}
END_TEST

static const struct {
	const char *word;
	unsigned n; /* 0: it is refused */
	uint16_t cpu[6];
} pins[] = {
	{"--pin=0", 1, {0}},
	{"--pin=3,1", 2, {3, 1}},
	{"--pin=2-5", 4, {2, 3, 4, 5}},
	{"--pin=8,0-2,1023", 5, {8, 0, 1, 2, 1023}},
	{"--pin=0-1023", 1024, {0, 1, 2, 3, 4, 5}},
	{"--pin=", 0, {0}},
	{"--pin=,", 0, {0}},
	{"--pin=1,", 0, {0}},
	{"--pin=1,1", 0, {0}},
	{"--pin=0-3,2", 0, {0}},
	{"--pin=3-1", 0, {0}},
	{"--pin=1-", 0, {0}},
	{"--pin=-1", 0, {0}},
	{"--pin=1024", 0, {0}},
	{"--pin=0-1024", 0, {0}},
	{"--pin=18446744073709551616", 0, {0}},
	{"--pin=0x1", 0, {0}},
	{"--pin=all", 0, {0}},
};

START_TEST(test_pin)
{
	struct options options;
	char line[128];

	snprintf(line, sizeof(line), "lvsd --rules r --io pcap:in %s", pins[_i].word);
	ck_assert_int_eq(read_line(line, &options), pins[_i].n ? GO_ON : WRONG);
	if (!pins[_i].n)
		return;
	ck_assert_uint_eq(options.pin.n, pins[_i].n);
	for (unsigned i = 0; i < 6 && i < pins[_i].n; i++)
		ck_assert_uint_eq(options.pin.cpu[i], pins[_i].cpu[i]);
}
END_TEST

/* Without a list: what this process may use. Without the option: none. */
START_TEST(test_pin_all)
{
	char with[] = "lvsd --rules r --io pcap:in --pin",
	     without[] = "lvsd --rules r --io pcap:in";
	struct options options;

	ck_assert_int_eq(read_line(with, &options), GO_ON);
	ck_assert_uint_ge(options.pin.n, 1);
	ck_assert_int_eq(read_line(without, &options), GO_ON);
	ck_assert_uint_eq(options.pin.n, 0);
}
END_TEST

static const struct {
	const char *line;
	int status;
} lines[] = {
	{"lvsd --rules r --io tun:t,e --count-hops", GO_ON},
	{"lvsd --rules r --io packet:e --count-hops", WRONG},
	{"lvsd --rules r --io pcap:in --count-hops", WRONG},
	{"lvsd --rules r --io packet:e --spread cpu", GO_ON},
	{"lvsd --rules r --io packet:e --spread flow", GO_ON},
	{"lvsd --rules r --io tun:t,e --spread flow", GO_ON},
	{"lvsd --rules r --io tun:t,e --spread cpu", WRONG},
	{"lvsd --rules r --io pcap:in --spread cpu", WRONG},
	{"lvsd --rules r --io packet:e --spread core", WRONG},
	{"lvsd --rules r --check --io tun:t,e", GO_ON},
	{"lvsd --rules r --io tun:t,e --print-setup", GO_ON},
	{"lvsd --rules r --io tun:t,e --print-setup --no-setup", WRONG},
	{"lvsd --rules r --io pcap:in --print-setup", WRONG},
	{"lvsd --rules r --io tun:t,e --no-setup", GO_ON},
	{"lvsd --rules r --io pcap:in --set sloppy_tcp=1 --set udp=30 --table-size 7", GO_ON},
	{"lvsd --rules r --io pcap:in --set sloppy_tcp", WRONG},
	{"lvsd --rules r --io pcap:in --set sloppy=1", WRONG},
	{"lvsd --rules r --io pcap:in --set sloppy_tcp=2", WRONG},
	{"lvsd --rules r --io pcap:in --set udp=30 --set udp=30", WRONG},
	{"lvsd --rules r --io pcap:in --table-size 7 --set conn_max=7", WRONG},
	{"lvsd --rules r --io pcap:in --table-size 0", WRONG},
	{"lvsd --rules r --io pcap:in --table-size 536870913", WRONG},
};

START_TEST(test_line)
{
	struct options options;
	char line[128];

	snprintf(line, sizeof(line), "%s", lines[_i].line);
	ck_assert_int_eq(read_line(line, &options), lines[_i].status);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_options");

	tcase_add_loop_test(tcase, test_target, 0, (int)(sizeof(targets) / sizeof(targets[0])));
	tcase_add_loop_test(tcase, test_line, 0, (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_loop_test(tcase, test_ftp, 0, sizeof(ftps) / sizeof(ftps[0]));
	tcase_add_loop_test(tcase, test_pin, 0, sizeof(pins) / sizeof(pins[0]));
	tcase_add_test(tcase, test_pin_all);
	return unit_run("rules_options", tcase);
}
