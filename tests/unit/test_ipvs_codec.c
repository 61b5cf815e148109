/* SPDX-License-Identifier: BSD-2-Clause */
/* Control messages: each attribute there and back, bytes as they are on the wire, what is wrong. */
#include <liblvs/ipvs.h>

#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#define ALL(attr) (LVS_IPVS_BIT((attr) + 1) - LVS_IPVS_BIT(1))

static uint32_t buffer[2048];

/* A number for each byte of what the message has. */
static void fill(void *bytes, size_t len, uint8_t first)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = (uint8_t)(first + i);
}

static struct lvs_ipvs_message decode(const void *data, size_t len, int expected)
{
	struct lvs_ipvs_message message = {.size = sizeof(message)};
	int error;

	ck_assert_uint_eq(lvs_ipvs_decode(data, len, LVS_IPVS_FAMILY, &message, &error), len);
	ck_assert_int_eq(error, expected);
	return message;
}

/* What comes back is the same, byte by byte. */
static void there_and_back(struct lvs_ipvs_message *message)
{
	struct lvs_ipvs_message back;
	size_t len;

	message->seq = 7;
	message->port = 8;
	message->version = 1;
	len = lvs_ipvs_encode(buffer, sizeof(buffer), message);
	ck_assert_uint_gt(len, 0);
	back = decode(buffer, len, 0);
	message->type = back.type;
	ck_assert_mem_eq(&back, message,
			 offsetof(struct lvs_ipvs_message, conn) + sizeof(back.conn));
	/* One byte too few is too few. */
	for (size_t size = 0; size < len; size++)
		ck_assert_uint_eq(lvs_ipvs_encode(buffer, size, message), 0);
}

static void fill_stats(struct lvs_ipvs_stats *stats)
{
	fill(stats, sizeof(*stats), 1);
	stats->given = ALL(IPVS_STATS_ATTR_OUTBPS);
	stats->reserved = 0;
}

static struct lvs_ipvs_message full_service(void)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_IPVS};
	struct lvs_ipvs_service *service = &message.service;

	message.command = IPVS_CMD_NEW_SERVICE;
	message.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_SERVICE);
	service->given = ALL(IPVS_SVC_ATTR_STATS64);
	fill(&service->family, offsetof(struct lvs_ipvs_service, reserved) - 4, 3);
	strcpy(service->sched, "fifteen-letters");
	strcpy(service->pe, "sixteen--letters");
	fill_stats(&service->stats);
	return message;
}

START_TEST(service_there_and_back)
{
	struct lvs_ipvs_message message = full_service();

	there_and_back(&message);
}
END_TEST

START_TEST(dest_there_and_back)
{
	struct lvs_ipvs_message message = full_service();
	struct lvs_ipvs_dest *dest = &message.dest;

	message.command = IPVS_CMD_NEW_DEST;
	message.given |= LVS_IPVS_BIT(IPVS_CMD_ATTR_DEST);
	dest->given = ALL(IPVS_DEST_ATTR_TUN_FLAGS);
	fill(&dest->family, offsetof(struct lvs_ipvs_dest, reserved) - 4, 3);
	fill_stats(&dest->stats);
	there_and_back(&message);
}
END_TEST

START_TEST(daemon_there_and_back)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_IPVS};

	message.command = IPVS_CMD_NEW_DAEMON;
	message.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_DAEMON);
	fill(&message.daemon, offsetof(struct lvs_ipvs_daemon, reserved), 3);
	message.daemon.given = ALL(IPVS_DAEMON_ATTR_MCAST_TTL);
	strcpy(message.daemon.interface, "fifteen-letters");
	there_and_back(&message);
}
END_TEST

START_TEST(config_and_info_there_and_back)
{
	struct lvs_ipvs_message config = {.size = sizeof(config), .kind = LVS_IPVS_IPVS};
	struct lvs_ipvs_message info = config;

	config.command = IPVS_CMD_SET_CONFIG;
	config.given = LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_TCP) |
		       LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN) |
		       LVS_IPVS_BIT(IPVS_CMD_ATTR_TIMEOUT_UDP);
	config.tcp_s = 1;
	config.tcp_fin_s = 2;
	config.udp_s = 3;
	there_and_back(&config);

	info.command = IPVS_CMD_SET_INFO;
	info.info_given = ALL(IPVS_INFO_ATTR_CONN_TAB_SIZE);
	info.ipvs_version = IP_VS_VERSION_CODE;
	info.conn_tab_size = 4096;
	there_and_back(&info);
}
END_TEST

START_TEST(own_there_and_back)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_OWN};

	message.command = LVS_IPVS_GET_CONN;
	message.given = ALL(LVS_IPVS_ATTR_REMOVED);
	fill(&message.flags,
	     offsetof(struct lvs_ipvs_message, reserved2) -
		     offsetof(struct lvs_ipvs_message, flags),
	     1);
	message.count = UINT64_C(0x123456789abcdef0);
	strcpy(message.name, "ip_vs_conn");
	message.service = full_service().service;
	message.dest.given = LVS_IPVS_BIT(IPVS_DEST_ATTR_PORT);
	message.dest.port = htons(80);
	fill(&message.conn, offsetof(struct lvs_ipvs_conn, reserved), 1);
	message.conn.given = ALL(LVS_IPVS_CONN_ACTIVE);
	strcpy(message.conn.state, "ESTABLISHED");
	strcpy(message.conn.pe, "sip");
	memset(message.conn.pe_data, 'x', LVS_PE_DATA);
	there_and_back(&message);
}
END_TEST

START_TEST(family_there_and_back)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_CTRL};

	message.command = CTRL_CMD_NEWFAMILY;
	message.family = (struct lvs_ipvs_family){
		.given = LVS_IPVS_BIT(CTRL_ATTR_FAMILY_ID) | LVS_IPVS_BIT(CTRL_ATTR_FAMILY_NAME),
		.id = LVS_IPVS_FAMILY,
		.name = "IPVS",
	};
	there_and_back(&message);
}
END_TEST

START_TEST(text_points_into_the_datagram)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_OWN};
	struct lvs_ipvs_message back;
	size_t len;

	message.command = LVS_IPVS_GET_TEXT;
	message.given = LVS_IPVS_BIT(LVS_IPVS_ATTR_TEXT);
	message.text = "a line\n";
	message.text_len = 7;
	len = lvs_ipvs_encode(buffer, sizeof(buffer), &message);
	back = decode(buffer, len, 0);
	ck_assert_uint_eq(back.text_len, 7);
	ck_assert_mem_eq(back.text, "a line\n", 7);
	ck_assert(back.text > (char *)buffer && back.text < (char *)buffer + len);
}
END_TEST

START_TEST(error_with_a_sentence)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_ERROR};
	struct lvs_ipvs_message back;
	size_t len;

	message.error = -ESRCH;
	message.of_type = LVS_IPVS_FAMILY;
	message.of_flags = 5;
	message.bad_attr = 24;
	message.seq = 9;
	message.text = "no such service";
	message.text_len = 15;
	len = lvs_ipvs_encode(buffer, sizeof(buffer), &message);
	back = decode(buffer, len, 0);
	ck_assert_int_eq(back.kind, LVS_IPVS_ERROR);
	ck_assert_int_eq(back.error, -ESRCH);
	ck_assert_uint_eq(back.of_type, LVS_IPVS_FAMILY);
	ck_assert_uint_eq(back.of_flags, 5);
	ck_assert_uint_eq(back.bad_attr, 24);
	ck_assert_uint_eq(back.seq, 9);
	ck_assert_uint_eq(back.text_len, 15);
	ck_assert_mem_eq(back.text, "no such service", 16);
}
END_TEST

/* A kernel's error, which repeats the request before it says why. */
START_TEST(error_that_repeats_the_request)
{
	static const uint8_t bytes[] =
		{
			0x4c, 0,    0,    0,    2,    0,   0,   2,   9,   0,   0,   0,
			1,    0,    0,    0,    /* error, with TLVs */
			0xea, 0xff, 0xff, 0xff, /* -EINVAL */
			0x18, 0,    0,    0,    0x21, 0,   5,   0,   9,   0,   0,   0,
			0,    0,    0,    0,                       /* the request */
			1,    1,    0,    0,    4,    0,   1,   0, /* and its body */
			0x0d, 0,    1,    0,    'b',  'a', 'd', ' ', 'l', 'u', 'c', 'k',
			0,    0,    0,    0,    8,    0,   2,   0,   20,  0,   0,   0,
		};
	struct lvs_ipvs_message message;

	memcpy(buffer, bytes, sizeof(bytes));
	((uint8_t *)buffer)[0] = sizeof(bytes);
	message = decode(buffer, sizeof(bytes), 0);
	ck_assert_int_eq(message.error, -EINVAL);
	ck_assert_uint_eq(message.text_len, 8);
	ck_assert_mem_eq(message.text, "bad luck", 8);
	ck_assert_uint_eq(message.bad_attr, 20);
}
END_TEST

/* An attribute of SERVICE alone, in a message to IPVS. */
static const struct {
	const char *name;
	int error;
	uint8_t len; /* of the attribute with its header */
	uint8_t attr;
	uint8_t bytes[20];
} wrong[] = {
	{"family of one byte", -EINVAL, 5, IPVS_SVC_ATTR_AF, {2}},
	{"mark of three", -EINVAL, 7, IPVS_SVC_ATTR_FWMARK, {1, 2, 3}},
	{"no flags", -EINVAL, 8, IPVS_SVC_ATTR_FLAGS, {1, 2, 3, 4}},
	{"address of seventeen", -EINVAL, 21, IPVS_SVC_ATTR_ADDR, {1}},
	{"scheduler without end", -EINVAL, 8, IPVS_SVC_ATTR_SCHED_NAME, {'a', 'b', 'c', 'd'}},
	{"scheduler of sixteen", -EINVAL, 21, IPVS_SVC_ATTR_SCHED_NAME, "abcdefghijklmnop"},
	{"nothing is no string", -EINVAL, 4, IPVS_SVC_ATTR_SCHED_NAME, {0}},
	{"statistics of one byte", -EINVAL, 9, IPVS_SVC_ATTR_STATS, {5, 0, 1, 0, 1}},
	{"unknown is passed over", 0, 5, 99, {1}},
	{"longer is cut", 0, 12, IPVS_SVC_ATTR_AF, {2, 0, 1, 1, 1}},
	{"longer than it all ends it", 0, 60, IPVS_SVC_ATTR_AF, {2}},
	{"shorter than its header too", 0, 3, IPVS_SVC_ATTR_AF, {2}},
};

START_TEST(what_is_wrong_is_named)
{
	uint8_t *byte = (uint8_t *)buffer;
	struct lvs_ipvs_message message;

	memset(buffer, 0, 64);
	byte[0] = 48; /* 16, 4, a nest's 4, 24 */
	byte[4] = LVS_IPVS_FAMILY;
	byte[16] = IPVS_CMD_NEW_SERVICE;
	byte[20] = 28;
	byte[22] = IPVS_CMD_ATTR_SERVICE;
	byte[24] = wrong[_i].len;
	byte[26] = wrong[_i].attr;
	memcpy(byte + 28, wrong[_i].bytes, sizeof(wrong[_i].bytes));
	message = decode(buffer, 48, wrong[_i].error);
	ck_assert_msg(wrong[_i].error ? message.text_len > 0 : !message.text_len, "%s",
		      wrong[_i].name);
	ck_assert_int_eq(message.command, IPVS_CMD_NEW_SERVICE);
	if (wrong[_i].error)
		ck_assert_msg(message.bad_attr == 24 || message.bad_attr == 28, "%s",
			      wrong[_i].name);
}
END_TEST

/* Several messages one behind the other; the last has no padding. */
START_TEST(a_datagram_of_several)
{
	struct lvs_ipvs_message message = {.size = sizeof(message), .kind = LVS_IPVS_IPVS};
	size_t len = 0, at = 0;
	unsigned n = 0;
	int error;

	message.command = IPVS_CMD_FLUSH;
	for (unsigned i = 0; i < 3; i++) {
		message.seq = i;
		len += lvs_ipvs_encode((char *)buffer + len, sizeof(buffer) - len, &message);
	}
	while (at < len) {
		size_t step = lvs_ipvs_decode((char *)buffer + at, len - at, LVS_IPVS_FAMILY,
					      &message, &error);
		ck_assert_uint_eq(step, 20);
		ck_assert_uint_eq(message.seq, n++);
		at += step;
	}
	ck_assert_uint_eq(n, 3);
	/* A message that says it is longer, or shorter than a header, is none. */
	ck_assert_uint_eq(lvs_ipvs_decode(buffer, 19, LVS_IPVS_FAMILY, &message, &error), 0);
	buffer[0] = 15;
	ck_assert_uint_eq(lvs_ipvs_decode(buffer, 20, LVS_IPVS_FAMILY, &message, &error), 0);
}
END_TEST

/* The same nest once more: nothing of the first is left. */
START_TEST(a_nest_twice)
{
	struct lvs_ipvs_message message = full_service();
	size_t len = lvs_ipvs_encode(buffer, sizeof(buffer), &message);
	const uint16_t second[] = {12, IPVS_CMD_ATTR_SERVICE, 8, IPVS_SVC_ATTR_FWMARK, 7, 0};

	memcpy((char *)buffer + len, second, sizeof(second));
	buffer[0] = (uint32_t)len + 12;
	message = decode(buffer, len + 12, 0);
	ck_assert_uint_eq(message.service.given, LVS_IPVS_BIT(IPVS_SVC_ATTR_FWMARK));
	ck_assert_uint_eq(message.service.fwmark, 7);
	ck_assert_uint_eq(message.service.port, 0);
	ck_assert_str_eq(message.service.sched, "");
}
END_TEST

/* A program that was built with an earlier, smaller structure. */
START_TEST(a_smaller_structure)
{
	struct lvs_ipvs_message message = full_service();
	size_t len = lvs_ipvs_encode(buffer, sizeof(buffer), &message);
	int error;

	memset(&message, 0xee, sizeof(message));
	message.size = offsetof(struct lvs_ipvs_message, dest);
	ck_assert_uint_eq(lvs_ipvs_decode(buffer, len, LVS_IPVS_FAMILY, &message, &error), len);
	ck_assert_uint_eq(message.size, offsetof(struct lvs_ipvs_message, dest));
	ck_assert_str_eq(message.service.sched, "fifteen-letters");
	ck_assert_uint_eq(message.dest.given, 0xeeeeeeee);
	ck_assert_uint_eq(lvs_ipvs_encode(buffer, sizeof(buffer), &message), len);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ipvs_codec");

	tcase_add_test(tcase, service_there_and_back);
	tcase_add_test(tcase, dest_there_and_back);
	tcase_add_test(tcase, daemon_there_and_back);
	tcase_add_test(tcase, config_and_info_there_and_back);
	tcase_add_test(tcase, own_there_and_back);
	tcase_add_test(tcase, family_there_and_back);
	tcase_add_test(tcase, text_points_into_the_datagram);
	tcase_add_test(tcase, error_with_a_sentence);
	tcase_add_test(tcase, error_that_repeats_the_request);
	tcase_add_loop_test(tcase, what_is_wrong_is_named, 0,
			    (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(tcase, a_datagram_of_several);
	tcase_add_test(tcase, a_nest_twice);
	tcase_add_test(tcase, a_smaller_structure);
	return unit_run("ipvs_codec", tcase);
}
