/* SPDX-License-Identifier: BSD-2-Clause */
/* Sending in bulk: one packet socket for all interfaces, each message with its own address. */
#ifndef LVS_IO_PACKET_TX_H
#define LVS_IO_PACKET_TX_H

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <liblvs/host.h>

#include "io/io_count.h"
#include "io/vnet.h"

enum {
	LVS_AFP_ETHERNET_LEN = 14,
	LVS_AFP_TX_QUEUE = 128,      /* messages of one system call */
	LVS_AFP_TX_PIECES = 4 << 16, /* bytes for segments and fragments that are queued */
};

/* What goes in front of a packet. */
struct lvs_afp_head {
	struct virtio_net_hdr vnet;
	uint8_t ethernet[LVS_AFP_ETHERNET_LEN];
};

struct lvs_afp_tx {
	int fd;
	unsigned n; /* messages that are queued */
	struct lvs_io_count *count;
	struct lvs_log log;
	uint64_t quiet_until;    /* ns: no log line about refusals before */
	uint8_t *pieces;         /* LVS_AFP_TX_PIECES */
	uint32_t pieces_used;    /* bytes of pieces that queued messages point to */
	uint8_t *segment_buffer; /* LVS_IO_PIECE_MAX, between two ways of cutting */
	struct mmsghdr message[LVS_AFP_TX_QUEUE];
	struct iovec iov[LVS_AFP_TX_QUEUE][2]; /* head, packet */
	struct lvs_afp_head head[LVS_AFP_TX_QUEUE];
	struct sockaddr_ll to[LVS_AFP_TX_QUEUE];
};

int lvs_afp_tx_open(struct lvs_afp_tx *tx, const struct lvs_log *log, struct lvs_io_count *count);
void lvs_afp_tx_close(struct lvs_afp_tx *tx);

/* Queues a packet for @link, cut where that is needed. Its bytes must stay until the flush. */
void lvs_afp_tx_add(struct lvs_afp_tx *tx, const struct lvs_packet *packet,
		    const struct lvs_host_link *link);

/* Sends what is queued. */
void lvs_afp_tx_flush(struct lvs_afp_tx *tx);

#endif
