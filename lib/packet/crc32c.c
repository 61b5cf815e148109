/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet/crc32c.h"

#include "base/byteorder.h"

enum {
	SCTP_CSUM = 8, /* place of the checksum */
};

/* The remainders of half a byte; polynomial 0x1edc6f41, bits reversed. */
static const uint32_t remainders[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t lvs_crc32c(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t crc = UINT32_MAX;

	while (len--) {
		crc ^= *p++;
		crc = crc >> 4 ^ remainders[crc & 15];
		crc = crc >> 4 ^ remainders[crc & 15];
	}
	return ~crc;
}

void lvs_crc32c_sctp(uint8_t *sctp, size_t len)
{
	uint32_t crc;

	lvs_store32(sctp + SCTP_CSUM, 0);
	crc = lvs_crc32c(sctp, len);
	/* RFC 9260, appendix A: the low byte goes first, unlike all else in the header. */
	for (unsigned i = 0; i < 4; i++)
		sctp[SCTP_CSUM + i] = (uint8_t)(crc >> 8 * i);
}
