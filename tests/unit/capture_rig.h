/* SPDX-License-Identifier: BSD-2-Clause */
/* Capture rules in force, and packets as far as the predicate looks. */
#ifndef LVS_TESTS_CAPTURE_RIG_H
#define LVS_TESTS_CAPTURE_RIG_H

#include <stdlib.h>
#include <string.h>

#include "base/byteorder.h"
#include "io/host/capture.h"

#include "unit.h"

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		{                                                                                  \
			a, b, c, d                                                                 \
		}                                                                                  \
	}
#define V6(last)                                                                                   \
	{                                                                                          \
		{                                                                                  \
			0xfd, 1, [15] = (last)                                                     \
		}                                                                                  \
	}

static inline struct lvs_host_rule make_rule(unsigned direction, unsigned protocol,
					     union lvs_addr addr, unsigned family, uint16_t port)
{
	struct lvs_host_rule rule;

	memset(&rule, 0, sizeof(rule));
	rule.addr = addr;
	rule.family = (uint8_t)family;
	rule.protocol = (uint8_t)protocol;
	rule.direction = (uint8_t)direction;
	rule.port = lvs_htons(port);
	return rule;
}

/* A packet, as far as the predicate looks. */
struct packet_case {
	const char *what;
	uint8_t family;
	uint8_t protocol;
	uint8_t src; /* last byte of the address */
	uint8_t dst;
	uint16_t src_port;
	uint16_t dst_port;
	uint16_t fragment; /* IPv4: the flags and offset field; IPv6: the same of a header */
	uint8_t options;   /* 4-byte words of IPv4 options; IPv6: destination options headers */
	uint32_t ifindex;
	uint8_t link_type;
	uint16_t vlan;
	bool captured;
};

static inline unsigned put_ports(uint8_t *at, const struct packet_case *c)
{
	lvs_store16(at, c->src_port);
	lvs_store16(at + 2, c->dst_port);
	return 4;
}

static inline unsigned put_ipv4(uint8_t *at, const struct packet_case *c)
{
	unsigned header = 20 + c->options * 4u;

	memset(at, 0, header);
	at[0] = (uint8_t)(0x40 | header / 4);
	lvs_store16(at + 6, c->fragment);
	at[9] = c->protocol;
	at[12] = at[16] = 10;
	at[15] = c->src;
	at[19] = c->dst;
	return header + put_ports(at + header, c);
}

static inline unsigned put_ipv6(uint8_t *at, const struct packet_case *c)
{
	uint8_t *next = at + 6;
	unsigned len = 40;

	memset(at, 0, len);
	at[0] = 0x60;
	at[8] = at[24] = 0xfd;
	at[9] = at[25] = 1;
	at[23] = c->src;
	at[39] = c->dst;
	for (unsigned i = 0; i < c->options; i++, len += 8) {
		memset(at + len, 0, 8);
		*next = 60;
		next = at + len;
	}
	if (c->fragment != 0) {
		memset(at + len, 0, 8);
		lvs_store16(at + len + 2, c->fragment);
		*next = 44;
		next = at + len;
		len += 8;
	}
	*next = c->protocol;
	return len + put_ports(at + len, c);
}

static inline unsigned put_packet(uint8_t *at, const struct packet_case *c)
{
	return c->family == LVS_INET6 ? put_ipv6(at, c) : put_ipv4(at, c);
}

/* In force: to .80 TCP 80; from .2 TCP 80; to .81 all of UDP. Returns how many rules. */
static inline unsigned make_rules(struct lvs_host_rule *rule)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned family = i ? LVS_INET6 : LVS_INET;
		union lvs_addr vip = V4(10, 0, 0, 80), real = V4(10, 0, 0, 2),
			       all = V4(10, 0, 0, 81);
		union lvs_addr vip6 = V6(80), real6 = V6(2), all6 = V6(81);

		rule[i * 3] = make_rule(LVS_HOST_TO, LVS_TCP, i ? vip6 : vip, family, 80);
		rule[i * 3 + 1] = make_rule(LVS_HOST_FROM, LVS_TCP, i ? real6 : real, family, 80);
		rule[i * 3 + 2] = make_rule(LVS_HOST_TO, LVS_UDP, i ? all6 : all, family, 0);
	}
	return 6;
}

/* At interfaces 3 and 5. */
static inline void make_capture(struct lvs_capture *capture, uint32_t *ifindex)
{
	struct lvs_host_rule rule[6];

	memset(capture, 0, sizeof(*capture));
	ck_assert_int_eq(lvs_capture_rules_make(&capture->rules, rule, make_rules(rule)), 0);
	capture->direct = calloc(1, sizeof(*capture->direct));
	ck_assert_ptr_nonnull(capture->direct);
	ifindex[0] = 3;
	ifindex[1] = 5;
	capture->ifindex = ifindex;
	capture->ifindex_n = 2;
}

static inline void fill_packet(struct lvs_packet *packet, uint8_t *data, unsigned len,
			       const struct packet_case *c)
{
	memset(packet, 0, sizeof(*packet));
	packet->data = data;
	packet->len = len;
	packet->linear_len = len;
	packet->ifindex = c->ifindex;
	packet->link_type = c->link_type;
	packet->vlan = c->vlan;
}

static inline void free_capture(struct lvs_capture *capture)
{
	lvs_capture_rules_fini(&capture->rules);
	free(capture->direct);
}

#endif
