/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/TUN: the packet goes to a server in another packet. The server may be anywhere;
 * it has a tunnel end and the service address, and answers the client itself.
 *     tun-director eth0 192.0.2.80:80 198.51.100.11 203.0.113.12
 *
 * The idea to see here: paths. A tunnel needs its source address and the MTU of
 * the way, which only the host knows; when its routes change, the director is told.
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

static void check(int err, const char *what)
{
	if (err) {
		fprintf(stderr, "tun-director: %s: %s\n", what, lvs_strerror(err));
		exit(EXIT_FAILURE);
	}
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

struct tunnels {
	struct lvs_director *director;
	struct lvs_host *host;
	unsigned server_n;
	union lvs_addr server[32];
};

static void set_paths(void *user)
{
	const struct tunnels *tunnels = user;

	for (unsigned i = 0; i < tunnels->server_n; i++) {
		const union lvs_addr *server = &tunnels->server[i];
		struct lvs_path_conf path = {.size = sizeof(path)};

		check(lvs_host_path(tunnels->host, LVS_INET, server, &path), "path");
		check(lvs_director_set_path(tunnels->director, LVS_INET, server, &path), "path");
	}
}

static void add_servers(struct tunnels *tunnels, const struct lvs_service_key *key, char **names)
{
	struct lvs_service_conf service = {.size = sizeof(service)}; /* wlc */
	struct lvs_dest_conf conf = {sizeof(conf), .method = LVS_METHOD_TUNNEL, .weight = 1};
	struct lvs_txn *txn;

	check(lvs_txn_begin(tunnels->director, &txn), "transaction");
	check(lvs_txn_add_service(txn, key, &service), "service");
	for (; *names && tunnels->server_n < 32; names++) {
		struct lvs_dest_key dest = {.family = LVS_INET};

		read_endpoint(*names, &dest.addr, &dest.port);
		dest.port = key->port; /* nobody rewrites it */
		check(lvs_txn_add_dest(txn, key, &dest, &conf), *names);
		tunnels->server[tunnels->server_n++] = dest.addr;
	}
	check(lvs_txn_commit(txn), "commit");
	set_paths(tunnels); /* not before: a transaction holds the control lock */
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
	struct lvs_host_conf host_conf = {.size = sizeof(host_conf), .name = "tun"};
	struct lvs_io_conf io_conf = {.size = sizeof(io_conf)};
	struct lvs_service_key key = {.family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_host_rule rule = {
		.family = LVS_INET, .protocol = LVS_TCP, .direction = LVS_HOST_TO};
	struct lvs_settings settings;
	const char *interface = argv[1];
	struct lvs_worker *worker;
	struct tunnels tunnels = {0};
	struct lvs_io *io;
	sigset_t set;

	if (argc < 4) {
		fprintf(stderr, "usage: tun-director INTERFACE ADDRESS:PORT SERVER...\n");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	lvs_settings_init(&settings);
	check(getrandom(settings.table_key, 16, 0) == 16 ? 0 : LVS_ERR_IO, "random key");
	check(lvs_director_new(&settings, &tunnels.director), "director");
	check(lvs_worker_new(tunnels.director, &worker), "worker");
	host_conf.changed = set_paths;
	host_conf.user = &tunnels;
	check(lvs_host_new(&host_conf, &tunnels.host), "host");
	read_endpoint(argv[2], &key.addr, &key.port);
	add_servers(&tunnels, &key, argv + 3);
	io_conf.target = interface;
	io_conf.host = io_conf.captured_user = tunnels.host;
	io_conf.captured = lvs_host_captured_callback; /* gets back what is not ours */
	check(lvs_io_open(lvs_io_find("packet"), &io_conf, &io), interface);
	rule.addr = key.addr;
	rule.port = key.port;
	check(lvs_host_capture_interfaces(tunnels.host, &interface, 1), interface);
	check(lvs_host_capture_set(tunnels.host, &rule, 1), "capture");
	check(lvs_host_address_add(tunnels.host, LVS_INET, &key.addr,
				   lvs_host_ifindex(tunnels.host, interface)),
	      interface);
	fprintf(stderr, "tun-director: ready\n");
	run(tunnels.host, io, worker, signalfd(-1, &set, SFD_CLOEXEC));
	lvs_io_close(io);
	lvs_host_del(tunnels.host);
	lvs_worker_del(worker);
	lvs_director_del(tunnels.director);
	return EXIT_SUCCESS;
}
