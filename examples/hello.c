/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The smallest director: packets from a capture file, one service, two real
 * servers behind NAT, what leaves into another file, and the reasons counted.
 *
 *     hello in.pcap,out.pcap
 *
 * It ends with the file, before any connection of it is over: nothing to do for
 * lvs_worker_handle_expiry(), which whoever goes on must call (dr-director.c does).
 */
#include <liblvs/io.h>
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int err, const char *what)
{
	if (err < 0) {
		fprintf(stderr, "hello: %s: %s\n", what, lvs_strerror(err));
		exit(EXIT_FAILURE);
	}
}

/* The service 192.0.2.80:80 and its servers, all in one transaction. */
static void configure(struct lvs_director *director)
{
	struct lvs_service_key service = {
		.family = LVS_INET, .protocol = LVS_TCP, .port = htons(80)};
	struct lvs_service_conf round_robin = {.size = sizeof(round_robin),
					       .sched = lvs_sched_find("rr")};
	struct lvs_dest_key server = {.family = LVS_INET, .port = htons(8080)};
	struct lvs_dest_conf nat = {.size = sizeof(nat), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_txn *txn;

	inet_pton(AF_INET, "192.0.2.80", &service.addr);
	must(lvs_txn_begin(director, &txn), "begin");
	must(lvs_txn_add_service(txn, &service, &round_robin), "service");
	inet_pton(AF_INET, "10.0.0.1", &server.addr);
	must(lvs_txn_add_dest(txn, &service, &server, &nat), "first server");
	inet_pton(AF_INET, "10.0.0.2", &server.addr);
	must(lvs_txn_add_dest(txn, &service, &server, &nat), "second server");
	must(lvs_txn_commit(txn), "commit");
}

int main(int argc, char **argv)
{
	struct lvs_io_conf conf = {.size = sizeof(conf), .target = argv[1]};
	uint64_t reasons[LVS_REASON_N];
	struct lvs_packet packets[64];
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_io *io;
	int n;

	if (argc != 2) {
		fprintf(stderr, "usage: hello IN.PCAP[,OUT.PCAP]\n");
		return 2;
	}
	must(lvs_director_new(NULL, &director), "director");
	must(lvs_worker_new(director, &worker), "worker");
	configure(director);
	must(lvs_io_open(lvs_io_find("pcap"), &conf, &io), argv[1]);
	while ((n = lvs_io_rx(io, packets, 64)) > 0) {
		lvs_worker_process(worker, packets, (unsigned)n, lvs_io_now(io));
		must(lvs_io_tx(io, packets, (unsigned)n), "write");
		while ((n = (int)lvs_worker_outbox(worker, packets, 64)) > 0)
			must(lvs_io_tx(io, packets, (unsigned)n), "write");
	}
	must(n, "read");
	must(lvs_io_flush(io), "write");
	lvs_director_reasons(director, reasons, LVS_REASON_N);
	for (unsigned i = 0; i < LVS_REASON_N; i++)
		if (reasons[i])
			printf("%6llu %s\n", (unsigned long long)reasons[i], lvs_reason_text(i));
	lvs_io_close(io);
	lvs_worker_del(worker);
	lvs_director_del(director);
	return EXIT_SUCCESS;
}
