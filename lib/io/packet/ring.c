/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "io/packet/rx.h"

enum {
	BLOCK = 1 << 20,   /* what the kernel allocates at a time */
	FRAME_MIN = 2048,  /* powers of two, so that blocks hold a whole number */
	FRAME_MAX = 16384, /* for jumbo frames */
	AROUND = 224, /* in front of the packet at most, but for the room: headers, alignment */
};

/* Longer packets do not fit, and come by the socket's queue as well. */
static uint32_t frame_len(uint32_t mtu)
{
	uint32_t len = FRAME_MIN;

	while (len < FRAME_MAX && len < AROUND + LVS_AFP_ROOM + mtu + LVS_AFP_ROOM)
		len *= 2;
	return len;
}

static int set_options(int fd)
{
	int version = TPACKET_V2, room = LVS_AFP_ROOM, copy = 1;

	if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RESERVE, &room, sizeof(room)))
		return -1;
	return setsockopt(fd, SOL_PACKET, PACKET_COPY_THRESH, &copy, sizeof(copy));
}

/* Of half the size, and half of that, where memory is short. */
static int make(struct lvs_afp_ring *ring, int fd, size_t len)
{
	for (unsigned blocks = (unsigned)(len / BLOCK); blocks; blocks /= 2) {
		struct tpacket_req request = {
			.tp_block_size = BLOCK,
			.tp_block_nr = blocks,
			.tp_frame_size = ring->frame_len,
			.tp_frame_nr = BLOCK / ring->frame_len * blocks,
		};

		if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) == 0) {
			ring->len = (size_t)blocks * BLOCK;
			ring->frame_n = request.tp_frame_nr;
			return 0;
		}
		if (errno != ENOMEM)
			return -1;
	}
	return -1;
}

int lvs_afp_ring_open(struct lvs_afp_ring *ring, int fd, uint32_t mtu, size_t len)
{
	void *map;

	memset(ring, 0, sizeof(*ring));
	ring->frame_len = frame_len(mtu);
	if (set_options(fd) || make(ring, fd, len < BLOCK ? BLOCK : len))
		return -1;
	map = mmap(NULL, ring->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;
	ring->map = map;
	return 0;
}

void lvs_afp_ring_close(struct lvs_afp_ring *ring)
{
	if (ring->map)
		munmap(ring->map, ring->len);
	memset(ring, 0, sizeof(*ring));
}

static uint8_t *frame_at(const struct lvs_afp_ring *ring, uint32_t number)
{
	return ring->map + (size_t)number * ring->frame_len;
}

/* The first word of a frame; the kernel's other half writes and reads it likewise. */
static _Atomic uint32_t *status_of(uint8_t *frame)
{
	return (void *)(frame + offsetof(struct tpacket2_hdr, tp_status));
}

const struct tpacket2_hdr *lvs_afp_ring_next(struct lvs_afp_ring *ring)
{
	uint8_t *frame;

	if (ring->held_n == ring->frame_n || !ring->map)
		return NULL;
	frame = frame_at(ring, ring->next);
	/* acquire: the kernel has written the frame before it says so */
	if (!(atomic_load_explicit(status_of(frame), memory_order_acquire) & TP_STATUS_USER))
		return NULL;
	ring->next = ring->next + 1 < ring->frame_n ? ring->next + 1 : 0;
	ring->held_n++;
	return (const void *)frame;
}

void lvs_afp_ring_release(struct lvs_afp_ring *ring)
{
	while (ring->held_n) {
		uint32_t number = ring->next >= ring->held_n
					  ? ring->next - ring->held_n
					  : ring->next + ring->frame_n - ring->held_n;

		/* release: we have read and written it before the kernel may do so */
		atomic_store_explicit(status_of(frame_at(ring, number)), TP_STATUS_KERNEL,
				      memory_order_release);
		ring->held_n--;
	}
}
