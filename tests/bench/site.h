/* SPDX-License-Identifier: BSD-2-Clause */
/* A director full of connections, and packets of them in random order. */
#ifndef LVS_TESTS_BENCH_SITE_H
#define LVS_TESTS_BENCH_SITE_H

#include <liblvs/liblvs.h>

#include "bench.h"

#define SITE_SERVERS 10
#define SITE_BATCH 32
#define SITE_HEADROOM 64
#define SITE_STRIDE 256       /* of packet buffers: headroom, packet, room */
#define SITE_POOL 4096        /* packets made ahead */
#define SITE_SERVICE 0x000201 /* its address, in the network 192 */
#define SITE_SECOND ((uint64_t)1000000000)

/* A worker of a director, with packets of its own. */
struct site {
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct site *owner; /* who made the director: itself, or see site_join() */
	enum lvs_family family;
	enum lvs_method method;
	uint32_t flows;
	uint32_t clients; /* hosts that these are of; 0: a host each */
	uint32_t stride;
	lvs_be32 *server; /* by flow: NAT's pick, last word of its address */
	uint8_t *pool;
	struct lvs_packet *packets;
	uint64_t now;
	uint64_t random;
	uint64_t allocations; /* the owner's: counted by the director's allocator */
	uint64_t held;        /* bytes, by the same */
	uint64_t peak;        /* the most that were held */
};

struct site_conf {
	enum lvs_family family;
	enum lvs_method method;
	const char *sched;
	uint32_t flows;
	uint32_t room; /* max_conns; 0: a tenth more than flows */
	uint32_t full_policy;
	uint32_t fragment_bytes;     /* 0: the default */
	uint32_t fragment_datagrams; /* the same */
	uint32_t servers;            /* 0: SITE_SERVERS */
	uint32_t clients;
	uint32_t stride;         /* 0: SITE_STRIDE */
	uint32_t persistent_s;   /* 0: not persistent */
	const uint8_t *key;      /* 16 bytes; NULL: zeroes */
	const char *udp_service; /* its scheduler: UDP port 80 beside TCP's; NULL: none */
};

void site_open(struct site *site, const struct site_conf *conf);
void site_close(struct site *site);

/* Another worker of the owner's director, with its own packets; the flows are shared. site_close()
 * ends it, before the owner's. */
void site_join(struct site *site, struct site *owner);

/* The owner as one of another family sees it, whose service is added: the same worker and pool. It
 * ends with the owner. */
void site_look_like(struct site *view, const struct site *owner, const struct site_conf *conf);

/* Opens every flow: SYN, and ACK where @p established. */
void site_fill(struct site *site, uint32_t first, uint32_t n, bool established);

/* An ACK of every flow, from its client. */
void site_touch(struct site *site, uint32_t first, uint32_t n);

/* Ends all connections, as time does. */
void site_expire(struct site *site);

/* Ends those whose time has come. */
void site_expire_due(struct site *site);

/* What packet i of the pool is to be. */
enum site_packet {
	SITE_SYN,
	SITE_ACK,
	SITE_FIN,
	SITE_REPLY, /* of the server that was picked for the flow */
};
void site_make(struct site *site, unsigned i, uint32_t flow, enum site_packet kind);

/* The same with a packet of the caller's own: TCP with these flags, or UDP. */
void site_put(struct site *site, unsigned i, const struct lvs_flow *flow, uint8_t tcp_flags);

/* Packet i, which has been made, is so long; not shorter than it was. */
void site_lengthen(struct site *site, unsigned i, uint32_t len);

/* Packet i, which has been made, gets an IPv4 option or an IPv6 extension header of eight bytes. */
void site_add_option(struct site *site, unsigned i);

/* Client @p host to the service. */
struct lvs_flow site_flow(const struct site *site, uint32_t host, unsigned port);

/* The client's packets of a flow by its number. */
struct lvs_flow site_flow_of(const struct site *site, uint32_t number);

/* The pool's first @p n packets through the worker in batches. */
void site_process(struct site *site, unsigned n, unsigned batch);

/* The same; ns a packet, of this thread's processor time, so that others' load does not count. */
double site_run(struct site *site, unsigned n, unsigned batch);

/* The first @p n packets were all forwarded; it ends the program where they were not. */
void site_must_forward(const struct site *site, unsigned n);

/* The same with this very reason. */
void site_must_be(const struct site *site, unsigned n, unsigned reason);

/* An address of the network 10 (servers), 11 (clients) or 192 (services). */
union lvs_addr site_addr(enum lvs_family family, uint32_t net, uint32_t host);

/* Keys of the site's service and of a server, from 1. */
struct lvs_service_key site_service_key(enum lvs_family family, uint8_t protocol);
struct lvs_dest_key site_dest_key(enum lvs_family family, uint32_t number);

/* A commit that changes the weight of one server. */
void site_set_weight(struct site *site, const struct lvs_service_key *service, uint32_t number,
		     int32_t weight);

/* Lets @p site count what a director has. */
void site_count(struct site *site, struct lvs_settings *settings);

/* A control call that cannot fail here. */
void site_must(int err);

#endif
