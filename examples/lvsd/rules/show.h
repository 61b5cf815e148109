/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and numbers as ipvsadm(8) prints them. Texts are static, or the caller's buffer. */
#ifndef LVSD_SHOW_H
#define LVSD_SHOW_H

#include <liblvs/list.h>

#include <netinet/in.h>
#include <stdio.h>

enum {
	SHOW_ENDPOINT_LEN = INET6_ADDRSTRLEN + 8,
	SHOW_SERVICE_LEN = SHOW_ENDPOINT_LEN + 8,
	SHOW_TUNNEL_LEN = 24,
};

/* "192.0.2.1:80", "[2001:db8::1]:80" */
const char *show_endpoint(char text[SHOW_ENDPOINT_LEN], uint8_t family, const union lvs_addr *addr,
			  lvs_be16 port);

/* "TCP"; "IP" for 0, as which templates of firewall marks are listed. */
const char *show_protocol(uint8_t protocol);

/* "Masq" */
const char *show_method(uint32_t method);

/* "TCP  192.0.2.1:80", "FWM  1 IPv6" */
const char *show_service(char text[SHOW_SERVICE_LEN], const struct lvs_service_key *key);

/* "gue:6080:+c" */
const char *show_tunnel(char text[SHOW_TUNNEL_LEN], const struct lvs_dest_conf *conf);

/* " rr (flag-1,flag-3) persistent 360 mask 255.255.255.0 ops" */
void show_behaviour(const struct lvs_service_info *info, FILE *out);

/* A number in nine columns, beyond 99,999,999 in thousands, millions, and so on. */
void show_large(uint64_t number, FILE *out);

#endif
