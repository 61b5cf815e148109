/* SPDX-License-Identifier: BSD-2-Clause */
/* What lvsd tells Prometheus: every line once, whole, however it is read; names that need escapes.
 */
#include "web/metrics.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { SERVICES = 300, TEXT = 4 << 20 };

static char whole[TEXT], pieces[TEXT];

static void add(struct lvs_txn *txn, struct lvs_service_key *key, unsigned dests)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("rr")};
	struct lvs_dest_conf dest = {.size = sizeof(dest), .weight = 7};
	struct lvs_dest_key to = {.family = LVS_INET, .port = key->port};

	conf.netmask = key->family == LVS_INET6 ? 128 : UINT32_MAX;
	dest.method = LVS_METHOD_NAT;
	ck_assert_int_eq(lvs_txn_add_service(txn, key, &conf), 0);
	for (unsigned i = 0; i < dests; i++) {
		to.addr.byte[0] = 10;
		to.addr.byte[3] = (uint8_t)(i + 1);
		ck_assert_int_eq(lvs_txn_add_dest(txn, key, &to, &dest), 0);
	}
}

/* Services with two servers, one without any, and marks of both families. */
static struct lvs_director *make(unsigned services)
{
	struct lvs_service_key key = {.family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_service_key mark = {.family = LVS_INET, .fwmark = 9};
	struct lvs_director *director;
	struct lvs_txn *txn;

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	for (unsigned i = 0; i < services; i++) {
		key.addr.byte[0] = 192;
		key.addr.byte[3] = 1;
		key.port = htons((uint16_t)(i + 1));
		add(txn, &key, i ? 2 : 0);
	}
	add(txn, &mark, 1);
	mark.family = LVS_INET6;
	add(txn, &mark, 0);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	return director;
}

static size_t read_by(const struct lvs_director *director, char *text, size_t step)
{
	struct metrics_source source = {
		.director = director, .adapter = "packet", .conns_max = 5, .started_s = 1};
	static struct metrics metrics;
	size_t at = 0, n;

	metrics_begin(&metrics, &source);
	while ((n = metrics_read(&metrics, text + at, step)) > 0) {
		ck_assert_uint_le(n, step);
		at += n;
		ck_assert_uint_lt(at + step, TEXT);
	}
	ck_assert_uint_eq(metrics_read(&metrics, text + at, step), 0);
	text[at] = 0;
	return at;
}

static const size_t steps[] = {1, 7, 1000, 16384};

START_TEST(test_pieces)
{
	struct lvs_director *director = make(SERVICES);
	size_t len = read_by(director, whole, 65536);

	ck_assert_uint_eq(read_by(director, pieces, steps[_i]), len);
	ck_assert_mem_eq(whole, pieces, len);
	lvs_director_del(director);
}
END_TEST

static unsigned count(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

START_TEST(test_lines)
{
	struct lvs_director *director = make(SERVICES);

	read_by(director, whole, 4096);
	ck_assert_uint_eq(count(whole, "\nlvs_service_connections_total{"), SERVICES + 2);
	ck_assert_uint_eq(count(whole, "\nlvs_backend_weight{"), (SERVICES - 1) * 2 + 1);
	ck_assert_uint_eq(count(whole, "\nlvs_packets_total{"), LVS_REASON_N);
	ck_assert_uint_eq(count(whole, "# HELP "), count(whole, "# TYPE "));
	ck_assert_ptr_nonnull(strstr(
		whole,
		"\nlvs_backend_weight{family=\"ipv4\",local_address=\"\",local_mark=\"9\",local_"
		"port=\"\",proto=\"\",remote_address=\"10.0.0.1\",remote_port=\"0\"} 7\n"));
	ck_assert_ptr_nonnull(strstr(whole, "\nlvs_table_connections_max 5\n"));
	lvs_director_del(director);
}
END_TEST

/* Services that go while they are told of. */
START_TEST(test_removed)
{
	struct lvs_director *director = make(SERVICES);
	struct metrics_source source = {.director = director, .adapter = "packet"};
	struct lvs_service_key key = {.family = LVS_INET, .protocol = LVS_TCP};
	static struct metrics metrics;
	struct lvs_txn *txn;
	size_t n = 1;

	metrics_begin(&metrics, &source);
	while (n && !(metrics.in_service && metrics.services.position[0]))
		n = metrics_read(&metrics, whole, 64);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	key.addr.byte[0] = 192;
	key.addr.byte[3] = 1;
	for (unsigned i = 0; i < SERVICES; i++) {
		key.port = htons((uint16_t)(i + 1));
		ck_assert_int_eq(lvs_txn_del_service(txn, &key), 0);
	}
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	while (n)
		n = metrics_read(&metrics, whole, 4096);
	lvs_director_del(director);
}
END_TEST

static const struct {
	const char *text;
	const char *escaped;
} labels[] = {
	{"", ""},
	{"eth0", "eth0"},
	{"a\"b", "a\\\"b"},
	{"a\\b", "a\\\\b"},
	{"a\nb", "a\\nb"},
	{"0123456789abcdef", "0123456789abcde"}, /* cut */
	{"0123456789abcd\"e", "0123456789abcd"}, /* not within an escape */
};

START_TEST(test_escape)
{
	char out[16];

	ck_assert_str_eq(metrics_escape(out, sizeof(out), labels[_i].text), labels[_i].escaped);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("lvsd_metrics");

	tcase_add_loop_test(tcase, test_pieces, 0, (int)(sizeof(steps) / sizeof(steps[0])));
	tcase_add_loop_test(tcase, test_escape, 0, (int)(sizeof(labels) / sizeof(labels[0])));
	tcase_add_test(tcase, test_lines);
	tcase_add_test(tcase, test_removed);
	return unit_run("lvsd_metrics", tcase);
}
