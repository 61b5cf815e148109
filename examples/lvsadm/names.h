/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and ports as text: as numbers, or by the names that the host knows. */
#ifndef LVSADM_NAMES_H
#define LVSADM_NAMES_H

#include <liblvs/types.h>

#include <stdbool.h>

enum { NAMES_LEN = 1100 };

/* An address and a port of a protocol (enum lvs_protocol); "[...]:..." for IPv6. Returns text. */
const char *names_endpoint(char text[NAMES_LEN], unsigned family, const union lvs_addr *addr,
			   lvs_be16 port, unsigned protocol, bool numeric);

/* "tcp" and so on; NULL for others. */
const char *names_protocol(unsigned protocol);

#endif
