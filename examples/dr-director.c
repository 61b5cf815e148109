/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/DR: the packet goes unchanged to a server's link-layer address, and the
 * server, which has the service address too, answers the client itself.
 *
 *     dr-director eth0 192.0.2.80:80 192.0.2.11 192.0.2.12
 *
 * The idea to see here: a path's handle names the next hop; the host follows the
 * neighbours, and the adapter asks it for the link-layer address by that handle.
 */
#include <liblvs/host.h>
#include <liblvs/io.h>
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>

#define SERVERS_MAX 32

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "dr-director: %s: %s\n", what, lvs_strerror(err));
	exit(EXIT_FAILURE);
}

/* "192.0.2.80:80" */
static void read_endpoint(char *text, union lvs_addr *addr, lvs_be16 *port)
{
	char *colon = strchr(text, ':');

	*port = colon ? htons((uint16_t)strtoul(colon + 1, NULL, 10)) : 0;
	if (colon)
		*colon = 0;
	check(inet_pton(AF_INET, text, addr) == 1 ? 0 : LVS_ERR_INVALID, text);
}

static void add_servers(struct lvs_director *director, struct lvs_host *host,
			const struct lvs_service_key *key, char **names)
{
	struct lvs_service_conf service = {.size = sizeof(service)}; /* wlc */
	struct lvs_dest_conf conf = {.size = sizeof(conf), .method = LVS_METHOD_DR, .weight = 1};
	struct lvs_dest_key dest[SERVERS_MAX];
	struct lvs_txn *txn;
	unsigned n;

	/* A transaction holds the control lock: what else is to be told comes before or after. */
	for (n = 0; names[n] && n < SERVERS_MAX; n++) {
		struct lvs_path_conf path = {.size = sizeof(path)};

		memset(&dest[n], 0, sizeof(dest[n]));
		dest[n].family = LVS_INET;
		read_endpoint(names[n], &dest[n].addr, &dest[n].port);
		dest[n].port = key->port; /* nobody rewrites it */
		check(lvs_host_path(host, LVS_INET, &dest[n].addr, &path), names[n]);
		check(lvs_director_set_path(director, LVS_INET, &dest[n].addr, &path), names[n]);
	}
	check(lvs_txn_begin(director, &txn), "transaction");
	check(lvs_txn_add_service(txn, key, &service), "service");
	for (unsigned i = 0; i < n; i++)
		check(lvs_txn_add_dest(txn, key, &dest[i], &conf), names[i]);
	check(lvs_txn_commit(txn), "commit");
}

/* Takes the service's packets away from the host, and puts its address on the interface. */
static void set_up(struct lvs_host *host, const char *interface, const struct lvs_service_key *key)
{
	struct lvs_host_rule to_service = {.addr = key->addr,
					   .port = key->port,
					   .family = LVS_INET,
					   .protocol = LVS_TCP,
					   .direction = LVS_HOST_TO};

	check(lvs_host_capture_interfaces(host, &interface, 1), interface);
	check(lvs_host_capture_set(host, &to_service, 1), "capture");
	check(lvs_host_address_add(host, LVS_INET, &key->addr, lvs_host_ifindex(host, interface)),
	      "service address");
}

static void run(struct lvs_host *host, struct lvs_io *io, struct lvs_worker *worker, int signals)
{
	struct pollfd wait[] = {{.fd = lvs_io_fd(io), .events = POLLIN},
				{.fd = lvs_host_fd(host), .events = POLLIN},
				{.fd = signals, .events = POLLIN}};

	while (poll(wait, 3, 1000) >= 0 && !wait[2].revents) {
		struct lvs_packet packets[64];
		int n = lvs_io_rx(io, packets, 64);

		check(n < 0 ? n : 0, "receive");
		lvs_worker_process(worker, packets, (unsigned)n, lvs_io_now(io));
		check(lvs_io_tx(io, packets, (unsigned)n), "send");
		while ((n = (int)lvs_worker_outbox(worker, packets, 64)) > 0) /* were held */
			check(lvs_io_tx(io, packets, (unsigned)n), "send");
		lvs_worker_handle_expiry(worker, lvs_io_now(io), 64);
		check(lvs_host_handle(host), "host");
	}
}

int main(int argc, char **argv)
{
	struct lvs_host_conf host_conf = {.size = sizeof(host_conf), .name = "dr"};
	struct lvs_io_conf io_conf = {.size = sizeof(io_conf)};
	struct lvs_service_key key = {.family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_host *host;
	struct lvs_io *io;
	sigset_t set;

	if (argc < 4) {
		fprintf(stderr, "usage: dr-director INTERFACE ADDRESS:PORT SERVER...\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	lvs_settings_init(&settings);
	check(getrandom(settings.table_key, 16, 0) == 16 ? 0 : LVS_ERR_IO, "random key");
	check(lvs_director_new(&settings, &director), "director");
	check(lvs_worker_new(director, &worker), "worker");
	check(lvs_host_new(&host_conf, &host), "host");
	read_endpoint(argv[2], &key.addr, &key.port);
	add_servers(director, host, &key, argv + 3);
	io_conf.target = argv[1];
	io_conf.host = io_conf.captured_user = host;
	io_conf.captured = lvs_host_captured_callback; /* gets back what is not ours */
	check(lvs_io_open(lvs_io_find("packet"), &io_conf, &io), argv[1]);
	set_up(host, argv[1], &key);
	fprintf(stderr, "dr-director: ready\n");
	run(host, io, worker, signalfd(-1, &set, SFD_CLOEXEC));
	lvs_io_close(io);
	lvs_host_del(host);
	lvs_worker_del(worker);
	lvs_director_del(director);
	return EXIT_SUCCESS;
}
