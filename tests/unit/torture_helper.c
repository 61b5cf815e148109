/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helped connections by several threads at once:
 *
 *   workers    any packet of a few FTP sessions, control and data, in any order
 *   control    kills connections, binds and unbinds, asks what is there
 *
 * Nobody sees what has gone; at the end all agrees, and no memory is left.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "ftp_rig.h"

#define WORKERS 3
#define SESSIONS 4
#define ROUNDS 100

static struct ftp ftp;
static _Atomic int done;

struct player {
	struct lvs_worker *worker;
	uint64_t random;
	_Atomic uint64_t forwarded; /* counted by its thread, read beside it: relaxed */
};

static const char *const texts[] = {
	"PASV\r\n", "227 (10,0,0,1,156,64)\r\n",    "PORT 198,51,100,10,195,80\r\n",
	"EPSV\r\n", "229 Extended (|||40001|)\r\n", "",
};

static void fill(struct ftp *mine, struct player *player)
{
	static const uint8_t flags[] = {LVS_TCP_SYN, LVS_TCP_ACK, LVS_TCP_ACK, LVS_TCP_ACK,
					LVS_TCP_ACK | LVS_TCP_FIN};
	unsigned from = rig_random(&player->random) & 1;

	mine->client = rig_addr4(198, 51, 100, 10 + rig_random(&player->random) % SESSIONS);
	mine->server = rig_random(&player->random) & 1;
	mine->end[from].seq = (uint32_t)(rig_random(&player->random) % 200);
	mine->end[from].ack = (uint32_t)(rig_random(&player->random) % 200);
	ftp_make(mine, from, flags[rig_random(&player->random) % 5],
		 texts[rig_random(&player->random) % 6]);
}

static void *play(void *arg)
{
	struct player *player = arg;
	struct ftp *mine = malloc(sizeof(*mine));

	must(mine);
	memcpy(mine, &ftp, sizeof(*mine));
	while (!atomic_load(&done)) {
		struct lvs_flow data = rig_flow(LVS_TCP, LVS_INET, mine->client, 51000, mine->vip,
						40000 + (rig_random(&player->random) & 1));

		fill(mine, player);
		lvs_worker_process(player->worker, &mine->rig.packet, 1, mine->now);
		if (mine->rig.packet.verdict == LVS_FORWARD)
			atomic_fetch_add_explicit(&player->forwarded, 1, memory_order_relaxed);
		if (rig_random(&player->random) % 4 == 0)
			rig_send(player->worker, &mine->rig, &data, LVS_TCP_SYN, mine->now);
		if (rig_random(&player->random) % 64 == 0)
			lvs_worker_handle_expiry(player->worker, mine->now, 0);
	}
	free(mine);
	return NULL;
}

static void change(unsigned i)
{
	const struct lvs_helper_ops *ops = lvs_helper_find("ftp");
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {0};

	if (i % 3 == 0)
		lvs_director_kill_conns(ftp.director, NULL);
	if (i % 5 == 0)
		lvs_director_unbind_helper(ftp.director, LVS_TCP, rig_port(21));
	while (lvs_director_next_conn(ftp.director, NULL, &cursor, &info) == 1)
		must(info.size == sizeof(info));
	if (i % 5 == 1)
		lvs_director_bind_helper(ftp.director, ops, LVS_TCP, rig_port(21));
	for (unsigned n = 0; n < 20; n++)
		sched_yield();
}

/* However little of the processors the workers get: the test lasts until each has done something.
 */
static bool all_forwarded(struct player *player)
{
	for (unsigned i = 0; i < WORKERS; i++)
		if (!atomic_load_explicit(&player[i].forwarded, memory_order_relaxed))
			return false;
	return true;
}

START_TEST(test_helper)
{
	/* The rig's allocator is for one thread. */
	struct lvs_settings settings = {.size = sizeof(settings), .alloc = lvs_alloc_libc};
	static struct player player[WORKERS];
	pthread_t thread[WORKERS];

	ftp_open(&ftp, LVS_INET, LVS_METHOD_NAT, &settings);
	for (unsigned i = 0; i < WORKERS; i++) {
		player[i].random = i + 1;
		ck_assert_int_eq(lvs_worker_new(ftp.director, &player[i].worker), 0);
		pthread_create(&thread[i], NULL, play, &player[i]);
	}
	for (unsigned i = 0; i < ROUNDS || !all_forwarded(player); i++)
		change(i);
	atomic_store(&done, 1);
	for (unsigned i = 0; i < WORKERS; i++) {
		pthread_join(thread[i], NULL);
		lvs_worker_del(player[i].worker);
	}
	lvs_worker_handle_expiry(ftp.worker, ftp.now + 10000 * SECOND, 0);
	lvs_director_kill_conns(ftp.director, NULL);
	rig_check(ftp.director);
	lvs_worker_del(ftp.worker);
	lvs_director_del(ftp.director);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("torture_helper");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_helper);
	return unit_run("torture_helper", tcase);
}
