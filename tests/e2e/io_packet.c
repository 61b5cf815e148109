/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "packet" with a director's decisions made by hand, so that the
 * adapter alone is tested. See io_packet.sh, which draws the network.
 *
 * io_packet forward|tunnel CLIENT_IF CLIENT_MAC SERVER_IF SERVER_MAC [WORKERS]
 *
 * Prints "ready", runs until it is terminated, then prints every counter.
 */
#include <liblvs/host.h>
#include <liblvs/io.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	BATCH = 32,
	WORKERS = 4,        /* at most; here they take turns */
	LOCAL_PORT = 8080,  /* the host's own, on the service address */
	ASK_NS = 300000000, /* so long a neighbour does not answer */
};

struct neighbour {
	struct lvs_host_link link;
	uint64_t known_from; /* ns, 0: not asked yet */
};

struct forwarder {
	struct neighbour client, server;
	uint8_t vip[4], vip6[16], director[4], real[4]; /* network order */
	bool tunnel;
	uint32_t longest; /* bytes of the longest packet received */
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

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The path's number tells which neighbour is meant; each lets us wait at first. */
static int resolve(void *user, uint32_t path, enum lvs_family family, const union lvs_addr *hop,
		   struct lvs_host_link *link)
{
	struct forwarder *forwarder = user;
	struct neighbour *neighbour = path == 1 ? &forwarder->client : &forwarder->server;

	(void)family;
	(void)hop;
	if (!neighbour->known_from)
		neighbour->known_from = clock_ns() + ASK_NS;
	if (clock_ns() < neighbour->known_from)
		return LVS_ERR_BUSY;
	*link = neighbour->link;
	return 0;
}

static bool is_ipv4(const struct lvs_packet *packet)
{
	return packet->linear_len >= 20 && packet->data[0] >> 4 == 4;
}

static bool is_ipv6(const struct lvs_packet *packet)
{
	return packet->linear_len >= 40 && packet->data[0] >> 4 == 6;
}

/* Whether the service address is the packet's destination, or its source. */
static bool is_vip(const struct forwarder *forwarder, const struct lvs_packet *packet, bool dst)
{
	if (is_ipv4(packet))
		return memcmp(packet->data + (dst ? 16 : 12), forwarder->vip, 4) == 0;
	return is_ipv6(packet) && memcmp(packet->data + (dst ? 24 : 8), forwarder->vip6, 16) == 0;
}

/* What the script's nft rule takes away from the host. */
static bool captured(void *user, const struct lvs_packet *packet)
{
	const struct forwarder *forwarder = user;

	return packet->ifindex == forwarder->client.link.ifindex && is_vip(forwarder, packet, true);
}

static bool is_for_host(const struct lvs_packet *packet)
{
	unsigned header_len = is_ipv4(packet) ? 20 : 40;
	const uint8_t *tcp = packet->data + header_len;

	return packet->data[is_ipv4(packet) ? 9 : 6] == LVS_TCP &&
	       packet->linear_len >= header_len + 4 && (tcp[2] << 8 | tcp[3]) == LOCAL_PORT;
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

/* IPIP, as a director would: the offload request moves with the bytes. */
static void wrap(const struct forwarder *forwarder, struct lvs_packet *packet)
{
	uint32_t len = packet->len + 20;
	uint8_t outer[20] = {0x45, 0,       (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0x40, 0,
			     64,   LVS_IPIP};

	memcpy(outer + 12, forwarder->director, 4);
	memcpy(outer + 16, forwarder->real, 4);
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

static void decide(struct forwarder *forwarder, struct lvs_packet *packet)
{
	if (packet->len > forwarder->longest)
		forwarder->longest = packet->len;
	packet->verdict = LVS_PASS;
	packet->next_hop_family = is_ipv4(packet) ? LVS_INET : LVS_INET6;
	if (captured(forwarder, packet) && !is_for_host(packet)) {
		packet->verdict = LVS_FORWARD;
		packet->path = 2;
		if (forwarder->tunnel && is_ipv4(packet))
			wrap(forwarder, packet);
	} else if (packet->ifindex == forwarder->server.link.ifindex &&
		   is_vip(forwarder, packet, false)) {
		packet->verdict = LVS_FORWARD;
		packet->path = 1;
	}
}

static void parse_mac(const char *text, uint8_t mac[6])
{
	char *end_of_byte = NULL;

	for (unsigned i = 0; i < 6; i++, text = end_of_byte + 1) {
		mac[i] = (uint8_t)strtoul(text, &end_of_byte, 16);
		if (end_of_byte != text + 2)
			exit(2);
	}
}

static void read_neighbour(struct neighbour *neighbour, const char *interface, const char *mac)
{
	char path[64], own[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", interface);
	file = fopen(path, "r");
	if (!file || !fgets(own, sizeof(own), file))
		exit(2);
	fclose(file);
	parse_mac(own, neighbour->link.src);
	parse_mac(mac, neighbour->link.dst);
	neighbour->link.ifindex = if_nametoindex(interface);
	neighbour->link.mtu = 1500;
}

static void turn(struct lvs_io *io, struct forwarder *forwarder)
{
	struct lvs_packet packets[BATCH];
	int n = lvs_io_rx(io, packets, BATCH);

	for (int i = 0; i < n; i++)
		decide(forwarder, &packets[i]);
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
	printf("longest %u\nfewest %llu\n", forwarder->longest, (unsigned long long)fewest);
}

static void open_workers(struct lvs_io_conf *conf, struct lvs_io **io, unsigned n)
{
	conf->worker_n = n;
	for (conf->worker = 0; conf->worker < n; conf->worker++)
		if (lvs_io_open(lvs_io_find("packet"), conf, &io[conf->worker]))
			exit(1);
}

int main(int argc, char **argv)
{
	struct forwarder forwarder = {
		.vip = {10, 9, 9, 9}, .director = {10, 9, 2, 1}, .real = {10, 9, 2, 2}};
	struct lvs_io_conf conf = {
		.size = sizeof(conf),
		.batch = BATCH,
		.resolve = resolve,
		.resolve_user = &forwarder,
		.captured = captured,
		.captured_user = &forwarder,
		.log.line = print_line,
	};
	struct sigaction action = {.sa_handler = end};
	unsigned n = argc == 7 ? (unsigned)strtoul(argv[6], NULL, 10) : 1;
	struct lvs_io *io[WORKERS];
	char target[64];

	if (argc < 6 || n < 1 || n > WORKERS)
		return 2;
	inet_pton(AF_INET6, "fd09:9::9", forwarder.vip6);
	forwarder.tunnel = strcmp(argv[1], "tunnel") == 0;
	read_neighbour(&forwarder.client, argv[2], argv[3]);
	read_neighbour(&forwarder.server, argv[4], argv[5]);
	snprintf(target, sizeof(target), "%s,%s", argv[2], argv[4]);
	conf.target = target;
	open_workers(&conf, io, n);
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	run(io, n, &forwarder);
	report(io, n, &forwarder);
	for (unsigned i = 0; i < n; i++)
		lvs_io_close(io[i]);
	return 0;
}
