/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter "pcap", and what io.c does for every adapter. */
#include <liblvs/io.h>

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "pcap_bytes.h"
#include "unit.h"

enum {
	SECOND = 1000000000,
};

struct files {
	char in[32], out[32], target[80];
};

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * (3 - i));
}

/* A UDP packet of @len bytes whose IPv4 checksum is right; @number is in its identification. */
static void make_udp(uint8_t *p, uint16_t len, uint16_t number)
{
	uint32_t sum = 0;

	memset(p, 0, len);
	put32(p, 0x45000000u | len);
	put32(p + 4, (uint32_t)number << 16);
	put32(p + 8, 64u << 24 | LVS_UDP << 16);
	put32(p + 12, 0xc0000201);
	put32(p + 16, 0xc6336407);
	put32(p + 20, 0x03e80035);
	put32(p + 24, (uint32_t)(len - 20) << 16);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

static unsigned number_of(const uint8_t *p)
{
	return (unsigned)p[4] << 8 | p[5];
}

/* Packet i at times[i] seconds, 100 bytes each. */
static struct files make_files(const uint32_t *times, unsigned n)
{
	struct pcap_bytes bytes = {.len = 0};
	struct files files = {"/tmp/lvs-io-in-XXXXXX", "/tmp/lvs-io-out-XXXXXX", ""};
	uint8_t packet[100];
	int fd = mkstemp(files.in);

	pcap_put_file_header(&bytes, 0xa1b2c3d4, LVS_PCAP_RAW);
	for (unsigned i = 0; i < n; i++) {
		make_udp(packet, sizeof(packet), (uint16_t)i);
		pcap_put_record(&bytes, times[i], 0, packet, sizeof(packet), sizeof(packet));
	}
	ck_assert_int_eq(write(fd, bytes.byte, bytes.len), (int)bytes.len);
	close(fd);
	close(mkstemp(files.out));
	snprintf(files.target, sizeof(files.target), "%s,%s", files.in, files.out);
	return files;
}

static void remove_files(const struct files *files)
{
	unlink(files->in);
	unlink(files->out);
}

static struct lvs_io *open_target(const char *target, uint32_t batch)
{
	struct lvs_io_conf conf = {.size = sizeof(conf), .target = target, .batch = batch};
	struct lvs_io *io = NULL;

	ck_assert_int_eq(lvs_io_open(lvs_io_find("pcap"), &conf, &io), 0);
	return io;
}

static uint64_t counted(const struct lvs_io *io, enum lvs_io_counter counter)
{
	uint64_t counts[LVS_IO_COUNT_N];

	lvs_io_counts(io, counts, LVS_IO_COUNT_N);
	return counts[counter];
}

/* Packets of one time per call; the clock does not follow a file's back; small batches split. */
START_TEST(test_times)
{
	static const uint32_t times[] = {5, 5, 5, 7, 6, 9};
	static const struct {
		int n;
		uint64_t now;
	} calls[] = {{2, 5}, {1, 5}, {2, 7}, {1, 9}, {0, 9}, {0, 9}};
	struct files files = make_files(times, 6);
	struct lvs_io *io = open_target(files.target, 2);
	struct lvs_packet packets[8];
	unsigned number = 0;

	ck_assert_uint_eq(lvs_io_now(io), 0);
	for (unsigned c = 0; c < 6; c++) {
		ck_assert_int_eq(lvs_io_rx(io, packets, 8), calls[c].n);
		ck_assert_uint_eq(lvs_io_now(io), calls[c].now * SECOND);
		for (int i = 0; i < calls[c].n; i++) {
			ck_assert_uint_eq(packets[i].len, 100);
			ck_assert_uint_eq(packets[i].linear_len, 100);
			ck_assert_uint_ge(packets[i].headroom, 128);
			ck_assert_uint_ge(packets[i].tailroom, 128);
			ck_assert_uint_eq(number_of(packets[i].data), number++);
			memset(packets[i].data - packets[i].headroom, 0,
			       packets[i].headroom + 100u + packets[i].tailroom);
		}
	}
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_rx), 6);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_rx_bytes), 600);
	lvs_io_close(io);
	remove_files(&files);
}
END_TEST

/* Only what is forwarded or replied is written, with the time of its arrival. */
START_TEST(test_verdicts)
{
	static const uint32_t times[] = {1, 1, 1, 1, 1};
	struct files files = make_files(times, 5);
	struct lvs_io *io = open_target(files.target, 0);
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_record record;
	struct lvs_packet packets[5];

	ck_assert_int_eq(lvs_io_rx(io, packets, 5), 5);
	for (unsigned i = 0; i < 5; i++)
		packets[i].verdict = (uint8_t)i; /* PASS, FORWARD, DROP, REPLY, HELD */
	ck_assert_int_eq(lvs_io_tx(io, packets, 5), 0);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_tx), 2);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_pass_seen), 1);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_dropped), 1);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_held), 1);
	ck_assert_int_eq(lvs_io_flush(io), 0);

	ck_assert_int_eq(lvs_pcap_reader_open(files.out, NULL, &reader), 0);
	ck_assert_uint_eq(lvs_pcap_reader_linktype(reader), LVS_PCAP_RAW);
	for (unsigned number = 1; number <= 3; number += 2) {
		ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 1);
		ck_assert_uint_eq(number_of(record.data), number);
		ck_assert_uint_eq(record.time_ns, SECOND);
	}
	ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 0);
	lvs_pcap_reader_close(reader);
	lvs_io_close(io);
	remove_files(&files);
}
END_TEST

/* What the core asks to be cut is cut. */
START_TEST(test_cut)
{
	static const uint32_t times[] = {1};
	struct files files = make_files(times, 1);
	struct lvs_io *io = open_target(files.target, 0);
	uint8_t big[1500];
	struct lvs_packet packets[2] = {
		{.data = big,
		 .len = 1500,
		 .linear_len = 1500,
		 .verdict = LVS_FORWARD,
		 .cut = LVS_CUT_FRAGMENT,
		 .cut_len = 576},
		{.data = big,
		 .len = 1500,
		 .linear_len = 100,
		 .verdict = LVS_FORWARD,
		 .cut = LVS_CUT_FRAGMENT,
		 .cut_len = 576},
	};

	make_udp(big, sizeof(big), 7);
	ck_assert_int_eq(lvs_io_tx(io, packets, 2), 0);
	/* 1480 bytes behind the header, 552 to a fragment; what is not linear cannot be cut */
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_tx), 3);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_tx_bytes), 1480 + 3 * 20);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_uncut), 1);
	lvs_io_close(io);
	remove_files(&files);
}
END_TEST

START_TEST(test_waits)
{
	static const uint32_t times[] = {1};
	struct files files = make_files(times, 1);
	struct lvs_io *io = open_target(files.in, 0);
	struct pollfd poller = {.fd = lvs_io_fd(io), .events = POLLIN};
	struct lvs_packet packet = {.verdict = LVS_FORWARD};
	struct lvs_io_caps caps = {.size = sizeof(caps)};

	ck_assert_int_eq(poll(&poller, 1, 0), 1);
	ck_assert_int_eq(lvs_io_rx(io, &packet, 1), 1);
	/* without an output */
	packet.verdict = LVS_FORWARD;
	ck_assert_int_eq(lvs_io_tx(io, &packet, 1), 0);
	ck_assert_int_eq(lvs_io_flush(io), 0);
	ck_assert_uint_eq(counted(io, LVS_IO_COUNT_tx), 1);
	ck_assert_int_eq(lvs_io_rx(io, &packet, 1), 0);
	ck_assert_int_eq(poll(&poller, 1, 0), 1);
	lvs_io_caps(io, &caps);
	ck_assert_uint_eq(caps.flags & (LVS_IO_FINITE | LVS_IO_LINK_LAYER | LVS_IO_PASS),
			  LVS_IO_FINITE | LVS_IO_LINK_LAYER);
	ck_assert_str_eq(lvs_io_name(io), "pcap");
	lvs_io_close(io);
	remove_files(&files);
}
END_TEST

/* An output that cannot be written is the one error of sending. */
START_TEST(test_full_disk)
{
	static const uint32_t times[] = {1};
	struct files files = make_files(times, 1);
	struct lvs_packet packet = {.verdict = LVS_FORWARD};
	struct lvs_io *io;

	snprintf(files.target, sizeof(files.target), "%s,/dev/full", files.in);
	io = open_target(files.target, 0);
	ck_assert_int_eq(lvs_io_rx(io, &packet, 1), 1);
	packet.verdict = LVS_FORWARD;
	(void)lvs_io_tx(io, &packet, 1);
	ck_assert_int_eq(lvs_io_flush(io), LVS_ERR_IO);
	ck_assert_int_eq(lvs_io_tx(io, &packet, 1), LVS_ERR_IO);
	lvs_io_close(io);
	remove_files(&files);
}
END_TEST

/* Openings that fail. @target NULL: the field itself is NULL. */
static const struct {
	const char *target;
	uint32_t size, batch, worker, worker_n;
	int expected;
} openings[] = {
	{"/nowhere/in.pcap", sizeof(struct lvs_io_conf), 0, 0, 0, LVS_ERR_NO_ENTRY},
	{NULL, sizeof(struct lvs_io_conf), 0, 0, 0, LVS_ERR_INVALID},
	{"/dev/null", sizeof(struct lvs_io_conf), 0, 0, 0, LVS_ERR_FORMAT},
	{"/nowhere/in.pcap", 0, 0, 0, 0, LVS_ERR_INVALID},
	{"/nowhere/in.pcap", sizeof(struct lvs_io_conf), 1025, 0, 0, LVS_ERR_INVALID},
	{"/nowhere/in.pcap", sizeof(struct lvs_io_conf), 0, 2, 2, LVS_ERR_INVALID},
	{"/nowhere/in.pcap", sizeof(struct lvs_io_conf), 0, 1, 0, LVS_ERR_INVALID},
	/* each would replay the whole file, and write over the others' */
	{"/nowhere/in.pcap", sizeof(struct lvs_io_conf), 0, 1, 2, LVS_ERR_UNSUPPORTED},
	/* a shorter structure, of an earlier version: the target is behind its end */
	{"/nowhere/in.pcap", 8, 0, 0, 0, LVS_ERR_INVALID},
};

START_TEST(test_openings)
{
	struct lvs_io_conf conf = {
		.size = openings[_i].size,
		.batch = openings[_i].batch,
		.worker = openings[_i].worker,
		.worker_n = openings[_i].worker_n,
		.target = openings[_i].target,
	};
	struct lvs_io *io = NULL;

	ck_assert_int_eq(lvs_io_open(lvs_io_find("pcap"), &conf, &io), openings[_i].expected);
	ck_assert_ptr_null(io);
}
END_TEST

/* The caller's structure may be longer or shorter than ours. */
/* What cannot be replayed leaves the output of before alone, and makes none. */
START_TEST(test_bad_input)
{
	static const struct {
		uint32_t magic, linktype;
		int expected;
	} inputs[] = {
		{0x01020304, LVS_PCAP_RAW, LVS_ERR_FORMAT},
		{0xa1b2c3d4, 147, LVS_ERR_UNSUPPORTED},
	};
	static const uint32_t times[] = {1};
	struct files files = make_files(times, 1);
	struct lvs_io_conf conf = {.size = sizeof(conf), .target = files.target};
	struct pcap_bytes bytes = {.len = 0};
	struct lvs_io *io = NULL;
	FILE *file = fopen(files.in, "wb");

	pcap_put_file_header(&bytes, inputs[_i].magic, inputs[_i].linktype);
	ck_assert_uint_eq(fwrite(bytes.byte, bytes.len, 1, file), 1);
	fclose(file);
	ck_assert_int_eq(unlink(files.out), 0);
	ck_assert_int_eq(lvs_io_open(lvs_io_find("pcap"), &conf, &io), inputs[_i].expected);
	ck_assert_ptr_null(io);
	ck_assert_int_eq(access(files.out, F_OK), -1);
	unlink(files.in);
}
END_TEST

START_TEST(test_caps_of_other_versions)
{
	static const uint32_t times[] = {1};
	struct files files = make_files(times, 1);
	struct lvs_io *io = open_target(files.in, 0);
	struct {
		struct lvs_io_caps caps;
		uint32_t more;
	} longer = {.caps.size = sizeof(longer), .more = 7};
	struct lvs_io_caps shorter = {.size = 8, .mtu = 7, .headroom = 7};
	uint64_t counts[LVS_IO_COUNT_N + 1] = {[LVS_IO_COUNT_N] = 7};

	lvs_io_caps(io, &longer.caps);
	ck_assert_uint_eq(longer.caps.size, sizeof(longer));
	ck_assert_uint_eq(longer.more, 7);
	lvs_io_caps(io, &shorter);
	ck_assert_uint_eq(shorter.size, 8);
	ck_assert_uint_ne(shorter.flags, 0);
	ck_assert_uint_eq(shorter.mtu, 7);
	lvs_io_counts(io, counts, LVS_IO_COUNT_N + 1);
	ck_assert_uint_eq(counts[LVS_IO_COUNT_N], 0);
	ck_assert_str_eq(lvs_io_counter_name(LVS_IO_COUNT_rx_bytes), "rx_bytes");
	ck_assert_str_eq(lvs_io_counter_name(LVS_IO_COUNT_N), "unknown");
	lvs_io_close(io);
	lvs_io_close(NULL);
	remove_files(&files);
}
END_TEST

START_TEST(test_list)
{
	ck_assert_str_eq(lvs_io_find("pcap")->name, "pcap");
	ck_assert_str_eq(lvs_io_find("packet")->name, "packet");
	ck_assert_ptr_null(lvs_io_find("packe"));
	ck_assert_ptr_null(lvs_io_find(NULL));
	for (unsigned i = 0; lvs_io_at(i); i++)
		ck_assert_ptr_eq(lvs_io_find(lvs_io_at(i)->name), lvs_io_at(i));
	ck_assert_str_eq(lvs_io_find("tun")->name, "tun");
	ck_assert_ptr_null(lvs_io_at(3));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("io_pcap");

	tcase_add_test(tcase, test_times);
	tcase_add_test(tcase, test_verdicts);
	tcase_add_test(tcase, test_cut);
	tcase_add_test(tcase, test_waits);
	tcase_add_test(tcase, test_full_disk);
	tcase_add_loop_test(tcase, test_openings, 0, sizeof(openings) / sizeof(openings[0]));
	tcase_add_loop_test(tcase, test_bad_input, 0, 2);
	tcase_add_test(tcase, test_caps_of_other_versions);
	tcase_add_test(tcase, test_list);
	return unit_run("io_pcap", tcase);
}
