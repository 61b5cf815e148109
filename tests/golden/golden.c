/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Replays a golden case: its packets through one director, at their own times.
 *
 *	golden [--update] <folder>
 *
 *	rules     services and servers, as `ipvsadm -S -n` prints them
 *	helpers   optional; lines "<name> <port>"
 *	paths     optional; lines "<address> <word>...": mtu <bytes>, down, local, no-source
 *	in.pcap   what comes
 *	out.pcap  what is forwarded, and ICMP errors that packets became
 *	verdicts  a line a record: number, verdict, reason, next hop, connection, cut; a number
 *	          with a plus: a fragment that was held until this record came
 *
 * Every server has a path with a source address for tunnels. Connections are
 * numbered as they are scheduled; expiry runs before each packet.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liblvs/io.h>
#include <liblvs/liblvs.h>

#include "rules/rules.h"

enum {
	PATH_MAX_LEN = 4096,
	LINE_LEN = 256,
	CONNS_MAX = 1 << 20, /* record numbers, at the most */
};

#define SOURCE4 "10.255.0.1"
#define SOURCE6 "2001:db8:ffff::1"

struct replay {
	const char *folder;
	bool update;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_pcap_reader *in;
	struct lvs_pcap_reader *expected; /* NULL with update */
	struct lvs_pcap_writer *out;      /* NULL without */
	FILE *verdicts;
	unsigned record;
	unsigned conns;
	unsigned *ordinal; /* by record number: the how-manieth connection it holds */
	unsigned wrong;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "golden: %s: %s\n", what, why);
	exit(EXIT_FAILURE);
}

static void must(int err, const char *what)
{
	if (err < 0)
		die(what, lvs_strerror(err));
}

static const char *file_of(const struct replay *replay, const char *name, char *path)
{
	snprintf(path, PATH_MAX_LEN, "%s/%s", replay->folder, name);
	return path;
}

static void print_log(void *user, enum lvs_log_level level, const char *text)
{
	(void)user;
	(void)level;
	fprintf(stderr, "%s\n", text);
}

/* --- Rules and paths --- */

static void set_path(struct replay *replay, unsigned family, const union lvs_addr *addr,
		     struct lvs_path_conf *path)
{
	int known = family == LVS_INET ? AF_INET : AF_INET6;

	inet_pton(known, family == LVS_INET ? SOURCE4 : SOURCE6, &path->source);
	must(lvs_director_set_path(replay->director, (enum lvs_family)family, addr, path), "path");
}

static void add_service(struct replay *replay, const struct rule_service *service)
{
	struct lvs_txn *txn;

	must(lvs_txn_begin(replay->director, &txn), "rules");
	must(lvs_txn_add_service(txn, &service->key, &service->conf), "rules");
	must(lvs_txn_commit(txn), "rules");
}

static void add_dest(struct replay *replay, const struct lvs_service_key *service,
		     const struct rule_dest *dest)
{
	struct lvs_path_conf path = {.size = sizeof(path), .source_family = dest->key.family};
	struct lvs_txn *txn;

	set_path(replay, dest->key.family, &dest->key.addr, &path);
	must(lvs_txn_begin(replay->director, &txn), "rules");
	must(lvs_txn_add_dest(txn, service, &dest->key, &dest->conf), "rules");
	must(lvs_txn_commit(txn), "rules");
}

/* Rule by rule, as `ipvsadm -R` would: some schedulers remember the way. */
static void apply_rules(struct replay *replay)
{
	char path[PATH_MAX_LEN];
	char error[LINE_LEN];
	struct rules rules = {0};

	if (rules_read_file(file_of(replay, "rules", path), &rules, error, sizeof(error)) < 0)
		die("rules", error);
	for (size_t i = 0; i < rules.service_n; i++)
		add_service(replay, &rules.service[i]);
	for (size_t i = 0; i < rules.dest_n; i++)
		add_dest(replay, &rules.service[rules.dest[i].service].key, &rules.dest[i]);
	rules_free(&rules);
}

static void apply_helpers(struct replay *replay)
{
	char path[PATH_MAX_LEN];
	char name[16];
	unsigned port;
	FILE *file = fopen(file_of(replay, "helpers", path), "r");

	if (!file)
		return;
	while (fscanf(file, "%15s %u", name, &port) == 2) {
		const struct lvs_helper_ops *ops = lvs_helper_find(name);

		if (!ops)
			die("helpers", name);
		must(lvs_director_bind_helper(replay->director, ops, LVS_TCP,
					      htons((uint16_t)port)),
		     "helpers");
	}
	fclose(file);
}

static void apply_path_line(struct replay *replay, char *line)
{
	struct lvs_path_conf path = {.size = sizeof(path)};
	union lvs_addr addr = {.word = {0}};
	char *word = strtok(line, " \n");
	unsigned family;

	if (!word || word[0] == '#')
		return;
	family = strchr(word, ':') ? LVS_INET6 : LVS_INET;
	if (inet_pton(family == LVS_INET ? AF_INET : AF_INET6, word, &addr) != 1)
		die("paths", word);
	path.source_family = (uint8_t)family;
	while ((word = strtok(NULL, " \n"))) {
		if (!strcmp(word, "mtu") && (word = strtok(NULL, " \n")))
			path.mtu = (uint32_t)strtoul(word, NULL, 10);
		else if (word && !strcmp(word, "down"))
			path.flags |= LVS_PATH_UNREACHABLE;
		else if (word && !strcmp(word, "local"))
			path.flags |= LVS_PATH_LOCAL;
		else if (word && !strcmp(word, "no-source"))
			path.source_family = LVS_UNSPEC;
		else
			die("paths", word ? word : "a number is missing");
	}
	set_path(replay, family, &addr, &path);
}

static void apply_paths(struct replay *replay)
{
	char path[PATH_MAX_LEN];
	char line[LINE_LEN];
	FILE *file = fopen(file_of(replay, "paths", path), "r");

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		apply_path_line(replay, line);
	fclose(file);
}

/* --- What came of each packet --- */

static void fail(struct replay *replay, const char *what, const char *expected, const char *got)
{
	fprintf(stderr, "%s: record %u: %s\n  expected %s\n  got      %s\n", replay->folder,
		replay->record, what, expected, got);
	replay->wrong++;
}

static void hex(const uint8_t *data, uint32_t len, char *text, size_t size)
{
	size_t at = (size_t)snprintf(text, size, "%u bytes ", len);

	for (uint32_t i = 0; data && i < len && at + 3 < size; i++)
		at += (size_t)snprintf(text + at, size - at, "%02x", data[i]);
}

static void give_line(struct replay *replay, const char *line)
{
	char expected[LINE_LEN] = "";

	if (replay->update) {
		fprintf(replay->verdicts, "%s\n", line);
		return;
	}
	if (!fgets(expected, sizeof(expected), replay->verdicts))
		strcpy(expected, "(nothing)");
	expected[strcspn(expected, "\n")] = 0;
	if (strcmp(expected, line) != 0)
		fail(replay, "verdict", expected, line);
}

static void give_packet(struct replay *replay, const struct lvs_packet *packet, uint64_t time)
{
	struct lvs_pcap_record record = {0};
	char expected[LINE_LEN];
	char got[LINE_LEN];

	if (replay->update) {
		must(lvs_pcap_writer_write(replay->out, time, packet->data, packet->linear_len,
					   packet->len),
		     "out.pcap");
		return;
	}
	must(lvs_pcap_reader_next(replay->expected, &record), "out.pcap");
	if (record.data && record.len == packet->linear_len && record.wire_len == packet->len &&
	    record.time_ns == time && memcmp(record.data, packet->data, record.len) == 0)
		return;
	hex(record.data, record.len, expected, sizeof(expected));
	hex(packet->data, packet->linear_len, got, sizeof(got));
	fail(replay, "packet", expected, got);
}

static unsigned conn_of(struct replay *replay, const struct lvs_packet *packet)
{
	if (!packet->conn)
		return 0;
	if (packet->conn >= CONNS_MAX)
		die("conn", "number too large");
	/* A new connection is counted also where its first packet could not be sent. */
	if (packet->reason == LVS_REASON_SCHEDULED || !replay->ordinal[packet->conn])
		replay->ordinal[packet->conn] = ++replay->conns;
	return replay->ordinal[packet->conn];
}

static void describe(struct replay *replay, const struct lvs_packet *packet, const char *suffix,
		     char *line)
{
	static const char *const cuts[] = {"-", "segment", "fragment"};
	char hop[INET6_ADDRSTRLEN] = "-";
	unsigned conn = conn_of(replay, packet);
	char number[16] = "-";

	if (packet->next_hop_family)
		inet_ntop(packet->next_hop_family == LVS_INET ? AF_INET : AF_INET6,
			  &packet->next_hop, hop, sizeof(hop));
	if (conn)
		snprintf(number, sizeof(number), "%u", conn);
	snprintf(line, LINE_LEN, "%u%s %s %s %s %s %s", replay->record, suffix,
		 lvs_verdict_name(packet->verdict), lvs_reason_name(packet->reason), hop, number,
		 cuts[packet->cut]);
	if (packet->cut_len)
		snprintf(line + strlen(line), LINE_LEN - strlen(line), " %u", packet->cut_len);
}

/* What it held and lets go now, a line each with a plus behind the record's number. */
static void release(struct replay *replay, uint64_t time)
{
	struct lvs_packet packet;
	char line[LINE_LEN];

	while (lvs_worker_outbox(replay->worker, &packet, 1)) {
		describe(replay, &packet, "+", line);
		give_line(replay, line);
		if (packet.verdict != LVS_PASS)
			give_packet(replay, &packet, time);
	}
}

static void play(struct replay *replay, const struct lvs_pcap_record *record)
{
	struct lvs_packet packet;
	char line[LINE_LEN];

	replay->record++;
	lvs_worker_handle_expiry(replay->worker, record->time_ns, 0);
	if (lvs_pcap_packet(lvs_pcap_reader_linktype(replay->in), record, &packet) != 1) {
		snprintf(line, sizeof(line), "%u skip - - - -", replay->record);
		give_line(replay, line);
		return;
	}
	lvs_worker_process(replay->worker, &packet, 1, record->time_ns);
	describe(replay, &packet, "", line);
	give_line(replay, line);
	if (packet.verdict == LVS_FORWARD || packet.verdict == LVS_REPLY)
		give_packet(replay, &packet, record->time_ns);
	release(replay, record->time_ns);
}

/* --- Files --- */

static void open_files(struct replay *replay)
{
	struct lvs_log log = {.line = print_log};
	char path[PATH_MAX_LEN];

	must(lvs_pcap_reader_open(file_of(replay, "in.pcap", path), &log, &replay->in), path);
	file_of(replay, "out.pcap", path);
	if (replay->update)
		must(lvs_pcap_writer_open(path, LVS_PCAP_RAW, &log, &replay->out), path);
	else
		must(lvs_pcap_reader_open(path, &log, &replay->expected), path);
	replay->verdicts = fopen(file_of(replay, "verdicts", path), replay->update ? "w" : "r");
	if (!replay->verdicts)
		die(path, "cannot be opened");
}

/* Nothing may be left over. */
static void check_ends(struct replay *replay)
{
	struct lvs_pcap_record record;
	char line[LINE_LEN];

	if (fgets(line, sizeof(line), replay->verdicts))
		fail(replay, "verdict", line, "the end");
	if (lvs_pcap_reader_next(replay->expected, &record) != 0)
		fail(replay, "packet", "one more", "the end");
}

static void close_files(struct replay *replay)
{
	if (!replay->update)
		check_ends(replay);
	lvs_pcap_reader_close(replay->in);
	lvs_pcap_reader_close(replay->expected);
	must(lvs_pcap_writer_close(replay->out), "out.pcap");
	if (fclose(replay->verdicts) != 0)
		die("verdicts", "cannot be written");
}

int main(int argc, char **argv)
{
	struct lvs_pcap_record record;
	struct replay replay = {.folder = argv[argc - 1]};
	int got;

	replay.update = argc == 3 && !strcmp(argv[1], "--update");
	if (argc != 2 + replay.update)
		die("usage", "golden [--update] <folder>");
	replay.ordinal = calloc(CONNS_MAX, sizeof(*replay.ordinal));
	if (!replay.ordinal)
		die("memory", "out of it");
	must(lvs_director_new(NULL, &replay.director), "director");
	must(lvs_worker_new(replay.director, &replay.worker), "worker");
	apply_helpers(&replay);
	apply_rules(&replay);
	apply_paths(&replay);
	open_files(&replay);
	while ((got = lvs_pcap_reader_next(replay.in, &record)) > 0)
		play(&replay, &record);
	must(got, "in.pcap");
	close_files(&replay);
	lvs_worker_del(replay.worker);
	lvs_director_del(replay.director);
	free(replay.ordinal);
	printf("%u packets, %u connections, %u wrong\n", replay.record, replay.conns, replay.wrong);
	return replay.wrong || !replay.record ? EXIT_FAILURE : EXIT_SUCCESS;
}
