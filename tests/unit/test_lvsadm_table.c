/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsadm's listings, byte by byte: what Debian's ipvsadm 1.31 printed for the same answers. */
#include "conns.h"
#include "names.h"
#include "option.h"
#include "save.h"
#include "table.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct lvs_ipvs_stats small = {.conns = 0,
					    .in_pkts = 9,
					    .out_pkts = 99999999,
					    .in_bytes = 100000000,
					    .out_bytes = 999999999,
					    .cps = 1,
					    .in_pps = 2,
					    .out_pps = 100000000,
					    .in_bps = 1000000000,
					    .out_bps = 5};
static const struct lvs_ipvs_stats large = {.conns = UINT64_C(1000000000),
					    .in_pkts = UINT64_C(99999999999),
					    .out_pkts = UINT64_C(100000000000),
					    .in_bytes = UINT64_C(100000000000000),
					    .out_bytes = UINT64_MAX};

static struct lvs_ipvs_service v4_service(void)
{
	struct lvs_ipvs_service service = {.family = LVS_INET,
					   .protocol = LVS_TCP,
					   .port = htons(80),
					   .netmask = UINT32_MAX,
					   .sched = "wlc",
					   .stats = small};

	inet_pton(AF_INET, "192.0.2.80", &service.addr);
	return service;
}

static struct lvs_ipvs_dest v4_dest(void)
{
	struct lvs_ipvs_dest dest = {.family = LVS_INET,
				     .port = htons(8080),
				     .weight = 1,
				     .active = 7,
				     .inactive = 12,
				     .persistent = 3,
				     .upper = 90,
				     .lower = 60,
				     .stats = large};

	inet_pton(AF_INET, "10.0.0.1", &dest.addr);
	return dest;
}

static struct lvs_ipvs_dest v6_dest(void)
{
	struct lvs_ipvs_dest dest = v4_dest();

	dest.family = LVS_INET6;
	dest.method = LVS_METHOD_TUNNEL;
	dest.tun_type = LVS_TUNNEL_GUE;
	dest.tun_port = htons(6080);
	dest.tun_flags = LVS_TUNNEL_CSUM;
	inet_pton(AF_INET6, "2001:db8:1234:5678:9abc:def0:1234:5678", &dest.addr);
	return dest;
}

static char *text;
static size_t text_len;

static FILE *open_text(void)
{
	FILE *out = open_memstream(&text, &text_len);

	ck_assert_ptr_nonnull(out);
	return out;
}

static void is_text(FILE *out, const char *expected)
{
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

static const struct {
	uint64_t options;
	const char *text;
} tables[] = {
	{OF(NUMERIC), "Prot LocalAddress:Port Scheduler Flags\n"
		      "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
		      "TCP  192.0.2.80:80 wlc\n"
		      "  -> 10.0.0.1:8080                Masq    1      7          12        \n"
		      "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 Tunnel  1      7         "
		      " 12        \n"},
	{OF(NUMERIC) | OF(TUN_INFO),
	 "Prot LocalAddress:Port Scheduler Flags\n"
	 "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
	 "TCP  192.0.2.80:80 wlc\n"
	 "  -> 10.0.0.1:8080                Masq    n/a           1      7          12        \n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 Tunnel  gue:6080:+c   1      7        "
	 "  12        \n"},
	{OF(NUMERIC) | OF(THRESHOLDS),
	 "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
	 "  -> RemoteAddress:Port\n"
	 "TCP  192.0.2.80:80 wlc\n"
	 "  -> 10.0.0.1:8080                90         60         7          12        \n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 90         60         7          12   "
	 "     \n"},
	{OF(NUMERIC) | OF(PERSISTENT_CONN),
	 "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
	 "  -> RemoteAddress:Port\n"
	 "TCP  192.0.2.80:80 wlc\n"
	 "  -> 10.0.0.1:8080                1         3           7          12        \n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 1         3           7          12   "
	 "     \n"},
	{OF(NUMERIC) | OF(STATS),
	 "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
	 "  -> RemoteAddress:Port\n"
	 "TCP  192.0.2.80:80                       0        9 99999999  100000K  999999K\n"
	 "  -> 10.0.0.1:8080                   1000M   99999M     100G     100T18446744T\n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080    1000M   99999M     100G     "
	 "100T18446744T\n"},
	{OF(NUMERIC) | OF(STATS) | OF(EXACT),
	 "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
	 "  -> RemoteAddress:Port\n"
	 "TCP  192.0.2.80:80                       0        9 99999999 100000000 999999999\n"
	 "  -> 10.0.0.1:8080                1000000000 99999999999 100000000000 100000000000000 "
	 "18446744073709551615\n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 1000000000 99999999999 100000000000 "
	 "100000000000000 18446744073709551615\n"},
	{OF(NUMERIC) | OF(RATE),
	 "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
	 "  -> RemoteAddress:Port\n"
	 "TCP  192.0.2.80:80                       1        2  100000K    1000M        5\n"
	 "  -> 10.0.0.1:8080                       0        0        0        0        0\n"
	 "  -> [2001:db8:1234:5678:9abc:def0:1234:5678]:8080        0        0        0        0   "
	 "     0\n"},
};

START_TEST(test_table)
{
	const struct lvs_ipvs_service service = v4_service();
	const struct lvs_ipvs_dest one = v4_dest();
	const struct lvs_ipvs_dest other = v6_dest();
	uint64_t options = tables[_i].options;
	FILE *out = open_text();

	table_title(options, out);
	table_service(&service, options, out);
	table_dest(&one, service.protocol, options, out);
	table_dest(&other, service.protocol, options, out);
	is_text(out, tables[_i].text);
}
END_TEST

/* A service as it is listed, and as it is saved: by ipvsadm's -S, and wholly. */
static const struct {
	struct lvs_ipvs_service service;
	const char *line, *saved, *full;
} services[] = {
	{{.family = LVS_INET,
	  .protocol = LVS_UDP,
	  .flags = 0x1f,
	  .timeout_s = 60,
	  .sched = "sh",
	  .pe = "sip",
	  .netmask = UINT32_MAX},
	 "UDP  0.0.0.0:0 sh (sh-fallback,sh-port) persistent 60 pe sip ops\n",
	 "-A -u 0.0.0.0:0 -s sh -p 60 --pe sip -o -b sh-fallback,sh-port\n",
	 "-A -u 0.0.0.0:0 -s sh -p 60 --pe sip -o -b sh-fallback,sh-port\n"},
	{{.family = LVS_INET6,
	  .protocol = LVS_SCTP,
	  .flags = 0x139,
	  .timeout_s = 360,
	  .netmask = 64,
	  .sched = "rr"},
	 "SCTP [::]:0 rr (flag-1,flag-2,flag-3) persistent 360 mask 64\n",
	 "-A --sctp-service [::]:0 -s rr -p 360 -M 64 -b flag-1,flag-2,flag-3\n",
	 "-A --sctp-service [::]:0 -s rr -p 360 -M 64 -b flag-1,flag-2,flag-3,mss-clamp\n"},
	{{.family = LVS_INET6,
	  .protocol = LVS_TCP,
	  .fwmark = 4000000000,
	  .netmask = 128,
	  .flags = 0x121,
	  .sched = "mh"},
	 "FWM  -294967296 IPv6 mh persistent 0\n",
	 "-A -f 4000000000 -6 -s mh -p 0\n",
	 "-A -f 4000000000 -6 -s mh -p 0 -b flag-3,mss-clamp\n"},
	{{.family = LVS_INET, .protocol = LVS_TCP, .fwmark = 7, .flags = 2, .sched = "none"},
	 "FWM  7 none\n",
	 "-A -f 7 -s none\n",
	 "-A -f 7 -s none\n"},
};

START_TEST(test_service)
{
	FILE *out = open_text();

	table_service(&services[_i].service, OF(NUMERIC), out);
	is_text(out, services[_i].line);
	out = open_text();
	save_service(&services[_i].service, true, false, out);
	is_text(out, services[_i].saved);
	out = open_text();
	save_service(&services[_i].service, true, true, out);
	is_text(out, services[_i].full);
}
END_TEST

START_TEST(test_save_dest)
{
	const struct lvs_ipvs_service service = v4_service();
	struct lvs_ipvs_dest dest = v4_dest();
	FILE *out = open_text();

	save_dest(&service, &dest, true, false, out);
	save_dest(&service, &dest, true, true, out);
	dest.method = LVS_METHOD_LOCAL;
	save_dest(&service, &dest, true, false, out);
	dest = v6_dest();
	save_dest(&service, &dest, true, false, out);
	dest.tun_type = LVS_TUNNEL_GRE;
	dest.tun_flags = 0;
	save_dest(&service, &dest, true, false, out);
	dest.tun_type = LVS_TUNNEL_IPIP;
	save_dest(&service, &dest, true, false, out);
	is_text(out, "-a -t 192.0.2.80:80 -r 10.0.0.1:8080 -m -w 1\n"
		     "-a -t 192.0.2.80:80 -r 10.0.0.1:8080 -m -w 1 -x 90 -y 60\n"
		     "-a -t 192.0.2.80:80 -r 10.0.0.1:8080 -g -w 1\n"
		     "-a -t 192.0.2.80:80 -r [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 -i -w 1 "
		     "--tun-type gue --tun-port 6080 --tun-csum\n"
		     "-a -t 192.0.2.80:80 -r [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 -i -w 1 "
		     "--tun-type gre --tun-nocsum\n"
		     "-a -t 192.0.2.80:80 -r [2001:db8:1234:5678:9abc:def0:1234:5678]:8080 -i -w 1 "
		     "--tun-type ipip\n");
}
END_TEST

#define CLIENT6 "2001:0db8:0000:0000:0000:0000:0000:0001"

static const struct {
	const char *line, *plain, *data;
} conns[] = {
	{"TCP C0000263 D431 C0000250 0050 0A000001 1F90 ESTABLISHED     899\n",
	 "TCP 14:59  ESTABLISHED 192.0.2.99:54321   192.0.2.80:80      10.0.0.1:8080\n",
	 "TCP 14:59  ESTABLISHED 192.0.2.99:54321   192.0.2.80:80      10.0.0.1:8080\n"},
	{"UDP C0000263 0000 C0000250 13C4 0A000001 13C4 UDP             300 sip a@example.com x\n",
	 "UDP 05:00  UDP         192.0.2.99:0       192.0.2.80:5060    10.0.0.1:5060\n",
	 "UDP 05:00  UDP         192.0.2.99:0       192.0.2.80:5060    10.0.0.1:5060    sip        "
	 "        a@example.com\n"},
	{"IP  C0000200 0000 00000007 0000 0A000001 0000 NONE             65\n",
	 "IP  01:05  NONE        192.0.2.0:0        0.0.0.7:0          10.0.0.1:0\n",
	 "IP  01:05  NONE        192.0.2.0:0        0.0.0.7:0          10.0.0.1:0\n"},
	{"TCP " CLIENT6 " D431 " CLIENT6 " 01BB 0A000001 01BB TIME_WAIT    100000\n",
	 "TCP 1666:40 TIME_WAIT   [2001:db8::1]:54321 [2001:db8::1]:443  10.0.0.1:443\n",
	 "TCP 1666:40 TIME_WAIT   [2001:db8::1]:54321 [2001:db8::1]:443  10.0.0.1:443\n"},
	{"Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n", "",
	 ""},
	{"", "", ""},
};

START_TEST(test_conns)
{
	FILE *out = open_text();

	ck_assert_int_eq(conns_print(conns[_i].line, false, true, out), conns[_i].plain[0] != 0);
	is_text(out, conns[_i].plain);
	out = open_text();
	conns_print(conns[_i].line, true, true, out);
	is_text(out, conns[_i].data);
}
END_TEST

START_TEST(test_conns_title)
{
	FILE *out = open_text();

	conns_title(false, out);
	conns_title(true, out);
	is_text(out, "IPVS connection entries\n"
		     "pro expire state       source             virtual            destination\n"
		     "IPVS connection entries\n"
		     "pro expire state       source             virtual            destination     "
		     "   pe name          pe_data\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lvsadm_table");

	tcase_add_loop_test(tcase, test_table, 0, (int)(sizeof(tables) / sizeof(tables[0])));
	tcase_add_loop_test(tcase, test_service, 0, (int)(sizeof(services) / sizeof(services[0])));
	tcase_add_test(tcase, test_save_dest);
	tcase_add_loop_test(tcase, test_conns, 0, (int)(sizeof(conns) / sizeof(conns[0])));
	tcase_add_test(tcase, test_conns_title);
	return unit_run("lvsadm_table", tcase);
}
