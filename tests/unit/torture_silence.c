/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A connection that was silent for long gets two packets at once:
 *
 *   worker 0   the client's FIN, which shortens the timeout below the silence
 *   worker 1   the server's data
 *
 * Expiry is never early: the server's packet is the connection's, whichever comes first.
 * LVS_TORTURE_SECONDS sets the length.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "director_rig.h"
#include "unit.h"

#define SILENCE (500 * SECOND) /* between the timeouts of ESTABLISHED and CLOSE_WAIT */

static struct lvs_director *director;
static struct lvs_worker *worker[2];
static struct lvs_flow out, back;
static uint64_t now;
static _Atomic unsigned turn;   /* that both begin; 0: the end */
static _Atomic unsigned served; /* turn that the server has had */
static unsigned lost;

static void wait_for(const _Atomic unsigned *value, unsigned not_this)
{
	for (unsigned n = 1; atomic_load(value) == not_this; n++)
		if (n % 4096 == 0)
			sched_yield();
}

/* So that now the one, now the other comes first. */
static void dawdle(unsigned n)
{
	for (volatile unsigned i = 0; i < n; i++)
		;
}

static void *serve(void *arg)
{
	struct rig_packet rig;

	for (unsigned i = 0;;) {
		rig_make(&rig, &back, LVS_TCP_ACK, 10);
		wait_for(&turn, i);
		i = atomic_load(&turn);
		if (i == 0)
			return arg;
		dawdle(i % 40);
		lvs_worker_process(worker[1], &rig.packet, 1, now);
		lost += rig.packet.reason != LVS_REASON_REPLY;
		atomic_store(&served, i);
	}
}

static void build(void)
{
	union lvs_addr client = rig_addr4(198, 51, 100, 7);
	struct lvs_service_key service =
		rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	struct lvs_dest_key dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 8080);

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_int_eq(lvs_worker_new(director, &worker[i]), 0);
	rig_set_service(director, &service, "rr");
	rig_set_dest(director, &service, &dest, LVS_METHOD_NAT, 1);
	out = rig_flow(LVS_TCP, LVS_INET, client, 40000, service.addr, 80);
	back = rig_flow(LVS_TCP, LVS_INET, dest.addr, 8080, client, 40000);
}

static void play(unsigned i)
{
	struct rig_packet rig;

	lvs_director_kill_conns(director, NULL);
	ck_assert_int_eq(rig_send(worker[0], &rig, &out, LVS_TCP_SYN, now), LVS_REASON_SCHEDULED);
	ck_assert_int_eq(rig_send(worker[0], &rig, &out, LVS_TCP_ACK, now), LVS_REASON_ESTABLISHED);
	now += SILENCE;
	rig_make(&rig, &out, LVS_TCP_FIN | LVS_TCP_ACK, 10);
	atomic_store(&turn, i);
	dawdle(i / 40 % 40);
	lvs_worker_process(worker[0], &rig.packet, 1, now);
	wait_for(&served, i - 1);
}

START_TEST(test_silence)
{
	const char *length = getenv("LVS_TORTURE_SECONDS");
	time_t end = time(NULL) + (length ? atoi(length) : 3);
	pthread_t server;
	unsigned i = 1;

	build();
	now = 1000 * SECOND;
	pthread_create(&server, NULL, serve, NULL);
	for (; time(NULL) < end; i++)
		play(i);
	atomic_store(&turn, 0);
	pthread_join(server, NULL);
	ck_assert_msg(lost == 0, "%u of %u packets of a living connection were lost", lost, i);
	for (i = 0; i < 2; i++)
		lvs_worker_del(worker[i]);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_silence");

	tcase_add_test(tcase, test_silence);
	return unit_run("torture_silence", tcase);
}
