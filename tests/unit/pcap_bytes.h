/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture files made by hand, in either byte order. */
#ifndef LVS_TESTS_PCAP_BYTES_H
#define LVS_TESTS_PCAP_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct pcap_bytes {
	uint8_t byte[4096];
	size_t len;
	bool big_endian;
};

static inline void pcap_put32(struct pcap_bytes *file, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		file->byte[file->len++] = (uint8_t)(v >> 8 * (file->big_endian ? 3 - i : i));
}

static inline void pcap_put16(struct pcap_bytes *file, uint16_t v)
{
	for (unsigned i = 0; i < 2; i++)
		file->byte[file->len++] = (uint8_t)(v >> 8 * (file->big_endian ? 1 - i : i));
}

static inline void pcap_put_file_header(struct pcap_bytes *file, uint32_t magic, uint32_t linktype)
{
	pcap_put32(file, magic);
	pcap_put16(file, 2);
	pcap_put16(file, 4);
	pcap_put32(file, 0);
	pcap_put32(file, 0);
	pcap_put32(file, 262144);
	pcap_put32(file, linktype);
}

static inline void pcap_put_record(struct pcap_bytes *file, uint32_t seconds, uint32_t fraction,
				   const void *data, uint32_t len, uint32_t wire_len)
{
	pcap_put32(file, seconds);
	pcap_put32(file, fraction);
	pcap_put32(file, len);
	pcap_put32(file, wire_len);
	memcpy(file->byte + file->len, data, len);
	file->len += len;
}

#endif
