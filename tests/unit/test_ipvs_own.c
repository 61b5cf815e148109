/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's family has no words for: connections, files, settings, explanations. */
#include "ipvs_rig.h"
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>

enum { CONNS = 20 };

static struct ipvs_rig *rig;
static struct lvs_worker *worker;
static char text[65536]; /* of the last dump */
static size_t text_len;
static uint32_t udp_s = 300;

static uint64_t now(void *user)
{
	(void)user;
	return 10 * SECOND;
}

static int get_setting(void *user, unsigned i, const char **name, uint32_t *value,
		       uint32_t *default_value)
{
	static const char *const names[] = {"tcp", "udp"};

	(void)user;
	if (i >= 2)
		return 0;
	*name = names[i];
	*value = i ? udp_s : 900;
	*default_value = i ? 300 : 900;
	return 1;
}

static int set_setting(void *user, const char *name, uint32_t value, char *sentence, size_t size)
{
	(void)user;
	if (strcmp(name, "udp")) {
		snprintf(sentence, size, "expected udp");
		return -EINVAL;
	}
	udp_s = value;
	return 0;
}

static int keep(void *user, const void *datagram, size_t len)
{
	struct lvs_ipvs_message message = {.size = sizeof(message)};
	int error;

	lvs_ipvs_decode(datagram, len, LVS_IPVS_FAMILY, &message, &error);
	if (message.kind == LVS_IPVS_OWN && message.given & LVS_IPVS_BIT(LVS_IPVS_ATTR_TEXT)) {
		ck_assert_uint_lt(text_len + message.text_len, sizeof(text));
		memcpy(text + text_len, message.text, message.text_len);
		text_len += message.text_len;
		text[text_len] = '\0';
	}
	return ipvs_rig_send(user, datagram, len);
}

/* Asks for a dump of text; its end's error. */
static int read_text(struct lvs_ipvs_message *m)
{
	m->nl_flags = 0;
	text_len = 0;
	text[0] = '\0';
	rig->answers.n = 0;
	rig->answers.datagrams = 0;
	ipvs_rig_put(rig, m, NLM_F_DUMP);
	ck_assert_int_eq(lvs_ipvs_serve(rig->session, rig->datagram, rig->len, keep, rig), 0);
	rig->len = 0;
	return rig->answers.message[rig->answers.n - 1].error;
}

static int read_file(const char *name)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_GET_TEXT, 0);

	m.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME);
	snprintf(m.name, sizeof(m.name), "%s", name);
	return read_text(&m);
}

/* One service with two servers, and connections of twenty clients. */
static void set_up(void)
{
	rig = ipvs_rig_new(NULL);
	rig->server.now = now;
	rig->server.get_setting = get_setting;
	rig->server.set_setting = set_setting;
	lvs_ipvs_session_del(rig->session);
	ck_assert_int_eq(lvs_ipvs_session_new(&rig->server, LVS_IPVS_ADMIN, &rig->session), 0);
	for (unsigned j = 0; j < 3; j++) {
		struct lvs_ipvs_message m = j ? ipvs_rig_dest(IPVS_CMD_NEW_DEST, 0, j)
					      : ipvs_rig_service(IPVS_CMD_NEW_SERVICE, 0);

		ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	}
	ck_assert_int_eq(lvs_worker_new(rig->director, &worker), 0);
	for (unsigned i = 0; i < CONNS; i++) {
		struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, rig_addr4(198, 51, 100, 7),
						1024 + i, rig_addr4(192, 0, 2, 1), 80);
		struct rig_packet packet;

		ck_assert_int_eq(rig_send(worker, &packet, &flow, LVS_TCP_SYN, 10 * SECOND),
				 LVS_REASON_SCHEDULED);
	}
}

static void tear_down(void)
{
	lvs_worker_del(worker);
	ipvs_rig_del(rig);
}

static unsigned conns(struct lvs_ipvs_message m)
{
	return ipvs_rig_dump(rig, &m);
}

START_TEST(test_conns)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_GET_CONN, 0);
	const struct lvs_ipvs_conn *conn = &rig->answers.message[0].conn;

	ck_assert_uint_eq(conns(m), CONNS);
	ck_assert_str_eq(conn->state, "SYN_RECV");
	ck_assert_uint_eq(conn->service_port, rig_port(80));
	ck_assert_uint_eq(conn->protocol, LVS_TCP);
	ck_assert_uint_eq(conn->method, LVS_METHOD_DR);
	ck_assert_uint_le(conn->expires_ms, 60300); /* by ticks */
	ck_assert_uint_ge(conn->expires_ms, 59000);
	m = ipvs_rig_own(LVS_IPVS_GET_CONN, LVS_CONN_FILTER_TEMPLATES);
	ck_assert_uint_eq(conns(m), 0);
	m = ipvs_rig_own(LVS_IPVS_GET_CONN, 0x100);
	m.seq = 1;
	ipvs_rig_put(rig, &m, NLM_F_DUMP);
	ck_assert_int_eq(ipvs_rig_go(rig)->message[0].error, -EINVAL);
}
END_TEST

START_TEST(test_kill)
{
	struct lvs_ipvs_message m = ipvs_rig_dest(IPVS_CMD_DEL_DEST, 0, 1);

	m.kind = LVS_IPVS_OWN;
	m.command = LVS_IPVS_DEL_CONN;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_uint_eq(rig->answers.message[0].count, CONNS / 2);
	m = ipvs_rig_own(LVS_IPVS_DEL_CONN, 0);
	m.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_CONN);
	m.conn.given = LVS_IPVS_BIT(LVS_IPVS_CONN_FAMILY) | LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT);
	m.conn.family = LVS_INET;
	m.conn.client = rig_addr4(198, 51, 100, 8);
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_uint_eq(rig->answers.message[0].count, 0);
	m.conn.client = rig_addr4(198, 51, 100, 7);
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_uint_eq(rig->answers.message[0].count, CONNS / 2);
	m.conn.family = 3;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -EAFNOSUPPORT);
}
END_TEST

START_TEST(test_files)
{
	ck_assert_int_eq(read_file("ip_vs"), 0);
	/* As Debian's kernel prints it. */
	ck_assert_str_eq(text, "IP Virtual Server version 1.2.1 (size=4096)\n"
			       "Prot LocalAddress:Port Scheduler Flags\n"
			       "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
			       "TCP  C0000201:0050 rr  \n"
			       "  -> 0A000003:0050      Route   1      10         0         \n"
			       "  -> 0A000002:0050      Route   1      10         0         \n");
	ck_assert_int_eq(read_file("ip_vs_conn"), 0);
	ck_assert_ptr_nonnull(strstr(text, "TCP C6336407 0400 C0000201 0050 0A00000"));
	ck_assert_ptr_nonnull(strstr(text, " 0050 SYN_RECV         "));
	ck_assert_int_eq(read_file("ip_vs_conn_sync"), 0);
	ck_assert_ptr_nonnull(strstr(text, " SYN_RECV    LOCAL  "));
	ck_assert_int_eq(read_file("ip_vs_stats"), 0);
	ck_assert_ptr_nonnull(strstr(text, "\n      14       14        0 "));
	ck_assert_int_eq(read_file("ip_vs_app"), 0);
	ck_assert_int_eq(read_file("ip_vs_none"), -ENOENT);
}
END_TEST

/* A text longer than one message. */
START_TEST(test_long_file)
{
	unsigned lines = 0;

	for (unsigned i = 1; i < 500; i++) {
		struct lvs_ipvs_message m = ipvs_rig_service(IPVS_CMD_NEW_SERVICE, i);

		if (i == 1) {
			m.service.family = LVS_INET6;
			m.service.addr.byte[15] = 0xfe;
			m.service.netmask = 128;
		}

		ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	}
	ck_assert_int_eq(read_file("ip_vs"), 0);
	ck_assert_uint_gt(rig->answers.datagrams, 1);
	ck_assert_ptr_nonnull(
		strstr(text, "TCP  [c000:0201:0000:0000:0000:0000:0000:00fe]:0051 rr  \n"));
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_uint_eq(lines, 3 + 500 + 2);
}
END_TEST

START_TEST(test_settings)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_GET_SETTING, 0);

	ck_assert_uint_eq(ipvs_rig_dump(rig, &m), 2);
	ck_assert_str_eq(rig->answers.message[1].name, "udp");
	m.command = LVS_IPVS_SET_SETTING;
	m.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME);
	strcpy(m.name, "udp");
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -EINVAL);
	m.given |= LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE);
	m.value = 60;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	m.command = LVS_IPVS_GET_SETTING;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), 0);
	ck_assert_uint_eq(rig->answers.message[0].value, 60);
	ck_assert_uint_eq(rig->answers.message[0].default_value, 300);
	strcpy(m.name, "tcp");
	m.command = LVS_IPVS_SET_SETTING;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -EINVAL);
	ck_assert_str_eq(rig->sentence, "expected udp");
	strcpy(m.name, "sctp");
	m.command = LVS_IPVS_GET_SETTING;
	ck_assert_int_eq(ipvs_rig_ask(rig, &m), -ENOENT);
}
END_TEST

START_TEST(test_explain)
{
	struct lvs_ipvs_message m = ipvs_rig_own(LVS_IPVS_EXPLAIN, 0);

	ck_assert_int_eq(read_text(&m), -EINVAL);
	m.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_CONN);
	m.conn.given = LVS_IPVS_BIT(LVS_IPVS_CONN_FAMILY) | LVS_IPVS_BIT(LVS_IPVS_CONN_PROTOCOL) |
		       LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT) | LVS_IPVS_BIT(LVS_IPVS_CONN_SERVICE) |
		       LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT_PORT) |
		       LVS_IPVS_BIT(LVS_IPVS_CONN_SERVICE_PORT);
	m.conn.family = LVS_INET;
	m.conn.protocol = LVS_TCP;
	m.conn.client = rig_addr4(198, 51, 100, 9);
	m.conn.client_port = rig_port(5000);
	m.conn.service = rig_addr4(192, 0, 2, 1);
	m.conn.service_port = rig_port(80);
	ck_assert_int_eq(read_text(&m), 0);
	ck_assert_msg(strstr(text, "192.0.2.1:80") && strstr(text, "10.0.0."), "%s", text);
	m.given |= LVS_IPVS_BIT(LVS_IPVS_ATTR_FLAGS);
	m.flags = LVS_IPVS_JSON;
	ck_assert_int_eq(read_text(&m), 0);
	ck_assert_int_eq(text[0], '{');
	ck_assert_int_eq(text[text_len - 1], '}');
	m.conn.protocol = LVS_GRE;
	ck_assert_int_eq(read_text(&m), -EOPNOTSUPP);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipvs_own");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_conns);
	tcase_add_test(tcase, test_kill);
	tcase_add_test(tcase, test_files);
	tcase_add_test(tcase, test_long_file);
	tcase_add_test(tcase, test_settings);
	tcase_add_test(tcase, test_explain);
	return unit_run("ipvs_own", tcase);
}
