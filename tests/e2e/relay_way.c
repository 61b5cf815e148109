/* SPDX-License-Identifier: BSD-2-Clause */
#include "relay_way.h"

#include <string.h>

enum {
	TEN_THOUSAND = 10000,
	END = WAY_PLACES,
};

void way_init(struct way *way, const struct way_conf *conf)
{
	memset(way, 0, sizeof(*way));
	way->conf = *conf;
	way->random = conf->seed;
	way->first = END;
	for (uint32_t i = 0; i < WAY_PLACES; i++)
		way->packet[i].next = i + 1;
}

/* splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). */
static uint64_t next_random(struct way *way)
{
	uint64_t z = way->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Asked for every packet and every chance, so that one chance does not move the others. */
static bool happens(struct way *way, uint32_t of_ten_thousand)
{
	return next_random(way) % TEN_THOUSAND < of_ten_thousand;
}

/* Before one of the same place: that is a held one, which goes behind. */
static void insert(struct way *way, uint32_t index)
{
	uint32_t *link = &way->first;

	while (*link != END && way->packet[*link].place < way->packet[index].place)
		link = &way->packet[*link].next;
	way->packet[index].next = *link;
	*link = index;
}

static void add(struct way *way, const void *data, size_t len, uint64_t now_ns, bool hold)
{
	uint32_t index = way->unused;
	struct way_packet *packet = &way->packet[index];

	if (index == END) {
		way->count[WAY_full]++;
		return;
	}
	way->unused = packet->next;
	packet->number = way->count[WAY_in];
	packet->place = packet->number + (hold ? way->conf.hold_n : 0);
	packet->due_ns = now_ns + way->conf.delay_ns + (hold ? way->conf.hold_ns : 0);
	packet->len = (uint32_t)len;
	memcpy(packet->data, data, len);
	way->count[WAY_held] += hold;
	insert(way, index);
}

/* The one that was held for the packet that comes now, if there is one, goes when that goes. */
static void let_go(struct way *way, uint64_t now_ns)
{
	for (uint32_t i = way->first; i != END; i = way->packet[i].next) {
		struct way_packet *packet = &way->packet[i];

		if (packet->place == way->count[WAY_in] &&
		    packet->due_ns > now_ns + way->conf.delay_ns)
			packet->due_ns = now_ns + way->conf.delay_ns;
	}
}

void way_put(struct way *way, const void *data, size_t len, uint64_t now_ns)
{
	bool lose = happens(way, way->conf.loss), twice = happens(way, way->conf.doubling);
	bool hold = happens(way, way->conf.holding);

	way->count[WAY_in]++;
	let_go(way, now_ns);
	if (len > way->conf.mtu || len > WAY_MTU_MAX) {
		way->count[WAY_too_long]++;
		return;
	}
	if (lose) {
		way->count[WAY_lost]++;
		return;
	}
	add(way, data, len, now_ns, hold);
	if (twice) {
		way->count[WAY_doubled]++;
		add(way, data, len, now_ns, false);
	}
}

uint64_t way_due(const struct way *way)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = way->first; i != END; i = way->packet[i].next)
		if (way->packet[i].due_ns < due)
			due = way->packet[i].due_ns;
	return due;
}

size_t way_take(struct way *way, void *data, uint64_t now_ns)
{
	for (uint32_t *link = &way->first; *link != END; link = &way->packet[*link].next) {
		uint32_t index = *link;
		struct way_packet *packet = &way->packet[index];

		if (packet->due_ns > now_ns)
			continue;
		*link = packet->next;
		packet->next = way->unused;
		way->unused = index;
		memcpy(data, packet->data, packet->len);
		way->count[WAY_out]++;
		way->count[WAY_late] += packet->number < way->furthest;
		if (packet->number > way->furthest)
			way->furthest = packet->number;
		return packet->len;
	}
	return 0;
}

const char *way_count_name(enum way_count count)
{
	static const char *const name[] = {
#define X(name, text) #name,
		WAY_COUNTS(X)
#undef X
	};

	return name[count];
}

const char *way_count_text(enum way_count count)
{
	static const char *const text[] = {
#define X(name, text) text,
		WAY_COUNTS(X)
#undef X
	};

	return text[count];
}
