/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsadm's command lines: what they ask for, and the complaint for each kind of mistake. */
#include "request.h"

#include "unit.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 40 };

/* Cuts a line at spaces, as a shell would; "''" is an empty word. */
static int cut(char *line, char **argv)
{
	static char name[] = "lvsadm";
	int argc = 0;

	argv[argc++] = name;
	for (char *word = strtok(line, " "); word && argc < WORDS; word = strtok(NULL, " ")) {
		if (!strcmp(word, "''"))
			word[0] = 0;
		argv[argc++] = word;
	}
	return argc;
}

static int read_line(const char *line, struct request *request, struct complaint *complaint)
{
	char copy[1024];
	char *argv[WORDS];

	ck_assert_uint_lt(strlen(line), sizeof(copy));
	strcpy(copy, line);
	return request_read(cut(copy, argv), argv, request, complaint);
}

static size_t show_service(const struct lvs_ipvs_service *service, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	char mask[INET6_ADDRSTRLEN];
	int len;

	inet_ntop(service->family, &service->addr, addr, sizeof(addr));
	if (service->family == LVS_INET6)
		snprintf(mask, sizeof(mask), "%" PRIu32, service->netmask);
	else
		inet_ntop(AF_INET, &service->netmask, mask, sizeof(mask));
	len = snprintf(text, size, "%u %" PRIu32 " %s:%u %s %" PRIx32 " %" PRIu32 " %s%s%s",
		       service->protocol, service->fwmark, addr, ntohs(service->port),
		       service->sched, service->flags, service->timeout_s, mask,
		       service->pe[0] ? " " : "", service->pe);
	return (size_t)len;
}

static size_t show_dest(const struct lvs_ipvs_dest *dest, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(dest->family, &dest->addr, addr, sizeof(addr));
	return (size_t)snprintf(
		text, size, " -> %s:%u m%" PRIu32 " w%" PRIu32 " %" PRIu32 "-%" PRIu32 " t%u:%u:%x",
		addr, ntohs(dest->port), dest->method, dest->weight, dest->lower, dest->upper,
		dest->tun_type, ntohs(dest->tun_port), dest->tun_flags);
}

static void show_daemon(const struct lvs_ipvs_daemon *daemon, char *text, size_t size)
{
	snprintf(text, size, " %" PRIu32 " %s id%" PRIu32 " max%u port%u ttl%u %08" PRIx32 " %x",
		 daemon->state, daemon->interface, daemon->sync_id, daemon->maxlen, daemon->port,
		 daemon->ttl, ntohl(daemon->group), daemon->group6.byte[0]);
}

static void show(const struct request *request, char *text, size_t size)
{
	size_t len = (size_t)snprintf(text, size, "%s ", option_command_name(request->command));

	if (request->options & OF(SERVICE))
		len += show_service(&request->service, text + len, size - len);
	if (request->options & OF(SERVER))
		show_dest(&request->dest, text + len, size - len);
	if (request->command == COMMAND_SET)
		snprintf(text + len, size - len, "%" PRIu32 " %" PRIu32 " %" PRIu32,
			 request->timeout_s[0], request->timeout_s[1], request->timeout_s[2]);
	if (request->command == COMMAND_START || request->command == COMMAND_STOP)
		show_daemon(&request->daemon, text + len, size - len);
}

#define V4 "-t 192.0.2.1:80"
#define V6 "-t [2001:db8::1]:80"
#define S4 "6 0 192.0.2.1:80 wlc 0 0 255.255.255.255"

static const struct {
	const char *line;
	const char *result;
} good[] = {
	{"", "list "},
	{"-L -n", "list "},
	{"-lcn", "list "},
	{"-A " V4, "add-service " S4},
	{"--add-service --tcp-service=192.0.2.1:80", "add-service " S4},
	{"-At192.0.2.1:80 -s ''", "add-service " S4},
	{"-E -u 192.0.2.1:53 -s=rr -o", "edit-service 17 0 192.0.2.1:53 rr 4 0 255.255.255.255"},
	{"-A --sctp-service 192.0.2.1:9 -p -M 255.255.0.0",
	 "add-service 132 0 192.0.2.1:9 wlc 1 360 255.255.0.0"},
	{"-A " V4 " -p5 -s mh -b ,mh-port,,flag-1,",
	 "add-service 6 0 192.0.2.1:80 mh 19 5 255.255.255.255"},
	{"-A " V4 " -b sh-fallback -s sh", "add-service 6 0 192.0.2.1:80 sh 8 0 255.255.255.255"},
	{"-A " V4 " -s 12345678901234567",
	 "add-service 6 0 192.0.2.1:80 123456789012345 0 0 255.255.255.255"},
	{"-A " V6 " -p 9", "add-service 6 0 2001:db8::1:80 wlc 1 9 128"},
	{"-A " V6 " -p 9 -M 64", "add-service 6 0 2001:db8::1:80 wlc 1 9 64"},
	{"-A -u 192.0.2.1:5060 -p --pe sip",
	 "add-service 17 0 192.0.2.1:5060 wlc 1 360 255.255.255.255 sip"},
	{"-A -f 7 -6 -M 9", "add-service 6 7 :::0 wlc 0 0 9"},
	{"-A -f 4294967295 -o", "add-service 6 4294967295 0.0.0.0:0 wlc 4 0 255.255.255.255"},
	{"-D " V4, "delete-service " S4},
	{"-Z", "zero "},
	{"-Z -f 010", "zero 6 10 0.0.0.0:0 wlc 0 0 255.255.255.255"},
	{"-C --sort", "flush "},
	{"-a " V4 " -r 10.0.0.1", "add-server " S4 " -> 10.0.0.1:80 m3 w1 0-0 t0:0:0"},
	{"-a " V4 " -r 10.0.0.1:81", "add-server " S4 " -> 10.0.0.1:80 m3 w1 0-0 t0:0:0"},
	{"-a " V4 " -mr 10.0.0.1:81 -w0 -x 9 -y 8",
	 "add-server " S4 " -> 10.0.0.1:81 m0 w0 8-9 t0:0:0"},
	/* A port that is not given is that of the service, as far as it is known. */
	{"-a -r 10.0.0.1 -m " V4, "add-server " S4 " -> 10.0.0.1:0 m0 w1 0-0 t0:0:0"},
	{"-e " V4 " -r 10.0.0.1 -m -w 2147483647",
	 "edit-server " S4 " -> 10.0.0.1:80 m0 w2147483647 0-0 t0:0:0"},
	{"-d " V4 " -r 10.0.0.1:81", "delete-server " S4 " -> 10.0.0.1:81 m3 w1 0-0 t0:0:0"},
	{"-a " V4 " -r 2001:db8::a -i", "add-server " S4 " -> 2001:db8::a:80 m2 w1 0-0 t0:0:0"},
	{"-a " V4 " -r 10.0.0.1 -i --tun-type gue --tun-port 6080 --tun-remcsum",
	 "add-server " S4 " -> 10.0.0.1:80 m2 w1 0-0 t1:6080:2"},
	{"-a " V4 " -r 10.0.0.1 -i --tun-type gre --tun-csum",
	 "add-server " S4 " -> 10.0.0.1:80 m2 w1 0-0 t2:0:1"},
	{"--set 1 0 +3", "set 1 0 3"},
	{"--set 1 -- 0 3", "set 1 0 3"},
	{"--start-daemon master", "start-daemon  1 eth0 id0 max0 port0 ttl0 00000000 0"},
	{"--start-daemon=backup --mcast-interface lo --syncid 5 --sync-maxlen 100 --mcast-group "
	 "224.0.0.9 --mcast-port 9 --mcast-ttl 3",
	 "start-daemon  2 lo id5 max100 port9 ttl3 e0000009 0"},
	{"--start-daemon master --mcast-group ff02::9",
	 "start-daemon  1 eth0 id0 max0 port0 ttl0 00000000 ff"},
	{"--stop-daemon backup --syncid 7", "stop-daemon  2 eth0 id7 max0 port0 ttl0 00000000 0"},
	{"-h --nosuch", "help "},
	{"-v word", "version "},
};

START_TEST(test_good)
{
	struct complaint complaint = {0};
	struct request request;
	char text[512];

	ck_assert_msg(read_line(good[_i].line, &request, &complaint) == 0, "%s: %s", good[_i].line,
		      complaint.text);
	show(&request, text, sizeof(text));
	ck_assert_str_eq(text, good[_i].result);
}
END_TEST

#define TRY "Try `lvsadm -h' or 'lvsadm --help' for more information."

static const struct {
	const char *line;
	int status;
	const char *text;
} bad[] = {
	{"list", 255, TRY},
	{"-x 1", 255, TRY},
	{"--nosuch", 255, TRY},
	{"--list=5", 255, TRY},
	{"--", 255, TRY},
	{"-A -Cq", 2, "invalid option `-Cq'"},
	{"-A -Aq", 2, "invalid option `-Aq'"},
	{"-A -nq", 255, "-nq: unknown option"},
	{"-A --nosuch=5", 255, "--nosuch=5: unknown option"},
	{"-L -n=5", 255, "-n=5: option does not take an argument"},
	{"-A -t", 255, "-t: missing argument"},
	{"word -A -b nosuch", 2, "unexpected argument word"},
	{"-A -b nosuch", 2, "invalid scheduler flag `nosuch'"},
	{"-A " V4 " -b flag-1,sh-port", 2, "incompatible scheduler flag `sh-port'"},
	{"-A", 2, "You need to supply the 'service-address' option for the 'add-service' command"},
	{"-A -n", 2, "Illegal 'numeric' option with the 'add-service' command"},
	{"-A " V4 " -f 1", 2, "multiple 'service-address' options specified"},
	{"-a " V4 " -r 10.0.0.1 -g -m", 2, "multiple 'forwarding-method' options specified"},
	{"-C -p 1 -w 1", 2, "Illegal 'persistent' option with the 'flush' command"},
	{"-L -c --timeout --daemon", 2,
	 "The option 'timeout' conflicts with the 'connection' option in the 'list' command"},
	{"-L --daemon --persistent-conn", 2, "options conflicts in the list command"},
	{"-L -c --rate", 2, "options conflicts in the list command"},
	{"-A -t 192.0.2.1 -o", 2, "Zero port specified for non-persistent service"},
	{"-A " V4 " -o", 2, "One-Packet Scheduling is only for UDP virtual services"},
	{"-D -t [2001:db8::1]", 2, "illegal virtual server address[:port] specified"},
	{"-D -t 80", 2, "illegal virtual server address[:port] specified"},
	{"-D -t 192.0.2.1:nosuch", 2, "illegal virtual server address[:port] specified"},
	{"-D -f 0", 2, "invalid fwmark value `0' specified"},
	{"-D -6 -f 1", 2, "-6 used before -f\n"},
	{"-A " V4 " -p 2678401", 2, "invalid timeout value `2678401' specified"},
	{"-A " V4 " -M 256.0.0.1", 2, "illegal virtual server persistent mask specified"},
	{"-A " V6 " -M 129", 2, "illegal ipv6 netmask specified"},
	{"-a " V4 " -r 80", 2, "illegal real server address[:port] specified"},
	{"-a " V4 " -r 10.0.0.1 -w -1", 2, "illegal weight specified"},
	{"-a " V4 " -r 10.0.0.1 -x 2147483648", 2, "illegal u_threshold specified"},
	{"-a " V4 " -r 10.0.0.1 -y x", 2, "illegal l_threshold specified"},
	{"-a " V4 " -r 2001:db8::a -m", 2,
	 "Different address family is allowed only for tunneling servers"},
	{"-a " V4 " -r 10.0.0.1 --tun-csum", 2, "Tunnel options conflict with forward method"},
	{"-a " V4 " -r 10.0.0.1 --tun-type GRE", 2, "illegal tunnel type specified"},
	{"-a " V4 " -r 10.0.0.1 --tun-port 0", 2, "illegal tunnel port specified"},
	{"-a " V4 " -r 10.0.0.1 -i --tun-type gue", 2,
	 "You need to supply the 'tun-port' option for the 'gue' tunnel type"},
	{"-a " V4 " -r 10.0.0.1 -i --tun-port 5", 2,
	 "Illegal 'tun-port' option with the 'ipip' tunnel type"},
	{"-a " V4 " -r 10.0.0.1 -i --tun-type gre --tun-csum --tun-nocsum", 2,
	 "The option 'tun-csum' conflicts with the 'tun-nocsum' option in the 'gre' tunnel type"},
	{"--set 1 2", 2, "--set option requires 3 timeout values"},
	{"--set 1 2 x", 2, "invalid timeout value `x' specified"},
	{"--set 1 2 3 4", 2, "unexpected argument 4"},
	{"--start-daemon no", 2, "illegal start-daemon parameter specified"},
	{"--stop-daemon no", 2, "illegal start_daemon specified"},
	{"--start-daemon master --syncid 256", 2, "illegal syncid specified"},
	{"--start-daemon master --mcast-group 1.2.3.4", 2, "invalid IPv4 mcast-group `1.2.3.4'"},
	{"--start-daemon master --mcast-group fe80::1", 2, "invalid IPv6 mcast-group `fe80::1'"},
};

START_TEST(test_bad)
{
	struct complaint complaint = {0};
	struct request request;

	ck_assert_int_eq(read_line(bad[_i].line, &request, &complaint), -1);
	ck_assert_str_eq(complaint.text, bad[_i].text);
	ck_assert_int_eq(complaint.status, bad[_i].status);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lvsadm_request");

	tcase_add_loop_test(tcase, test_good, 0, (int)(sizeof(good) / sizeof(good[0])));
	tcase_add_loop_test(tcase, test_bad, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	return unit_run("lvsadm_request", tcase);
}
