/* SPDX-License-Identifier: BSD-2-Clause */
#include <liblvs/io.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_log.h"
#include "io/pcap/file.h"

struct lvs_pcap_writer {
	FILE *file;
	struct lvs_log log;
	int err; /* sticky */
};

static int failed(struct lvs_pcap_writer *writer)
{
	if (!writer->err)
		lvs_io_log(&writer->log, LVS_LOG_ERROR, "pcap: cannot write: %s", strerror(errno));
	writer->err = LVS_ERR_IO;
	return writer->err;
}

static int put(struct lvs_pcap_writer *writer, const void *bytes, size_t len)
{
	if (writer->err)
		return writer->err;
	return len && fwrite(bytes, len, 1, writer->file) != 1 ? failed(writer) : 0;
}

static int write_file_header(struct lvs_pcap_writer *writer, uint32_t linktype)
{
	uint8_t header[LVS_PCAP_FILE_HEADER] = {0};

	lvs_pcap_store_le32(header, LVS_PCAP_MAGIC_NS);
	header[4] = 2;
	header[6] = 4;
	lvs_pcap_store_le32(header + 16, LVS_PCAP_RECORD_MAX);
	lvs_pcap_store_le32(header + 20, linktype);
	return put(writer, header, sizeof(header));
}

int lvs_pcap_writer_open(const char *path, uint32_t linktype, const struct lvs_log *log,
			 struct lvs_pcap_writer **writer)
{
	struct lvs_pcap_writer *made = calloc(1, sizeof(*made));
	int err;

	if (!made)
		return LVS_ERR_NO_MEMORY;
	if (log)
		made->log = *log;
	made->file = fopen(path, "wbe");
	if (!made->file) {
		err = errno;
		lvs_io_log(&made->log, LVS_LOG_ERROR, "pcap: cannot make %s: %s", path,
			   strerror(err));
		free(made);
		return lvs_io_error(err);
	}
	err = write_file_header(made, linktype);
	if (err) {
		lvs_pcap_writer_close(made);
		return err;
	}
	*writer = made;
	return 0;
}

int lvs_pcap_writer_write(struct lvs_pcap_writer *writer, uint64_t time_ns, const void *data,
			  uint32_t len, uint32_t wire_len)
{
	uint8_t header[LVS_PCAP_RECORD_HEADER];
	uint64_t seconds = time_ns / 1000000000u;
	int err;

	if (len > wire_len || len > LVS_PCAP_RECORD_MAX || seconds > UINT32_MAX)
		return LVS_ERR_RANGE;
	lvs_pcap_store_le32(header, (uint32_t)seconds);
	lvs_pcap_store_le32(header + 4, (uint32_t)(time_ns % 1000000000u));
	lvs_pcap_store_le32(header + 8, len);
	lvs_pcap_store_le32(header + 12, wire_len);
	err = put(writer, header, sizeof(header));
	return err ? err : put(writer, data, len);
}

int lvs_pcap_writer_flush(struct lvs_pcap_writer *writer)
{
	if (writer->err)
		return writer->err;
	return fflush(writer->file) ? failed(writer) : 0;
}

int lvs_pcap_writer_close(struct lvs_pcap_writer *writer)
{
	int err;

	if (!writer)
		return 0;
	err = lvs_pcap_writer_flush(writer);
	if (fclose(writer->file) && !err)
		err = failed(writer);
	free(writer);
	return err;
}
