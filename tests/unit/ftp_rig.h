/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An FTP service behind NAT for tests: a director with the helper at port 21, a client, servers,
 * and the control connection between them, each end counting its own numbers.
 */
#ifndef LVS_TESTS_FTP_RIG_H
#define LVS_TESTS_FTP_RIG_H

#include <stdio.h>

#include <liblvs/helper.h>

#include "alloc_rig.h"
#include "base/byteorder.h"
#include "director/worker.h"
#include "director_rig.h"
#include "packet_ref.h"
#include "unit.h"

#define check_reason(got, want)                                                                    \
	do {                                                                                       \
		unsigned got_ = (got);                                                             \
		ck_assert_msg(got_ == (unsigned)(want), "got %s, expected %s",                     \
			      lvs_reason_name(got_), lvs_reason_name(want));                       \
	} while (0)

enum {
	FTP_SERVERS = 2,
	FTP_TAILROOM = 64,
	CLIENT = 0,
	SERVER = 1,
};

struct ftp_end {
	uint32_t seq; /* of its next byte */
	uint32_t ack; /* what it has got, in its own counting */
};

struct ftp {
	struct alloc_rig alloc;
	struct lvs_director *director;
	struct lvs_worker *worker;
	struct lvs_service_key service;
	struct lvs_dest_key dest[FTP_SERVERS];
	enum lvs_method method;
	unsigned family;
	union lvs_addr client, vip;
	unsigned server; /* that has the control connection */
	unsigned tailroom;
	struct ftp_end end[2];
	struct rig_packet rig;
	uint64_t now;
};

static inline union lvs_addr ftp_addr(unsigned family, unsigned net, unsigned host)
{
	return family == LVS_INET ? rig_addr4(10, 0, net, host) : rig_addr6(net, host);
}

static inline void ftp_open(struct ftp *ftp, unsigned family, enum lvs_method method,
			    const struct lvs_settings *settings)
{
	struct lvs_settings full = {.size = sizeof(full), .events = 64};

	memset(ftp, 0, sizeof(*ftp));
	if (settings)
		full = *settings;
	if (!full.alloc.alloc)
		full.alloc = alloc_rig(&ftp->alloc);
	ck_assert_int_eq(lvs_director_new(&full, &ftp->director), 0);
	ck_assert_int_eq(lvs_worker_new(ftp->director, &ftp->worker), 0);
	ck_assert_int_eq(lvs_director_bind_helper(ftp->director, lvs_helper_find("ftp"), LVS_TCP,
						  rig_port(21)),
			 0);
	ftp->family = family;
	ftp->method = method;
	ftp->now = 100 * SECOND;
	ftp->tailroom = FTP_TAILROOM;
	ftp->vip = family == LVS_INET ? rig_addr4(192, 0, 2, 10) : rig_addr6(2, 10);
	ftp->client = family == LVS_INET ? rig_addr4(198, 51, 100, 7) : rig_addr6(3, 7);
	ftp->service = rig_service_key(family, LVS_TCP, ftp->vip, 21);
	rig_set_service(ftp->director, &ftp->service, "rr");
	for (unsigned i = 0; i < FTP_SERVERS; i++) {
		ftp->dest[i] = rig_dest_key(family, ftp_addr(family, 0, FTP_SERVERS - i),
					    method == LVS_METHOD_NAT ? 2121 : 21);
		rig_set_dest(ftp->director, &ftp->service, &ftp->dest[i], method, 1);
	}
}

static inline void ftp_close(struct ftp *ftp)
{
	rig_check(ftp->director);
	lvs_worker_del(ftp->worker);
	lvs_director_del(ftp->director);
	ck_assert_uint_eq(ftp->alloc.live_n, 0);
}

static inline struct lvs_flow ftp_flow(const struct ftp *ftp, unsigned from)
{
	const struct lvs_dest_key *dest = &ftp->dest[ftp->server];

	if (from == CLIENT)
		return rig_flow(LVS_TCP, ftp->family, ftp->client, 50000, ftp->vip, 21);
	return rig_flow(LVS_TCP, ftp->family, dest->addr, lvs_ntohs(dest->port), ftp->client,
			50000);
}

/* A segment as its sender sends it, its numbers those of the end. */
static inline void ftp_make(struct ftp *ftp, unsigned from, uint8_t flags, const char *text)
{
	const struct ftp_end *end = &ftp->end[from];
	struct lvs_flow flow = ftp_flow(ftp, from);
	unsigned len = (unsigned)strlen(text);
	unsigned ip_len = ftp->family == LVS_INET6 ? 40 : 20;
	uint8_t *tcp;

	rig_make(&ftp->rig, &flow, flags, len);
	tcp = ftp->rig.packet.data + ip_len;
	ref_put32(tcp + 4, end->seq);
	ref_put32(tcp + 8, end->ack);
	for (unsigned i = 0; i < len; i++)
		tcp[20 + i] = (uint8_t)text[i];
	rig_fix(&ftp->rig);
	ftp->rig.packet.tailroom = (uint16_t)ftp->tailroom;
}

/* Hands in what was made. What arrives counts at the other end. */
static inline enum lvs_reason ftp_hand_in(struct ftp *ftp, unsigned from, unsigned sent)
{
	struct lvs_packet *packet = &ftp->rig.packet;
	struct ftp_end *end = &ftp->end[from], *other = &ftp->end[!from];
	struct lvs_headers headers;
	uint8_t *tcp;

	lvs_worker_process(ftp->worker, packet, 1, ftp->now);
	if (packet->verdict != LVS_FORWARD)
		return (enum lvs_reason)packet->reason;
	ck_assert_int_eq(lvs_packet_parse(packet, &headers), LVS_REASON_NONE);
	ck_assert(rig_sums_right(packet->data, packet->len));
	tcp = packet->data + headers.l4_offset;
	end->seq += sent + !!(tcp[13] & (LVS_TCP_SYN | LVS_TCP_FIN));
	/* in order, as the receiver counts */
	if (tcp[13] & LVS_TCP_SYN)
		other->ack = lvs_load32(tcp + 4);
	ck_assert_uint_eq(lvs_load32(tcp + 4), other->ack);
	if (tcp[13] & LVS_TCP_ACK)
		ck_assert_uint_eq(lvs_load32(tcp + 8), other->seq);
	other->ack +=
		headers.len - headers.payload_offset + !!(tcp[13] & (LVS_TCP_SYN | LVS_TCP_FIN));
	return (enum lvs_reason)packet->reason;
}

static inline enum lvs_reason ftp_send(struct ftp *ftp, unsigned from, uint8_t flags,
				       const char *text)
{
	ftp_make(ftp, from, flags, text);
	return ftp_hand_in(ftp, from, (unsigned)strlen(text));
}

/* A line, and that it arrives as @p as. */
static inline void ftp_say(struct ftp *ftp, unsigned from, const char *text, const char *as)
{
	const struct lvs_packet *packet = &ftp->rig.packet;
	struct lvs_headers headers;

	check_reason(ftp_send(ftp, from, LVS_TCP_ACK | LVS_TCP_PSH, text),
		     from == CLIENT ? LVS_REASON_ESTABLISHED : LVS_REASON_REPLY);
	lvs_packet_parse(packet, &headers);
	ck_assert_uint_eq(headers.len - headers.payload_offset, strlen(as));
	ck_assert_mem_eq(packet->data + headers.payload_offset, as, strlen(as));
}

/* The handshake, and the greeting. */
static inline void ftp_connect(struct ftp *ftp)
{
	ftp->end[CLIENT].seq = 0xfffffff0;
	ftp->end[SERVER].seq = 0xffffffd0;
	check_reason(ftp_send(ftp, CLIENT, LVS_TCP_SYN, ""), LVS_REASON_SCHEDULED);
	ftp->server = !memcmp(&ftp->rig.packet.next_hop, &ftp->dest[1].addr, 16);
	check_reason(ftp_send(ftp, SERVER, LVS_TCP_SYN | LVS_TCP_ACK, ""), LVS_REASON_REPLY);
	check_reason(ftp_send(ftp, CLIENT, LVS_TCP_ACK, ""), LVS_REASON_ESTABLISHED);
	ftp_say(ftp, SERVER, "220 Ready.\r\n", "220 Ready.\r\n");
	check_reason(ftp_send(ftp, CLIENT, LVS_TCP_ACK, ""), LVS_REASON_ESTABLISHED);
}

/* A SYN from somewhere to somewhere. */
static inline enum lvs_reason ftp_syn(struct ftp *ftp, union lvs_addr src, unsigned src_port,
				      union lvs_addr dst, unsigned dst_port, uint8_t flags)
{
	struct lvs_flow flow = rig_flow(LVS_TCP, ftp->family, src, src_port, dst, dst_port);

	return rig_send(ftp->worker, &ftp->rig, &flow, flags, ftp->now);
}

static inline void ftp_expect_flow(const struct ftp *ftp, union lvs_addr src, unsigned src_port,
				   union lvs_addr dst, unsigned dst_port)
{
	struct lvs_headers headers;

	ck_assert_int_eq(lvs_packet_parse(&ftp->rig.packet, &headers), LVS_REASON_NONE);
	ck_assert_mem_eq(&headers.flow.src, &src, sizeof(src));
	ck_assert_mem_eq(&headers.flow.dst, &dst, sizeof(dst));
	ck_assert_uint_eq(lvs_ntohs(headers.flow.src_port), src_port);
	ck_assert_uint_eq(lvs_ntohs(headers.flow.dst_port), dst_port);
	ck_assert(rig_sums_right(ftp->rig.packet.data, ftp->rig.packet.len));
}

static inline union lvs_addr ftp_server(const struct ftp *ftp)
{
	return ftp->dest[ftp->server].addr;
}

/* "227 Entering Passive Mode (10,0,0,1,156,64)." with an address and port 40000. */
static inline const char *ftp_227(const union lvs_addr *addr)
{
	static char text[2][64];
	static unsigned turn;

	turn = !turn;
	snprintf(text[turn], sizeof(text[0]), "227 Entering Passive Mode (%u,%u,%u,%u,156,64).\r\n",
		 addr->byte[0], addr->byte[1], addr->byte[2], addr->byte[3]);
	return text[turn];
}

#endif
