/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet of an established flow costs no allocation, no system call and no
 * lock. Shown by taking all three away: an allocator that gives nothing more,
 * every shard's lock held by somebody else, and a kernel that kills whoever calls
 * it (seccomp, strict mode: read, write and exit alone are left).
 */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "director/director.h"
#include "director_rig.h"
#include "unit.h"

#define FLOWS 500
#define SHARDS 4

static bool dry;

static void *dry_alloc(void *user, size_t size, size_t align)
{
	(void)user;
	align = align < sizeof(void *) ? sizeof(void *) : align;
	return dry ? NULL : aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

static void plain_free(void *user, void *memory, size_t size, size_t align)
{
	(void)user;
	(void)size;
	(void)align;
	free(memory);
}

struct world {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest;
	enum lvs_method method;
	unsigned family;
};

static union lvs_addr addr_of(const struct world *w, unsigned net, unsigned host)
{
	return w->family == LVS_INET ? rig_addr4(10, net, host / 250, host % 250)
				     : rig_addr6(net, host);
}

static struct lvs_flow out_flow(const struct world *w, unsigned i)
{
	return rig_flow(LVS_TCP, w->family, addr_of(w, 9, i), 1000, w->service.addr, 80);
}

static struct lvs_flow back_flow(const struct world *w, unsigned i)
{
	return rig_flow(LVS_TCP, w->family, w->dest.addr, 80, addr_of(w, 9, i), 1000);
}

static void build(struct world *w, unsigned family, enum lvs_method method)
{
	static struct rig_packet rig;
	struct lvs_settings settings;

	dry = false;
	w->family = family;
	w->method = method;
	lvs_settings_init(&settings);
	settings.shards = SHARDS;
	settings.alloc = (struct lvs_alloc){.alloc = dry_alloc, .free = plain_free};
	ck_assert_int_eq(lvs_director_new(&settings, &w->director), 0);
	ck_assert_int_eq(lvs_worker_new(w->director, &w->worker), 0);
	w->service = rig_service_key(family, LVS_TCP, addr_of(w, 1, 1), 80);
	w->dest = rig_dest_key(family, addr_of(w, 2, 1), 80);
	rig_set_service(w->director, &w->service, "wlc");
	rig_set_dest(w->director, &w->service, &w->dest, method, 1);
	for (unsigned i = 0; i < FLOWS; i++) {
		struct lvs_flow flow = out_flow(w, i);

		ck_assert_int_eq(rig_send(w->worker, &rig, &flow, LVS_TCP_SYN, SECOND),
				 LVS_REASON_SCHEDULED);
		ck_assert_int_eq(rig_send(w->worker, &rig, &flow, LVS_TCP_ACK, SECOND),
				 LVS_REASON_ESTABLISHED);
	}
}

static void tear_down(struct world *w)
{
	lvs_worker_del(w->worker);
	lvs_director_del(w->director);
}

/* Any hash whose upper bits of lane 2 are the shard's number will do. */
static uint64_t hash_in_shard(unsigned shard)
{
	return (uint64_t)shard << 30;
}

/* How many packets were not forwarded as packets of known flows. */
static unsigned traffic(const struct world *w, uint64_t now)
{
	static struct rig_packet rig;
	unsigned wrong = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		struct lvs_flow out = out_flow(w, i), back = back_flow(w, i);

		wrong +=
			rig_send(w->worker, &rig, &out, LVS_TCP_ACK, now) != LVS_REASON_ESTABLISHED;
		if (w->method == LVS_METHOD_NAT)
			wrong += rig_send(w->worker, &rig, &back, LVS_TCP_ACK, now) !=
				 LVS_REASON_REPLY;
	}
	return wrong;
}

/* Says how many packets went wrong, 255 at the most; the kernel ends us then, by the exit. */
static void in_the_dry(const struct world *w, int answer)
{
	unsigned wrong;
	uint8_t said;

	for (unsigned i = 0; i < SHARDS; i++)
		lvs_table_lock(w->director->table, hash_in_shard(i));
	dry = true;
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	wrong = traffic(w, SECOND) + traffic(w, 2 * SECOND);
	said = wrong < 255 ? (uint8_t)wrong : 255;
	if (write(answer, &said, 1) == 1)
		_exit(0);
}

static const struct {
	unsigned family;
	enum lvs_method method;
} ways[] = {
	{LVS_INET, LVS_METHOD_NAT},  {LVS_INET, LVS_METHOD_DR},  {LVS_INET, LVS_METHOD_TUNNEL},
	{LVS_INET6, LVS_METHOD_NAT}, {LVS_INET6, LVS_METHOD_DR}, {LVS_INET6, LVS_METHOD_TUNNEL},
};

START_TEST(test_nothing_needed)
{
	struct world w;
	uint8_t wrong = 1;
	int answer[2];
	pid_t child;

	build(&w, ways[_i].family, ways[_i].method);
	ck_assert_int_eq(pipe(answer), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		alarm(20); /* a lock would be waited for */
		in_the_dry(&w, answer[1]);
	}
	close(answer[1]);
	ck_assert_msg(read(answer[0], &wrong, 1) == 1,
		      "it waited for a lock or called the kernel, and was killed");
	ck_assert_uint_eq(wrong, 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(answer[0]);
	tear_down(&w);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("hotpath");

	tcase_add_loop_test(tcase, test_nothing_needed, 0, sizeof(ways) / sizeof(ways[0]));
	return unit_run("hotpath", tcase);
}
