/* SPDX-License-Identifier: BSD-2-Clause */
/* CRC32c, the checksum of SCTP (RFC 9260, 6.8 and appendix A). */
#ifndef LVS_PACKET_CRC32C_H
#define LVS_PACKET_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of @p len bytes. */
uint32_t lvs_crc32c(const void *data, size_t len);

/* Writes the checksum of an SCTP packet, @p len bytes from the common header on. */
void lvs_crc32c_sctp(uint8_t *sctp, size_t len);

#endif
