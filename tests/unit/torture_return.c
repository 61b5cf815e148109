/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A destination comes back from the trash with a transaction that changes much besides, while a
 * worker sends packets to its service:
 *
 *   control    removes it; begins; changes many other services; adds it again; commits
 *   worker     SYN after SYN until one is scheduled, then an ACK of the same connection
 *
 * Who is scheduled to it finds it available.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "director_rig.h"
#include "unit.h"

#define TURNS 100
#define OTHERS 300 /* services that come into force with it */
#define NOW (1000 * SECOND)

enum phase { WAIT, SEND, END };

static struct lvs_director *director;
static struct lvs_worker *worker;
static struct lvs_service_key service;
static struct lvs_dest_key dest;
static _Atomic int phase;
static unsigned scheduled, lost;

static void try_one(unsigned i)
{
	union lvs_addr client = rig_addr4(198, 51, i >> 24, i >> 16 & 255);
	struct lvs_flow flow = rig_flow(LVS_TCP, LVS_INET, client, i & 0xffff, service.addr, 80);
	struct rig_packet rig;

	if (rig_send(worker, &rig, &flow, LVS_TCP_SYN, NOW) != LVS_REASON_SCHEDULED)
		return;
	scheduled++;
	lost += rig_send(worker, &rig, &flow, LVS_TCP_ACK, NOW) != LVS_REASON_ESTABLISHED;
	atomic_store(&phase, WAIT);
}

static void *work(void *arg)
{
	unsigned i = 0;
	int now;

	while ((now = atomic_load(&phase)) != END) {
		if (now == SEND)
			try_one(++i);
		else
			sched_yield();
	}
	return arg;
}

static void set_others(struct lvs_txn *txn)
{
	struct lvs_service_conf conf = {.size = sizeof(conf), .sched = lvs_sched_find("rr")};
	struct lvs_dest_conf to = {.size = sizeof(to), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_service_key other =
		rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 2), 80);

	for (unsigned i = 1; i <= OTHERS; i++) {
		other.port = rig_port(i);
		ck_assert_int_eq(lvs_txn_set_service(txn, &other, &conf), 0);
		ck_assert_int_eq(lvs_txn_set_dest(txn, &other, &dest, &to), 0);
	}
	ck_assert_int_eq(lvs_txn_set_dest(txn, &service, &dest, &to), 0);
}

static void come_back(void)
{
	struct lvs_txn *txn;

	rig_del_dest(director, &service, &dest);
	ck_assert_int_eq(lvs_txn_begin(director, &txn), 0);
	set_others(txn);
	atomic_store(&phase, SEND);
	ck_assert_int_eq(lvs_txn_commit(txn), 0);
	while (atomic_load(&phase) != WAIT)
		sched_yield();
	lvs_director_kill_conns(director, NULL);
}

START_TEST(test_return)
{
	pthread_t thread;

	ck_assert_int_eq(lvs_director_new(NULL, &director), 0);
	ck_assert_int_eq(lvs_worker_new(director, &worker), 0);
	service = rig_service_key(LVS_INET, LVS_TCP, rig_addr4(192, 0, 2, 1), 80);
	dest = rig_dest_key(LVS_INET, rig_addr4(10, 0, 0, 1), 8080);
	rig_set_service(director, &service, "rr");
	rig_set_dest(director, &service, &dest, LVS_METHOD_NAT, 1);
	pthread_create(&thread, NULL, work, NULL);
	for (unsigned i = 0; i < TURNS; i++)
		come_back();
	atomic_store(&phase, END);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(scheduled, TURNS);
	ck_assert_uint_eq(lost, 0);
	lvs_worker_del(worker);
	lvs_director_del(director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_return");

	tcase_add_test(tcase, test_return);
	return unit_run("torture_return", tcase);
}
