/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The adapter "packet" with a director's decisions made by hand, so that the
 * adapter alone is tested. See io_packet.sh, which draws the network.
 *
 * io_packet forward|tunnel CLIENT_IF CLIENT_MAC SERVER_IF SERVER_MAC
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
	LOCAL_PORT = 8080,  /* the host's own, on the service address */
	ASK_NS = 300000000, /* so long a neighbour does not answer */
};

struct neighbour {
	struct lvs_host_link link;
	uint64_t known_from; /* ns, 0: not asked yet */
};

struct forwarder {
	struct neighbour client, server;
	uint8_t vip[4], director[4], real[4]; /* network order */
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

/* What the script's nft rule takes away from the host. */
static bool captured(void *user, const struct lvs_packet *packet)
{
	const struct forwarder *forwarder = user;

	return is_ipv4(packet) && packet->ifindex == forwarder->client.link.ifindex &&
	       memcmp(packet->data + 16, forwarder->vip, 4) == 0;
}

static bool is_for_host(const struct lvs_packet *packet)
{
	const uint8_t *tcp = packet->data + 20;

	return packet->data[9] == LVS_TCP && packet->linear_len >= 24 &&
	       (tcp[2] << 8 | tcp[3]) == LOCAL_PORT;
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
	packet->next_hop_family = LVS_INET;
	if (!is_ipv4(packet))
		return;
	if (captured(forwarder, packet) && !is_for_host(packet)) {
		packet->verdict = LVS_FORWARD;
		packet->path = 2;
		if (forwarder->tunnel)
			wrap(forwarder, packet);
	} else if (packet->ifindex == forwarder->server.link.ifindex &&
		   memcmp(packet->data + 12, forwarder->vip, 4) == 0) {
		packet->verdict = LVS_FORWARD;
		packet->path = 1;
	}
}

static void parse_mac(const char *text, uint8_t mac[6])
{
	unsigned b[6];

	if (sscanf(text, "%x:%x:%x:%x:%x:%x", b, b + 1, b + 2, b + 3, b + 4, b + 5) != 6)
		exit(2);
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
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

static void run(struct lvs_io *io, struct forwarder *forwarder)
{
	struct lvs_packet packets[BATCH];
	struct pollfd ready = {.fd = lvs_io_fd(io), .events = POLLIN};

	while (!ended) {
		int n = 0;

		if (poll(&ready, 1, 100) > 0)
			n = lvs_io_rx(io, packets, BATCH);
		for (int i = 0; i < n; i++)
			decide(forwarder, &packets[i]);
		if (n < 0 || lvs_io_tx(io, packets, (unsigned)n))
			exit(1);
	}
}

static void report(const struct lvs_io *io, const struct forwarder *forwarder)
{
	uint64_t counts[LVS_IO_COUNT_N];

	lvs_io_counts(io, counts, LVS_IO_COUNT_N);
	for (unsigned i = 0; i < LVS_IO_COUNT_N; i++)
		printf("%s %llu\n", lvs_io_counter_name(i), (unsigned long long)counts[i]);
	printf("longest %u\n", forwarder->longest);
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
	struct lvs_io *io;
	char target[64];

	if (argc != 6)
		return 2;
	forwarder.tunnel = strcmp(argv[1], "tunnel") == 0;
	read_neighbour(&forwarder.client, argv[2], argv[3]);
	read_neighbour(&forwarder.server, argv[4], argv[5]);
	snprintf(target, sizeof(target), "%s,%s", argv[2], argv[4]);
	conf.target = target;
	if (lvs_io_open(lvs_io_find("packet"), &conf, &io))
		return 1;
	sigaction(SIGTERM, &action, NULL);
	puts("ready");
	fflush(stdout);
	run(io, &forwarder);
	report(io, &forwarder);
	lvs_io_close(io);
	return 0;
}
