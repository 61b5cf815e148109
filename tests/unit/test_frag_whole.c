/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams that are gathered: UDP without a checksum, ICMP errors. */
#include "frag_world.h"

enum {
	STEP = 72, /* bytes of a part, a multiple of eight */
};

static unsigned families(int i)
{
	return i & 1 ? LVS_INET6 : LVS_INET;
}

static void join_out(const struct world *w, struct frag_joined *joined)
{
	memset(joined, 0, sizeof(*joined));
	for (unsigned i = 0; i < w->out_n; i++) {
		struct frag_seen seen;

		frag_see(w->out[i].data, w->out[i].len, &seen);
		ck_assert(i > 0 || seen.start == 0); /* the first one in front */
		frag_join(joined, &seen);
	}
}

/* The same whole packet through a world: what came of it. */
static enum lvs_reason send_whole(struct world *w, const struct frag_whole *whole)
{
	frag_load(&w->buffer, whole->data, whole->len);
	lvs_worker_process(w->worker[0], &w->buffer.packet, 1, w->now);
	return (enum lvs_reason)w->buffer.packet.reason;
}

static void check_like_plain(struct world *w, struct world *plain, enum lvs_reason reason)
{
	static struct frag_joined joined;
	struct frag_seen seen;
	uint32_t len;

	join_out(w, &joined);
	len = frag_finish(&joined);
	frag_see(plain->buffer.packet.data, plain->buffer.packet.len, &seen);
	ck_assert_uint_eq(len, seen.len);
	ck_assert_mem_eq(joined.data, seen.ip, len);
	for (unsigned i = 0; i < w->out_n; i++) {
		ck_assert_int_eq(w->out[i].verdict, plain->buffer.packet.verdict);
		ck_assert_mem_eq(&w->out[i].next_hop, &plain->buffer.packet.next_hop, 16);
	}
	check_reason(w->out[1].reason, reason);
}

/* --- UDP --- */

START_TEST(test_no_checksum)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 501);
	static struct frag_whole whole;
	struct world w, plain;

	world_open(&w, NULL, "rr");
	world_open(&plain, NULL, "rr");
	recipe.no_checksum = true;
	frag_make(&whole, &recipe);
	world_send_held(&w, &whole, STEP, (unsigned)_i);
	check_reason(send_whole(&plain, &whole), LVS_REASON_SCHEDULED);
	check_reason(w.out[0].reason, LVS_REASON_SCHEDULED);
	check_like_plain(&w, &plain, LVS_REASON_ESTABLISHED);
	/* the way back */
	recipe.flow = rig_flow(LVS_UDP, LVS_INET, world_addr(LVS_INET, 1, 1), 8080,
			       world_addr(LVS_INET, 9, 7), 4000);
	frag_make(&whole, &recipe);
	w.out_n = 0;
	world_send_held(&w, &whole, STEP, (unsigned)_i);
	check_reason(send_whole(&plain, &whole), LVS_REASON_REPLY);
	check_like_plain(&w, &plain, LVS_REASON_REPLY);
	world_close(&w);
	world_close(&plain);
}
END_TEST

/* No method that rewrites, no need of a checksum: nothing is held, and none is filled in. */
START_TEST(test_no_checksum_kept)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, _i ? 3 : 2, 192);
	unsigned udp = _i ? 40 : 20;
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	recipe.no_checksum = true;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	ck_assert_uint_eq(ref_get16(w.buffer.packet.data + udp + 6), 0);
	check_reason(world_send(&w, 0, &whole, 64, 200), LVS_REASON_ESTABLISHED);
	world_close(&w);
}
END_TEST

/* One server by NAT and one by DR: gathered for either, and filled in for one. */
START_TEST(test_mixed_methods)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 2, 192);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 0, 2), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 20), 8080);
	unsigned filled = 0, empty = 0;
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	rig_set_dest(w.director, &service, &dest, LVS_METHOD_NAT, 1);
	for (unsigned i = 0; i < 4; i++) {
		uint16_t sum;

		recipe.no_checksum = true;
		recipe.flow.src_port = rig_port(5000 + i);
		frag_make(&whole, &recipe);
		w.out_n = 0;
		world_send_held(&w, &whole, STEP, 1);
		check_reason(w.out[0].reason, LVS_REASON_SCHEDULED);
		sum = ref_get16(w.out[0].data + 26);
		ck_assert_int_eq(sum != 0, w.out[0].data[19] == 20);
		filled += sum != 0;
		empty += sum == 0;
	}
	ck_assert_uint_eq(filled, 2);
	ck_assert_uint_eq(empty, 2);
	world_close(&w);
}
END_TEST

START_TEST(test_udp_too_long)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 1, 192);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, NULL, "rr");
	recipe.no_checksum = true;
	frag_make(&whole, &recipe);
	ref_put16(whole.data + 24, 201);
	world_send_held(&w, &whole, STEP, 0);
	ck_assert_uint_eq(w.out_n, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_BAD_L4), 1);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_FRAGMENT_REFUSED), 2);
	world_close(&w);
}
END_TEST

/* --- ICMP --- */

/* An error about @p quoted from @p src to @p dst, with its checksum. */
static void make_error(struct frag_whole *whole, unsigned family, union lvs_addr src,
		       union lvs_addr dst, const uint8_t *quoted, uint32_t len)
{
	bool v6 = family == LVS_INET6;
	uint8_t *ip = whole->data, *icmp = ip + (v6 ? 40 : 20);
	uint32_t l4 = 8 + len;

	memset(whole, 0, sizeof(*whole));
	whole->fixed = v6 ? 40 : 20;
	whole->first_min = 8;
	whole->len = whole->fixed + l4;
	whole->id = 0x7777;
	if (v6) {
		ref_put32(ip, 0x60000000);
		ref_put16(ip + 4, l4);
		ip[6] = LVS_ICMPV6;
		ip[7] = 64;
		memcpy(ip + 8, &src, 16);
		memcpy(ip + 24, &dst, 16);
	} else {
		ip[0] = 0x45;
		ref_put16(ip + 2, whole->len);
		ref_put16(ip + 4, whole->id);
		ip[8] = 64;
		ip[9] = LVS_ICMP;
		memcpy(ip + 12, &src, 4);
		memcpy(ip + 16, &dst, 4);
		ref_ipv4_checksum(ip);
	}
	icmp[0] = v6 ? 1 : 3;
	icmp[1] = v6 ? 4 : 3;
	memcpy(icmp + 8, quoted, len);
	ref_put16(icmp + 2, ~ref_sum(v6 ? ref_pseudo(ip, LVS_ICMPV6, l4) : 0, icmp, l4));
}

/* Opens a flow to service @p i in both; what left for the server is in plain's buffer. */
static void open_both(struct world *w, struct world *plain, struct frag_whole *whole,
		      struct frag_recipe *recipe)
{
	frag_make(whole, recipe);
	check_reason(send_whole(w, whole), LVS_REASON_SCHEDULED);
	check_reason(send_whole(plain, whole), LVS_REASON_SCHEDULED);
}

/* From the client's side about a reply, for a service by NAT, DR and tunnel. */
START_TEST(test_error_to_server)
{
	unsigned family = families(_i), service = 1 + (unsigned)_i / 2 % 3;
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, service, 400);
	static struct frag_whole whole, quoted;
	struct lvs_flow flow = recipe.flow;
	struct world w, plain;

	world_open(&w, NULL, "rr");
	world_open(&plain, NULL, "rr");
	open_both(&w, &plain, &whole, &recipe);
	recipe.flow = rig_flow(LVS_UDP, family, flow.dst, 80, flow.src, 4000);
	frag_make(&quoted, &recipe);
	make_error(&whole, family, world_addr(family, 60, 1), flow.dst, quoted.data, 401);
	check_reason(send_whole(&plain, &whole), LVS_REASON_ICMP_FORWARDED);
	w.out_n = 0;
	if (service == 1) {
		world_send_held(&w, &whole, STEP, (unsigned)_i / 6);
		check_reason(w.out[0].reason, LVS_REASON_ICMP_FORWARDED);
	} else { /* nothing is rewritten, nothing is waited for */
		check_reason(world_send(&w, 0, &whole, STEP, 2 * STEP), LVS_REASON_FRAGMENT_HELD);
		check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_ICMP_FORWARDED);
		ck_assert_uint_eq(w.out_n, 1);
		check_reason(w.out[0].reason, LVS_REASON_ICMP_FORWARDED);
		ck_assert_mem_eq(&w.out[0].next_hop, &plain.buffer.packet.next_hop, 16);
		world_close(&w);
		world_close(&plain);
		return;
	}
	check_like_plain(&w, &plain, LVS_REASON_ICMP_FORWARDED);
	/* once more, a bit of it flipped in its last part */
	whole.data[whole.len - 1] ^= 1;
	w.out_n = 0;
	world_send_held(&w, &whole, STEP, 2);
	ck_assert_uint_eq(w.out_n, 0);
	ck_assert_uint_eq(world_count(&w, LVS_REASON_ICMP_CHECKSUM), 1);
	ck_assert_uint_gt(world_count(&w, LVS_REASON_FRAGMENT_REFUSED), 3);
	world_close(&w);
	world_close(&plain);
}
END_TEST

/* From the server about a request, by NAT. */
START_TEST(test_error_to_client)
{
	unsigned family = families(_i);
	struct frag_recipe recipe = world_recipe(family, LVS_UDP, 1, 400);
	static struct frag_whole whole;
	struct lvs_flow flow = recipe.flow;
	uint8_t quoted[500];
	struct world w, plain;

	world_open(&w, NULL, "rr");
	world_open(&plain, NULL, "rr");
	open_both(&w, &plain, &whole, &recipe);
	memcpy(quoted, plain.buffer.packet.data, plain.buffer.packet.len);
	make_error(&whole, family, world_addr(family, 1, 1), flow.src, quoted, 402);
	check_reason(send_whole(&plain, &whole), LVS_REASON_ICMP_REPLY);
	w.out_n = 0;
	world_send_held(&w, &whole, STEP, (unsigned)_i / 2);
	check_reason(w.out[0].reason, LVS_REASON_ICMP_REPLY);
	check_like_plain(&w, &plain, LVS_REASON_ICMP_REPLY);
	world_close(&w);
	world_close(&plain);
}
END_TEST

/* About a packet in a tunnel: the client is told by the first one. */
START_TEST(test_error_about_tunnel)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 3, 400);
	static struct frag_whole whole;
	uint8_t quoted[500];
	struct world w, plain;

	world_open(&w, NULL, "rr");
	world_open(&plain, NULL, "rr");
	open_both(&w, &plain, &whole, &recipe);
	memcpy(quoted, plain.buffer.packet.data, plain.buffer.packet.len);
	make_error(&whole, LVS_INET, world_addr(LVS_INET, 1, 3), rig_addr4(10, 0, 0, 254), quoted,
		   402);
	check_reason(send_whole(&plain, &whole), LVS_REASON_REPLY_TUNNEL);
	w.out_n = 0;
	world_send_held(&w, &whole, STEP, 1);
	ck_assert_uint_eq(w.out_n, 1);
	check_reason(w.out[0].reason, LVS_REASON_REPLY_TUNNEL);
	ck_assert_int_eq(w.out[0].verdict, LVS_REPLY);
	ck_assert(ref_ipv4_ok(w.out[0].data));
	ck_assert_uint_eq(ref_sum(0, w.out[0].data + 20, w.out[0].len - 20), 0xffff);
	world_close(&w);
	world_close(&plain);
}
END_TEST

/* Pings are the host's. */
START_TEST(test_echo)
{
	unsigned family = families(_i);
	static struct frag_whole whole;
	uint8_t payload[400] = {0};
	struct world w;

	world_open(&w, NULL, "rr");
	make_error(&whole, family, world_addr(family, 9, 7), world_addr(family, 0, 1), payload,
		   400);
	whole.data[whole.fixed] = family == LVS_INET6 ? 128 : 8;
	check_reason(world_send(&w, 0, &whole, STEP, 2 * STEP), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, STEP), LVS_REASON_ICMP);
	ck_assert_uint_eq(w.out_n, 1);
	ck_assert_int_eq(w.out[0].verdict, LVS_PASS);
	check_reason(world_send(&w, 0, &whole, 2 * STEP, 408), LVS_REASON_ICMP);
	world_close(&w);
}
END_TEST

/* --- Cut once more --- */

/* Fragments longer than the way takes are cut again, in a tunnel with identifications of their
 * own: put together they are what they were. */
START_TEST(test_cut_again)
{
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, _i ? 3 : 2, 1392);
	union lvs_addr addr = world_addr(LVS_INET, 1, _i ? 3 : 2);
	struct lvs_path_conf path = {.size = sizeof(path),
				     .mtu = 300,
				     .source_family = LVS_INET,
				     .source = rig_addr4(10, 0, 0, 254)};
	static uint8_t bytes[2000];
	static struct frag_whole whole;
	static struct frag_joined joined;
	unsigned ids[2] = {0};
	struct world w;

	world_open(&w, NULL, "rr");
	ck_assert_int_eq(lvs_director_set_path(w.director, LVS_INET, &addr, &path), 0);
	frag_make(&whole, &recipe);
	memset(&joined, 0, sizeof(joined));
	for (unsigned i = 0; i < 2; i++) {
		static struct frag_joined outer;
		struct lvs_packet *packet = &w.buffer.packet;
		struct frag_seen seen;
		int got;

		check_reason(world_send(&w, 0, &whole, i * 704, i ? 1400 : 704),
			     i ? LVS_REASON_ESTABLISHED : LVS_REASON_SCHEDULED);
		ck_assert_int_eq(packet->cut, LVS_CUT_FRAGMENT);
		ids[i] = ref_get16(packet->data + 4);
		memset(&outer, 0, sizeof(outer));
		for (unsigned part = 0;; part++) {
			struct lvs_packet out = {.data = bytes, .tailroom = sizeof(bytes)};

			got = lvs_packet_fragment(packet, packet->cut_len, part, &out);
			if (got != 1)
				break;
			ck_assert_uint_le(out.len, 300);
			/* the outer header of the first part alone has the inner one behind it */
			seen = (struct frag_seen){.ip = bytes,
						  .len = out.len,
						  .fixed = 20,
						  .data = 20,
						  .start = (ref_get16(bytes + 6) & 0x1fff) * 8u,
						  .more = ref_get16(bytes + 6) & 0x2000};
			frag_join(_i ? &outer : &joined, &seen);
		}
		ck_assert_int_eq(got, 0);
		if (!_i)
			continue;
		ck_assert_uint_eq(frag_finish(&outer), packet->len);
		frag_see(outer.data, packet->len, &seen);
		frag_join(&joined, &seen);
	}
	ck_assert_int_eq(ids[0] == ids[1], !_i);
	ck_assert_uint_eq(frag_finish(&joined), whole.len);
	ck_assert_mem_eq(joined.data + 20, whole.data + 20, whole.len - 20);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_whole");

	tcase_add_loop_test(tcase, test_no_checksum, 0, 7);
	tcase_add_loop_test(tcase, test_no_checksum_kept, 0, 2);
	tcase_add_test(tcase, test_mixed_methods);
	tcase_add_test(tcase, test_udp_too_long);
	tcase_add_loop_test(tcase, test_error_to_server, 0, 18);
	tcase_add_loop_test(tcase, test_error_to_client, 0, 6);
	tcase_add_test(tcase, test_error_about_tunnel);
	tcase_add_loop_test(tcase, test_echo, 0, 2);
	tcase_add_loop_test(tcase, test_cut_again, 0, 2);
	return unit_run("frag_whole", tcase);
}
