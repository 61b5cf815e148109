/* SPDX-License-Identifier: BSD-2-Clause */
/* Clients that stick to their server: all of a /24 have the same, as long as connections come
 * within a minute of each other. The library remembers it in a template, which is listed. */
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull
#define SERVERS 3

static int setup(struct lvs_director *director)
{
	struct lvs_service_key key = {
		{{198, 51, 100, 80}}, .port = htons(80), .family = LVS_INET, .protocol = LVS_TCP};
	struct lvs_service_conf conf = {.size = sizeof(conf),
					.flags = LVS_SERVICE_PERSISTENT,
					.sched = lvs_sched_find("rr"),
					.timeout_s = 60,
					.netmask = htonl(0xffffff00)};
	struct lvs_dest_conf how = {.size = sizeof(how), .method = LVS_METHOD_DR, .weight = 1};
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn);

	if (err)
		return err;
	err = lvs_txn_add_service(txn, &key, &conf);
	for (uint8_t n = 1; !err && n <= SERVERS; n++) {
		struct lvs_dest_key dest = {
			{{192, 0, 2, n}}, .port = htons(80), .family = LVS_INET};

		err = lvs_txn_add_dest(txn, &key, &dest, &how);
	}
	if (!err)
		return lvs_txn_commit(txn);
	lvs_txn_abort(txn);
	return err;
}

/* A TCP SYN from 10.0.NET.HOST to 198.51.100.80:80, its checksums right. */
static struct lvs_packet make_syn(uint8_t bytes[40], uint8_t net, uint8_t host)
{
	static const uint8_t syn[40] = {
		[0] = 0x45,  [3] = 40,   [6] = 0x40,  [8] = 64,          [9] = 6,
		[12] = 10,   [16] = 198, [17] = 51,   [18] = 100,        [19] = 80,
		[20] = 0x9c, [23] = 80,  [32] = 0x50, [33] = LVS_TCP_SYN};
	uint32_t sum = 0;

	memcpy(bytes, syn, sizeof(syn));
	bytes[14] = net;
	bytes[15] = host;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	sum = ~(sum % 0xffff); /* RFC 1071 */
	bytes[10] = (uint8_t)(sum >> 8);
	bytes[11] = (uint8_t)sum;
	return (struct lvs_packet){.data = bytes, .len = 40, .linear_len = 40};
}

/* The server that a client's connection gets: the last byte of its address, 0 for none. */
static unsigned connect_from(struct lvs_worker *worker, uint8_t net, uint8_t host, uint64_t now_ns)
{
	uint8_t bytes[40];
	struct lvs_packet packet = make_syn(bytes, net, host);
	unsigned server;

	lvs_worker_process(worker, &packet, 1, now_ns);
	server = packet.verdict == LVS_FORWARD ? packet.next_hop.byte[3] : 0;
	printf("%4llu s  10.0.%u.%u gets server %u\n", now_ns / SECOND, net, host, server);
	return server;
}

/* As `ipvsadm -Lnc` lists it: the client is a network, its port 0. Returns how many there are. */
static unsigned list_templates(const struct lvs_director *director, uint64_t now_ns)
{
	struct lvs_conn_filter filter = {.size = sizeof(filter),
					 .flags = LVS_CONN_FILTER_TEMPLATES};
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	unsigned n = 0;

	for (; lvs_director_next_conn(director, &filter, &cursor, &info) == 1; n++)
		printf("        10.0.%u.0 is bound to server %u, %llu s to go, connections: %u\n",
		       info.client.byte[2], info.dest.byte[3], (info.expires_ns - now_ns) / SECOND,
		       info.control_n);
	return n;
}

int main(void)
{
	unsigned first, same, other, later, templates;
	struct lvs_director *director;
	struct lvs_worker *worker;

	if (lvs_director_new(NULL, &director) || lvs_worker_new(director, &worker) ||
	    setup(director))
		return 1;
	first = connect_from(worker, 1, 7, 0);
	other = connect_from(worker, 2, 7, 0);
	same = connect_from(worker, 1, 8, 50 * SECOND); /* which binds the network anew */
	templates = list_templates(director, 50 * SECOND);

	/* Nobody comes for five minutes: connections and templates end. */
	lvs_worker_handle_expiry(worker, 350 * SECOND, 0);
	templates += list_templates(director, 350 * SECOND);
	later = connect_from(worker, 1, 7, 350 * SECOND);

	lvs_worker_del(worker);
	lvs_director_del(director);
	return first == same && first != other && later != first && templates == 2 ? 0 : 1;
}
