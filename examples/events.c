/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: three clients come and go, the server is drained, and each step is told. */
#include <liblvs/liblvs.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull

static const struct lvs_service_key service = {
	{{198, 51, 100, 80}}, .fwmark = 7, .family = LVS_INET, .protocol = LVS_UDP};
static const struct lvs_dest_key server = {{{192, 0, 2, 1}}, .family = LVS_INET};

static int set_weight(struct lvs_director *director, int weight)
{
	struct lvs_service_conf conf = {.size = sizeof(conf)};
	struct lvs_dest_conf how = {
		.size = sizeof(how), .method = LVS_METHOD_DR, .weight = weight, .upper = 3};
	struct lvs_txn *txn;

	return lvs_txn_begin(director, &txn) || lvs_txn_set_service(txn, &service, &conf) ||
	       lvs_txn_set_dest(txn, &service, &server, &how) || lvs_txn_commit(txn);
}

/* A datagram from 10.0.0.client. */
static void send_packet(struct lvs_worker *worker, uint8_t client, uint64_t now_ns)
{
	uint8_t bytes[28] = {0x45, 0, 0,   28, 0,   0,  0x40, 0,    64, 17, 0, 0, 10, 0,
			     0,    0, 198, 51, 100, 80, 0x9c, 0x40, 0,  53, 0, 8, 0,  0};
	struct lvs_packet packet = {.data = bytes, .len = 28, .linear_len = 28, .mark = 7};
	uint32_t sum = client;
	lvs_be16 check_be;

	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	check_be = htons((uint16_t) ~(sum % 0xffff)); /* RFC 1071 */
	memcpy(bytes + 10, &check_be, 2);
	bytes[15] = client;
	lvs_worker_process(worker, &packet, 1, now_ns);
}

static unsigned print_events(struct lvs_worker *worker)
{
	struct lvs_event event[32];
	unsigned n = lvs_worker_events(worker, event, 32);

	for (unsigned i = 0; i < n; i++) {
		const struct lvs_event *e = &event[i];

		printf("%4llu s  %s", (unsigned long long)(e->now_ns / SECOND),
		       lvs_event_name(e->type));
		if (e->type == LVS_EVENT_LOST)
			printf(" %llu", (unsigned long long)e->value);
		if (e->type == LVS_EVENT_MADE || e->type == LVS_EVENT_GONE)
			printf(" client 10.0.0.%u", e->client.byte[3]);
		if (e->type == LVS_EVENT_GONE)
			printf(", %s", lvs_gone_name(e->why));
		printf("\n");
	}
	return n;
}

int main(void)
{
	struct lvs_settings settings;
	struct lvs_director *director;
	struct lvs_worker *worker;
	unsigned told;

	lvs_settings_init(&settings);
	settings.events = 1000; /* kept for each worker until they are taken */
	if (lvs_director_new(&settings, &director) || lvs_worker_new(director, &worker) ||
	    set_weight(director, 1))
		return 1;
	for (uint8_t client = 1; client <= 3; client++)
		send_packet(worker, client, client * 100 * SECOND);
	told = print_events(worker);
	if (set_weight(director, 0))
		return 1;
	lvs_worker_handle_expiry(worker, 700 * SECOND, 0);
	told += print_events(worker);
	lvs_worker_del(worker);
	lvs_director_del(director);
	return told != 9; /* 3 made, overloaded; 3 gone, not overloaded, drained */
}
