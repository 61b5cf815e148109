/* SPDX-License-Identifier: BSD-2-Clause */
/* Which service gets a packet: by mark, its own port, FTP's data ports, every port. */
#include "persist_rig.h"

#define V4 LVS_INET
#define V6 LVS_INET6

/* Services of the address of one family, as a set. */
enum {
	MARK = 0x1,  /* mark 7 */
	WEB = 0x2,   /* TCP 80 */
	FTP = 0x4,   /* TCP 21 */
	EVERY = 0x8, /* TCP, every port */
	UDP_EVERY = 0x10,
	UDP_FTP = 0x20, /* UDP 21: no FTP */
	STICKS = 0x40,  /* all are persistent */
	EMPTY = 0x80,   /* none has a destination */
};

static const struct {
	unsigned set;
	uint8_t protocol;
	unsigned to;
	uint32_t mark;
	unsigned gets; /* the service, 0: none */
	enum lvs_reason reason;
} rows[] = {
	/* the order: mark, own port, FTP, every port */
	{MARK | WEB, LVS_TCP, 80, 7, MARK, LVS_REASON_SCHEDULED},
	{MARK | WEB, LVS_TCP, 80, 8, WEB, LVS_REASON_SCHEDULED},
	{MARK | WEB, LVS_UDP, 4711, 7, MARK, LVS_REASON_SCHEDULED},
	{MARK | WEB, LVS_TCP, 4711, 8, 0, LVS_REASON_NO_SERVICE},
	{WEB | EVERY | STICKS, LVS_TCP, 80, 0, WEB, LVS_REASON_SCHEDULED},
	{WEB | EVERY | STICKS, LVS_TCP, 81, 0, EVERY, LVS_REASON_SCHEDULED},
	{WEB | EVERY | STICKS, LVS_UDP, 81, 0, 0, LVS_REASON_NO_SERVICE},
	{UDP_EVERY | STICKS, LVS_UDP, 81, 0, UDP_EVERY, LVS_REASON_SCHEDULED},
	{UDP_EVERY | STICKS, LVS_TCP, 81, 0, 0, LVS_REASON_NO_SERVICE},
	{FTP | STICKS, LVS_TCP, 21, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP | STICKS, LVS_TCP, 20, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP | STICKS, LVS_TCP, 1024, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP | STICKS, LVS_TCP, 65535, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP | STICKS, LVS_TCP, 1023, 0, 0, LVS_REASON_NO_SERVICE},
	{FTP | STICKS, LVS_TCP, 22, 0, 0, LVS_REASON_NO_SERVICE},
	{FTP | STICKS, LVS_TCP, 0, 0, 0, LVS_REASON_NO_SERVICE},
	{FTP | STICKS, LVS_UDP, 2000, 0, 0, LVS_REASON_NO_SERVICE},
	{UDP_FTP | STICKS, LVS_UDP, 2000, 0, 0, LVS_REASON_NO_SERVICE},
	{FTP | EVERY | STICKS, LVS_TCP, 2000, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP | EVERY | STICKS, LVS_TCP, 1000, 0, EVERY, LVS_REASON_SCHEDULED},
	{FTP | EVERY | WEB | STICKS, LVS_TCP, 80, 0, WEB, LVS_REASON_SCHEDULED},
	/* without persistence they are for their own port */
	{EVERY, LVS_TCP, 80, 0, 0, LVS_REASON_REPLY_NO_DEST},
	{EVERY, LVS_TCP, 0, 0, EVERY, LVS_REASON_SCHEDULED},
	{FTP, LVS_TCP, 21, 0, FTP, LVS_REASON_SCHEDULED},
	{FTP, LVS_TCP, 20, 0, 0, LVS_REASON_FTP_PORT},
	{FTP, LVS_TCP, 4000, 0, 0, LVS_REASON_FTP_PORT},
	{FTP | EVERY, LVS_TCP, 4000, 0, 0, LVS_REASON_FTP_PORT},
	/* no destination: the client is told, but of FTP's other ports */
	{WEB | EMPTY, LVS_TCP, 80, 0, 0, LVS_REASON_REPLY_NO_DEST},
	{WEB | EMPTY | STICKS, LVS_TCP, 80, 0, 0, LVS_REASON_REPLY_NO_DEST},
	{EVERY | EMPTY | STICKS, LVS_TCP, 80, 0, 0, LVS_REASON_REPLY_NO_DEST},
	{FTP | EMPTY | STICKS, LVS_TCP, 21, 0, 0, LVS_REASON_REPLY_NO_DEST},
	{FTP | EMPTY | STICKS, LVS_TCP, 4000, 0, 0, LVS_REASON_FTP_PORT},
	{MARK | EMPTY, LVS_TCP, 4000, 7, 0, LVS_REASON_REPLY_NO_DEST},
};

static struct lvs_service_key key_of(unsigned family, unsigned which)
{
	switch (which) {
	case MARK:
		return service_of(family, 0, 0, 7);
	case WEB:
		return service_of(family, LVS_TCP, 80, 0);
	case FTP:
		return service_of(family, LVS_TCP, 21, 0);
	case EVERY:
		return service_of(family, LVS_TCP, 0, 0);
	case UDP_EVERY:
		return service_of(family, LVS_UDP, 0, 0);
	default:
		return service_of(family, LVS_UDP, 21, 0);
	}
}

/* Each service has one server, numbered like itself. */
static void build(struct world *w, unsigned family, unsigned set)
{
	open_world(w, NULL);
	for (unsigned which = MARK; which <= UDP_FTP; which <<= 1) {
		struct lvs_service_key key = key_of(family, which);
		struct lvs_dest_key dest = dest_of(family, which, 0);

		if (!(set & which))
			continue;
		if (set & STICKS)
			rig_set_persistent(w->director, &key, "rr", 0, 100,
					   family == V4 ? HOST_MASK : 128);
		else
			rig_set_service(w->director, &key, "rr");
		if (!(set & EMPTY))
			rig_set_dest(w->director, &key, &dest, LVS_METHOD_DR, 1);
	}
}

START_TEST(test_match)
{
	unsigned family = _i % 2 ? V6 : V4;
	struct lvs_flow flow = flow_of(family, rows[_i / 2].protocol, 1, 1000, rows[_i / 2].to);
	struct world w;
	struct lvs_conn_info info;

	build(&w, family, rows[_i / 2].set);
	w.mark = rows[_i / 2].mark;
	ck_assert_int_eq(push(&w, &flow, SYN), rows[_i / 2].reason);
	ck_assert_int_eq(lvs_director_conn_n(w.director) != 0, rows[_i / 2].gets != 0);
	if (rows[_i / 2].gets) {
		struct lvs_dest_key dest = dest_of(family, rows[_i / 2].gets, 0);

		ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 0, &info));
		ck_assert_mem_eq(&info.dest, &dest.addr, sizeof(dest.addr));
		ck_assert_uint_eq(info.fwmark, rows[_i / 2].gets == MARK ? 7 : 0);
		ck_assert_uint_eq(info.dest_port, flow.dst_port);
	}
	close_world(&w);
}
END_TEST

/* From port 20 nothing is scheduled: that is a server's own data connection. */
START_TEST(test_from_data_port)
{
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 20, _i % 2 ? 3000 : 21);
	struct world w;

	build(&w, V4, FTP | EVERY | (_i / 2 ? STICKS : 0));
	ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_FTP_DATA);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 0);
	close_world(&w);
}
END_TEST

/* A filter means those of one service, by what it is known by. */
START_TEST(test_filter)
{
	static const unsigned services[] = {MARK, WEB, EVERY};
	struct lvs_conn_filter filter = {.size = sizeof(filter)};
	struct lvs_service_key key;
	struct lvs_flow flow;
	struct world w;

	build(&w, V4, MARK | WEB | EVERY | STICKS);
	filter.service = &key;
	for (unsigned i = 0; i < 6; i++) {
		w.mark = i < 2 ? 7 : 0;
		flow = flow_of(V4, LVS_TCP, i, 1000, i < 4 ? 80 : 90 + i);
		ck_assert_int_eq(push(&w, &flow, SYN), LVS_REASON_SCHEDULED);
	}
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 12);
	key = key_of(V4, services[_i]);
	/* The templates first: what they control goes on. */
	filter.flags = LVS_CONN_FILTER_TEMPLATES;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 2);
	ck_assert_uint_eq(templates_n(&w), 4);
	ck_assert_uint_eq(conns_n(&w), 6);
	rig_check(w.director);
	filter.flags = 0;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), 2);
	ck_assert_uint_eq(conns_n(&w), 4);
	ck_assert_uint_eq(lvs_director_conn_n(w.director), 8);
	filter.flags = 4;
	ck_assert_int_eq(lvs_director_kill_conns(w.director, &filter), LVS_ERR_INVALID);
	close_world(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ports");

	tcase_add_loop_test(tcase, test_match, 0, 2 * (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tcase, test_from_data_port, 0, 4);
	tcase_add_loop_test(tcase, test_filter, 0, 3);
	return unit_run("ports", tcase);
}
