/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's sockets, one for each of its queues, and the memory that they share: four rings a
 * socket, through which frames go to the kernel and come back.
 */
#ifndef LVS_XDP_SOCKETS_H
#define LVS_XDP_SOCKETS_H

#include <xdp/xsk.h>

#include "io/io_count.h"
#include "xdp/frames.h"
#include "xdp/state.h"

enum {
	LVS_XSK_RESERVE = 256, /* frames for what is sent and was not received here */
};

/* A socket on a queue. */
struct lvs_xsk {
	struct xsk_socket *socket;
	int fd;
	const char *name; /* the interface's, which stays */
	uint32_t ifindex;
	uint32_t queue;
	bool dead;                 /* its interface is gone */
	struct xsk_ring_prod fill; /* frames to be filled */
	struct xsk_ring_cons rx;   /* filled */
	struct xsk_ring_prod tx;   /* to be sent */
	struct xsk_ring_cons done; /* sent */
	uint32_t queued_n;         /* in the tx ring since the kernel was last told */
	uint64_t queued_len;       /* bytes of IP packet of these */
	uint64_t lost;             /* by the kernel, when it was last asked */
};

struct lvs_xsks {
	struct lvs_xdp *xdp;
	struct lvs_io_count *count;
	struct xsk_umem *umem;
	uint8_t *area; /* frames.n times LVS_XDP_FRAME */
	struct lvs_frames frames;
	struct lvs_xsk *xsk;
	unsigned n;
};

/* The sockets of a worker at the interfaces that are there, which are in the program's map then.
 * @again: LVS_ERR_BUSY and LVS_ERR_NO_DEVICE are nothing to tell of, for it is tried again. */
int lvs_xsks_open(struct lvs_xsks *xsks, struct lvs_xdp *xdp, uint32_t worker,
		  struct lvs_io_count *count, bool again);
void lvs_xsks_close(struct lvs_xsks *xsks);

static inline uint8_t *lvs_xsks_frame(const struct lvs_xsks *xsks, uint32_t frame)
{
	return xsks->area + (size_t)frame * LVS_XDP_FRAME;
}

/* Takes back what was sent, and offers the kernel frames to fill. */
void lvs_xsk_reclaim(struct lvs_xsks *xsks, struct lvs_xsk *xsk);
void lvs_xsk_refill(struct lvs_xsks *xsks, struct lvs_xsk *xsk);

/* Queues a frame, LVS_FRAME_SENT, of which @len bytes from @data on leave. False when the ring is
 * full. */
bool lvs_xsk_queue(struct lvs_xsks *xsks, struct lvs_xsk *xsk, const uint8_t *data, uint32_t len);

/* Whether the kernel has yet to send some. */
static inline bool lvs_xsk_is_behind(const struct lvs_xsk *xsk)
{
	/* acquire: with the kernel's release, once it has read an entry */
	return __atomic_load_n(xsk->tx.consumer, __ATOMIC_ACQUIRE) != *xsk->tx.producer;
}

/* Has the kernel send what is queued. What it cannot now it does when it is told again. */
void lvs_xsk_kick(struct lvs_xsks *xsks, struct lvs_xsk *xsk);

/* Has the driver polled, or told that it may go on. LVS_ERR_NO_DEVICE when the interface is gone.
 */
int lvs_xsk_poll(const struct lvs_xsk *xsk);

/* Adds to the counter what the kernel has lost since. */
void lvs_xsk_count_losses(struct lvs_xsks *xsks, struct lvs_xsk *xsk);

#endif
