/* SPDX-License-Identifier: BSD-2-Clause */
#include <liblvs/io.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/io_log.h"
#include "io/pcap/file.h"

struct lvs_pcap_reader {
	FILE *file;            /* NULL: in memory */
	const uint8_t *memory; /* the caller's */
	size_t memory_left;
	uint64_t offset; /* of the next byte to read */
	struct lvs_log log;
	uint32_t linktype;
	uint32_t unit_ns; /* of the fraction in a time stamp: 1 or 1000 */
	bool little_endian;
	int err; /* sticky */
	uint8_t buffer[LVS_PCAP_ROOM + LVS_PCAP_RECORD_MAX + LVS_PCAP_ROOM];
};

/* Reads up to @len bytes; fewer only at the end of the file. */
static size_t take(struct lvs_pcap_reader *reader, uint8_t *to, size_t len)
{
	if (reader->file) {
		len = fread(to, 1, len, reader->file);
	} else {
		len = len < reader->memory_left ? len : reader->memory_left;
		if (len)
			memcpy(to, reader->memory, len);
		reader->memory += len;
		reader->memory_left -= len;
	}
	reader->offset += len;
	return len;
}

/* Says what is wrong at @offset, and remembers it. */
static int damaged(struct lvs_pcap_reader *reader, uint64_t offset, const char *what,
		   uint32_t found, const char *expected)
{
	lvs_io_log(&reader->log, LVS_LOG_ERROR,
		   "pcap: at byte %" PRIu64 ": %s %" PRIu32 "; expected %s", offset, what, found,
		   expected);
	reader->err = LVS_ERR_FORMAT;
	return reader->err;
}

/* The same of what the file says it is, which is written in hexadecimal everywhere. */
static int damaged_magic(struct lvs_pcap_reader *reader, uint32_t magic)
{
	bool ng = magic == LVS_PCAPNG_MAGIC;

	lvs_io_log(&reader->log, LVS_LOG_ERROR, "pcap: at byte 0: %s %08" PRIx32 "; expected %s",
		   ng ? "the magic of pcapng," : "magic", magic,
		   ng ? "a classic pcap file" : "a1b2c3d4 or a1b23c4d");
	reader->err = LVS_ERR_FORMAT;
	return reader->err;
}

/* @got bytes came where more were expected. */
static int cut_short(struct lvs_pcap_reader *reader, const char *what, size_t got,
		     const char *expected)
{
	if (!reader->file || !ferror(reader->file))
		return damaged(reader, reader->offset - got, what, (uint32_t)got, expected);
	lvs_io_log(&reader->log, LVS_LOG_ERROR, "pcap: at byte %" PRIu64 ": cannot read: %s",
		   reader->offset, strerror(errno));
	reader->err = LVS_ERR_IO;
	return reader->err;
}

static uint32_t load(const struct lvs_pcap_reader *reader, const uint8_t *p)
{
	return reader->little_endian ? lvs_pcap_load_le32(p) : lvs_load32(p);
}

/* Byte order and unit from the first four bytes. */
static int read_magic(struct lvs_pcap_reader *reader, const uint8_t *p)
{
	uint32_t le = lvs_pcap_load_le32(p), be = lvs_load32(p);
	uint32_t magic;

	reader->little_endian = le == LVS_PCAP_MAGIC_US || le == LVS_PCAP_MAGIC_NS;
	magic = reader->little_endian ? le : be;
	if (magic != LVS_PCAP_MAGIC_US && magic != LVS_PCAP_MAGIC_NS)
		return damaged_magic(reader, magic);
	reader->unit_ns = magic == LVS_PCAP_MAGIC_NS ? 1 : 1000;
	return 0;
}

static int read_file_header(struct lvs_pcap_reader *reader)
{
	uint8_t header[LVS_PCAP_FILE_HEADER];
	size_t got = take(reader, header, sizeof(header));
	uint32_t version;
	int err;

	if (got < sizeof(header))
		return cut_short(reader, "a file header of", got, "24 bytes");
	err = read_magic(reader, header);
	if (err)
		return err;
	/* Two 16-bit words, so that the major one's place follows the byte order. */
	version = load(reader, header + 4);
	version = reader->little_endian ? version & 0xffff : version >> 16;
	if (version != 2)
		return damaged(reader, 4, "version", version, "2");
	/* The six bits above tell of frame check sequences. */
	reader->linktype = load(reader, header + 20) & 0x03ffffff;
	return 0;
}

static int reader_start(struct lvs_pcap_reader *made, const struct lvs_log *log,
			struct lvs_pcap_reader **reader)
{
	int err;

	if (log)
		made->log = *log;
	err = read_file_header(made);
	if (err) {
		lvs_pcap_reader_close(made);
		return err;
	}
	*reader = made;
	return 0;
}

int lvs_pcap_reader_open(const char *path, const struct lvs_log *log,
			 struct lvs_pcap_reader **reader)
{
	struct lvs_pcap_reader *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return LVS_ERR_NO_MEMORY;
	made->file = fopen(path, "rbe");
	if (!made->file) {
		err = errno;
		if (log)
			lvs_io_log(log, LVS_LOG_ERROR, "pcap: cannot open %s: %s", path,
				   strerror(err));
		free(made);
		return lvs_io_error(err);
	}
	return reader_start(made, log, reader);
}

int lvs_pcap_reader_open_memory(const void *bytes, size_t len, const struct lvs_log *log,
				struct lvs_pcap_reader **reader)
{
	struct lvs_pcap_reader *made = calloc(1, sizeof(*made));

	if (!made)
		return LVS_ERR_NO_MEMORY;
	made->memory = bytes;
	made->memory_left = len;
	return reader_start(made, log, reader);
}

void lvs_pcap_reader_close(struct lvs_pcap_reader *reader)
{
	if (!reader)
		return;
	if (reader->file)
		fclose(reader->file);
	free(reader);
}

uint32_t lvs_pcap_reader_linktype(const struct lvs_pcap_reader *reader)
{
	return reader->linktype;
}

/* Checks a record's header and takes it into @record. */
static int read_record_header(struct lvs_pcap_reader *reader, const uint8_t *header,
			      struct lvs_pcap_record *record)
{
	uint64_t at = reader->offset - LVS_PCAP_RECORD_HEADER;
	uint32_t seconds = load(reader, header), fraction = load(reader, header + 4);
	uint32_t len = load(reader, header + 8), wire_len = load(reader, header + 12);

	if (fraction >= 1000000000u / reader->unit_ns)
		return damaged(reader, at + 4, "fraction of a second", fraction,
			       reader->unit_ns == 1 ? "less than 1000000000" : "less than 1000000");
	if (len > LVS_PCAP_RECORD_MAX)
		return damaged(reader, at + 8, "a record of", len, "at most 262144 bytes");
	record->time_ns = seconds * UINT64_C(1000000000) + (uint64_t)fraction * reader->unit_ns;
	record->len = len;
	/* Some writers leave the length on the wire out. */
	record->wire_len = wire_len > len ? wire_len : len;
	return 0;
}

int lvs_pcap_reader_next(struct lvs_pcap_reader *reader, struct lvs_pcap_record *record)
{
	uint8_t header[LVS_PCAP_RECORD_HEADER];
	size_t got;
	int err;

	if (reader->err)
		return reader->err;
	got = take(reader, header, sizeof(header));
	if (!got && !(reader->file && ferror(reader->file)))
		return 0;
	if (got < sizeof(header))
		return cut_short(reader, "a record header of", got, "16 bytes");
	memset(record, 0, sizeof(*record));
	err = read_record_header(reader, header, record);
	if (err)
		return err;
	record->data = reader->buffer + LVS_PCAP_ROOM;
	record->headroom = LVS_PCAP_ROOM;
	record->tailroom = LVS_PCAP_ROOM;
	got = take(reader, record->data, record->len);
	if (got < record->len)
		return cut_short(reader, "a record's data of", got, "as many as its header says");
	return 1;
}
