/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Which frames are steered: what the filter table of lib/io/host/capture.h takes away from a host,
 * decided over again by the XDP program (steer_match.h). Here is what its maps hold.
 *
 *   links:  interface              --> its address, its sockets, the longest frame
 *   ends:   address, family        --> a bit for each direction and kind of rule that it has
 *   rules:  struct lvs_host_rule, reserved[0] its kind --> 1
 *
 * Traffic of no service costs two lookups, in ends.
 */
#ifndef LVS_XDP_STEER_H
#define LVS_XDP_STEER_H

#include <linux/types.h>

enum {
	STEER_TO = 0,   /* enum lvs_host_direction */
	STEER_FROM = 1, /* checked against the public names in rules.c */
	STEER_PORT = 0, /* enum lvs_capture_kind */
	STEER_ALL = 1,
	STEER_HIGH = 2,
	STEER_FRAGMENT = 3,
	STEER_QUOTED = 4,
	STEER_KINDS = 5,
	STEER_HIGH_PORTS = 1, /* LVS_HOST_HIGH_PORTS */
	STEER_HIGH_PORT = 1024,
	STEER_INET = 2,
	STEER_INET6 = 10,
	STEER_EXTENSIONS = 6, /* IPv6 headers that are read over */
	STEER_LINKS = 32,
	STEER_SOCKETS = 2048, /* of all interfaces */
};

/* enum lvs_xdp_counter, and which it is not the program's to count */
enum steer_verdict {
	STEER_STEERED,
	STEER_LEFT,
	STEER_TAGGED,
	STEER_OTHER,
	STEER_UNREAD,
	STEER_TOO_LONG,
	STEER_NO_SOCKET,
	STEER_VERDICTS,
};

struct steer_link {
	__u8 mac[6];
	__u16 reserved;
	__u32 first;     /* its queue 0's place in the map of sockets */
	__u32 frame_max; /* bytes, link-layer header included */
};

/* An address of a family; of IPv4 the rest is zero. */
struct steer_end {
	__u32 word[4];
	__u32 family;
};

/* As struct lvs_host_rule. */
struct steer_rule {
	__u32 word[4];
	__u16 port; /* network order */
	__u8 family;
	__u8 protocol;
	__u8 direction;
	__u8 flags;
	__u8 kind; /* STEER_FRAGMENT, STEER_QUOTED, else 0 */
	__u8 reserved;
};

#define STEER_BIT(direction, kind) (1u << ((direction)*STEER_KINDS + (kind)))

#endif
