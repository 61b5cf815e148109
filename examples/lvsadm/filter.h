/* SPDX-License-Identifier: BSD-2-Clause */
/* Which connections are meant: of a service, a server, a client. */
#ifndef LVSADM_FILTER_H
#define LVSADM_FILTER_H

#include "link.h"
#include "words.h"

enum filter_word {
	FILTER_TCP = 100,
	FILTER_UDP,
	FILTER_SCTP,
	FILTER_FWMARK,
	FILTER_IPV6,
	FILTER_SERVER,
	FILTER_CLIENT,
	FILTER_TEMPLATES,
	FILTER_NO_TEMPLATES,
};

#define FILTER_OPTIONS                                                                             \
	{"tcp-service", 't', WORDS_ONE, FILTER_TCP}, {"udp-service", 'u', WORDS_ONE, FILTER_UDP},  \
		{"sctp-service", 0, WORDS_ONE, FILTER_SCTP},                                       \
		{"fwmark-service", 'f', WORDS_ONE, FILTER_FWMARK},                                 \
		{"ipv6", '6', WORDS_NONE, FILTER_IPV6},                                            \
		{"real-server", 'r', WORDS_ONE, FILTER_SERVER},                                    \
		{"client", 0, WORDS_ONE, FILTER_CLIENT},                                           \
		{"templates", 0, WORDS_NONE, FILTER_TEMPLATES},                                    \
	{                                                                                          \
		"no-templates", 0, WORDS_NONE, FILTER_NO_TEMPLATES                                 \
	}

/* Adds one option to a message of LVS_IPVS_GET_CONN or _DEL_CONN. Returns 0, or the exit status:
 * what is wrong is told. */
int filter_add(const char *verb, int word, const char *value, struct lvs_ipvs_message *message);

/* A server, without a port on any of its ports. */
int filter_server(const char *verb, const char *value, struct lvs_ipvs_dest *dest);

#endif
