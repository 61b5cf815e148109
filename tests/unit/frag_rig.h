/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams for tests of fragments: made whole, cut by plain code, put together again by plain
 * code. Nothing here uses the library's own arithmetic.
 */
#ifndef LVS_TESTS_FRAG_RIG_H
#define LVS_TESTS_FRAG_RIG_H

#include "alloc_rig.h"
#include "director_rig.h"
#include "packet_ref.h"

enum {
	FRAG_MAX = 9300,      /* bytes of a datagram */
	FRAG_PARTS = 64,      /* of one datagram */
	FRAG_HEADROOM = 64,   /* in front of what is sent */
	FRAG_PART_MAX = 9100, /* bytes of a part, headers included */
};

/* What a whole datagram is made of. */
struct frag_recipe {
	struct lvs_flow flow;
	uint32_t id;
	uint8_t tcp_flags; /* or SCTP's chunk */
	bool no_checksum;  /* UDP over IPv4 */
	bool df;           /* IPv4: never mind the fragments */
	unsigned options;  /* bytes: IPv4 of no-operation, IPv6 in an options header in the
			      fragmentable part */
	unsigned hop;      /* IPv6: bytes of options in the unfragmentable part */
	unsigned payload;  /* bytes behind the transport header */
};

/* The datagram as it would be sent whole. */
struct frag_whole {
	uint8_t data[FRAG_MAX];
	uint32_t len;
	uint32_t fixed;     /* bytes of the unfragmentable part */
	uint32_t first_min; /* bytes of the fragmentable part that the first must have */
	uint32_t id;
};

struct frag_part {
	uint8_t data[FRAG_PART_MAX];
	uint32_t len;
	uint32_t start;
	bool more;
};

static inline unsigned frag_put_ext(uint8_t *p, uint8_t next, unsigned len)
{
	memset(p, 0, len);
	p[0] = next;
	p[1] = (uint8_t)(len / 8 - 1);
	p[2] = 1;
	p[3] = (uint8_t)(len - 4);
	return len;
}

static inline void frag_make(struct frag_whole *whole, const struct frag_recipe *recipe)
{
	bool v6 = recipe->flow.family == LVS_INET6;
	bool sctp = recipe->flow.protocol == LVS_SCTP;
	unsigned l4_len = recipe->flow.protocol == LVS_TCP ? 20 : sctp ? 16 : 8;
	unsigned fixed = v6 ? 40 + recipe->hop : 20 + recipe->options;
	unsigned l4_at = fixed + (v6 ? recipe->options : 0);
	uint8_t *ip = whole->data, *l4 = ip + l4_at;

	whole->id = recipe->id;
	whole->fixed = fixed;
	whole->first_min = l4_at - fixed + l4_len;
	whole->len = l4_at + l4_len + recipe->payload;
	memset(ip, 0, whole->len);
	if (v6) {
		uint8_t next = recipe->options ? 60 : recipe->flow.protocol;

		ref_put32(ip, 0x60000000);
		ref_put16(ip + 4, whole->len - 40);
		ip[6] = recipe->hop ? 0 : next;
		ip[7] = 64;
		memcpy(ip + 8, &recipe->flow.src, 16);
		memcpy(ip + 24, &recipe->flow.dst, 16);
		if (recipe->hop)
			frag_put_ext(ip + 40, next, recipe->hop);
		if (recipe->options)
			frag_put_ext(ip + fixed, recipe->flow.protocol, recipe->options);
	} else {
		ip[0] = (uint8_t)(0x40 | fixed / 4);
		ref_put16(ip + 2, whole->len);
		ref_put16(ip + 4, recipe->id);
		ref_put16(ip + 6, recipe->df ? 0x4000 : 0);
		ip[8] = 64;
		ip[9] = recipe->flow.protocol;
		memcpy(ip + 12, &recipe->flow.src, 4);
		memcpy(ip + 16, &recipe->flow.dst, 4);
		memset(ip + 20, 1, recipe->options);
		ref_ipv4_checksum(ip);
	}
	memcpy(l4, &recipe->flow.src_port, 2);
	memcpy(l4 + 2, &recipe->flow.dst_port, 2);
	if (recipe->flow.protocol == LVS_TCP) {
		l4[12] = 0x50;
		l4[13] = recipe->tcp_flags;
	} else if (sctp) {
		l4[12] = recipe->tcp_flags;
		ref_put16(l4 + 14, 4 + recipe->payload);
	} else {
		ref_put16(l4 + 4, whole->len - l4_at);
	}
	for (unsigned i = 0; i < recipe->payload; i++)
		l4[l4_len + i] = (uint8_t)(i * 31 + (i >> 8) + recipe->id);
	if (sctp)
		rig_sctp_csum(l4, whole->len - l4_at, l4 + 8);
	else if (!recipe->no_checksum)
		ref_l4_checksum(ip, l4, recipe->flow.protocol, whole->len - l4_at);
}

/* The part of a datagram from @p start to @p end of its fragmentable part. */
static inline void frag_cut(const struct frag_whole *whole, uint32_t start, uint32_t end,
			    struct frag_part *part)
{
	uint8_t *ip = part->data;
	uint32_t at = whole->fixed;
	uint8_t next;

	part->start = start;
	part->more = end < whole->len - whole->fixed;
	memcpy(ip, whole->data, whole->fixed);
	if (ip[0] >> 4 == 6) {
		uint8_t *next_at = whole->fixed > 40 ? ip + 40 : ip + 6;

		next = *next_at;
		*next_at = 44;
		memset(ip + at, 0, 8);
		ip[at] = next;
		ref_put16(ip + at + 2, start | part->more);
		ref_put32(ip + at + 4, whole->id);
		at += 8;
		ref_put16(ip + 4, at - 40 + end - start);
	} else {
		ref_put16(ip + 2, at + end - start);
		ref_put16(ip + 6,
			  (ref_get16(ip + 6) & 0x4000) | start / 8 | (part->more ? 0x2000u : 0));
		ref_ipv4_checksum(ip);
	}
	memcpy(ip + at, whole->data + whole->fixed + start, end - start);
	part->len = at + end - start;
}

/* Cuts at random places; the number of parts, at least two. */
static inline unsigned frag_cut_all(const struct frag_whole *whole, struct frag_part *parts,
				    uint64_t *random)
{
	uint32_t total = whole->len - whole->fixed;
	uint32_t first = (whole->first_min + 7) & ~7u;
	uint32_t step = 8 * (1 + (uint32_t)(rig_random(random) % (total / 16)));
	uint32_t at = 0;
	unsigned n = 0;

	while (at < total) {
		uint32_t end = at + 8 * (1 + (uint32_t)(rig_random(random) % (step / 8)));

		if (at == 0 && end < first)
			end = first;
		if (end > total || n == FRAG_PARTS - 1)
			end = total;
		if (at == 0 && end == total)
			end = (total - 1) & ~7u;
		frag_cut(whole, at, end, &parts[n++]);
		at = end;
	}
	return n;
}

/* --- Putting together --- */

/* A packet that left: what it says of itself, behind a tunnel's header. */
struct frag_seen {
	const uint8_t *ip;
	uint32_t len;
	uint32_t outer; /* bytes of the tunnel's header */
	uint32_t id;
	uint32_t start;
	uint32_t fixed;    /* bytes in front of the data, IPv6 without the fragment header */
	uint32_t data;     /* where the data is */
	uint32_t next_at;  /* IPv6: where the fragment header's number stands */
	uint8_t following; /* IPv6: what follows it */
	bool fragment;
	bool more;
};

static inline void frag_see(const uint8_t *ip, uint32_t len, struct frag_seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	if (ip[0] >> 4 == 4 && (ip[9] == 4 || ip[9] == 41))
		seen->outer = 20;
	else if (ip[0] >> 4 == 6 && (ip[6] == 4 || ip[6] == 41))
		seen->outer = 40;
	seen->ip = ip += seen->outer;
	seen->len = len - seen->outer;
	if (ip[0] >> 4 == 4) {
		seen->fixed = seen->data = (ip[0] & 15) * 4u;
		seen->id = ref_get16(ip + 4);
		seen->start = (ref_get16(ip + 6) & 0x1fff) * 8u;
		seen->more = ref_get16(ip + 6) & 0x2000;
	} else {
		uint8_t type = ip[6];

		seen->data = 40;
		seen->next_at = 6;
		while (type == 0) {
			seen->next_at = seen->data;
			type = ip[seen->data];
			seen->data += (ip[seen->data + 1] + 1u) * 8;
		}
		seen->fixed = seen->data;
		if (type != 44)
			return;
		seen->following = ip[seen->data];
		seen->id = (uint32_t)ref_get16(ip + seen->data + 4) << 16 |
			   ref_get16(ip + seen->data + 6);
		seen->start = ref_get16(ip + seen->data + 2) & 0xfff8;
		seen->more = ip[seen->data + 3] & 1;
		seen->data += 8;
	}
	seen->fragment = seen->start || seen->more;
}

struct frag_joined {
	uint8_t data[FRAG_MAX];
	bool here[FRAG_MAX];
	uint32_t fixed;
	uint32_t total;
	uint32_t got;
};

static inline void frag_join(struct frag_joined *joined, const struct frag_seen *seen)
{
	uint32_t n = seen->len - seen->data;

	if (seen->start == 0) {
		joined->fixed = seen->fixed;
		memcpy(joined->data, seen->ip, seen->fixed);
		if (seen->next_at && seen->fragment)
			joined->data[seen->next_at] = seen->following;
	}
	if (!seen->more)
		joined->total = seen->start + n;
	for (uint32_t i = 0; i < n; i++) {
		must(!joined->here[seen->start + i]);
		joined->here[seen->start + i] = true;
	}
	joined->got += n;
	/* The first one's header goes in front when all are here. */
	memcpy(joined->data + 200 + seen->start, seen->ip + seen->data, n);
}

/* The whole packet's length; 0: something is missing. */
static inline uint32_t frag_finish(struct frag_joined *joined)
{
	uint32_t len = joined->fixed + joined->total;
	uint8_t *ip = joined->data;

	if (!joined->fixed || !joined->total || joined->got != joined->total)
		return 0;
	if (ip[0] >> 4 == 4) {
		ref_put16(ip + 2, len);
		ref_put16(ip + 6, ref_get16(ip + 6) & 0x4000);
		ref_ipv4_checksum(ip);
	} else {
		ref_put16(ip + 4, len - 40);
	}
	memmove(ip + joined->fixed, ip + 200, joined->total);
	return len;
}

/* --- Sending --- */

struct frag_buffer {
	uint8_t bytes[FRAG_HEADROOM + FRAG_PART_MAX];
	struct lvs_packet packet;
};

static inline void frag_load(struct frag_buffer *buffer, const uint8_t *data, uint32_t len)
{
	memset(&buffer->packet, 0, sizeof(buffer->packet));
	buffer->packet.data = buffer->bytes + FRAG_HEADROOM;
	buffer->packet.headroom = FRAG_HEADROOM;
	buffer->packet.len = buffer->packet.linear_len = len;
	memcpy(buffer->packet.data, data, len);
}

/* One through a worker; its reason. */
static inline enum lvs_reason frag_send(struct lvs_worker *worker, struct frag_buffer *buffer,
					const struct frag_part *part, uint64_t now)
{
	frag_load(buffer, part->data, part->len);
	lvs_worker_process(worker, &buffer->packet, 1, now);
	return (enum lvs_reason)buffer->packet.reason;
}

#endif
