/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "tun" with a director's decisions made by hand, so that the adapter
 * alone is tested. See io_tun.sh, which draws the network.
 *
 * io_tun DEVICE [WORKERS] [tunnel] [existing] [hops] [asked]
 *
 * Prints "ready", runs until it is terminated, then prints every counter.
 */
#include <liblvs/io.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH = 32,
	WORKERS = 4,     /* at most; here they take turns */
	OWN_PORT = 8080, /* the host's */
};

struct forwarder {
	bool tunnel;
	uint32_t longest; /* bytes of the longest packet received */
	uint64_t partial; /* packets with a partial checksum */
};

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void print_line(void *user, enum lvs_log_level level, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

/* Everything goes back, and the adapter may know it. */
static bool captured(void *user, const struct lvs_packet *packet)
{
	(void)user;
	(void)packet;
	return true;
}

static bool is_for_host(const struct lvs_packet *packet)
{
	bool ipv4 = packet->data[0] >> 4 == 4;
	unsigned header_len = ipv4 ? 20 : 40;
	const uint8_t *tcp = packet->data + header_len;

	return packet->data[ipv4 ? 9 : 6] == LVS_TCP && packet->linear_len >= header_len + 4 &&
	       (tcp[2] << 8 | tcp[3]) == OWN_PORT;
}

static void put_checksum(uint8_t ip[20])
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

/* IPIP from the host to the server, as a director would: the offload request moves with the bytes.
 */
static void wrap(struct lvs_packet *packet)
{
	uint32_t len = packet->len + 20;
	uint8_t outer[20] = {0x45,
			     0,
			     (uint8_t)(len >> 8),
			     (uint8_t)len,
			     0,
			     0,
			     0x40,
			     0,
			     64,
			     LVS_IPIP,
			     0,
			     0,
			     10,
			     9,
			     2,
			     1,
			     10,
			     9,
			     2,
			     2};

	put_checksum(outer);
	packet->data -= 20;
	memcpy(packet->data, outer, 20);
	packet->len += 20;
	packet->linear_len += 20;
	packet->headroom -= 20;
	if (packet->flags & LVS_PACKET_CSUM_PARTIAL)
		packet->csum_start += 20;
	packet->cut = LVS_CUT_SEGMENT;
}

/* A director counts one hop itself; RFC 1141. */
static void count_hop(uint8_t *ip)
{
	uint32_t sum;

	if (ip[0] >> 4 == 6) {
		ip[7]--;
		return;
	}
	ip[8]--;
	sum = ((uint32_t)ip[10] << 8 | ip[11]) + 0x100;
	sum += sum >> 16;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void decide(struct forwarder *forwarder, struct lvs_packet *packet)
{
	if (packet->len > forwarder->longest)
		forwarder->longest = packet->len;
	forwarder->partial += packet->flags & LVS_PACKET_CSUM_PARTIAL ? 1 : 0;
	if (is_for_host(packet)) {
		packet->verdict = LVS_PASS;
		return;
	}
	packet->verdict = LVS_FORWARD;
	count_hop(packet->data);
	/* What comes from the server goes to the client as it is. */
	if (forwarder->tunnel && packet->data[0] >> 4 == 4 && packet->data[19] == 9)
		wrap(packet);
}

static void turn(struct lvs_io *io, struct forwarder *forwarder)
{
	struct lvs_packet packets[BATCH];
	int n = lvs_io_rx(io, packets, BATCH);

	for (int i = 0; i < n; i++)
		decide(forwarder, &packets[i]);
	if (n < 0)
		fprintf(stderr, "receive: %s\n", lvs_strerror(n));
	if (n < 0 || lvs_io_tx(io, packets, (unsigned)n))
		exit(1);
}

static void run(struct lvs_io **io, unsigned n, struct forwarder *forwarder)
{
	struct pollfd ready[WORKERS];

	for (unsigned i = 0; i < n; i++) {
		ready[i].fd = lvs_io_fd(io[i]);
		ready[i].events = POLLIN;
	}
	while (!ended) {
		if (poll(ready, n, 100) <= 0)
			continue;
		for (unsigned i = 0; i < n; i++)
			if (ready[i].revents)
				turn(io[i], forwarder);
	}
}

/* The sums of all workers, and the fewest packets that one of them got. */
static void report(struct lvs_io **io, unsigned n, const struct forwarder *forwarder)
{
	uint64_t counts[LVS_IO_COUNT_N], sums[LVS_IO_COUNT_N] = {0}, fewest = UINT64_MAX;

	for (unsigned i = 0; i < n; i++) {
		lvs_io_counts(io[i], counts, LVS_IO_COUNT_N);
		for (unsigned c = 0; c < LVS_IO_COUNT_N; c++)
			sums[c] += counts[c];
		if (counts[LVS_IO_COUNT_rx] < fewest)
			fewest = counts[LVS_IO_COUNT_rx];
	}
	for (unsigned c = 0; c < LVS_IO_COUNT_N; c++)
		printf("%s %llu\n", lvs_io_counter_name(c), (unsigned long long)sums[c]);
	printf("longest %u\nfewest %llu\npartial %llu\n", forwarder->longest,
	       (unsigned long long)fewest, (unsigned long long)forwarder->partial);
}

static void read_words(int argc, char **argv, struct lvs_io_conf *conf, struct forwarder *forwarder)
{
	conf->worker_n = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
	for (int i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "tunnel"))
			forwarder->tunnel = true;
		else if (!strcmp(argv[i], "existing"))
			conf->flags |= LVS_IO_EXISTING;
		else if (!strcmp(argv[i], "hops"))
			conf->flags |= LVS_IO_COUNT_HOPS;
		else if (!strcmp(argv[i], "asked"))
			conf->captured = captured;
		else
			exit(2);
	}
}

/* "caps FLAGS MTU" */
static void print_caps(const struct lvs_io *io)
{
	struct lvs_io_caps caps = {.size = sizeof(caps)};

	lvs_io_caps(io, &caps);
	printf("caps %u %u\nready\n", caps.flags, caps.mtu);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct forwarder forwarder = {0};
	struct lvs_io_conf conf = {
		.size = sizeof(conf),
		.batch = BATCH,
		.log.line = print_line,
	};
	struct sigaction action = {.sa_handler = end};
	struct lvs_io *io[WORKERS];

	if (argc < 2)
		return 2;
	conf.target = argv[1];
	read_words(argc, argv, &conf, &forwarder);
	if (conf.worker_n < 1 || conf.worker_n > WORKERS)
		return 2;
	for (unsigned i = 0; i < conf.worker_n; i++) {
		conf.worker = i;
		if (lvs_io_open(lvs_io_find("tun"), &conf, &io[i]))
			return 1;
	}
	sigaction(SIGTERM, &action, NULL);
	print_caps(io[0]);
	run(io, conf.worker_n, &forwarder);
	report(io, conf.worker_n, &forwarder);
	for (unsigned i = 0; i < conf.worker_n; i++)
		lvs_io_close(io[i]);
	return 0;
}
