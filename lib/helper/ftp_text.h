/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an FTP control connection says of data connections (RFC 959, 2428), read from the bytes of
 * one segment, and nothing else: what is cut off at its end is not there.
 *
 *	PORT a,b,c,d,p,p              227 ...(a,b,c,d,p,p)
 *	EPRT |1|192.0.2.7|40000|      229 ...(|||40000|)
 */
#ifndef LVS_HELPER_FTP_TEXT_H
#define LVS_HELPER_FTP_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <liblvs/types.h>

/* An address and port, and where they are written. */
struct lvs_ftp_end {
	union lvs_addr addr; /* zero where the text has none */
	lvs_be16 port;
	uint32_t at;  /* first byte */
	uint32_t len; /* bytes */
};

enum lvs_ftp_passive {
	LVS_FTP_NONE,
	LVS_FTP_PASV,
	LVS_FTP_EPSV,
};

/* The first command anywhere in the bytes that asks for passive mode, in a family that it is for.
 */
enum lvs_ftp_passive lvs_ftp_read_passive(const uint8_t *data, uint32_t len, unsigned family);

/* PORT (IPv4) or EPRT, at the begin. */
bool lvs_ftp_read_active(const uint8_t *data, uint32_t len, unsigned family,
			 struct lvs_ftp_end *end);

/* Reply 227 or 229, at the begin. The place of 229 is that of its delimiters and port. */
bool lvs_ftp_read_227(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end);
bool lvs_ftp_read_229(const uint8_t *data, uint32_t len, struct lvs_ftp_end *end);

/* Most bytes of "255,255,255,255,255,255" and "|||65535|". */
#define LVS_FTP_TEXT 23

/* Writes what the replies have there; how many bytes. @p text has LVS_FTP_TEXT of them. */
uint32_t lvs_ftp_write_227(uint8_t *text, const union lvs_addr *addr, lvs_be16 port);
uint32_t lvs_ftp_write_229(uint8_t *text, lvs_be16 port);

#endif
