/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The classic capture file (draft-ietf-opsawg-pcap), 32-bit words in the
 * writer's byte order:
 *
 *   file:   magic | version 2.4 | 0 | 0 | longest record | link type     24 bytes
 *   record: seconds | micro- or nanoseconds | len | length on the wire   16 bytes, then len bytes
 */
#ifndef LVS_IO_PCAP_FILE_H
#define LVS_IO_PCAP_FILE_H

#include <stdint.h>

enum {
	LVS_PCAP_FILE_HEADER = 24,
	LVS_PCAP_RECORD_HEADER = 16,
	LVS_PCAP_RECORD_MAX = 262144, /* what libpcap takes, too */
	LVS_PCAP_ROOM = 128,          /* around a record: for tunnel headers */
};

#define LVS_PCAP_MAGIC_US 0xa1b2c3d4u
#define LVS_PCAP_MAGIC_NS 0xa1b23c4du
#define LVS_PCAPNG_MAGIC 0x0a0d0d0au

static inline uint32_t lvs_pcap_load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void lvs_pcap_store_le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

#endif
