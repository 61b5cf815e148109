/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VS/NAT: the packet's destination becomes a server, and the reply's source the
 * service again. The servers' gateway is this host.
 *
 *     nat-director eth0 eth1 192.0.2.80:80 10.1.0.11:8080 10.1.0.12:8080
 *
 * The idea to see here: both directions must come by. Replies are taken away from
 * the host as requests are, by the servers' address and port, or it would
 * forward them untranslated.
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
	if (!err)
		return;
	fprintf(stderr, "nat-director: %s: %s\n", what, lvs_strerror(err));
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

#define SERVERS_MAX 32

static struct lvs_host_rule rule_for(const union lvs_addr *addr, lvs_be16 port, uint8_t direction)
{
	return (struct lvs_host_rule){.addr = *addr,
				      .port = port,
				      .family = LVS_INET,
				      .protocol = LVS_TCP,
				      .direction = direction};
}

/* Returns how many there are, with a rule for the replies of each. */
static unsigned add_servers(struct lvs_director *director, const struct lvs_service_key *key,
			    char **names, struct lvs_host_rule *replies)
{
	struct lvs_service_conf service = {.size = sizeof(service)}; /* wlc */
	struct lvs_dest_conf conf = {.size = sizeof(conf), .method = LVS_METHOD_NAT, .weight = 1};
	struct lvs_txn *txn;
	unsigned n;

	check(lvs_txn_begin(director, &txn), "transaction");
	check(lvs_txn_add_service(txn, key, &service), "service");
	for (n = 0; names[n] && n < SERVERS_MAX; n++) {
		struct lvs_dest_key dest = {.family = LVS_INET};

		read_endpoint(names[n], &dest.addr, &dest.port);
		dest.port = dest.port ? dest.port : key->port;
		check(lvs_txn_add_dest(txn, key, &dest, &conf), names[n]);
		replies[n] = rule_for(&dest.addr, dest.port, LVS_HOST_FROM);
	}
	check(lvs_txn_commit(txn), "commit");
	return n;
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
	struct lvs_host_conf host_conf = {.size = sizeof(host_conf), .name = "nat"};
	struct lvs_io_conf io_conf = {.size = sizeof(io_conf)};
	struct lvs_service_key key = {.family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_host *host;
	struct lvs_io *io;
	sigset_t set;
	struct lvs_host_rule rules[SERVERS_MAX + 1];
	const char *interfaces[2] = {argv[1], argv[2]};
	char target[40];
	unsigned server_n;

	if (argc < 5) {
		fprintf(stderr, "usage: nat-director OUTER INNER ADDRESS:PORT SERVER[:PORT]...\n");
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
	lvs_director_set_path_lookup(director, lvs_host_path_lookup, host); /* ways to clients */
	read_endpoint(argv[3], &key.addr, &key.port);
	server_n = add_servers(director, &key, argv + 4, rules + 1);
	rules[0] = rule_for(&key.addr, key.port, LVS_HOST_TO);
	snprintf(target, sizeof(target), "%s,%s", argv[1], argv[2]);
	io_conf.target = target;
	io_conf.host = io_conf.captured_user = host;
	io_conf.captured = lvs_host_captured_callback; /* gets back what is not ours */
	check(lvs_io_open(lvs_io_find("packet"), &io_conf, &io), target);
	check(lvs_host_capture_interfaces(host, interfaces, 2), target);
	check(lvs_host_capture_set(host, rules, server_n + 1), "capture");
	check(lvs_host_address_add(host, LVS_INET, &key.addr, lvs_host_ifindex(host, argv[1])),
	      "service address");
	fprintf(stderr, "nat-director: ready\n");
	run(host, io, worker, signalfd(-1, &set, SFD_CLOEXEC));
	lvs_io_close(io);
	lvs_host_del(host);
	lvs_worker_del(worker);
	lvs_director_del(director);
	return EXIT_SUCCESS;
}
