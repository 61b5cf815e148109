/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One way of a bad path: what goes in may be lost, doubled, late or out of
 * order. Pure: the time is an argument, the chances come from a seed.
 */
#ifndef RELAY_WAY_H
#define RELAY_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, what it says */
#define WAY_COUNTS(X)                                                                              \
	X(in, "came")                                                                              \
	X(lost, "lost, as asked for")                                                              \
	X(doubled, "sent twice, as asked for")                                                     \
	X(held, "held back until later ones had gone, as asked for")                               \
	X(too_long, "longer than the MTU")                                                         \
	X(full, "found no room: not asked for")                                                    \
	X(out, "sent")                                                                             \
	X(late, "sent after one that had come later")                                              \
	X(unsent, "not taken by the other device: not asked for")

enum way_count {
#define X(name, text) WAY_##name,
	WAY_COUNTS(X)
#undef X
		WAY_COUNT_N
};

enum {
	WAY_MTU_MAX = 2048,
	WAY_PLACES = 2048, /* packets on their way at once */
};

struct way_conf {
	uint32_t loss, doubling, holding; /* of 10,000 packets, so many */
	uint32_t hold_n;                  /* so many later packets go before a held one */
	uint64_t hold_ns;                 /* but so long is enough */
	uint64_t delay_ns;                /* every packet */
	uint32_t mtu;                     /* at most WAY_MTU_MAX */
	uint64_t seed;
};

struct way_packet {
	uint64_t number; /* of its coming */
	uint64_t place;  /* its number, or that of the packet behind which it goes */
	uint64_t due_ns; /* not before */
	uint32_t next;   /* in the list of those under way, in the order of place */
	uint32_t len;
	uint8_t data[WAY_MTU_MAX];
};

struct way {
	struct way_conf conf;
	uint64_t random;
	uint64_t furthest;      /* the highest number that went */
	uint32_t first, unused; /* lists; WAY_PLACES ends them */
	uint64_t count[WAY_COUNT_N];
	struct way_packet packet[WAY_PLACES];
};

void way_init(struct way *way, const struct way_conf *conf);

/* A packet comes. It is copied, or not. */
void way_put(struct way *way, const void *data, size_t len, uint64_t now_ns);

/* Copies one that is to go now to @data, of WAY_MTU_MAX bytes. Returns its length, 0 for none. */
size_t way_take(struct way *way, void *data, uint64_t now_ns);

/* When way_take() will have one if nothing comes; UINT64_MAX: never. */
uint64_t way_due(const struct way *way);

const char *way_count_name(enum way_count count);
const char *way_count_text(enum way_count count);

#endif
