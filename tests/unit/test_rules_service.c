/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's rules files: what ipvsadm's options of services, tunnels and settings become, and which do
 * not go with each other. */
#include "rules/rules.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define UDP "-A -u 192.0.2.1:53 -s rr\n"

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

static struct rules parse_good(const char *text)
{
	struct rules rules;
	char error[512] = "";

	ck_assert_msg(parse(text, &rules, error, sizeof(error)) == 0, "%s", error);
	return rules;
}

static const struct {
	const char *text;
	uint8_t protocol;
	uint16_t port;
	uint32_t flags;
	uint32_t timeout_s;
	uint32_t mask; /* host order, or a prefix's length */
} services[] = {
	{"-A --sctp-service 192.0.2.1:36412 -s rr\n", LVS_SCTP, 36412, 0, 0, 0xffffffff},
	{"-A -t 192.0.2.1:80 -p\n", LVS_TCP, 80, LVS_SERVICE_PERSISTENT, 360, 0xffffffff},
	{"-A -t 192.0.2.1:80 -p 1 -s sh -b sh-port\n", LVS_TCP, 80,
	 LVS_SERVICE_PERSISTENT | LVS_SCHED_FLAG2, 1, 0xffffffff},
	{"-A -t 192.0.2.1:80 -p 2678400 -M 255.255.0.255\n", LVS_TCP, 80, LVS_SERVICE_PERSISTENT,
	 2678400, 0xffff00ff},
	{"-A -t 192.0.2.1:80 -M 255.255.255.0\n", LVS_TCP, 80, 0, 0, 0xffffff00},
	{"-A -t 192.0.2.1:80 -p -M 0.0.0.0\n", LVS_TCP, 80, LVS_SERVICE_PERSISTENT, 360, 0},
	{"-A -t [2001:db8::1]:80 -s rr\n", LVS_TCP, 80, 0, 0, 128},
	{"-A -t [2001:db8::1]:80 -s rr -p 60 -M 64\n", LVS_TCP, 80, LVS_SERVICE_PERSISTENT, 60, 64},
	{"-A -t 192.0.2.1:0 -p 60\n", LVS_TCP, 0, LVS_SERVICE_PERSISTENT, 60, 0xffffffff},
	{"-A -u 192.0.2.1 --persistent=60\n", LVS_UDP, 0, LVS_SERVICE_PERSISTENT, 60, 0xffffffff},
	{"-A --sctp-service 2001:db8::1 -p60\n", LVS_SCTP, 0, LVS_SERVICE_PERSISTENT, 60, 128},
	{"-A -u 192.0.2.1:53 -o\n", LVS_UDP, 53, LVS_SERVICE_ONE_PACKET, 0, 0xffffffff},
	{"-A -f 7 --ops -p 9 --netmask 255.255.255.0\n", 0, 0,
	 LVS_SERVICE_ONE_PACKET | LVS_SERVICE_PERSISTENT, 9, 0xffffff00},
	{"-A -f 7 -6 -M 1 -p\n", 0, 0, LVS_SERVICE_PERSISTENT, 360, 1},
	{"-A -u 192.0.2.1:53 -o -b mss-clamp,flag-1 -s rr\n", LVS_UDP, 53,
	 LVS_SERVICE_ONE_PACKET | LVS_SERVICE_MSS_CLAMP | LVS_SCHED_FLAG1, 0, 0xffffffff},
};

START_TEST(test_service)
{
	struct rules rules = parse_good(services[_i].text);
	const struct rule_service *service = rules.service;

	ck_assert_uint_eq(rules.service_n, 1);
	ck_assert_uint_eq(service->key.protocol, services[_i].protocol);
	ck_assert_uint_eq(ntohs(service->key.port), services[_i].port);
	ck_assert_uint_eq(service->conf.flags, services[_i].flags);
	ck_assert_uint_eq(service->conf.timeout_s, services[_i].timeout_s);
	ck_assert_uint_eq(service->key.family == LVS_INET6 ? service->conf.netmask
							   : ntohl(service->conf.netmask),
			  services[_i].mask);
	rules_free(&rules);
}
END_TEST

static const struct {
	const char *text;
	uint8_t type;
	uint8_t flags;
	uint16_t port;
} tunnels[] = {
	{"-i", LVS_TUNNEL_IPIP, 0, 0},
	{"-i --tun-type ipip", LVS_TUNNEL_IPIP, 0, 0},
	{"-i --tun-type gre", LVS_TUNNEL_GRE, 0, 0},
	{"-i --tun-type gre --tun-nocsum", LVS_TUNNEL_GRE, 0, 0},
	{"-i --tun-type gre --tun-csum", LVS_TUNNEL_GRE, LVS_TUNNEL_CSUM, 0},
	{"-i --tun-type gue --tun-port 6080", LVS_TUNNEL_GUE, 0, 6080},
	{"-i --tun-port=1 --tun-type=gue --tun-nocsum", LVS_TUNNEL_GUE, 0, 1},
	{"--tun-csum --tun-type gue --tun-port 65535 -i", LVS_TUNNEL_GUE, LVS_TUNNEL_CSUM, 65535},
	{"-i --tun-type gue --tun-port 6080 --tun-remcsum", LVS_TUNNEL_GUE, LVS_TUNNEL_REMCSUM,
	 6080},
};

START_TEST(test_tunnel)
{
	struct rules rules;
	char text[256];

	snprintf(text, sizeof(text), UDP "-a -u 192.0.2.1:53 -r 10.0.0.1 %s\n", tunnels[_i].text);
	rules = parse_good(text);
	ck_assert_uint_eq(rules.dest[0].conf.method, LVS_METHOD_TUNNEL);
	ck_assert_uint_eq(rules.dest[0].conf.tun_type, tunnels[_i].type);
	ck_assert_uint_eq(rules.dest[0].conf.tun_flags, tunnels[_i].flags);
	ck_assert_uint_eq(ntohs(rules.dest[0].conf.tun_port), tunnels[_i].port);
	rules_free(&rules);
}
END_TEST

/* A server's port, by the service's and its own. */
static const struct {
	const char *service;
	const char *server;
	uint16_t port;
} ports[] = {
	{"-t 192.0.2.1:0", "10.0.0.1 -g", 0},
	{"-t 192.0.2.1:0", "10.0.0.1:8080 -i", 0},
	{"-t 192.0.2.1:0", "10.0.0.1:8080 -m", 8080},
	{"-t 192.0.2.1:0", "10.0.0.1 -m", 0},
	{"--sctp-service 192.0.2.1:7", "10.0.0.1 -m", 7},
	{"--sctp-service 192.0.2.1:7", "10.0.0.1:0 -m", 0},
	{"--sctp-service 192.0.2.1:7", "10.0.0.1:8 -g", 7},
};

START_TEST(test_port)
{
	struct rules rules;
	char text[256];

	snprintf(text, sizeof(text), "-A %s -p\n-a %s -r %s\n", ports[_i].service,
		 ports[_i].service, ports[_i].server);
	rules = parse_good(text);
	ck_assert_uint_eq(ntohs(rules.dest[0].key.port), ports[_i].port);
	rules_free(&rules);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} bad[] = {
	{"-A -t 192.0.2.1:0\n",
	 "rules:1: expected -p with a service of every port (port 0), got none"},
	{"-A --sctp-service 192.0.2.1\n",
	 "rules:1: expected -p with a service of every port (port 0), got none"},
	{"-A -t 192.0.2.1:80 --sctp-service 192.0.2.1:80\n",
	 "rules:1: expected one of -t, -u, --sctp-service and -f, got several"},
	{"-A --sctp-service 192.0.2.1:80 -6\n",
	 "rules:1: expected -6 only with -f, got it with --sctp-service"},
	{"-A -t 192.0.2.1:80 -p 0\n",
	 "rules:1: expected a persistence timeout from 1 to 2678400, got \"0\""},
	{"-A -t 192.0.2.1:80 -p 2678401\n",
	 "rules:1: expected a persistence timeout from 1 to 2678400, got \"2678401\""},
	{"-A -t 192.0.2.1:80 -p 1m\n",
	 "rules:1: expected a persistence timeout from 1 to 2678400, got \"1m\""},
	{"-A -t 192.0.2.1:80 -p -M 24\n",
	 "rules:1: expected a mask like 255.255.255.0, got \"24\""},
	{"-A -t 192.0.2.1:80 -p -M\n", "rules:1: expected a value for -M, got the end of the line"},
	{"-A -t [2001:db8::1]:80 -p -M 0\n",
	 "rules:1: expected a prefix length from 1 to 128, got \"0\""},
	{"-A -t [2001:db8::1]:80 -p -M 129\n",
	 "rules:1: expected a prefix length from 1 to 128, got \"129\""},
	{"-A -f 1 -6 -M 255.255.255.0\n",
	 "rules:1: expected a prefix length from 1 to 128, got \"255.255.255.0\""},
	{"-A -t 192.0.2.1:80 -o\n", "rules:1: expected -u or -f with -o, got -t"},
	{"-A --sctp-service 192.0.2.1:80 -o\n",
	 "rules:1: expected -u or -f with -o, got --sctp-service"},
	{UDP "-a --sctp-service 192.0.2.1:53 -r 10.0.0.1\n",
	 "rules:2: expected a line above with -A --sctp-service 192.0.2.1:53, got none"},
	{UDP "-a -u 192.0.2.1:53 -r 10.0.0.1 -p\n", "rules:2: expected an option of -a, got -p"},
	{"-A -u 192.0.2.1:53 -x 3\n", "rules:1: expected an option of -A, got -x"},
	{"-A -u 192.0.2.1:53 --tun-port 3\n", "rules:1: expected an option of -A, got --tun-port"},
};

START_TEST(test_bad)
{
	struct rules rules;
	char error[512] = "";

	ck_assert_int_eq(parse(bad[_i].text, &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error, bad[_i].message);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} bad_tunnels[] = {
	{"-i --tun-type vxlan", "expected a tunnel type (ipip gue gre), got \"vxlan\""},
	{"-m --tun-type ipip", "expected -i with --tun-type, got -m"},
	{"-g --tun-port 7", "expected -i with --tun-port, got -g"},
	{"--tun-csum", "expected -i with --tun-csum, got -g"},
	{"-i --tun-port 7", "expected --tun-type gue with --tun-port, got ipip"},
	{"-i --tun-csum", "expected --tun-type gue or gre with --tun-csum, got ipip"},
	{"-i --tun-nocsum --tun-type ipip",
	 "expected --tun-type gue or gre with --tun-nocsum, got ipip"},
	{"-i --tun-remcsum", "expected --tun-type gue with --tun-remcsum, got ipip"},
	{"-i --tun-type gre --tun-remcsum", "expected --tun-type gue with --tun-remcsum, got gre"},
	{"-i --tun-type gre --tun-port 7", "expected --tun-type gue with --tun-port, got gre"},
	{"-i --tun-type gre --tun-csum --tun-nocsum",
	 "expected one of --tun-nocsum, --tun-csum and --tun-remcsum, got several"},
	{"-i --tun-type gue", "expected --tun-port with --tun-type gue, got none"},
	{"-i --tun-type gue --tun-port 0",
	 "expected a port of the tunnel's end from 1 to 65535, got \"0\""},
	{"-i --tun-type gue --tun-port 65536",
	 "expected a port of the tunnel's end from 1 to 65535, got \"65536\""},
};

START_TEST(test_bad_tunnel)
{
	struct rules rules;
	char text[256], error[512] = "";

	snprintf(text, sizeof(text), UDP "-a -u 192.0.2.1:53 -r 10.0.0.1 %s\n",
		 bad_tunnels[_i].text);
	ck_assert_int_eq(parse(text, &rules, error, sizeof(error)), -1);
	ck_assert_str_eq(error + strlen("rules:2: "), bad_tunnels[_i].message);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("rules_service");

	tcase_add_loop_test(tcase, test_service, 0, (int)(sizeof(services) / sizeof(services[0])));
	tcase_add_loop_test(tcase, test_tunnel, 0, (int)(sizeof(tunnels) / sizeof(tunnels[0])));
	tcase_add_loop_test(tcase, test_port, 0, (int)(sizeof(ports) / sizeof(ports[0])));
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_loop_test(tcase, test_bad_tunnel, 0,
			    (int)(sizeof(bad_tunnels) / sizeof(bad_tunnels[0])));
	return unit_run("rules_service", tcase);
}
