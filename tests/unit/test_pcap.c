/* SPDX-License-Identifier: BSD-2-Clause */
#include <liblvs/io.h>

#include <stdio.h>
#include <unistd.h>

#include "pcap_bytes.h"
#include "unit.h"

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

static struct lvs_pcap_reader *open_bytes(const struct pcap_bytes *file, int expected)
{
	struct lvs_pcap_reader *reader = NULL;

	ck_assert_int_eq(lvs_pcap_reader_open_memory(file->byte, file->len, NULL, &reader),
			 expected);
	return reader;
}

static struct pcap_bytes good_file(void)
{
	struct pcap_bytes file = {.len = 0};

	pcap_put_file_header(&file, MAGIC_US, LVS_PCAP_ETHERNET);
	pcap_put_record(&file, 10, 999999, "first", 5, 5);
	pcap_put_record(&file, 11, 0, "", 0, 60);
	pcap_put_record(&file, 12, 1, "third!", 6, 1500);
	return file;
}

static const struct {
	uint32_t magic;
	bool big_endian;
	uint64_t time_ns;
} kinds[] = {
	{MAGIC_US, false, 7000000123000},
	{MAGIC_US, true, 7000000123000},
	{MAGIC_NS, false, 7000000000123},
	{MAGIC_NS, true, 7000000000123},
};

START_TEST(test_kinds)
{
	struct pcap_bytes file = {.big_endian = kinds[_i].big_endian};
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_record record;

	pcap_put_file_header(&file, kinds[_i].magic, LVS_PCAP_RAW);
	pcap_put_record(&file, 7000, 123, "abc", 3, 100);
	reader = open_bytes(&file, 0);
	ck_assert_uint_eq(lvs_pcap_reader_linktype(reader), LVS_PCAP_RAW);
	ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 1);
	ck_assert_uint_eq(record.time_ns, kinds[_i].time_ns);
	ck_assert_uint_eq(record.len, 3);
	ck_assert_uint_eq(record.wire_len, 100);
	ck_assert_mem_eq(record.data, "abc", 3);
	ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 0);
	ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 0);
	lvs_pcap_reader_close(reader);
}
END_TEST

/* The room around a record may be written. */
START_TEST(test_room)
{
	struct pcap_bytes file = good_file();
	struct lvs_pcap_reader *reader = open_bytes(&file, 0);
	struct lvs_pcap_record record;

	while (lvs_pcap_reader_next(reader, &record) == 1) {
		ck_assert_uint_ge(record.headroom, 128);
		ck_assert_uint_ge(record.tailroom, 128);
		memset(record.data - record.headroom, 0xaa,
		       record.headroom + record.len + record.tailroom);
	}
	lvs_pcap_reader_close(reader);
}
END_TEST

struct last_line {
	char text[256];
	unsigned n;
};

static void keep_line(void *user, enum lvs_log_level level, const char *text)
{
	struct last_line *last = user;

	(void)level;
	snprintf(last->text, sizeof(last->text), "%s", text);
	last->n++;
}

/* One 32-bit word of a good file is changed. */
static const struct {
	size_t offset;
	uint32_t word;
	bool at_open;
	const char *says;
} damages[] = {
	{0, 0x01020304, true, "at byte 0: magic 04030201; expected a1b2c3d4 or a1b23c4d"},
	{0, 0x0a0d0d0a, true, "at byte 0: the magic of pcapng, 0a0d0d0a; expected a classic"},
	{4, 0x00040003, true, "at byte 4: version 3"},
	{24 + 4, 1000000, false, "at byte 28: fraction of a second 1000000"},
	{24 + 8, 262145, false, "at byte 32: a record of 262145"},
	{24 + 8, UINT32_MAX, false, "at byte 32: a record of 4294967295"},
	{24 + 8, 262144, false, "at byte 40: a record's data of"},
};

START_TEST(test_damages)
{
	struct pcap_bytes file = good_file();
	size_t len = file.len;
	struct last_line last = {.n = 0};
	struct lvs_log log = {.line = keep_line, .user = &last};
	struct lvs_pcap_reader *reader = NULL;
	struct lvs_pcap_record record;
	int err;

	file.len = damages[_i].offset;
	pcap_put32(&file, damages[_i].word);
	err = lvs_pcap_reader_open_memory(file.byte, len, &log, &reader);
	ck_assert_int_eq(err, damages[_i].at_open ? LVS_ERR_FORMAT : 0);
	if (!err) {
		ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), LVS_ERR_FORMAT);
		ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), LVS_ERR_FORMAT);
		lvs_pcap_reader_close(reader);
	}
	ck_assert_uint_eq(last.n, 1);
	ck_assert_msg(strstr(last.text, damages[_i].says), "%s", last.text);
}
END_TEST

/* A file cut anywhere: whole records, then the end where it was cut between records, else damage.
 */
START_TEST(test_cut_short)
{
	static const size_t ends[] = {24, 24 + 21, 24 + 21 + 16, 24 + 21 + 16 + 22};
	struct pcap_bytes file = good_file();
	size_t whole = file.len;

	ck_assert_uint_eq(whole, ends[3]);
	for (size_t len = 0; len <= whole; len++) {
		struct lvs_pcap_reader *reader;
		struct lvs_pcap_record record;
		unsigned records = 0, n = 0;
		int got;

		file.len = len;
		reader = open_bytes(&file, len < 24 ? LVS_ERR_FORMAT : 0);
		if (!reader)
			continue;
		while (n < 3 && ends[n + 1] <= len)
			n++;
		while ((got = lvs_pcap_reader_next(reader, &record)) == 1)
			records++;
		ck_assert_uint_eq(records, n);
		ck_assert_int_eq(got, len == ends[n] ? 0 : LVS_ERR_FORMAT);
		lvs_pcap_reader_close(reader);
	}
}
END_TEST

static void temporary(char path[32])
{
	int fd;

	strcpy(path, "/tmp/lvs-pcap-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(test_round_trip)
{
	static const uint64_t times[] = {0, 1, 999999999, 1000000000, 4294967295999999999};
	struct lvs_pcap_writer *writer;
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_record record;
	uint8_t data[300];
	char path[32];

	memset(data, 0x5a, sizeof(data));
	temporary(path);
	ck_assert_int_eq(lvs_pcap_writer_open(path, LVS_PCAP_RAW, NULL, &writer), 0);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_int_eq(lvs_pcap_writer_write(writer, times[i], data, 60 * i, 60 * i + 7),
				 0);
	ck_assert_int_eq(lvs_pcap_writer_write(writer, 0, data, 5, 4), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_pcap_writer_write(writer, 0, data, 262145, 262145), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_pcap_writer_write(writer, times[4] + 1, data, 1, 1), LVS_ERR_RANGE);
	ck_assert_int_eq(lvs_pcap_writer_close(writer), 0);

	ck_assert_int_eq(lvs_pcap_reader_open(path, NULL, &reader), 0);
	ck_assert_uint_eq(lvs_pcap_reader_linktype(reader), LVS_PCAP_RAW);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 1);
		ck_assert_uint_eq(record.time_ns, times[i]);
		ck_assert_uint_eq(record.len, 60 * i);
		ck_assert_uint_eq(record.wire_len, 60 * i + 7);
		ck_assert(memcmp(record.data, data, record.len) == 0);
	}
	ck_assert_int_eq(lvs_pcap_reader_next(reader, &record), 0);
	lvs_pcap_reader_close(reader);
	unlink(path);
}
END_TEST

START_TEST(test_files)
{
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_writer *writer;

	ck_assert_int_eq(lvs_pcap_reader_open("/nowhere/file", NULL, &reader), LVS_ERR_NO_ENTRY);
	ck_assert_int_eq(lvs_pcap_writer_open("/nowhere/file", 1, NULL, &writer), LVS_ERR_NO_ENTRY);
	ck_assert_int_eq(lvs_pcap_reader_open("/", NULL, &reader), LVS_ERR_IO);
	lvs_pcap_reader_close(NULL);
	ck_assert_int_eq(lvs_pcap_writer_close(NULL), 0);
}
END_TEST

/* A device that is always full: the error comes at the latest when it is closed. */
START_TEST(test_full_disk)
{
	struct last_line last = {.n = 0};
	struct lvs_log log = {.line = keep_line, .user = &last};
	struct lvs_pcap_writer *writer;

	ck_assert_int_eq(lvs_pcap_writer_open("/dev/full", 1, &log, &writer), 0);
	ck_assert_int_eq(lvs_pcap_writer_flush(writer), LVS_ERR_IO);
	ck_assert_int_eq(lvs_pcap_writer_write(writer, 0, "", 0, 0), LVS_ERR_IO);
	ck_assert_int_eq(lvs_pcap_writer_close(writer), LVS_ERR_IO);
	ck_assert_uint_eq(last.n, 1);
}
END_TEST

/* Bytes in front of the IP packet; what is behind them is "E" and a tail. */
#define MAC "\x02\x00\x00\x00\x00\x01"
#define SRC "\x02\x00\x00\x00\x00\x02"
#define SLL "\x00\x01\x00\x06\x02\x00\x00\x00\x00\x02\x00\x00"
static const struct {
	uint32_t linktype;
	const char *head;
	uint32_t head_len;
	int expected;
	uint16_t vlan;
	uint8_t link_type;
} frames[] = {
	{LVS_PCAP_ETHERNET, MAC SRC "\x08\x00", 14, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_ETHERNET, MAC SRC "\x86\xdd", 14, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_ETHERNET, MAC SRC "\x08\x06", 14, 0, 0, 0},
	{LVS_PCAP_ETHERNET, MAC SRC "\x81\x00\x60\x07\x08\x00", 18, 1, 7, LVS_LINK_HOST},
	{LVS_PCAP_ETHERNET, MAC SRC "\x88\xa8\x00\x05\x81\x00\x00\x09\x86\xdd", 22, 1, 5, 0},
	{LVS_PCAP_ETHERNET, MAC SRC "\x81\0\0\1\x81\0\0\2\x81\0\0\3\x08\x00", 26, 0, 0, 0},
	{LVS_PCAP_ETHERNET, "\xff\xff\xff\xff\xff\xff" SRC "\x08\x00", 14, 1, 0,
	 LVS_LINK_BROADCAST},
	{LVS_PCAP_ETHERNET, "\x01\x00\x5e\x00\x00\x01" SRC "\x08\x00", 14, 1, 0,
	 LVS_LINK_MULTICAST},
	{LVS_PCAP_SLL, "\x00\x00" SLL "\x08\x00", 16, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_SLL, "\x00\x03" SLL "\x86\xdd", 16, 1, 0, LVS_LINK_OTHER},
	{LVS_PCAP_SLL, "\x00\x04" SLL "\x08\x00", 16, 1, 0, LVS_LINK_SELF},
	{LVS_PCAP_SLL, "\xff\x04" SLL "\x08\x00", 16, 1, 0, LVS_LINK_OTHER},
	{LVS_PCAP_RAW, "", 0, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_IPV4, "", 0, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_IPV6, "", 0, 1, 0, LVS_LINK_HOST},
	{LVS_PCAP_RAW, "\x01", 1, 0, 0, 0},
	{105, MAC SRC "\x08\x00", 14, LVS_ERR_UNSUPPORTED, 0, 0},
};

START_TEST(test_frames)
{
	uint8_t data[64];
	uint32_t head_len = frames[_i].head_len, len = head_len + 20;
	struct lvs_pcap_record record = {
		.data = data, .len = len, .wire_len = len + 9, .headroom = 10, .tailroom = 11};
	struct lvs_packet packet;

	memcpy(data, frames[_i].head, head_len);
	memset(data + head_len, 'E', 20);
	ck_assert_int_eq(lvs_pcap_packet(frames[_i].linktype, &record, &packet),
			 frames[_i].expected);
	if (frames[_i].expected != 1)
		return;
	ck_assert_ptr_eq(packet.data, data + head_len);
	ck_assert_uint_eq(packet.linear_len, 20);
	ck_assert_uint_eq(packet.len, 29);
	ck_assert_uint_eq(packet.headroom, head_len + 10);
	ck_assert_uint_eq(packet.tailroom, 11);
	ck_assert_uint_eq(packet.vlan, frames[_i].vlan);
	ck_assert_uint_eq(packet.link_type, frames[_i].link_type);
}
END_TEST

/* No frame, however short, is read beyond its end (the sanitizer looks on). */
START_TEST(test_short_frames)
{
	for (uint32_t len = 0; len <= frames[_i].head_len; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		struct lvs_pcap_record record = {.data = exact, .len = len, .wire_len = len};
		struct lvs_packet packet;
		int expected = frames[_i].expected < 0 ? frames[_i].expected : 0;

		memcpy(exact, frames[_i].head, len);
		ck_assert_int_eq(lvs_pcap_packet(frames[_i].linktype, &record, &packet), expected);
		free(exact);
	}
}
END_TEST

/* Random changes to a good file: any answer but a crash, an endless file or a record too long. */
START_TEST(test_noise)
{
	uint32_t random = 1;

	for (unsigned round = 0; round < 20000; round++) {
		struct pcap_bytes file = good_file();
		struct lvs_pcap_reader *reader = NULL;
		struct lvs_pcap_record record;
		unsigned records = 0;

		for (unsigned i = 0; i < 1 + round % 4; i++) {
			random = random * 1664525 + 1013904223;
			file.byte[(random >> 8) % file.len] = (uint8_t)(random >> 24);
		}
		if (lvs_pcap_reader_open_memory(file.byte, file.len, NULL, &reader))
			continue;
		while (lvs_pcap_reader_next(reader, &record) == 1) {
			struct lvs_packet packet;

			(void)lvs_pcap_packet(lvs_pcap_reader_linktype(reader), &record, &packet);
			ck_assert_uint_le(record.len, record.wire_len);
			ck_assert_uint_lt(records++, 5);
		}
		lvs_pcap_reader_close(reader);
	}
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	TCase *tcase = tcase_create("pcap");

	tcase_add_loop_test(tcase, test_kinds, 0, ROWS(kinds));
	tcase_add_test(tcase, test_room);
	tcase_add_loop_test(tcase, test_damages, 0, ROWS(damages));
	tcase_add_test(tcase, test_cut_short);
	tcase_add_test(tcase, test_round_trip);
	tcase_add_test(tcase, test_files);
	tcase_add_test(tcase, test_full_disk);
	tcase_add_loop_test(tcase, test_frames, 0, ROWS(frames));
	tcase_add_loop_test(tcase, test_short_frames, 0, ROWS(frames));
	tcase_add_test(tcase, test_noise);
	return unit_run("pcap", tcase);
}
