/* SPDX-License-Identifier: BSD-2-Clause */
/* What Debian's own ipvsadm says, byte by byte: understood, and done. */
#include "ipvs_bytes.h"
#include "ipvs_rig.h"
#include "unit.h"

#include <errno.h>

enum { N = sizeof(ipvs_bytes) / sizeof(ipvs_bytes[0]) };

static const struct ipvs_bytes *find(const char *command)
{
	for (unsigned i = 0; i < N; i++)
		if (!strcmp(ipvs_bytes[i].command, command))
			return &ipvs_bytes[i];
	ck_abort_msg("%s", command);
	return NULL;
}

static struct lvs_ipvs_message decode(const struct ipvs_bytes *bytes)
{
	struct lvs_ipvs_message message = {.size = sizeof(message)};
	uint32_t aligned[64];
	int error;

	memcpy(aligned, bytes->bytes, bytes->len);
	ck_assert_uint_eq(lvs_ipvs_decode(aligned, bytes->len, LVS_IPVS_FAMILY, &message, &error),
			  bytes->len);
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(message.kind, LVS_IPVS_IPVS);
	return message;
}

START_TEST(test_service)
{
	struct lvs_ipvs_message m =
		decode(find("-A -u [2001:db8::80]:53 -s sh -p 100 -M 64 -b sh-port --pe sip"));

	ck_assert_int_eq(m.command, IPVS_CMD_NEW_SERVICE);
	ck_assert_uint_eq(m.service.family, LVS_INET6);
	ck_assert_uint_eq(m.service.protocol, LVS_UDP);
	ck_assert_uint_eq(m.service.addr.byte[15], 0x80);
	ck_assert_uint_eq(m.service.port, rig_port(53));
	ck_assert_str_eq(m.service.sched, "sh");
	ck_assert_str_eq(m.service.pe, "sip");
	ck_assert_uint_eq(m.service.flags, LVS_SERVICE_PERSISTENT | LVS_SCHED_FLAG2);
	ck_assert_uint_eq(m.service.mask, UINT32_MAX);
	ck_assert_uint_eq(m.service.timeout_s, 100);
	ck_assert_uint_eq(m.service.netmask, 64);
}
END_TEST

START_TEST(test_mark)
{
	struct lvs_ipvs_message m = decode(find("-A -f 5 -s wlc"));

	ck_assert_uint_eq(m.service.fwmark, 5);
	ck_assert(!(m.service.given & LVS_IPVS_BIT(IPVS_SVC_ATTR_PORT)));
}
END_TEST

START_TEST(test_dest)
{
	struct lvs_ipvs_message m =
		decode(find("-a -t 192.0.2.80:80 -r 10.1.0.12 -i -w 7 -x 10 -y 5 --tun-type gue "
			    "--tun-port 6080 --tun-csum"));

	ck_assert_int_eq(m.command, IPVS_CMD_NEW_DEST);
	ck_assert_uint_eq(m.dest.family, LVS_INET);
	ck_assert_uint_eq(m.dest.addr.byte[3], 12);
	ck_assert_uint_eq(m.dest.port, rig_port(80));
	ck_assert_uint_eq(m.dest.method, LVS_METHOD_TUNNEL);
	ck_assert_uint_eq(m.dest.weight, 7);
	ck_assert_uint_eq(m.dest.upper, 10);
	ck_assert_uint_eq(m.dest.lower, 5);
	ck_assert_uint_eq(m.dest.tun_type, LVS_TUNNEL_GUE);
	ck_assert_uint_eq(m.dest.tun_port, rig_port(6080));
	ck_assert_uint_eq(m.dest.tun_flags, LVS_TUNNEL_CSUM);
}
END_TEST

START_TEST(test_others)
{
	struct lvs_ipvs_message m = decode(find("--set 1 0 3"));

	ck_assert_int_eq(m.command, IPVS_CMD_SET_CONFIG);
	ck_assert_uint_eq(m.tcp_s, 1);
	ck_assert_uint_eq(m.tcp_fin_s, 0);
	ck_assert_uint_eq(m.udp_s, 3);
	m = decode(find("--start-daemon backup --mcast-interface d0 --syncid 7"));
	ck_assert_int_eq(m.command, IPVS_CMD_NEW_DAEMON);
	ck_assert_uint_eq(m.daemon.state, IP_VS_STATE_BACKUP);
	ck_assert_str_eq(m.daemon.interface, "d0");
	ck_assert_uint_eq(m.daemon.sync_id, 7);
}
END_TEST

static bool is(const struct ipvs_bytes *bytes, const char *prefix)
{
	return !strncmp(bytes->command, prefix, strlen(prefix));
}

/* In the order in which they were recorded, from one director. */
START_TEST(test_all_are_done)
{
	struct ipvs_rig *rig = ipvs_rig_new(NULL);

	for (unsigned i = 0; i < N; i++) {
		const struct ipvs_answers *answers;
		const struct lvs_ipvs_message *last;
		int expected = is(&ipvs_bytes[i], "--start-daemon")  ? -EOPNOTSUPP
			       : is(&ipvs_bytes[i], "--stop-daemon") ? -ESRCH
								     : 0;

		memcpy(rig->datagram, ipvs_bytes[i].bytes, ipvs_bytes[i].len);
		rig->len = ipvs_bytes[i].len;
		answers = ipvs_rig_go(rig);
		ck_assert_uint_gt(answers->n, 0);
		last = &answers->message[answers->n - 1];
		ck_assert_msg(last->error == expected, "%s: %d", ipvs_bytes[i].command,
			      last->error);
	}
	rig_check(rig->director);
	ipvs_rig_del(rig);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipvs_golden");

	tcase_add_test(tcase, test_service);
	tcase_add_test(tcase, test_mark);
	tcase_add_test(tcase, test_dest);
	tcase_add_test(tcase, test_others);
	tcase_add_test(tcase, test_all_are_done);
	return unit_run("ipvs_golden", tcase);
}
