/* SPDX-License-Identifier: BSD-2-Clause */
/* A server: each command, the kernel's error numbers, dumps, permission, datagrams of several. */
#include "ipvs_rig.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

static struct ipvs_rig *rig;

static void set_up(void)
{
	rig = ipvs_rig_new(NULL);
}

static void tear_down(void)
{
	rig_check(rig->director);
	ipvs_rig_del(rig);
}

static void add(unsigned services, unsigned dests)
{
	for (unsigned i = 0; i < services; i++) {
		struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, i);

		ck_assert_int_eq(ipvs_rig_ask(rig, &service), 0);
		for (unsigned j = 0; j < dests; j++) {
			struct lvs_ipvs_message dest = ipvs_rig_dest(IPVS_CMD_NEW_DEST, i, j);

			ck_assert_int_eq(ipvs_rig_ask(rig, &dest), 0);
		}
	}
}

static unsigned count_services(void)
{
	struct lvs_ipvs_message all = ipvs_rig_plain(IPVS_CMD_GET_SERVICE);

	return ipvs_rig_dump(rig, &all);
}

static unsigned count_dests(unsigned i)
{
	struct lvs_ipvs_message all = ipvs_rig_service(IPVS_CMD_GET_DEST, i);

	return ipvs_rig_dump(rig, &all);
}

/* --- error numbers: a request that is right but for one thing, beside services 0 and 1 with
 * destinations 0 and 1 each --- */

static struct lvs_ipvs_message new_service(void)
{
	return ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 9);
}

static struct lvs_ipvs_message new_dest(void)
{
	return ipvs_rig_dest(IPVS_CMD_NEW_DEST, 0, 9);
}

#define CASE(name, expected, make, ...)                                                            \
	static struct lvs_ipvs_message name(void)                                                  \
	{                                                                                          \
		struct lvs_ipvs_message m = make;                                                  \
		__VA_ARGS__;                                                                       \
		return m;                                                                          \
	}
#define NO_SVC(attr) m.service.given &= ~LVS_IPVS_BIT(IPVS_SVC_ATTR_##attr)
#define NO_DEST(attr) m.dest.given &= ~LVS_IPVS_BIT(IPVS_DEST_ATTR_##attr)
#define GIVE_DEST(attr) m.dest.given |= LVS_IPVS_BIT(IPVS_DEST_ATTR_##attr)

#define SAME m.seq = 0 /* it stays as it is */
/* clang-format off */
#define CASES(X) \
	X(good_service, 0, new_service(), SAME) \
	X(service_twice, -EEXIST, ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 1), SAME) \
	X(no_service_attr, -EINVAL, new_service(), m.given = 0) \
	X(no_family, -EINVAL, new_service(), NO_SVC(AF)) \
	X(family_of_none, -EAFNOSUPPORT, new_service(), m.service.family = 3) \
	X(no_protocol, -EINVAL, new_service(), NO_SVC(PROTOCOL)) \
	X(no_address, -EINVAL, new_service(), NO_SVC(ADDR)) \
	X(no_port, -EINVAL, new_service(), NO_SVC(PORT)) \
	X(no_sched, -EINVAL, new_service(), NO_SVC(SCHED_NAME)) \
	X(no_flags, -EINVAL, new_service(), NO_SVC(FLAGS)) \
	X(no_timeout, -EINVAL, new_service(), NO_SVC(TIMEOUT)) \
	X(no_netmask, -EINVAL, new_service(), NO_SVC(NETMASK)) \
	X(unknown_sched, -ENOENT, new_service(), strcpy(m.service.sched, "none-such")) \
	X(unknown_pe, -ENOENT, new_service(), strcpy(m.service.pe, "pop"), m.service.given |= LVS_IPVS_BIT(IPVS_SVC_ATTR_PE_NAME)) \
	X(ipv6_mask_0, -EINVAL, new_service(), m.service.family = LVS_INET6, m.service.netmask = 0) \
	X(ipv6_mask_129, -EINVAL, new_service(), m.service.family = LVS_INET6, m.service.netmask = 129) \
	X(set_service, 0, ipvs_rig_service(IPVS_CMD_SET_SERVICE, 1), SAME) \
	X(set_no_service, -ESRCH, ipvs_rig_service(IPVS_CMD_SET_SERVICE, 9), SAME) \
	X(del_service, 0, ipvs_rig_service(IPVS_CMD_DEL_SERVICE, 1), SAME) \
	X(del_no_service, -ESRCH, ipvs_rig_service(IPVS_CMD_DEL_SERVICE, 9), SAME) \
	X(get_service, 0, ipvs_rig_service(IPVS_CMD_GET_SERVICE, 1), SAME) \
	X(get_no_service, -ESRCH, ipvs_rig_service(IPVS_CMD_GET_SERVICE, 9), SAME) \
	X(zero_all, 0, ipvs_rig_plain(IPVS_CMD_ZERO), SAME) \
	X(zero_one, 0, ipvs_rig_service(IPVS_CMD_ZERO, 1), SAME) \
	X(zero_none, -ESRCH, ipvs_rig_service(IPVS_CMD_ZERO, 9), SAME) \
	X(flush, 0, ipvs_rig_plain(IPVS_CMD_FLUSH), SAME) \
	X(good_dest, 0, new_dest(), SAME) \
	X(dest_twice, -EEXIST, ipvs_rig_dest(IPVS_CMD_NEW_DEST, 0, 1), SAME) \
	X(dest_of_none, -ESRCH, ipvs_rig_dest(IPVS_CMD_NEW_DEST, 9, 1), SAME) \
	X(no_dest_of_none, -ESRCH, ipvs_rig_service(IPVS_CMD_NEW_DEST, 9), SAME) \
	X(no_dest_attr, -EINVAL, ipvs_rig_service(IPVS_CMD_NEW_DEST, 0), SAME) \
	X(no_dest_addr, -EINVAL, new_dest(), NO_DEST(ADDR)) \
	X(no_dest_port, -EINVAL, new_dest(), NO_DEST(PORT)) \
	X(no_method, -EINVAL, new_dest(), NO_DEST(FWD_METHOD)) \
	X(no_weight, -EINVAL, new_dest(), NO_DEST(WEIGHT)) \
	X(no_upper, -EINVAL, new_dest(), NO_DEST(U_THRESH)) \
	X(no_lower, -EINVAL, new_dest(), NO_DEST(L_THRESH)) \
	X(weight_below_0, -ERANGE, new_dest(), m.dest.weight = (uint32_t)-1) \
	X(lower_above_upper, -ERANGE, new_dest(), m.dest.lower = 2, m.dest.upper = 1) \
	X(upper_too_large, -EINVAL, new_dest(), m.dest.upper = (uint32_t)INT32_MAX + 1) \
	X(multicast, -EINVAL, new_dest(), m.dest.addr.byte[0] = 224) \
	X(gue_without_port, -EINVAL, new_dest(), GIVE_DEST(TUN_TYPE), m.dest.tun_type = 1, m.dest.method = LVS_METHOD_TUNNEL) \
	X(ipv6_by_dr, -EINVAL, new_dest(), GIVE_DEST(ADDR_FAMILY), m.dest.family = LVS_INET6, m.dest.addr.byte[0] = 0x20) \
	X(ipv6_by_tunnel, 0, new_dest(), GIVE_DEST(ADDR_FAMILY), m.dest.family = LVS_INET6, m.dest.addr.byte[0] = 0x20, m.dest.method = LVS_METHOD_TUNNEL) \
	X(dest_family_of_none, -EAFNOSUPPORT, new_dest(), GIVE_DEST(ADDR_FAMILY), m.dest.family = 3) \
	X(set_dest, 0, ipvs_rig_dest(IPVS_CMD_SET_DEST, 0, 1), SAME) \
	X(set_no_dest, -ENOENT, ipvs_rig_dest(IPVS_CMD_SET_DEST, 0, 9), SAME) \
	X(set_dest_of_none, -ESRCH, ipvs_rig_dest(IPVS_CMD_SET_DEST, 9, 1), SAME) \
	X(del_dest, 0, ipvs_rig_dest(IPVS_CMD_DEL_DEST, 0, 1), SAME) \
	X(del_no_dest, -ENOENT, ipvs_rig_dest(IPVS_CMD_DEL_DEST, 0, 9), SAME) \
	X(del_dest_of_none, -ESRCH, ipvs_rig_dest(IPVS_CMD_DEL_DEST, 9, 1), SAME) \
	X(get_dest_alone, -EOPNOTSUPP, ipvs_rig_service(IPVS_CMD_GET_DEST, 0), SAME) \
	X(get_daemon_alone, -EOPNOTSUPP, ipvs_rig_plain(IPVS_CMD_GET_DAEMON), SAME) \
	X(new_daemon, -EOPNOTSUPP, ipvs_rig_plain(IPVS_CMD_NEW_DAEMON), m.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_DAEMON)) \
	X(new_nothing, -EINVAL, ipvs_rig_plain(IPVS_CMD_NEW_DAEMON), SAME) \
	X(del_daemon, -ESRCH, ipvs_rig_plain(IPVS_CMD_DEL_DAEMON), m.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_DAEMON)) \
	X(del_nothing, -EINVAL, ipvs_rig_plain(IPVS_CMD_DEL_DAEMON), SAME) \
	X(get_info, 0, ipvs_rig_plain(IPVS_CMD_GET_INFO), SAME) \
	X(set_info, -EOPNOTSUPP, ipvs_rig_plain(IPVS_CMD_SET_INFO), SAME) \
	X(get_config, 0, ipvs_rig_plain(IPVS_CMD_GET_CONFIG), SAME) \
	X(set_config, 0, ipvs_rig_plain(IPVS_CMD_SET_CONFIG), SAME) \
	X(timeout_too_long, -EINVAL, ipvs_rig_plain(IPVS_CMD_SET_CONFIG), m.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_TCP), m.tcp_s = 8589935) \
	X(no_command, -EOPNOTSUPP, ipvs_rig_plain(99), SAME) \
	X(no_own_command, -EOPNOTSUPP, ipvs_rig_own(99, 0), SAME) \
	X(no_such_family, -ENOENT, ipvs_rig_plain(1), m.type = 0x99) \
	X(commit_of_none, -EINVAL, ipvs_rig_own(LVS_IPVS_COMMIT, 0), SAME) \
	X(no_settings, -EOPNOTSUPP, ipvs_rig_own(LVS_IPVS_SET_SETTING, 0), m.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME) | LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE))
/* clang-format on */

CASES(CASE)

#define ROW(name, expected, make, ...) {#name, expected, name},
static const struct {
	const char *name;
	int expected;
	struct lvs_ipvs_message (*make)(void);
} cases[] = {CASES(ROW)};

START_TEST(test_case)
{
	struct lvs_ipvs_message request = cases[_i].make();
	int error;

	add(2, 2);
	rig->sentence[0] = '\0';
	error = ipvs_rig_ask(rig, &request);
	ck_assert_msg(error == cases[_i].expected, "%s: %d (%s), expected %d", cases[_i].name,
		      error, rig->sentence, cases[_i].expected);
	ck_assert_msg(!error || rig->sentence[0], "%s: no sentence", cases[_i].name);
}
END_TEST

/* Everything that was set is there again. */
START_TEST(test_listing)
{
	struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);
	struct lvs_ipvs_message dest = ipvs_rig_dest(IPVS_CMD_NEW_DEST, 0, 0);
	const struct lvs_ipvs_message *answer = rig->answers.message;

	strcpy(service.service.sched, "mh");
	strcpy(service.service.pe, "sip");
	service.service.given |= LVS_IPVS_BIT(IPVS_SVC_ATTR_PE_NAME);
	service.service.flags = 0xffffffff;
	service.service.timeout_s = 360;
	service.service.netmask = 0x00ffffff;
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), 0);
	dest.dest.given |= LVS_IPVS_BIT(IPVS_DEST_ATTR_TUN_TYPE) |
			   LVS_IPVS_BIT(IPVS_DEST_ATTR_TUN_PORT) |
			   LVS_IPVS_BIT(IPVS_DEST_ATTR_TUN_FLAGS);
	dest.dest.method = LVS_METHOD_TUNNEL;
	dest.dest.weight = 65535;
	dest.dest.upper = 10;
	dest.dest.lower = 5;
	dest.dest.tun_type = LVS_TUNNEL_GUE;
	dest.dest.tun_port = rig_port(6080);
	dest.dest.tun_flags = LVS_TUNNEL_CSUM;
	ck_assert_int_eq(ipvs_rig_ask(rig, &dest), 0);

	ck_assert_uint_eq(count_services(), 1);
	ck_assert_int_eq(answer[0].command, IPVS_CMD_NEW_SERVICE);
	ck_assert_uint_eq(answer[0].nl_flags, NLM_F_MULTI);
	ck_assert_str_eq(answer[0].service.sched, "mh");
	ck_assert_str_eq(answer[0].service.pe, "sip");
	/* Flags that mean nothing are gone, IPVS's own is there. */
	ck_assert_uint_eq(answer[0].service.flags, 0x13f);
	ck_assert_uint_eq(answer[0].service.mask, UINT32_MAX);
	ck_assert_uint_eq(answer[0].service.timeout_s, 360);
	ck_assert_uint_eq(answer[0].service.netmask, 0x00ffffff);
	ck_assert_uint_eq(answer[0].service.port, rig_port(80));

	ck_assert_uint_eq(count_dests(0), 1);
	ck_assert_int_eq(answer[0].command, IPVS_CMD_NEW_DEST);
	ck_assert_uint_eq(answer[0].dest.method, LVS_METHOD_TUNNEL);
	ck_assert_uint_eq(answer[0].dest.weight, 65535);
	ck_assert_uint_eq(answer[0].dest.upper, 10);
	ck_assert_uint_eq(answer[0].dest.lower, 5);
	ck_assert_uint_eq(answer[0].dest.tun_type, LVS_TUNNEL_GUE);
	ck_assert_uint_eq(answer[0].dest.tun_port, rig_port(6080));
	ck_assert_uint_eq(answer[0].dest.tun_flags, LVS_TUNNEL_CSUM);
	ck_assert_uint_eq(answer[0].dest.family, LVS_INET);
}
END_TEST

/* An edit that leaves some flags as they are; one of a destination without tunnel resets it. */
START_TEST(test_edit)
{
	struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);

	service.service.flags = LVS_SERVICE_PERSISTENT | LVS_SCHED_FLAG1;
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), 0);
	service.command = IPVS_CMD_SET_SERVICE;
	service.service.flags = LVS_SCHED_FLAG2;
	service.service.mask = LVS_SCHED_FLAG2 | LVS_SERVICE_PERSISTENT;
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), 0);
	ck_assert_uint_eq(count_services(), 1);
	ck_assert_uint_eq(rig->answers.message[0].service.flags,
			  LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2 | IP_VS_SVC_F_HASHED);
}
END_TEST

START_TEST(test_mark)
{
	struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);

	service.service.given |= LVS_IPVS_BIT(IPVS_SVC_ATTR_FWMARK);
	service.service.fwmark = 0xfffffffe;
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), 0);
	ck_assert_uint_eq(count_services(), 1);
	ck_assert_uint_eq(rig->answers.message[0].service.fwmark, 0xfffffffe);
	/* A mark's service is told without the address. */
	ck_assert(!(rig->answers.message[0].service.given &
		    (LVS_IPVS_BIT(IPVS_SVC_ATTR_PROTOCOL) | LVS_IPVS_BIT(IPVS_SVC_ATTR_ADDR) |
		     LVS_IPVS_BIT(IPVS_SVC_ATTR_PORT))));
}
END_TEST

/* A dump fills several datagrams, and begins and ends with everything once. */
START_TEST(test_long_dump)
{
	bool seen[300] = {false};

	add(300, 0);
	ck_assert_uint_eq(count_services(), 300);
	ck_assert_uint_gt(rig->answers.datagrams, 3);
	for (unsigned i = 0; i < 300; i++) {
		unsigned port = ntohs(rig->answers.message[i].service.port) - 80u;

		ck_assert_uint_lt(port, 300);
		ck_assert(!seen[port]);
		seen[port] = true;
		ck_assert_uint_eq(rig->answers.message[i].seq, 78);
	}
}
END_TEST

START_TEST(test_empty_dumps)
{
	struct lvs_ipvs_message daemons = ipvs_rig_plain(IPVS_CMD_GET_DAEMON);
	struct lvs_ipvs_message nothing = ipvs_rig_plain(IPVS_CMD_GET_DEST);

	ck_assert_uint_eq(count_services(), 0);
	ck_assert_uint_eq(count_dests(7), 0);
	ck_assert_uint_eq(ipvs_rig_dump(rig, &daemons), 0);
	ck_assert_uint_eq(ipvs_rig_dump(rig, &nothing), 0);
}
END_TEST

/* An answer is a datagram, its acknowledgement another; those without an answer may share one. */
START_TEST(test_datagrams)
{
	struct lvs_ipvs_message flush = ipvs_rig_plain(IPVS_CMD_FLUSH);
	struct lvs_ipvs_message info = ipvs_rig_plain(IPVS_CMD_GET_INFO);
	const unsigned expected[] = {0, 0, 1, 2, 2, 3, 3};
	const struct ipvs_answers *answers;

	ipvs_rig_put(rig, &flush, NLM_F_ACK);
	ipvs_rig_put(rig, &flush, NLM_F_ACK);
	ipvs_rig_put(rig, &flush, 0);
	ipvs_rig_put(rig, &info, NLM_F_ACK); /* datagrams 1 and 2 */
	ipvs_rig_put(rig, &flush, NLM_F_ACK);
	flush.command = IPVS_CMD_GET_SERVICE;
	ipvs_rig_put(rig, &flush, NLM_F_DUMP | NLM_F_ACK); /* is not acknowledged */
	info.command = 99;
	ipvs_rig_put(rig, &info, 0); /* an error is told unasked */
	answers = ipvs_rig_go(rig);
	ck_assert_uint_eq(answers->n, 7);
	for (unsigned i = 0; i < 6; i++)
		ck_assert_msg(answers->of[i] == expected[i], "message %u in datagram %u", i,
			      answers->of[i]);
	ck_assert_uint_eq(answers->message[2].ipvs_version, IP_VS_VERSION_CODE);
	ck_assert_uint_eq(answers->message[2].conn_tab_size, 4096);
	ck_assert_int_eq(answers->message[5].kind, LVS_IPVS_DONE);
	ck_assert_int_eq(answers->message[6].error, -EOPNOTSUPP);
}
END_TEST

/* Many changes in one datagram: in slices, all done. */
START_TEST(test_many_in_one)
{
	size_t len;
	uint32_t out[LVS_IPVS_DATAGRAM / 4];
	unsigned calls = 0;

	for (unsigned i = 0; i < 1000; i++) {
		struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, i);

		ipvs_rig_put(rig, &service, 0);
	}
	ck_assert_int_eq(lvs_ipvs_session_take(rig->session, rig->datagram, rig->len), 0);
	ck_assert_int_eq(lvs_ipvs_session_take(rig->session, rig->datagram, rig->len), -EBUSY);
	while (lvs_ipvs_session_answer(rig->session, out, sizeof(out), &len) == 1) {
		ck_assert_uint_eq(len, 0);
		calls++;
	}
	ck_assert_uint_eq(calls, 3);
	rig->len = 0;
	ck_assert_uint_eq(count_services(), 1000);
	ck_assert_uint_eq(rig->changed, 1000);
}
END_TEST

START_TEST(test_not_permitted)
{
	struct lvs_ipvs_message service = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);
	struct lvs_ipvs_message family = {.size = sizeof(family), .kind = LVS_IPVS_CTRL};

	lvs_ipvs_session_del(rig->session);
	ck_assert_int_eq(lvs_ipvs_session_new(&rig->server, 0, &rig->session), 0);
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), -EPERM);
	service.command = IPVS_CMD_GET_SERVICE;
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), -EPERM);
	service = ipvs_rig_own(LVS_IPVS_BEGIN, 0);
	ck_assert_int_eq(ipvs_rig_ask(rig, &service), -EPERM);
	/* A family's number is nobody's secret. */
	family.command = CTRL_CMD_GETFAMILY;
	family.family.given = LVS_IPVS_BIT(CTRL_ATTR_FAMILY_NAME);
	strcpy(family.family.name, "IPVS");
	ck_assert_int_eq(ipvs_rig_ask(rig, &family), 0);
	ck_assert_uint_eq(rig->answers.message[0].family.id, LVS_IPVS_FAMILY);
}
END_TEST

START_TEST(test_families)
{
	struct lvs_ipvs_message family = {.size = sizeof(family), .kind = LVS_IPVS_CTRL};

	family.command = CTRL_CMD_GETFAMILY;
	ck_assert_uint_eq(ipvs_rig_dump(rig, &family), 2);
	ck_assert_str_eq(rig->answers.message[1].family.name, "LVS");
	ck_assert_int_eq(ipvs_rig_ask(rig, &family), -EINVAL);
	family.family.given = LVS_IPVS_BIT(CTRL_ATTR_FAMILY_NAME);
	strcpy(family.family.name, "nl80211");
	ck_assert_int_eq(ipvs_rig_ask(rig, &family), -ENOENT);
	family.command = CTRL_CMD_GETPOLICY;
	ck_assert_int_eq(ipvs_rig_ask(rig, &family), -EOPNOTSUPP);
}
END_TEST

START_TEST(test_config)
{
	struct lvs_ipvs_message config = ipvs_rig_plain(IPVS_CMD_SET_CONFIG);

	config.given =
		LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_TCP) | LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_UDP);
	config.tcp_s = 100;
	config.udp_s = 0; /* keeps what is there */
	ck_assert_int_eq(ipvs_rig_ask(rig, &config), 0);
	config.command = IPVS_CMD_GET_CONFIG;
	config.given = 0;
	ck_assert_int_eq(ipvs_rig_ask(rig, &config), 0);
	ck_assert_int_eq(rig->answers.message[0].command, IPVS_CMD_SET_CONFIG);
	ck_assert_uint_eq(rig->answers.message[0].tcp_s, 100);
	ck_assert_uint_eq(rig->answers.message[0].tcp_fin_s, 120);
	ck_assert_uint_eq(rig->answers.message[0].udp_s, 300);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipvs_server");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, test_case, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, test_listing);
	tcase_add_test(tcase, test_edit);
	tcase_add_test(tcase, test_mark);
	tcase_add_test(tcase, test_long_dump);
	tcase_add_test(tcase, test_empty_dumps);
	tcase_add_test(tcase, test_datagrams);
	tcase_add_test(tcase, test_many_in_one);
	tcase_add_test(tcase, test_not_permitted);
	tcase_add_test(tcase, test_families);
	tcase_add_test(tcase, test_config);
	return unit_run("ipvs_server", tcase);
}
