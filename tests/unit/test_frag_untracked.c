/* SPDX-License-Identifier: BSD-2-Clause */
/* Fragments of flows that go by a scheduler's hash, without an entry. */
#include "frag_world.h"

#include "director/worker.h"

/* Which server the next connection would get; nothing moves. */
static uint32_t next_pick(struct world *w, const struct frag_recipe *recipe)
{
	static struct frag_whole whole;
	struct lvs_record record;

	frag_make(&whole, recipe);
	frag_load(&w->buffer, whole.data, whole.len);
	lvs_worker_peek(w->worker[0], &w->buffer.packet, w->now, &record);
	check_reason(record.reason, LVS_REASON_SCHEDULED);
	return record.dest;
}

/* Without an entry the same destination is picked again, or none. */
START_TEST(test_untracked)
{
	struct lvs_settings settings = {.max_conns = 1, .full_policy = LVS_FULL_UNTRACKED};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 2, 192);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 0, 2), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 2), 80);
	struct lvs_dest_key other = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 77), 80);
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "sh");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	recipe.flow.src_port = rig_port(4001);
	recipe.id++;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 128, 200), LVS_REASON_FRAGMENT_HELD);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_UNTRACKED);
	ck_assert_uint_eq(w.out_n, 1);
	check_reason(w.out[0].reason, LVS_REASON_UNTRACKED);
	/* another one would be picked */
	rig_set_dest(w.director, &service, &other, LVS_METHOD_DR, 1);
	rig_del_dest(w.director, &service, &dest);
	check_reason(world_send(&w, 0, &whole, 64, 96), LVS_REASON_FRAGMENT_STRAY);
	rig_del_dest(w.director, &service, &other);
	check_reason(world_send(&w, 0, &whole, 96, 128), LVS_REASON_FRAGMENT_STRAY);
	world_close(&w);
}
END_TEST

/* Behind the first the service has another scheduler, whose turn no fragment takes. */
START_TEST(test_untracked_no_more)
{
	struct lvs_settings settings = {.max_conns = 1, .full_policy = LVS_FULL_UNTRACKED};
	struct frag_recipe recipe = world_recipe(LVS_INET, LVS_UDP, 2, 192);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_UDP, world_addr(LVS_INET, 0, 2), 80);
	struct lvs_dest_key other = rig_dest_key(LVS_INET, world_addr(LVS_INET, 1, 77), 80);
	uint32_t before, after;
	static struct frag_whole whole;
	struct world w;

	world_open(&w, &settings, "sh");
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_SCHEDULED);
	recipe.flow.src_port = rig_port(4001);
	recipe.id++;
	frag_make(&whole, &recipe);
	check_reason(world_send(&w, 0, &whole, 0, 64), LVS_REASON_UNTRACKED);
	rig_set_dest(w.director, &service, &other, LVS_METHOD_DR, 1);
	rig_set_service(w.director, &service, "rr");
	lvs_director_kill_conns(w.director, NULL);
	w.now += SECOND;
	recipe.flow.src_port = rig_port(4002);
	before = next_pick(&w, &recipe);
	check_reason(world_send(&w, 0, &whole, 64, 96), LVS_REASON_FRAGMENT_STRAY);
	after = next_pick(&w, &recipe);
	ck_assert_uint_eq(before, after);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("frag_untracked");

	tcase_add_test(tcase, test_untracked);
	tcase_add_test(tcase, test_untracked_no_more);
	return unit_run("frag_untracked", tcase);
}
