/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as an export of connections, into a director with four services: an error or not, it
 * agrees with itself, what is counted is there, and what it then exports can be imported again.
 *
 *	0 settings: bits 0..1 shards, 2 another clock, 3 a small table, 4 fed in small pieces
 *	then the stream
 */
#include <string.h>

#include <liblvs/liblvs.h>

#include "base/byteorder.h"

#include "fuzz.h"

#define NOW ((uint64_t)1000 * 1000000000)

static union lvs_addr addr(unsigned family, unsigned net, unsigned host)
{
	union lvs_addr addr = {.byte = {10, 0, (uint8_t)net, (uint8_t)host}};

	if (family == LVS_INET6) {
		memset(&addr, 0, sizeof(addr));
		addr.byte[0] = 0xfd;
		addr.byte[13] = (uint8_t)net;
		addr.byte[15] = (uint8_t)host;
	}
	return addr;
}

static const struct {
	uint8_t family;
	uint8_t protocol;
	uint16_t port;
	uint32_t mark;
	uint32_t flags;
	enum lvs_method method;
	const char *pe;
} rows[] = {
	{LVS_INET, LVS_TCP, 21, 0, LVS_SERVICE_PERSISTENT, LVS_METHOD_NAT, NULL},
	{LVS_INET, LVS_UDP, 5060, 0, LVS_SERVICE_PERSISTENT, LVS_METHOD_DR, "sip"},
	{LVS_INET6, LVS_SCTP, 80, 0, 0, LVS_METHOD_NAT, NULL},
	{LVS_INET, 0, 0, 7, LVS_SERVICE_PERSISTENT, LVS_METHOD_TUNNEL, NULL},
};

static void add(struct lvs_txn *txn, unsigned i)
{
	struct lvs_service_key key = {.family = rows[i].family, .fwmark = rows[i].mark};
	struct lvs_service_conf conf = {.size = sizeof(conf),
					.flags = rows[i].flags,
					.timeout_s = 60,
					.netmask = rows[i].flags ? 0xffffffff : 128,
					.pe = rows[i].pe ? lvs_pe_find(rows[i].pe) : NULL};
	struct lvs_dest_conf dest_conf = {.size = sizeof(dest_conf),
					  .method = (uint32_t)rows[i].method,
					  .weight = 1,
					  .upper = 3};
	struct lvs_dest_key dest = {.family = rows[i].family, .port = lvs_htons(rows[i].port)};

	dest.addr = addr(rows[i].family, 1, 1);
	if (!rows[i].mark) {
		key.addr = addr(rows[i].family, 0, 1 + i);
		key.port = lvs_htons(rows[i].port);
		key.protocol = rows[i].protocol;
	}
	FUZZ_CHECK(lvs_txn_add_service(txn, &key, &conf) == 0);
	FUZZ_CHECK(lvs_txn_add_dest(txn, &key, &dest, &dest_conf) == 0);
}

static struct lvs_director *make(unsigned bits)
{
	struct lvs_settings settings = {.size = sizeof(settings),
					.shards = 1u << (bits & 3),
					.max_conns = bits & 8 ? 3 : 1024,
					.events = 8};
	struct lvs_director *director;
	struct lvs_txn *txn;

	FUZZ_CHECK(lvs_director_new(&settings, &director) == 0);
	FUZZ_CHECK(lvs_txn_begin(director, &txn) == 0);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(txn, i);
	FUZZ_CHECK(lvs_txn_commit(txn) == 0);
	return director;
}

static void check(struct lvs_director *director)
{
	const char *fault;

	if (lvs_director_check(director, &fault))
		fprintf(stderr, "%s\n", fault);
	FUZZ_CHECK(!fault);
}

/* In pieces of @p piece bytes more each. */
static struct lvs_import_report feed(struct lvs_director *director, const uint8_t *data,
				     size_t size, size_t piece, uint32_t flags)
{
	struct lvs_import_conf conf = {.size = sizeof(conf), .flags = flags, .now_ns = NOW};
	struct lvs_import_report report = {.size = sizeof(report)};
	struct lvs_import *import;
	size_t at = 0, end = 0;
	int64_t n = 0;

	FUZZ_CHECK(lvs_import_new(director, &conf, &import) == 0);
	while (end < size && n >= 0) {
		end = size - end < piece ? size : end + piece;
		n = lvs_import_feed(import, data + at, end - at);
		FUZZ_CHECK(n <= (int64_t)(end - at));
		at += n > 0 ? (size_t)n : 0;
	}
	FUZZ_CHECK(!lvs_import_error(import)[0] == (n != LVS_ERR_FORMAT));
	FUZZ_CHECK(lvs_import_get_report(import, &report) == 0);
	/* Those before what was wrong are told of there alone. */
	FUZZ_CHECK(n < 0 ? report.bytes >= at : report.bytes == at);
	lvs_import_del(import);
	return report;
}

/* Those that can be found; one that has ended and controls others counts besides. */
static uint64_t count(const struct lvs_director *director)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};
	uint64_t n = 0;

	while (lvs_director_next_conn(director, NULL, &cursor, &info) == 1)
		n++;
	return n;
}

/* Whatever is there now goes out and into another one, whole. */
static void round_trip(struct lvs_director *director)
{
	static uint8_t data[1 << 19];
	struct lvs_director *other = make(2);
	struct lvs_import_report report;
	struct lvs_export *export;
	size_t len = 0;
	int64_t n;

	FUZZ_CHECK(lvs_export_new(director, 1, &export) == 0);
	while ((n = lvs_export_read(export, data + len, sizeof(data) - len)) > 0)
		len += (size_t)n;
	FUZZ_CHECK(n == 0);
	lvs_export_del(export);
	report = feed(other, data, len, len, LVS_IMPORT_SAME_CLOCK);
	FUZZ_CHECK(report.complete);
	FUZZ_CHECK(report.taken == count(director));
	check(other);
	lvs_director_del(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned bits = size ? data[0] : 0;
	struct lvs_director *director;
	struct lvs_import_report report;
	uint8_t *copy;

	if (size < 1 || size > 1 << 16)
		return 0;
	copy = fuzz_copy(data + 1, size - 1);
	director = make(bits);
	report = feed(director, copy, size - 1, bits & 0x10 ? 7 : size,
		      bits & 4 ? 0 : LVS_IMPORT_SAME_CLOCK);
	FUZZ_CHECK(lvs_director_conn_n(director) <= report.taken);
	check(director);
	round_trip(director);
	check(director);
	lvs_director_del(director);
	free(copy);
	return 0;
}
