/* SPDX-License-Identifier: BSD-2-Clause */
/* A user's program on the core: one service, one server, one packet through it. */
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdio.h>

/* A SYN from 198.51.100.7:40000 to 192.0.2.1:80. */
static uint8_t syn[40] = {
	0x45, 0,   0, 40,  0, 1, 0x40, 0,    64,   6,    0x4e, 0x93, 198,
	51,   100, 7, 192, 0, 2, 1,    0x9c, 0x40, 0,    80,   0,    0,
	0,    1,   0, 0,   0, 0, 0x50, 0x02, 0xff, 0xff, 0x27, 0x15,
};

static int add_service(struct lvs_director *director)
{
	struct lvs_service_key web = {.family = LVS_INET, .protocol = LVS_TCP, .port = htons(80)};
	struct lvs_service_conf rr = {.size = sizeof(rr), .sched = lvs_sched_find("rr")};
	struct lvs_dest_key server = {.family = LVS_INET, .port = htons(8080)};
	struct lvs_dest_conf nat = {.size = sizeof(nat), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_txn *txn;

	web.addr.word[0] = inet_addr("192.0.2.1");
	server.addr.word[0] = inet_addr("10.0.0.2");
	if (lvs_txn_begin(director, &txn))
		return -1;
	if (lvs_txn_add_service(txn, &web, &rr) || lvs_txn_add_dest(txn, &web, &server, &nat)) {
		fprintf(stderr, "%s\n", lvs_txn_error(txn));
		lvs_txn_abort(txn);
		return -1;
	}
	return lvs_txn_commit(txn);
}

int main(void)
{
	struct lvs_packet packet = {.data = syn, .len = sizeof(syn), .linear_len = sizeof(syn)};
	struct lvs_director *director;
	struct lvs_worker *worker;

	if (lvs_director_new(NULL, &director) || add_service(director) ||
	    lvs_worker_new(director, &worker))
		return 1;
	lvs_worker_process(worker, &packet, 1, 0);
	printf("liblvs %s: %s: %s\n", lvs_version(), lvs_verdict_name(packet.verdict),
	       lvs_reason_text(packet.reason));
	lvs_worker_del(worker);
	lvs_director_del(director);
	return packet.verdict != LVS_FORWARD || packet.next_hop.word[0] != inet_addr("10.0.0.2");
}
