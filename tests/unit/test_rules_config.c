/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's YAML file: what is taken, and the message for each kind of mistake. */
#include "config/config.h"
#include "options.h"
#include "rules/rules.h"

#include "unit.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The stream keeps a copy. */
static FILE *open_text(const char *text, size_t len)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, len, file), len);
	rewind(file);
	return file;
}

/* All that --config does with a file: options first, then rules. */
static int read_all(const char *text, size_t len, struct config *config, struct options *options,
		    struct rules *rules, char *error, size_t error_len)
{
	FILE *file = open_text(text, len);
	int failed;

	memset(config, 0, sizeof(*config));
	memset(options, 0, sizeof(*options));
	memset(rules, 0, sizeof(*rules));
	failed = config_read(file, "f", config, rules, error, error_len);
	fclose(file);
	if (failed)
		return -1;
	return config_apply(config, "f", options, error, error_len);
}

#define IO "adapter: packet\ninterfaces: [eth0]\n"
#define SERVICE "services:\n- tcp: 192.0.2.1:80\n"
#define SERVERS SERVICE "  servers:\n"

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	/* YAML itself */
	{"", "f:1: expected keys with values, got nothing"},
	{"# nothing\n", "f:1: expected keys with values, got nothing"},
	{"- a\n", "f:1: expected keys with values for the file, got a list"},
	{"workers\n", "f:1: expected keys with values for the file, got \"workers\""},
	{"workers: 1\n\tname: a\n", "f:2: expected YAML: found a tab character that violates "
				    "indentation"},
	{"workers: [1\n", "f:2: expected YAML: did not find expected ',' or ']'"},
	{"name: \xff\n", "f:1: expected YAML: invalid leading UTF-8 octet"},
	{"name: *a\n", "f:1: expected YAML: found undefined alias"},
	{"name: a\n---\nname: b\n", "f:3: expected one document, got another"},
	{"name: a\nname: b\n", "f:2: expected name once, got it twice"},
	{"? [a]\n: b\n", "f:1: expected a word for a key, got a list"},
	{"name: \"a\\0b\"\n", "f:1: expected a word for name, got the text \"a\""},
	/* kinds */
	{"workers: two\n", "f:1: expected a number for workers, got \"two\""},
	{"workers: \"2\"\n", "f:1: expected a number for workers, got the text \"2\""},
	{"workers: -2\n", "f:1: expected a number for workers, got \"-2\""},
	{"workers: [2]\n", "f:1: expected a number for workers, got a list"},
	{"workers: {n: 2}\n", "f:1: expected a number for workers, got a mapping"},
	{"workers:\n", "f:1: expected a number for workers, got nothing"},
	{"modern: yes\n", "f:1: expected true or false for modern, got \"yes\""},
	{"modern: \"true\"\n", "f:1: expected true or false for modern, got the text \"true\""},
	{"name: [a]\n", "f:1: expected a word for name, got a list"},
	{"interfaces: [eth0, [eth1]]\n", "f:1: expected a word for interfaces, got a list"},
	{"interfaces: [\"eth0,eth1\"]\n",
	 "f:1: expected one word for interfaces, got the text \"eth0,eth1\""},
	{"interfaces: []\n", "f:1: expected a list for interfaces, got an empty one"},
	{"interfaces: {}\n", "f:1: expected a word for interfaces, got a mapping"},
	/* values, by the options' own checks */
	{IO "workers: 65\n", "f:3: workers: expected a number from 1 to 64, got \"65\""},
	{IO "workers: 99999999999999999999\n",
	 "f:3: workers: expected a number from 1 to 64, got \"99999999999999999999\""},
	{IO "name: a/b\n", "f:3: name: expected 1 to 15 letters, digits, _ and -, got \"a/b\""},
	{IO "pin: [0-3, 2]\n",
	 "f:3: pin: expected processors below 1024, each once, like 0-3,8, got \"0-3,2\""},
	{IO "spread: core\n", "f:3: spread: expected flow or cpu, got \"core\""},
	{IO "ftp: [1]\n",
	 "f:3: ftp: expected 1 to 8 ports from 2 to 65535 with commas between, got \"1\""},
	{IO "check-every: 0\n", "f:3: check-every: expected a number from 1 to 1000000, got \"0\""},
	{IO "log-level: loud\n",
	 "f:3: log-level: expected error, warning, notice, info or debug, got \"loud\""},
	{"adapter: card\n", "f:1: adapter: expected auto, packet, tun, xdp or pcap"},
	{"adapter: packet\n", "f:1: expected interfaces with adapter packet, got none"},
	{"adapter: tun\ninterfaces: e\n", "f:1: expected device with adapter tun, got none"},
	{"adapter: tun\ndevice: t\n", "f:1: expected interfaces with adapter tun, got none"},
	{"adapter: tun\ndevice: t,u\ninterfaces: e\n",
	 "f:2: device: expected a name without commas"},
	{"adapter: pcap\n", "f:1: expected read with adapter pcap, got none"},
	{IO "read: a\n", "f:3: expected no read with adapter packet"},
	{IO "device: t\n", "f:3: expected no device with adapter packet"},
	{"interfaces: e\nwrite: a\n", "f:2: expected no write with adapter auto"},
	{"adapter: packet\ninterfaces: [a234567890123456]\n",
	 "f:2: interfaces: expected 1 to 16 interface names with commas between, got "
	 "\"a234567890123456\""},
	{"rules: /r\nsettings: {udp: 1}\n", "f:2: expected no settings beside rules: they are in "
					    "/r"},
	/* settings */
	{"settings: [udp]\n", "f:1: expected keys with values for settings, got a list"},
	{"settings:\n  udp: 0\n", "f:2: expected udp from 1 to 2678400, got \"0\""},
	{"settings:\n  udp: five\n", "f:2: expected a number for udp, got \"five\""},
	{"settings:\n  udp: 1\n  udp: 1\n", "f:3: expected udp once, got it twice"},
	{"settings:\n  snat_reroute: 0\n", "f:2: expected 1 for snat_reroute, got \"0\""},
	/* marks */
	{"marks: {mark: 1}\n", "f:1: expected a list for marks, got a mapping"},
	{"marks:\n- 1\n", "f:2: expected keys with values for a mark, got \"1\""},
	{"marks:\n- dst: 192.0.2.1\n", "f:2: expected mark and a number, got none"},
	{"marks:\n- {mark: 1, to: 192.0.2.1}\n",
	 "f:2: expected a key (mark src dst proto port sport in), got \"to\""},
	{"marks:\n- {mark: 1, proto: tcp, port: [80, 0]}\n",
	 "f:2: expected a port from 1 to 65535, got \"0\""},
	{"marks:\n- {mark: 1, proto: esp, port: 80}\n",
	 "f:2: expected proto tcp, udp or sctp with ports, got protocol 50"},
	{"marks:\n- {mark: one}\n", "f:2: expected a number for mark, got \"one\""},
	/* services */
	{"services: {tcp: 192.0.2.1:80}\n", "f:1: expected a list for services, got a mapping"},
	{"services:\n- scheduler: rr\n", "f:2: expected one of tcp, udp, sctp and mark, got none"},
	{"services:\n- tcp: 192.0.2.1:80\n  udp: 192.0.2.1:80\n",
	 "f:2: expected one of tcp, udp, sctp and mark, got several"},
	{"services:\n- tcp: www:80\n",
	 "f:2: expected an address like 192.0.2.1:80 or [2001:db8::1]:80, got \"www:80\""},
	{SERVICE "  scheduler: best\n",
	 "f:3: expected a scheduler, one of rr wrr lc wlc sed nq fo ovf dh sh mh twos lblc lblcr, "
	 "got best"},
	{SERVICE "  persistent: 0\n",
	 "f:3: expected a persistence timeout from 1 to 2678400, got \"0\""},
	{SERVICE "  persistent: long\n", "f:3: expected a number for persistent, got \"long\""},
	{SERVICE "  one-packet: true\n", "f:3: expected udp or mark with one-packet, got tcp"},
	{SERVICE "  ipv6: true\n", "f:2: expected ipv6 only with mark, got it with tcp"},
	{SERVICE "  engine: h323\n", "f:3: engine: no persistence engine \"h323\""},
	{SERVICE "  scheduler: rr\n  flags: [mh-port]\n",
	 "f:4: expected scheduler mh with the flag mh-port, got scheduler rr"},
	{SERVICE "  netmask: 24\n", "f:3: expected a mask like 255.255.255.0, got \"24\""},
	{"services:\n- tcp: 192.0.2.1:0\n",
	 "f:2: expected persistent with a service of every port (port 0), got none"},
	{SERVICE "- tcp: 192.0.2.1:80\n", "f:3: expected a new service, got that of line 2 again"},
	/* servers */
	{SERVICE "  servers: {address: 10.0.0.1}\n",
	 "f:3: expected a list for servers, got a mapping"},
	{SERVERS "  - weight: 1\n", "f:4: expected address and a server, got none"},
	{SERVERS "  - {adress: 10.0.0.1}\n",
	 "f:4: expected a key (address method weight upper lower tunnel tunnel-port checksum), got "
	 "\"adress\""},
	{SERVERS "  - address: 10.0.0.1\n    weight: 65536\n",
	 "f:5: expected a weight from 0 to 65535, got \"65536\""},
	{SERVERS "  - {address: 10.0.0.1, upper: 1, lower: 2}\n",
	 "f:4: expected a lower threshold of at most 1, got 2"},
	{SERVERS "  - {address: 10.0.0.1, method: masq}\n",
	 "f:4: expected a method (nat route tunnel), got \"masq\""},
	{SERVERS "  - {address: 10.0.0.1, method: nat, tunnel: gre}\n",
	 "f:4: expected method: tunnel with tunnel, got method: nat"},
	{SERVERS "  - {address: 10.0.0.1, method: tunnel, tunnel: gue}\n",
	 "f:4: expected tunnel-port with tunnel gue, got none"},
	{SERVERS "  - {address: 10.0.0.1, method: tunnel, tunnel: gre, checksum: remote}\n",
	 "f:4: expected tunnel gue with checksum: remote, got gre"},
	{SERVERS "  - {address: 10.0.0.1, method: tunnel, tunnel: gre, checksum: some}\n",
	 "f:4: expected a checksum (none full remote), got \"some\""},
	{SERVERS "  - {address: \"2001:db8::1\", method: nat}\n",
	 "f:4: expected a server of the service's address family, got \"2001:db8::1\": only a "
	 "tunnel (method: tunnel) crosses families"},
	{SERVERS "  - {address: 10.0.0.1}\n  - {address: 10.0.0.1}\n",
	 "f:5: expected a new server, got that of line 4 again"},
};

START_TEST(test_bad)
{
	struct options options;
	struct config config;
	struct rules rules;
	char error[1024] = "";

	ck_assert_int_eq(read_all(bad[_i].text, strlen(bad[_i].text), &config, &options, &rules,
				  error, sizeof(error)),
			 -1);
	ck_assert_str_eq(error, bad[_i].error);
	config_free(&config);
	rules_free(&rules);
}
END_TEST

START_TEST(test_unknown)
{
	static const char text[] = IO "wrkers: 2\n";
	struct options options;
	struct config config;
	struct rules rules;
	char error[1024] = "";

	ck_assert_int_eq(
		read_all(text, strlen(text), &config, &options, &rules, error, sizeof(error)), -1);
	ck_assert_int_eq(strncmp(error, "f:3: expected a key (name adapter ", 34), 0);
	ck_assert_ptr_nonnull(strstr(error, "), got \"wrkers\""));
}
END_TEST

/* The same said in both languages gives the same rules. */
static const struct {
	const char *yaml;
	const char *line;
} same[] = {
	{SERVICE, "-A -t 192.0.2.1:80"},
	{"services:\n- {udp: \"[2001:db8::1]:53\", scheduler: rr, one-packet: true}\n",
	 "-A -u [2001:db8::1]:53 -s rr -o"},
	{"services:\n- {sctp: 192.0.2.1:9, persistent: true, netmask: 255.255.0.0}\n",
	 "-A --sctp-service 192.0.2.1:9 -p -M 255.255.0.0"},
	{"services:\n- {mark: 7, ipv6: true, persistent: 60, netmask: 64}\n",
	 "-A -f 7 -6 -p 60 -M 64"},
	{"services:\n- {tcp: 192.0.2.1:80, persistent: false, one-packet: false}\n",
	 "-A -t 192.0.2.1:80"},
	{"services:\n- {tcp: 192.0.2.1:80, scheduler: sh, flags: [sh-port, mss-clamp]}\n",
	 "-A -t 192.0.2.1:80 -s sh -b sh-port,mss-clamp"},
	{"services:\n- {udp: 192.0.2.1:5060, persistent: 9, engine: sip}\n",
	 "-A -u 192.0.2.1:5060 -p 9 --pe sip"},
	{SERVERS "  - {address: 10.0.0.1:8080, method: nat, weight: 3, upper: 9, lower: 7}\n",
	 "-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 3 -x 9 -y 7"},
	{SERVERS "  - {address: 10.0.0.1}\n  - {address: 10.0.0.2, method: route}\n",
	 "-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1\n-a -t 192.0.2.1:80 -r 10.0.0.2 -g"},
	{SERVERS "  - {address: 10.0.0.1, method: tunnel, tunnel: gue, tunnel-port: 6080, "
		 "checksum: remote}\n",
	 "-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 10.0.0.1 -i --tun-type gue --tun-port 6080 "
	 "--tun-remcsum"},
	{"settings: {udp: 60, expire_nodest_conn: 1}\n", "set udp 60\nset expire_nodest_conn 1"},
	{"marks:\n- {mark: 1, dst: 192.0.2.1, proto: tcp, port: [80, 443]}\n- {mark: 0, in: e}\n",
	 "mark 1 dst 192.0.2.1 proto tcp port 80,443\nmark 0 in e"},
};

static void read_lines(const char *text, struct rules *rules)
{
	FILE *file = open_text(text, strlen(text));
	char error[1024] = "";

	memset(rules, 0, sizeof(*rules));
	ck_assert_msg(rules_read(file, "r", rules, error, sizeof(error)) == 0, "%s", error);
	fclose(file);
}

START_TEST(test_same)
{
	struct rules a, b;
	struct options options;
	struct config config;
	char error[1024] = "";

	ck_assert_msg(read_all(same[_i].yaml, strlen(same[_i].yaml), &config, &options, &a, error,
			       sizeof(error)) == 0,
		      "%s", error);
	read_lines(same[_i].line, &b);
	ck_assert_uint_eq(a.service_n, b.service_n);
	ck_assert_uint_eq(a.dest_n, b.dest_n);
	ck_assert_uint_eq(a.mark_n, b.mark_n);
	for (size_t i = 0; i < a.service_n; i++) {
		ck_assert_mem_eq(&a.service[i].key, &b.service[i].key, sizeof(a.service[i].key));
		ck_assert_mem_eq(&a.service[i].conf, &b.service[i].conf, sizeof(a.service[i].conf));
	}
	for (size_t i = 0; i < a.dest_n; i++) {
		ck_assert_mem_eq(&a.dest[i].key, &b.dest[i].key, sizeof(a.dest[i].key));
		ck_assert_mem_eq(&a.dest[i].conf, &b.dest[i].conf, sizeof(a.dest[i].conf));
	}
	for (size_t i = 0; i < a.mark_n; i++) {
		ck_assert_mem_eq(&a.mark[i].rule, &b.mark[i].rule, sizeof(a.mark[i].rule));
		ck_assert_str_eq(a.mark[i].interface, b.mark[i].interface);
	}
	ck_assert_uint_eq(a.settings.given, b.settings.given);
	ck_assert_mem_eq(a.settings.value, b.settings.value, sizeof(a.settings.value));
	config_free(&config);
	rules_free(&a);
	rules_free(&b);
}
END_TEST

START_TEST(test_options)
{
	static const char text[] =
		"name: two\nadapter: tun\ndevice: t0\ninterfaces: [eth0, eth1]\nworkers: 4\n"
		"pin: [1-2, 5]\nftp: [21, 2121]\nmodern: true\naddresses: false\nset-up: false\n"
		"forwarding: true\ncount-hops: true\ncheck-every: 60\nlog-level: debug\n";
	struct options options;
	struct config config;
	struct rules rules;
	char error[1024] = "";

	ck_assert_msg(
		read_all(text, strlen(text), &config, &options, &rules, error, sizeof(error)) == 0,
		"%s", error);
	ck_assert_str_eq(options.name, "two");
	ck_assert_str_eq(options.target, "t0,eth0,eth1");
	ck_assert_str_eq(options.tun, "t0");
	ck_assert_uint_eq(options.interface_n, 2);
	ck_assert_uint_eq(options.worker_n, 4);
	ck_assert_uint_eq(options.pin.n, 3);
	ck_assert_uint_eq(options.ftp_n, 2);
	ck_assert_uint_eq(options.check_every_s, 60);
	ck_assert_int_eq(options.log_level, LVS_LOG_DEBUG);
	ck_assert(options.modern && options.no_address && options.no_setup && options.forwarding &&
		  options.count_hops && options.rules_in_config);
	ck_assert_str_eq(options.rules, "f");
	config_free(&config);
}
END_TEST

static void read_config(const char *text, struct config *config)
{
	FILE *file = open_text(text, strlen(text));
	char error[1024] = "";

	memset(config, 0, sizeof(*config));
	ck_assert_msg(config_read(file, "f", config, NULL, error, sizeof(error)) == 0, "%s", error);
	fclose(file);
}

/* What a running lvsd takes up is not told; what it does not is, with its line. */
START_TEST(test_changes)
{
	struct config before, after;
	unsigned at = 0, line;

	read_config(IO "workers: 2\nlog-level: debug\nsettings: {udp: 1}\nmodern: true\n", &before);
	read_config("adapter: packet\ninterfaces:\n- eth0\n\nworkers: 3\nlog-level: info\n",
		    &after);
	ck_assert_str_eq(config_next_change(&before, &after, &at, &line), "workers");
	ck_assert_uint_eq(line, 5);
	ck_assert_str_eq(config_next_change(&before, &after, &at, &line), "modern");
	ck_assert_uint_eq(line, 6);
	ck_assert_ptr_null(config_next_change(&before, &after, &at, &line));
	config_free(&before);
	config_free(&after);
}
END_TEST

/* The command line stands over the file. */
static const struct {
	const char *line;
	int status;
	unsigned workers;
} lines[] = {
	{"lvsd --config FILE", -1, 3},
	{"lvsd --workers 5 --config FILE", -1, 5},
	{"lvsd --config FILE --workers 5 --no-setup", -1, 5},
	{"lvsd --check FILE", -1, 3},
	{"lvsd --check --config FILE", -1, 3},
	{"lvsd FILE", 2, 0},
	{"lvsd --check FILE FILE", 2, 0},
	{"lvsd --config FILE --rules r", 2, 0},
	{"lvsd --config /nonexistent", 2, 0},
	{"lvsd --config FILE --workers 65", 2, 0},
};

START_TEST(test_line)
{
	static char path[] = "/tmp/test_rules_config.XXXXXX";
	struct options options;
	char line[256], *argv[16];
	int argc = 0, fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(dprintf(fd, IO "workers: 3\n" SERVICE), 1);
	close(fd);
	snprintf(line, sizeof(line), "%s", lines[_i].line);
	for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "FILE") ? word : path;
	argv[argc] = NULL;
	ck_assert_int_eq(options_read(argc, argv, &options), lines[_i].status);
	if (lines[_i].status < 0)
		ck_assert_uint_eq(options.worker_n, lines[_i].workers);
	options_free(&options);
	unlink(path);
}
END_TEST

/* The example that is installed. */
START_TEST(test_example)
{
	struct options options = {0};
	struct config config = {0};
	struct rules rules = {0};
	char error[1024] = "";

	ck_assert_msg(config_read_file(EXAMPLE, &config, &rules, error, sizeof(error)) == 0, "%s",
		      error);
	ck_assert_msg(config_apply(&config, EXAMPLE, &options, error, sizeof(error)) == 0, "%s",
		      error);
	ck_assert_uint_eq(rules.service_n, 5);
	config_free(&config);
	rules_free(&rules);
}
END_TEST

static const char *const keys[] = {
#define KEY(name, key, kind, live) key,
	CONFIG_KEYS(KEY)
#undef KEY
};

static bool stands_in(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[512], wanted[64];
	bool found = false;

	ck_assert_ptr_nonnull(file);
	snprintf(wanted, sizeof(wanted), "%s:", key);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, wanted) != NULL;
	fclose(file);
	return found;
}

/* Nobody has to guess what there is. */
START_TEST(test_documented)
{
	char escaped[64];
	size_t at = 0;

	ck_assert_msg(stands_in(EXAMPLE, keys[_i]), "%s lacks %s", EXAMPLE, keys[_i]);
	for (const char *c = keys[_i]; *c; c++) { /* roff's hyphens */
		if (*c == '-')
			escaped[at++] = '\\';
		escaped[at++] = *c;
	}
	escaped[at] = 0;
	ck_assert_msg(stands_in(MANUAL, escaped), "%s lacks %s", MANUAL, keys[_i]);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_config");

	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(tcase, test_same, 0, (int)(sizeof(same) / sizeof(same[0])));
	tcase_add_loop_test(tcase, test_line, 0, (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tcase, test_unknown);
	tcase_add_test(tcase, test_options);
	tcase_add_test(tcase, test_changes);
	tcase_add_test(tcase, test_example);
	tcase_add_loop_test(tcase, test_documented, 0, (int)(sizeof(keys) / sizeof(keys[0])));
	return unit_run("rules_config", tcase);
}
