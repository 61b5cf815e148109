/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter "tun": one queue of a TUN device, and what its files share. */
#ifndef LVS_IO_TUN_IO_H
#define LVS_IO_TUN_IO_H

#include "io/io_count.h"
#include "io/tun/device.h"
#include "io/vnet.h"

enum {
	LVS_TUN_ROOM = 128,   /* in front of a packet and behind it */
	LVS_TUN_DATA = 65536, /* bytes of a packet at most */
	LVS_TUN_MTU_MAX = 65535,
	LVS_TUN_QUEUE =
		2048, /* packets a queue holds; the kernel's 500 are too few for ten downloads */
};

struct lvs_tun_io {
	struct lvs_io_conf conf; /* target and pass_name are not valid any more */
	struct lvs_io_count count;
	struct lvs_tun device; /* its log is conf.log */
	int fd;
	uint32_t ifindex;
	uint32_t mtu;
	bool gone;               /* the device is, for good */
	uint64_t lost_before;    /* packets that the device had dropped when it was opened */
	uint64_t quiet_until;    /* ns: no log line about refusals before */
	uint8_t *buffers;        /* conf.batch times room, data, room */
	uint8_t *piece;          /* LVS_IO_PIECE_MAX */
	uint8_t *segment_buffer; /* LVS_IO_PIECE_MAX, between two ways of cutting */
};

/* As the ops' of these names. */
int lvs_tun_rx(void *state, struct lvs_packet *packets, unsigned n);
int lvs_tun_tx(void *state, const struct lvs_packet *packets, unsigned n);

/* Packets that the device dropped for want of room in a queue, since it was made. Any thread. */
uint64_t lvs_tun_lost(uint32_t ifindex);

#endif
