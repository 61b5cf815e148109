/* SPDX-License-Identifier: BSD-2-Clause */
/* lvs_explain(): nothing is moved by it, and what it says is what happens next. */
#include <liblvs/explain.h>

#include <stdlib.h>

#include "director/director.h"
#include "many_rig.h"
#include "unit.h"

enum {
	STEPS = 800,
	BLOCKS = 4096,
};

/* --- All memory of a director, to be compared --- */

struct block {
	void *memory;
	size_t size;
};

struct memory {
	struct block block[BLOCKS];
	unsigned n;
	uint64_t asked;
	uint64_t fail_at; /* 0: none */
	uint8_t *copy;
	size_t copy_len;
};

static void *take(void *user, size_t size, size_t align)
{
	struct memory *memory = user;
	void *block = NULL;

	if (++memory->asked == memory->fail_at)
		return NULL;
	ck_assert_uint_lt(memory->n, BLOCKS);
	ck_assert_int_eq(
		posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, size), 0);
	/* What nobody writes is the same twice. */
	memset(block, 0, size);
	memory->block[memory->n++] = (struct block){block, size};
	return block;
}

static void give(void *user, void *block, size_t size, size_t align)
{
	struct memory *memory = user;
	unsigned i = 0;

	(void)align;
	while (memory->block[i].memory != block)
		ck_assert_uint_lt(++i, memory->n);
	ck_assert_uint_eq(memory->block[i].size, size);
	memory->block[i] = memory->block[--memory->n];
	free(block);
}

/* Readers come and go: their list is the one thing that a question touches. */
static void mask(struct lvs_director *director, struct lvs_epoch *saved)
{
	memcpy(saved, &director->epoch, sizeof(*saved));
	memset(&director->epoch, 0, sizeof(director->epoch));
}

static void unmask(struct lvs_director *director, const struct lvs_epoch *saved)
{
	memcpy(&director->epoch, saved, sizeof(*saved));
}

static void remember(struct memory *memory, struct lvs_director *director)
{
	struct lvs_epoch saved;
	size_t len = 0;

	for (unsigned i = 0; i < memory->n; i++)
		len += memory->block[i].size;
	if (len > memory->copy_len)
		memory->copy = realloc(memory->copy, len);
	ck_assert_ptr_nonnull(memory->copy);
	memory->copy_len = len;
	len = 0;
	mask(director, &saved);
	for (unsigned i = 0; i < memory->n; i++) {
		memcpy(memory->copy + len, memory->block[i].memory, memory->block[i].size);
		len += memory->block[i].size;
	}
	unmask(director, &saved);
}

static void compare(const struct memory *memory, struct lvs_director *director)
{
	struct lvs_epoch saved;
	size_t len = 0;

	mask(director, &saved);
	for (unsigned i = 0; i < memory->n; i++) {
		ck_assert_msg(memcmp(memory->copy + len, memory->block[i].memory,
				     memory->block[i].size) == 0,
			      "a block of %zu bytes was changed", memory->block[i].size);
		len += memory->block[i].size;
	}
	unmask(director, &saved);
	ck_assert_uint_eq(len, memory->copy_len);
}

/* --- The same decision --- */

static struct lvs_explanation explain(const struct lvs_director *director,
				      struct lvs_packet *packet, uint64_t now,
				      struct lvs_explained_dest *dests, uint32_t n)
{
	struct lvs_explanation e = {.size = sizeof(e), .dests = dests, .dest_max = n};

	ck_assert_int_eq(lvs_explain(director, packet, now, &e), 0);
	return e;
}

/* Where a new connection takes a closed one's place, that one still counted in what was foretold.
 */
static bool may_differ(const struct lvs_explanation *e, const struct rig_packet *sent,
		       uint32_t conns)
{
	return e->flags & LVS_EXPLAINED_ASKED && sent->packet.reason == LVS_REASON_SCHEDULED &&
	       e->conn_n >= conns;
}

static void check_same(const struct lvs_explanation *e, const struct rig_packet *asked,
		       const struct rig_packet *sent)
{
	ck_assert_msg(e->reason == sent->packet.reason, "foretold %s, got %s",
		      lvs_reason_name(e->reason), lvs_reason_name(sent->packet.reason));
	ck_assert_uint_eq(e->verdict, sent->packet.verdict);
	ck_assert_uint_eq(e->path, sent->packet.path);
	ck_assert_uint_eq(asked->packet.len, sent->packet.len);
	ck_assert_ptr_eq((void *)(asked->packet.data - asked->buffer),
			 (void *)(sent->packet.data - sent->buffer));
	ck_assert_mem_eq(asked->packet.data, sent->packet.data, sent->packet.len);
	ck_assert_mem_eq(&asked->packet.next_hop, &sent->packet.next_hop,
			 sizeof(sent->packet.next_hop));
	if (e->flags & LVS_EXPLAINED_CONN)
		ck_assert_uint_eq(e->conn.number, sent->packet.conn);
}

/* Texts of any size end where they should, and say how long they are. */
static void check_texts(const struct lvs_explanation *e)
{
	static char whole[8192], cut[8192];
	size_t len = lvs_explanation_json(e, whole, sizeof(whole));

	ck_assert_uint_lt(len, sizeof(whole));
	ck_assert_uint_eq(len, strlen(whole));
	ck_assert_uint_eq(lvs_explanation_json(e, NULL, 0), len);
	memset(cut, 'x', sizeof(cut));
	ck_assert_uint_eq(lvs_explanation_json(e, cut, len / 2), len);
	ck_assert_uint_eq(strlen(cut), len / 2 - 1);
	ck_assert_int_eq(cut[len / 2], 'x');
	len = lvs_explanation_text(e, whole, sizeof(whole));
	ck_assert_uint_eq(len, strlen(whole));
	ck_assert_uint_eq(lvs_explanation_text(e, NULL, 0), len);
}

static void ask_then_send(struct many *many, struct memory *memory, uint64_t *seed)
{
	static struct rig_packet asked, sent;
	struct lvs_explained_dest dests[MANY_DESTS - 1];
	struct lvs_explanation e;

	many_packet(&asked, seed);
	sent = asked;
	sent.packet.data = sent.buffer + (asked.packet.data - asked.buffer);
	remember(memory, many->director);
	e = explain(many->director, &asked.packet, many->now, dests, MANY_DESTS - 1);
	compare(memory, many->director);
	check_texts(&e);
	lvs_worker_process(many->worker[rig_random(seed) % MANY_WORKERS], &sent.packet, 1,
			   many->now);
	if (!may_differ(&e, &sent, lvs_director_conn_n(many->director)))
		check_same(&e, &asked, &sent);
}

static const struct lvs_settings kinds[] = {
	{.flags = 0},
	{.flags = LVS_SET_SLOPPY_TCP | LVS_SET_EXPIRE_NODEST | LVS_SET_CACHE_BYPASS,
	 .reuse = LVS_REUSE_FIN_WAIT},
	{.flags = LVS_SET_NAT_ICMP_SEND | LVS_SET_EXPIRE_QUIESCENT,
	 .events = 16,
	 .drop_packet = LVS_DEFENCE_ON},
};

START_TEST(test_nothing_moves)
{
	static struct memory memory;
	struct lvs_settings settings = kinds[_i];
	uint64_t seed = 7 + (uint64_t)_i;
	struct many many;

	memset(&memory, 0, sizeof(memory));
	settings.size = sizeof(settings);
	settings.alloc = (struct lvs_alloc){take, give, &memory};
	settings.max_conns = 512;
	settings.shards = 4;
	settings.fragment_datagrams = 16;
	many_open(&many, &settings);
	for (unsigned i = 0; i < STEPS; i++) {
		ask_then_send(&many, &memory, &seed);
		many_time(&many, rig_random(&seed));
		lvs_worker_handle_expiry(many.worker[0], many.now, 0);
	}
	rig_check(many.director);
	many_close(&many);
	ck_assert_uint_eq(memory.n, 0);
	free(memory.copy);
}
END_TEST

/* --- Errors --- */

START_TEST(test_errors)
{
	static struct memory memory;
	struct lvs_settings settings = {.size = sizeof(settings),
					.alloc = {take, give, &memory},
					.max_conns = 64,
					.shards = 1};
	struct lvs_explanation e = {.size = sizeof(e)};
	struct lvs_epoch_reader *readers;
	struct rig_packet rig;
	uint64_t seed = 1;
	struct many many;
	unsigned n = 0;

	many_open(&many, &settings);
	many_packet(&rig, &seed);
	e.size = offsetof(struct lvs_explanation, headers) - 1;
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, &e), LVS_ERR_INVALID);
	e.size = sizeof(e);
	e.dest_max = 1;
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, &e), LVS_ERR_INVALID);
	e.dest_max = 0;
	memory.fail_at = memory.asked + 1;
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, &e), LVS_ERR_NO_MEMORY);
	readers = aligned_alloc(_Alignof(struct lvs_epoch_reader),
				LVS_EPOCH_READERS * sizeof(*readers));
	while (lvs_epoch_join(&many.director->epoch, &readers[n]))
		n++;
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, &e), LVS_ERR_FULL);
	while (n)
		lvs_epoch_leave(&many.director->epoch, &readers[--n]);
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, &e), 0);
	free(readers);
	many_close(&many);
}
END_TEST

/* An older, smaller structure is not written behind its end. */
START_TEST(test_size)
{
	uint8_t bytes[sizeof(struct lvs_explanation)];
	struct lvs_explanation e = {.size = offsetof(struct lvs_explanation, conn)};
	struct rig_packet rig;
	uint64_t seed = 1;
	struct many many;

	memset(bytes, 0xee, sizeof(bytes));
	memcpy(bytes, &e, offsetof(struct lvs_explanation, flags));
	many_open(&many, NULL);
	many_packet(&rig, &seed);
	ck_assert_int_eq(lvs_explain(many.director, &rig.packet, 0, (void *)bytes), 0);
	for (size_t i = e.size; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], 0xee);
	many_close(&many);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("explain");

	tcase_add_loop_test(tcase, test_nothing_moves, 0, sizeof(kinds) / sizeof(kinds[0]));
	tcase_add_test(tcase, test_errors);
	tcase_add_test(tcase, test_size);
	return unit_run("explain", tcase);
}
