/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control protocol on any bytes: a hostile client's datagrams, served on a director. The input
 * is one byte of what the client may do, then datagrams, each behind its length in two bytes.
 */
#include <liblvs/ipvs.h>

#include <string.h>

#include "fuzz.h"

enum { CALLS_MAX = 100000 }; /* of one datagram; a dump of all that fits in here needs far fewer */

struct client {
	struct lvs_director *director;
	struct lvs_ipvs_session *session;
	uint32_t flags;
};

static int check_change(void *user, const struct lvs_ipvs_message *request, int dry_run,
			char *sentence, size_t size)
{
	(void)user;
	(void)dry_run;
	FUZZ_CHECK(size > 0 && !sentence[0]);
	/* An embedder's own word: some are refused. */
	return request->service.timeout_s == 0x7ffffff1 ? -1 : 0;
}

/* Read and written and read once more, a message stays what it is. */
static void check_again(const struct lvs_ipvs_message *message)
{
	static uint32_t buffer[LVS_IPVS_REQUESTS / 4];
	struct lvs_ipvs_message again = {.size = sizeof(again)};
	size_t len = lvs_ipvs_encode(buffer, sizeof(buffer), message);
	int error;

	FUZZ_CHECK(len > 0 && len % 4 == 0);
	FUZZ_CHECK(lvs_ipvs_decode(buffer, len, LVS_IPVS_FAMILY, &again, &error) == len);
	FUZZ_CHECK(error == 0 && again.kind == message->kind && again.given == message->given);
	FUZZ_CHECK(memcmp(&again.service, &message->service, sizeof(again.service)) == 0);
	FUZZ_CHECK(memcmp(&again.dest, &message->dest, sizeof(again.dest)) == 0);
	FUZZ_CHECK(memcmp(&again.daemon, &message->daemon, sizeof(again.daemon)) == 0);
	FUZZ_CHECK(again.text_len == message->text_len);
}

/* The codec by itself: every message of the datagram. */
static void decode_all(const uint8_t *data, size_t len)
{
	struct lvs_ipvs_message message = {.size = sizeof(message)};
	size_t at = 0, step;
	int error;

	while ((step = lvs_ipvs_decode(data + at, len - at, LVS_IPVS_FAMILY, &message, &error))) {
		FUZZ_CHECK(step <= len - at);
		FUZZ_CHECK(!error || (error < 0 && message.text_len && message.text));
		FUZZ_CHECK(message.bad_attr < len);
		if (!error && message.kind != LVS_IPVS_ERROR && message.kind != LVS_IPVS_OTHER)
			check_again(&message);
		at += step;
	}
}

/* What a server says is always whole and right. */
static void check_answer(const uint8_t *data, size_t len)
{
	struct lvs_ipvs_message message = {.size = sizeof(message)};
	size_t at = 0, step;
	int error;

	FUZZ_CHECK(len <= LVS_IPVS_DATAGRAM);
	for (; at < len; at += step) {
		step = lvs_ipvs_decode(data + at, len - at, LVS_IPVS_FAMILY, &message, &error);
		FUZZ_CHECK(step > 0 && error == 0 && message.kind != LVS_IPVS_OTHER);
		FUZZ_CHECK(message.kind != LVS_IPVS_ERROR || !message.error || message.text_len);
	}
}

static void serve(struct client *client, const uint8_t *data, size_t len)
{
	static uint32_t buffer[LVS_IPVS_DATAGRAM / 4];
	uint8_t *copy = fuzz_copy(data, len);
	unsigned calls = 0;
	int more;

	decode_all(copy, len);
	FUZZ_CHECK(lvs_ipvs_session_take(client->session, copy, len) == 0);
	free(copy);
	do {
		size_t answer;

		more = lvs_ipvs_session_answer(client->session, buffer, sizeof(buffer), &answer);
		FUZZ_CHECK(more == 0 || more == 1);
		check_answer((const uint8_t *)buffer, answer);
		FUZZ_CHECK(++calls < CALLS_MAX);
	} while (more);
}

static void open_client(struct client *client, uint8_t may)
{
	struct lvs_settings settings;
	struct lvs_ipvs_server server = {.size = sizeof(server), .txn_size = 65536};

	lvs_settings_init(&settings);
	settings.shards = 1;
	settings.max_conns = 64;
	FUZZ_CHECK(lvs_director_new(&settings, &client->director) == 0);
	server.director = client->director;
	server.check = check_change;
	client->flags = may & LVS_IPVS_ADMIN;
	FUZZ_CHECK(lvs_ipvs_session_new(&server, client->flags, &client->session) == 0);
}

static void close_client(struct client *client)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	if (!client->flags) /* who may nothing has changed nothing */
		FUZZ_CHECK(lvs_director_next_service(client->director, &cursor, &info) == 0);
	FUZZ_CHECK(lvs_director_check(client->director, NULL) == 0);
	lvs_ipvs_session_del(client->session);
	lvs_director_del(client->director);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client client;
	size_t at = 1;

	if (!size)
		return 0;
	open_client(&client, data[0]);
	while (size - at >= 2) {
		size_t len = data[at] | (size_t)data[at + 1] << 8;

		at += 2;
		if (len > size - at)
			len = size - at;
		serve(&client, data + at, len);
		at += len;
	}
	close_client(&client);
	return 0;
}
