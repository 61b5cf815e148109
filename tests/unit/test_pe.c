/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistence engines through a whole director: who sticks to what. */
#include "alloc_rig.h"
#include "pe_rig.h"

#define V4 LVS_INET
#define V6 LVS_INET6

static unsigned family_of(int i)
{
	return i ? V6 : V4;
}

START_TEST(test_sticks)
{
	unsigned family = family_of(_i);
	struct lvs_conn_info info;
	struct world w;
	unsigned a, b;

	open_sip(&w, family, LVS_SERVICE_PERSISTENT);
	a = call_from(&w, family, 1, 1000, "one");
	/* From whatever port. */
	ck_assert_uint_eq(call_from(&w, family, 1, 1001, "one"), a);
	/* Another call, another client: rr's turn. */
	b = call_from(&w, family, 1, 1002, "two");
	ck_assert_uint_ne(b, a);
	ck_assert_uint_ne(call_from(&w, family, 2, 1003, "one"), b);
	/* Upper and lower case differ. */
	ck_assert_uint_eq(templates_n(&w), 3);
	call_from(&w, family, 1, 1004, "One");
	ck_assert_uint_eq(templates_n(&w), 4);
	ck_assert_uint_eq(call_from(&w, family, 1, 1005, "two"), b);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.pe, "sip");
	ck_assert_str_eq(info.pe_data, "one");
	ck_assert(listed(&w, LVS_CONN_FILTER_NO_TEMPLATES, 0, &info));
	ck_assert_ptr_null(info.pe);
	ck_assert_str_eq(info.pe_data, "");
	close_world(&w);
}
END_TEST

/* What a service has no place for. */
START_TEST(test_nothing)
{
	unsigned family = family_of(_i);
	struct lvs_flow flow = flow_of(family, LVS_UDP, 1, 1000, SIP_PORT);
	struct world w;
	char text[128];

	open_sip(&w, family, LVS_SERVICE_PERSISTENT);
	ck_assert_int_eq(push_text(&w, &flow, "hello"), LVS_REASON_PE_NO_DATA);
	ck_assert_int_eq(push_text(&w, &flow, ""), LVS_REASON_PE_NO_DATA);
	ck_assert_uint_eq(templates_n(&w) + conns_n(&w), 0);
	make_text(&w.rig, &flow, call("one", text));
	w.rig.packet.linear_len = w.rig.packet.len - 1;
	lvs_worker_process(w.worker, &w.rig.packet, 1, w.now);
	ck_assert_int_eq(w.rig.packet.reason, LVS_REASON_NOT_LINEAR);
	/* A known connection's packets are not asked. */
	call_from(&w, family, 1, 1000, "one");
	ck_assert_int_eq(push_text(&w, &flow, "hello"), LVS_REASON_ESTABLISHED);
	ck_assert_int_eq(push_text(&w, &flow, call("two", text)), LVS_REASON_ESTABLISHED);
	close_world(&w);
}
END_TEST

/* By mark, of every port, TCP, and without persistence. */
START_TEST(test_services)
{
	struct lvs_service_key mark = service_of(V4, 0, 0, 7);
	struct lvs_service_key every = service_of(V4, LVS_UDP, 0, 0);
	struct lvs_service_key tcp = service_of(V4, LVS_TCP, SIP_PORT, 0);
	struct lvs_service_key plain = service_of(V4, LVS_UDP, 53, 0);
	struct lvs_flow flow = flow_of(V4, LVS_TCP, 1, 1000, SIP_PORT);
	const struct lvs_pe_ops *sip = lvs_pe_find("sip");
	struct world w;
	unsigned a;

	open_world(&w, NULL);
	set_engine(w.director, &mark, sip, LVS_SERVICE_PERSISTENT, HOST_MASK);
	set_engine(w.director, &every, sip, LVS_SERVICE_PERSISTENT, HOST_MASK);
	set_engine(w.director, &tcp, sip, LVS_SERVICE_PERSISTENT, HOST_MASK);
	set_engine(w.director, &plain, sip, 0, HOST_MASK);
	add_dests(&w, &mark, LVS_METHOD_DR, 0);
	add_dests(&w, &every, LVS_METHOD_DR, 0);
	add_dests(&w, &tcp, LVS_METHOD_DR, SIP_PORT);
	add_dests(&w, &plain, LVS_METHOD_DR, 53);
	ck_assert_int_eq(push_text(&w, &flow, ""), LVS_REASON_PE_NO_DATA);
	a = call_from(&w, V4, 1, 1000, "one");
	ck_assert_uint_ne(call_from(&w, V4, 1, 1001, "two"), a);
	flow.protocol = LVS_UDP;
	flow.dst_port = rig_port(53);
	ck_assert_int_eq(push_text(&w, &flow, "hello"), LVS_REASON_SCHEDULED);
	w.mark = 7;
	a = call_from(&w, V4, 1, 1002, "one");
	ck_assert_uint_eq(call_from(&w, V4, 1, 1003, "one"), a);
	flow.protocol = LVS_TCP;
	flow.src_port = rig_port(1004);
	ck_assert_int_eq(push_text(&w, &flow, ""), LVS_REASON_PE_NO_DATA);
	ck_assert_uint_eq(templates_n(&w), 3);
	close_world(&w);
}
END_TEST

/* The engine comes and goes: templates with and without data do not take each other's place. */
START_TEST(test_edit)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	unsigned with, without;
	struct world w;

	open_sip(&w, V4, LVS_SERVICE_PERSISTENT);
	with = call_from(&w, V4, 1, 1000, "one");
	ck_assert_int_eq(set_engine(w.director, &key, NULL, LVS_SERVICE_PERSISTENT, HOST_MASK), 0);
	without = call_from(&w, V4, 1, 1001, "one");
	ck_assert_uint_ne(with, without);
	ck_assert_uint_eq(call_from(&w, V4, 1, 1002, "two"), without);
	set_engine(w.director, &key, lvs_pe_find("sip"), LVS_SERVICE_PERSISTENT, HOST_MASK);
	ck_assert_uint_eq(call_from(&w, V4, 1, 1003, "one"), with);
	ck_assert_uint_eq(templates_n(&w), 2);
	close_world(&w);
}
END_TEST

/* Each datagram by itself: calls of one client, from one port, go different ways. */
START_TEST(test_once)
{
	struct lvs_flow flow = flow_of(V4, LVS_UDP, 1, 1000, SIP_PORT);
	struct world w;
	unsigned a, b;

	open_sip(&w, V4, LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET);
	a = call_from(&w, V4, 1, 1000, "one");
	b = call_from(&w, V4, 1, 1000, "two");
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(call_from(&w, V4, 1, 1000, "one"), a);
	ck_assert_uint_eq(call_from(&w, V4, 1, 1000, "two"), b);
	ck_assert_int_eq(push_text(&w, &flow, "hello"), LVS_REASON_PE_NO_DATA);
	ck_assert_uint_eq(conns_n(&w), 0);
	ck_assert_uint_eq(templates_n(&w), 2);
	close_world(&w);
}
END_TEST

/* Data go with their templates. */
START_TEST(test_ends)
{
	struct world w;
	char id[16];

	open_sip(&w, V4, LVS_SERVICE_PERSISTENT | LVS_SERVICE_ONE_PACKET);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 500; i++) {
			snprintf(id, sizeof(id), "call%u", i);
			call_from(&w, V4, 1, 1000, id);
			call_from(&w, V4, 1, 1000, id);
		}
		ck_assert_uint_eq(templates_n(&w), 500);
		rig_check(w.director);
		pass(&w, 101);
		ck_assert_uint_eq(templates_n(&w), 0);
		rig_check(w.director);
	}
	close_world(&w);
}
END_TEST

/* --- An engine of one's own: the first letter of each datagram, in upper or lower case --- */

static uint32_t fill_letter(const struct lvs_pe_packet *packet, uint8_t *data)
{
	if (packet->len == 0)
		return 0;
	memcpy(data, packet->data, packet->len < 3 ? packet->len : 3);
	return packet->data[0] == '!' ? LVS_PE_DATA + 1 : packet->len < 3 ? packet->len : 3;
}

static int match_letter(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	ck_assert(a_len && b_len);
	return (a[0] | 0x20) == (b[0] | 0x20);
}

static uint64_t hash_letter(const uint8_t *data, uint32_t len, const uint8_t key[16])
{
	ck_assert(len && key);
	return data[0] & 3; /* few, so that others are met */
}

static void show_letter(const uint8_t *data, uint32_t len, char *text, size_t size)
{
	snprintf(text, size, "%c of %u", data[0], len);
}

static const struct lvs_pe_ops letters = {.size = sizeof(letters),
					  .name = "letters",
					  .fill = fill_letter,
					  .match = match_letter,
					  .hash = hash_letter,
					  .show = show_letter};

static unsigned letter_from(struct world *w, unsigned port, const char *text)
{
	struct lvs_flow flow = flow_of(V4, LVS_UDP, 1, port, SIP_PORT);

	ck_assert_int_eq(push_text(w, &flow, text), LVS_REASON_SCHEDULED);
	return got_by(w, V4);
}

START_TEST(test_own)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct lvs_flow flow = flow_of(V4, LVS_UDP, 1, 1, SIP_PORT);
	struct lvs_conn_info info;
	unsigned a, e;
	struct world w;

	open_world(&w, NULL);
	ck_assert_int_eq(set_engine(w.director, &key, &letters, LVS_SERVICE_PERSISTENT, HOST_MASK),
			 0);
	add_dests(&w, &key, LVS_METHOD_DR, SIP_PORT);
	a = letter_from(&w, 1000, "abcd");
	e = letter_from(&w, 1001, "e");
	ck_assert_uint_ne(a, e);
	ck_assert_uint_eq(letter_from(&w, 1002, "Axxxx"), a);
	ck_assert_uint_eq(letter_from(&w, 1003, "E"), e);
	ck_assert_uint_eq(templates_n(&w), 2);
	ck_assert(template_at(&w, 0, &info));
	ck_assert_str_eq(info.pe, "letters");
	ck_assert_str_eq(info.pe_data, "a of 3");
	/* More than fits is nothing. */
	ck_assert_int_eq(push_text(&w, &flow, "!"), LVS_REASON_PE_NO_DATA);
	close_world(&w);
}
END_TEST

START_TEST(test_refused)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct lvs_pe_ops bad = letters;
	struct world w;

	open_world(&w, NULL);
	bad.size = 8;
	ck_assert_int_eq(set_engine(w.director, &key, &bad, 0, 0), LVS_ERR_INVALID);
	bad = letters;
	bad.name = NULL;
	ck_assert_int_eq(set_engine(w.director, &key, &bad, 0, 0), LVS_ERR_INVALID);
	bad = letters;
	bad.fill = NULL;
	ck_assert_int_eq(set_engine(w.director, &key, &bad, 0, 0), LVS_ERR_INVALID);
	close_world(&w);
}
END_TEST

/* The k-th allocation failing, for packets and for control calls. */
START_TEST(test_memory)
{
	struct lvs_service_key key = service_of(V4, LVS_UDP, SIP_PORT, 0);
	struct lvs_settings settings;
	struct alloc_rig alloc;
	unsigned failures = 0;

	for (unsigned k = 1;; k++) {
		struct lvs_flow flow = flow_of(V4, LVS_UDP, 1, 1000, SIP_PORT);
		enum lvs_reason reason;
		struct world w;
		char text[128];

		alloc = (struct alloc_rig){0};
		lvs_settings_init(&settings);
		settings.alloc = alloc_rig(&alloc);
		open_world(&w, &settings);
		ck_assert_int_eq(set_engine(w.director, &key, lvs_pe_find("sip"),
					    LVS_SERVICE_PERSISTENT, HOST_MASK),
				 0);
		add_dests(&w, &key, LVS_METHOD_NAT, SIP_PORT);
		alloc.fail_at = k;
		reason = push_text(&w, &flow, call("one", text));
		alloc.fail_at = 0;
		ck_assert(reason == LVS_REASON_NO_MEMORY || reason == LVS_REASON_SCHEDULED);
		failures += reason == LVS_REASON_NO_MEMORY;
		rig_check(w.director);
		if (reason == LVS_REASON_NO_MEMORY)
			call_from(&w, V4, 1, 1000, "one");
		ck_assert_uint_le(templates_n(&w), 1);
		close_world(&w);
		ck_assert_uint_eq(alloc.live_n, 0);
		if (!alloc.failed)
			break;
	}
	ck_assert_uint_gt(failures, 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pe");

	tcase_add_loop_test(tcase, test_sticks, 0, 2);
	tcase_add_loop_test(tcase, test_nothing, 0, 2);
	tcase_add_test(tcase, test_services);
	tcase_add_test(tcase, test_edit);
	tcase_add_test(tcase, test_once);
	tcase_add_test(tcase, test_ends);
	tcase_add_test(tcase, test_own);
	tcase_add_test(tcase, test_refused);
	tcase_add_test(tcase, test_memory);
	return unit_run("pe", tcase);
}
