/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving in bulk: a packet socket with a ring for each interface, and buffers for what is too
 * long for its frames; each packet with room around it.
 */
#ifndef LVS_IO_PACKET_RX_H
#define LVS_IO_PACKET_RX_H

#include <linux/if_packet.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "io/io_count.h"
#include "io/packet/ring.h"
#include "io/vnet.h"

enum {
	LVS_AFP_INTERFACES = 32, /* of one io */
	LVS_AFP_ROOM = 128,      /* in front of a packet and behind it */
	LVS_AFP_DATA = 65536,    /* bytes of a packet at most */
};

/* A socket on one interface. */
struct lvs_afp_socket {
	int fd;
	struct lvs_afp_ring ring;
	uint32_t ifindex;
	uint32_t mtu;
	uint16_t link_len; /* bytes of link-layer header: 14, or 0 where there is none */
	bool down;         /* its link was, and nothing has come since */
	bool gone;         /* its interface is; one of its name is waited for */
	bool told;         /* that one cannot be taken up */
	char name[16];
};

/* What a packet that is copied needs besides its buffer. */
struct lvs_afp_message {
	struct virtio_net_hdr vnet;
	struct iovec iov[2]; /* vnet; link-layer header and packet */
};

struct lvs_afp_rx {
	struct lvs_afp_socket socket[LVS_AFP_INTERFACES];
	unsigned socket_n;
	unsigned next;          /* the socket that is asked first */
	unsigned batch;         /* messages */
	unsigned calls;         /* until the kernel's losses are read again */
	unsigned gone_n;        /* sockets whose interface is gone */
	uint64_t look_at;       /* when to look for those again, ns */
	_Atomic uint64_t *lost; /* by the kernel; relaxed: a number that any thread adds to */
	int epoll;              /* where the sockets are watched; not its own */
	const struct lvs_io_conf *conf; /* the io's, without a target once it is open */
	struct lvs_io_count *count;
	struct lvs_log log;
	const struct tpacket2_hdr **frame; /* batch */
	struct mmsghdr *header;            /* batch */
	struct lvs_afp_message *message;   /* batch */
	uint8_t *buffers;                  /* batch times room, data, room */
};

/* @conf must stay. */
int lvs_afp_rx_open(struct lvs_afp_rx *rx, const struct lvs_io_conf *conf,
		    struct lvs_io_count *count);
/* Adds the sockets to @epoll, those to come too. 0 or LVS_ERR_IO with the reason logged. */
int lvs_afp_rx_watch(struct lvs_afp_rx *rx, int epoll);
void lvs_afp_rx_close(struct lvs_afp_rx *rx);

/*
 * Fills up to @n packets, at most rx->batch, without waiting. Returns how many. Of an interface
 * that was deleted nothing comes until there is one of its name again, which is then taken up.
 */
int lvs_afp_rx_receive(struct lvs_afp_rx *rx, struct lvs_packet *packets, unsigned n);

/*
 * Whether a link is down, or gone. The kernel tells of that but not of the interface's
 * end after it: lvs_afp_rx_receive() must be called now and then.
 */
bool lvs_afp_rx_is_down(const struct lvs_afp_rx *rx);

/* What the kernel's receive buffers could not take. Any thread. */
uint64_t lvs_afp_rx_lost(const struct lvs_afp_rx *rx);

#endif
