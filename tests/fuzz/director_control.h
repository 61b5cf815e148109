/* SPDX-License-Identifier: BSD-2-Clause */
/* The control calls of fuzz_director.c. */
#ifndef LVS_TESTS_FUZZ_DIRECTOR_CONTROL_H
#define LVS_TESTS_FUZZ_DIRECTOR_CONTROL_H

#include "director_bench.h"
#include "director_talk.h"
#include "sched/least.h"

/* An engine whose data match and collide more than their bytes do. */
static inline uint32_t letters_fill(const struct lvs_pe_packet *packet, uint8_t *data)
{
	if (packet->len == 0)
		return 0;
	data[0] = packet->data[0];
	memset(data + 1, 0x5a, LVS_PE_DATA - 1);
	return packet->data[0] & 0x40 ? LVS_PE_DATA + 1 : packet->data[packet->len - 1];
}

static inline int letters_match(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len)
{
	FUZZ_CHECK(a_len && b_len);
	return (a[0] & 7) == (b[0] & 7);
}

static inline uint64_t letters_hash(const uint8_t *data, uint32_t len, const uint8_t key[16])
{
	FUZZ_CHECK(len && key);
	return data[0] & 1;
}

static inline int letters_out(const struct lvs_pe_packet *packet)
{
	return packet->len & 1;
}

/* Of 3: one without persistence. */
static inline void set_engine(struct lvs_service_conf *conf, unsigned which)
{
	static const struct lvs_pe_ops letters = {.size = sizeof(letters),
						  .name = "letters",
						  .fill = letters_fill,
						  .match = letters_match,
						  .hash = letters_hash,
						  .conn_out = letters_out};

	if (which)
		conf->pe = which == 2 ? &letters : lvs_pe_find("sip");
	if (which == 3)
		conf->flags &= ~(uint32_t)LVS_SERVICE_PERSISTENT;
}

static inline void make_persistent(struct input *in, const struct lvs_service_key *key,
				   struct lvs_service_conf *conf)
{
	static const uint32_t masks[4] = {0xffffffff, 0xfeffffff, 0, 0x00ffffff};
	static const uint32_t prefixes[4] = {128, 127, 1, 0};
	static const uint32_t timeouts[8] = {0, 1, 10, 60, 61, 300, 1000, UINT32_MAX};
	unsigned bits = take(in);

	conf->flags |= LVS_SERVICE_PERSISTENT;
	conf->netmask = key->family == LVS_INET6 ? prefixes[bits & 3] : masks[bits & 3];
	conf->timeout_s = timeouts[bits >> 2 & 7];
	set_engine(conf, bits >> 5 & 3);
}

/* wlc as it is with many destinations, whatever their number. */
static inline size_t kept_size(const struct lvs_sched_set *set)
{
	return lvs_least_size(set->dest_n);
}

LVS_LEAST_SCHED_FUNCTIONS(kept, lvs_least_by_load)

static inline const struct lvs_sched_ops *sched_of(const char *name)
{
	static const struct lvs_sched_ops kept = {.size = sizeof(kept),
						  .name = "kept",
						  .state_size = kept_size,
						  .build = kept_build,
						  .pick = kept_pick,
						  .moved = kept_moved,
						  .check = kept_check};

	return strcmp(name, kept.name) == 0 ? &kept : lvs_sched_find(name);
}

static inline void change_service(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	static const char *const scheds[2][8] = {
		{"rr", "wlc", "wrr", "lc", "sh", "mh", "kept", "mh"},
		{"sed", "nq", "fo", "ovf", "dh", "twos", "lblc", "lblcr"},
	};
	struct lvs_service_key key = service_key((bits & 31) % SERVICES);
	unsigned flags = take(&bench->in);
	struct lvs_service_conf conf = {
		.size = sizeof(conf),
		.sched = sched_of(scheds[flags & 1][bits >> 5]),
	};

	conf.flags = flags & (LVS_SERVICE_ONE_PACKET | LVS_SCHED_FLAG1 | LVS_SCHED_FLAG2);
	if (flags & 0x2)
		make_persistent(&bench->in, &key, &conf);
	if (flags & 0x20)
		conf.flags |= LVS_SERVICE_MSS_CLAMP;
	if (flags & 0x80)
		lvs_txn_edit_service(txn, &key, &conf);
	else if (flags & 0x40)
		lvs_txn_add_service(txn, &key, &conf);
	else
		lvs_txn_set_service(txn, &key, &conf);
}

static inline void change_dest(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	struct lvs_service_key service = service_key((bits & 7) % SERVICES);
	struct lvs_dest_key key = dest_key(take(&bench->in));
	unsigned conf_bits = take(&bench->in);
	struct lvs_dest_conf conf = {
		.size = sizeof(conf),
		.method = conf_bits & 3,
		.weight = conf_bits >> 2 & 3,
		.upper = conf_bits >> 4 & 3,
		.lower = conf_bits >> 6,
		.tun_type = bits >> 3 & 3, /* one of which nobody knows */
		.tun_flags = (uint8_t)((bits & 0x80 ? LVS_TUNNEL_CSUM : 0) |
				       (conf_bits & 4 ? LVS_TUNNEL_REMCSUM : 0)),
		.tun_port = lvs_htons(GUE_PORT),
	};

	if (bits & 0x20)
		lvs_txn_set_dest(txn, &service, &key, &conf);
	else if (bits & 0x40)
		lvs_txn_edit_dest(txn, &service, &key, &conf);
	else
		lvs_txn_add_dest(txn, &service, &key, &conf);
}

static inline void remove_some(struct bench *bench, struct lvs_txn *txn, unsigned bits)
{
	struct lvs_service_key service = service_key((bits & 7) % SERVICES);
	struct lvs_dest_key key = dest_key(take(&bench->in));

	bench->removed = true;
	if (bits & 0x40)
		lvs_txn_del_service(txn, &service);
	else if (bits & 0x20)
		lvs_txn_flush(txn);
	else
		lvs_txn_del_dest(txn, &service, &key);
}

static inline void transact(struct bench *bench, unsigned what)
{
	struct lvs_txn *txn;

	if (lvs_txn_begin(bench->director, &txn) < 0)
		return;
	for (unsigned n = 1 + (what >> 4 & 7); n; n--) {
		unsigned bits = take(&bench->in);

		switch (take(&bench->in) & 7) {
		case 0:
		case 1:
			change_service(bench, txn, bits);
			break;
		case 2:
			remove_some(bench, txn, bits);
			break;
		default:
			change_dest(bench, txn, bits);
		}
	}
	FUZZ_CHECK(lvs_txn_error(txn));
	if (what & 0x80)
		lvs_txn_abort(txn);
	else
		lvs_txn_commit(txn);
}

static inline void set_path(struct bench *bench, unsigned what)
{
	static const uint32_t mtus[4] = {0, 68, 1500, 65535};
	struct lvs_dest_key dest = dest_key(take(&bench->in));
	unsigned bits = take(&bench->in);
	struct lvs_path_conf path = {
		.size = sizeof(path),
		.flags = bits & 0x80 ? bits & 3 : 0,
		.mtu = mtus[bits >> 2 & 3],
		.source_family = bits & 0x40 ? dest.family : LVS_UNSPEC,
		.source = addr_of(dest.family, 3, 1),
		.next_hop_family = bits & 0x20 ? LVS_INET6 : LVS_UNSPEC,
		.next_hop = addr_of(LVS_INET6, 4, 1),
	};

	lvs_director_set_path(bench->director, (enum lvs_family)dest.family, &dest.addr,
			      what & 0x80 ? NULL : &path);
}

static inline void kill(struct bench *bench, unsigned what)
{
	struct lvs_service_key service = service_key((what >> 4) % SERVICES);
	unsigned bits = take(&bench->in);
	struct lvs_dest_key dest = dest_key(bits >> 4);
	union lvs_addr client = addr_of(LVS_INET, 2, bits & 1);
	struct lvs_conn_filter filter = {
		.size = sizeof(filter),
		.flags = bits >> 5 & 3,
		.service = bits & 2 ? &service : NULL,
		.dest = bits & 4 ? &dest : NULL,
		.client = bits & 8 ? &client : NULL,
		.client_family = LVS_INET,
	};
	int64_t killed = lvs_director_kill_conns(bench->director, &filter);

	FUZZ_CHECK(killed >= 0 && killed <= bench->max_conns);
}

static inline void set_timeouts(struct bench *bench)
{
	struct lvs_timeouts timeouts = {
		.size = sizeof(timeouts),
		.tcp_s = take(&bench->in),
		.tcp_fin_s = take(&bench->in),
		.udp_s = take(&bench->in),
	};

	FUZZ_CHECK(lvs_director_set_timeouts(bench->director, &timeouts) == 0);
}

static inline void renew_worker(struct bench *bench, unsigned what)
{
	struct lvs_worker **worker = &bench->worker[what >> 4 & 1];
	uint64_t fail_at = bench->fail_at;

	lvs_worker_del(*worker);
	bench->fail_at = 0;
	FUZZ_CHECK(lvs_worker_new(bench->director, worker) == 0);
	bench->fail_at = fail_at;
}

static inline void move_time(struct bench *bench, unsigned what)
{
	unsigned bits = take(&bench->in);

	switch (what >> 4 & 3) {
	case 0:
		bench->now += bits * SECOND;
		break;
	case 1:
		bench->now += bits * SECOND / 64;
		break;
	case 2: /* the caller's clock is not what it should be */
		bench->now -= bench->now > bits * SECOND ? bits * SECOND : 0;
		break;
	default:
		bench->now += bits * 60 * SECOND;
	}
}

static inline void expire(struct bench *bench, unsigned what)
{
	unsigned budget = what >> 5;
	struct lvs_worker *worker = bench->worker[what >> 4 & 1];
	unsigned ended = lvs_worker_handle_expiry(worker, bench->now, budget);

	FUZZ_CHECK(ended <= bench->max_conns);
	FUZZ_CHECK(budget || lvs_worker_expiry(worker) > bench->now);
}

/* The embedder's word: by the client's address and the packet's length, so that it differs. */
static inline int accept_some(void *user, const struct lvs_filter_query *query)
{
	const struct bench *bench = user;
	unsigned host = query->flow->src.byte[query->flow->family == LVS_INET6 ? 15 : 3];

	struct lvs_headers headers;

	FUZZ_CHECK(query->packet->len >= 20);
	FUZZ_CHECK(lvs_packet_parse(query->packet, &headers) == LVS_REASON_NONE);
	FUZZ_CHECK(!bench->filter_whole || !(headers.flags & LVS_HEADERS_FRAGMENT));
	return (int)((bench->filter >> (host & 1) * 2) + (query->packet->len > 1500)) % 4;
}

static inline void set_filter(struct bench *bench, unsigned bits)
{
	const struct lvs_filter_ops ops = {
		.size = sizeof(ops),
		.flags = bits & 0x40 ? LVS_FILTER_WHOLE : 0,
		.name = "fuzz",
		.accept = accept_some,
	};

	bench->filter = bits & 15;
	/* Without memory the old one stays. */
	if (lvs_director_set_filter(bench->director, bits & 0x80 ? NULL : &ops, bench) == 0)
		bench->filter_whole = bits & 0x40;
}

/* What only reads: whatever is asked, nothing is moved. */
static inline void look_in(struct bench *bench, unsigned bits)
{
	struct lvs_service_key service = service_key((bits >> 4) % 4);
	struct lvs_conn_filter filter = {.size = sizeof(filter),
					 .service = bits & 1 ? &service : NULL};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_table_stats stats = {.size = sizeof(stats)};
	struct lvs_timeouts timeouts = {.size = sizeof(timeouts)};
	struct lvs_cursor cursor = {0};
	uint32_t n = 0;

	while (lvs_director_next_conn(bench->director, &filter, &cursor, &info) == 1)
		FUZZ_CHECK(++n <= bench->max_conns);
	FUZZ_CHECK(lvs_director_table_stats(bench->director, &stats) == 0);
	FUZZ_CHECK(stats.conns >= n);
	lvs_director_get_timeouts(bench->director, &timeouts);
}

/* By hand, a part at a time, as beside workers. */
static inline void check_parts(struct bench *bench)
{
	struct lvs_check check = {.size = sizeof(check)};
	unsigned parts = 0;

	while (lvs_director_check_part(bench->director, &check) == 1)
		FUZZ_CHECK(!check.fault && ++parts < 1000);
	FUZZ_CHECK(!check.findings);
}

/* Counting begins anew; what counts meanwhile is nothing. */
static inline void zero(struct bench *bench, unsigned bits)
{
	struct lvs_service_key service = service_key((bits >> 4) % 4);
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_totals totals = {.size = sizeof(totals)};
	struct lvs_cursor cursor = {0};

	if (lvs_director_zero(bench->director, bits & 1 ? NULL : &service) < 0)
		return;
	while (lvs_director_next_service(bench->director, &cursor, &info) == 1) {
		bool zeroed = bits & 1 || !memcmp(&info.key, &service, sizeof(service));

		FUZZ_CHECK(!zeroed || !(info.stats.conns | info.stats.in_bytes |
					info.stats.out_bytes | info.rates.in_bytes));
		/* Never less than nothing. */
		FUZZ_CHECK(info.stats.in_bytes >> 40 == 0 && info.rates.in_bytes >> 40 == 0);
	}
	FUZZ_CHECK(lvs_director_totals(bench->director, &totals) == 0);
	FUZZ_CHECK(totals.stats.in_bytes >> 40 == 0 && totals.rates.in_bytes >> 40 == 0);
	FUZZ_CHECK(!(bits & 1) || !(totals.stats.in_pkts | totals.rates.in_pkts));
}

/* Settings while it runs, now and then one that cannot be: then nothing changes. */
static inline void change_settings(struct bench *bench, unsigned bits)
{
	struct lvs_settings settings = {.size = sizeof(settings)}, before, after;
	unsigned more = take(&bench->in), modes = take(&bench->in);
	const char *fault;
	int err;

	lvs_director_get_settings(bench->director, &settings);
	before = settings;
	settings.flags = (bits & 0x3f) | (more & 3) << 6;
	settings.full_policy = bits >> 6;
	settings.reuse = more >> 2 & 3;
	settings.max_conns = more & 0x10 ? 1 + take(&bench->in) % MAX_CONNS : bench->max_conns;
	settings.drop_entry = modes & 3;
	settings.drop_packet = modes >> 2 & 3;
	settings.secure_tcp = modes >> 4 & 3;
	settings.am_droprate = modes >> 6;
	bench->available = more & 0x20 ? take(&bench->in) : 200;
	if (more & 0x40)
		settings.fragment_datagrams = 1 + (take(&bench->in) & 7);
	if (more & 0x80)
		settings.fragment_bytes = 256u << (take(&bench->in) & 7);
	if (settings.max_conns % 16 == 9)
		settings.shards ^= 3;
	err = lvs_director_change(bench->director, &settings, &fault);
	FUZZ_CHECK(!err == !fault);
	after = settings;
	lvs_director_get_settings(bench->director, &after);
	if (err)
		/* Copies of one, padding and all. NOLINTNEXTLINE */
		FUZZ_CHECK(memcmp(&before, &after, sizeof(after)) == 0);
	else
		FUZZ_CHECK(after.flags == settings.flags &&
			   after.drop_entry == settings.drop_entry);
}

/* All connections go out, and into the director that they are of: what it writes it can read, and
 * what is there already stays. */
static inline void carry(struct bench *bench, unsigned bits)
{
	struct lvs_import_conf conf = {.size = sizeof(conf),
				       .flags = bits & 1 ? LVS_IMPORT_SAME_CLOCK : 0,
				       .now_ns = bench->now};
	uint8_t buffer[LVS_EXPORT_BUFFER];
	struct lvs_export *out = NULL;
	struct lvs_import *in = NULL;
	unsigned passes = 1 + (bits >> 1 & 1), pass = 0;

	if (lvs_export_new(bench->director, passes, &out) == 0 &&
	    lvs_import_new(bench->director, &conf, &in) == 0)
		while (pass < passes) {
			int64_t n = lvs_export_read(out, buffer, sizeof(buffer));

			FUZZ_CHECK(n >= 0);
			pass += n == 0;
			if (lvs_import_feed(in, buffer, (size_t)n) != n)
				break;
		}
	FUZZ_CHECK(!in || !lvs_import_error(in)[0]);
	FUZZ_CHECK(pass == passes || bench->fail_at);
	lvs_import_del(in);
	lvs_export_del(out);
}

static inline void other_control(struct bench *bench, unsigned what)
{
	unsigned bits = take(&bench->in);

	switch (what >> 4 & 3) {
	case 0:
		set_filter(bench, bits);
		break;
	case 1:
		if (what & 0x80)
			carry(bench, bits);
		look_in(bench, bits);
		break;
	case 2:
		if (what & 0x80) {
			change_settings(bench, bits);
			break;
		}
		lvs_director_set_backup(bench->director, (bits & 12) == 12);
		zero(bench, bits);
		break;
	default:
		set_helper(bench, bits);
		check_parts(bench);
	}
}

#endif
