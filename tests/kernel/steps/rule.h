/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command of ipvsadm's, in its words, as both sides carry it out. What ipvsadm itself would
 * refuse is not: the kernel's answer counts.
 */
#ifndef KERNEL_RULE_H
#define KERNEL_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum { RULE_ADDR_LEN = 16 };

/* Numbers of linux/ip_vs.h and of liblvs. */
enum rule_flag {
	RULE_PERSISTENT = 0x1,
	RULE_ONE_PACKET = 0x4,
	RULE_FLAG1 = 0x8,
	RULE_FLAG2 = 0x10,
	RULE_FLAG3 = 0x20,
};

enum rule_method { RULE_NAT = 0, RULE_LOCAL = 1, RULE_TUNNEL = 2, RULE_DR = 3 };

struct rule_end {
	uint8_t addr[RULE_ADDR_LEN];
	uint16_t port;
	uint8_t family; /* AF_INET, AF_INET6; 0 where there is none */
};

struct rule_service {
	struct rule_end end;
	uint32_t fwmark;
	uint8_t protocol;
};

struct rule_options {
	const char *sched; /* points into the text */
	const char *pe;    /* the same; NULL for none */
	uint32_t flags;    /* enum rule_flag */
	uint32_t timeout_s;
	uint32_t netmask; /* as on the wire, for IPv6 the length of a prefix */
};

struct rule_dest {
	struct rule_end end;
	uint32_t method; /* enum rule_method */
	int32_t weight;
	uint32_t upper;
	uint32_t lower;
	uint16_t tun_flags;
	uint16_t tun_port;
	uint8_t tun_type;
};

struct rule {
	char verb; /* A E D a e d C Z, 's' for --set, 'B' and 'b' for the backup's daemon */
	struct rule_service service;
	struct rule_options options;
	struct rule_dest dest;
	uint32_t timeout_s[3]; /* --set: tcp, tcpfin, udp */
};

/* Reads words; false when they are no command. `args` is cut up and must stay. */
bool rule_parse(struct rule *rule, char *args);

/* An address; its family, 0 when it is none. */
unsigned rule_addr(const char *text, uint8_t *addr);

#endif
