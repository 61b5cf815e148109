/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keys: a flow's two ends in canonical order (the smaller {address, port} first),
 * so that both directions have one hash; and the compare of a whole key, which
 * tells the side.
 *
 * A record has one key or two: number 0 is {client, service}, number 1 {client, dest}.
 */
#ifndef LVS_CONN_KEY_H
#define LVS_CONN_KEY_H

#include <string.h>

#include "base/hash.h"
#include "conn/conn.h"
#include "conn/data.h"
#include "conn/table.h"

LVS_INLINE uint64_t lvs_key_hash_inet(const struct lvs_hash *hash, lvs_be32 addr_a, lvs_be16 port_a,
				      lvs_be32 addr_b, lvs_be16 port_b, uint8_t protocol)
{
	uint64_t a = (uint64_t)addr_a << 16 | port_a;
	uint64_t b = (uint64_t)addr_b << 16 | port_b;
	const uint64_t words[LVS_HASH_INET_WORDS] = {
		(a < b ? a : b) | (uint64_t)protocol << 48,
		a < b ? b : a,
	};

	return lvs_hash_inet(hash, words);
}

/* An address as two words, whose order is that of this machine's numbers. */
LVS_INLINE void lvs_key_addr_words(uint64_t words[2], const union lvs_addr *addr)
{
	memcpy(words, addr, sizeof(*addr));
}

LVS_INLINE uint64_t lvs_key_hash_inet6(const struct lvs_hash *hash, const union lvs_addr *addr_a,
				       lvs_be16 port_a, const union lvs_addr *addr_b,
				       lvs_be16 port_b, uint8_t protocol)
{
	uint64_t a[2], b[2], words[LVS_HASH_INET6_WORDS];
	bool swap;

	lvs_key_addr_words(a, addr_a);
	lvs_key_addr_words(b, addr_b);
	/* Hosts of one network differ in the later word. */
	swap = a[1] != b[1] ? a[1] > b[1] : a[0] != b[0] ? a[0] > b[0] : port_a > port_b;
	words[0] = swap ? b[0] : a[0];
	words[1] = swap ? b[1] : a[1];
	words[2] = swap ? a[0] : b[0];
	words[3] = swap ? a[1] : b[1];
	words[4] = (swap ? (uint32_t)port_b << 16 | port_a : (uint32_t)port_a << 16 | port_b) |
		   (uint64_t)protocol << 32;
	return lvs_hash_inet6(hash, words);
}

LVS_INLINE uint64_t lvs_key_hash_flow(const struct lvs_hash *hash, const struct lvs_flow *flow)
{
	if (lvs_likely(flow->family != LVS_INET6))
		return lvs_key_hash_inet(hash, flow->src.word[0], flow->src_port, flow->dst.word[0],
					 flow->dst_port, flow->protocol);
	return lvs_key_hash_inet6(hash, &flow->src, flow->src_port, &flow->dst, flow->dst_port,
				  flow->protocol);
}

/* IPv4 addresses of a record; the client's lies at the same place in both sizes. */
LVS_INLINE lvs_be32 lvs_key_other_inet(const struct lvs_conn *conn, unsigned key)
{
	if (lvs_unlikely(conn->kind & LVS_CONN_LARGE))
		return key ? conn->u.v6.dest.word[0] : conn->u.v6.service.word[0];
	return key ? conn->u.v4.dest : conn->u.v4.service;
}

/* Of a template (conn/template.h). The word of its protocol is none that a flow has. */
#define LVS_KEY_TEMPLATE 0x100u

static inline uint64_t lvs_key_hash_template(const struct lvs_hash *hash,
					     const union lvs_addr *client,
					     const union lvs_addr *service, lvs_be16 port,
					     uint8_t protocol, bool inet6)
{
	uint64_t kind = protocol | LVS_KEY_TEMPLATE;
	uint64_t words[LVS_HASH_INET6_WORDS];

	if (!inet6) {
		words[0] = (uint64_t)client->word[0] << 16 | port | kind << 48;
		words[1] = (uint64_t)service->word[0] << 16;
		return lvs_hash_inet(hash, words);
	}
	lvs_key_addr_words(words, client);
	lvs_key_addr_words(words + 2, service);
	words[4] = port | kind << 32;
	return lvs_hash_inet6(hash, words);
}

static LVS_NOINLINE uint64_t lvs_key_hash_conn_template(const struct lvs_hash *hash,
							const struct lvs_companies *companies,
							const struct lvs_conn *conn)
{
	const struct lvs_data *data = lvs_data_of(companies, conn);
	union lvs_addr client, service;
	uint64_t more = data ? data->hash : 0;

	if (conn->kind & LVS_CONN_INET6)
		return more ^ lvs_key_hash_template(hash, &conn->u.v6.client, &conn->u.v6.service,
						    conn->service_port, conn->protocol, true);
	client.word[0] = conn->u.v4.client;
	service.word[0] = lvs_key_other_inet(conn, 0);
	return more ^ lvs_key_hash_template(hash, &client, &service, conn->service_port,
					    conn->protocol, false);
}

LVS_INLINE uint64_t lvs_key_hash_conn(const struct lvs_hash *hash,
				      const struct lvs_companies *companies,
				      const struct lvs_conn *conn, unsigned key)
{
	lvs_be16 port = key ? conn->dest_port : conn->service_port;

	if (lvs_unlikely(conn->kind & LVS_CONN_IS_TEMPLATE))
		return lvs_key_hash_conn_template(hash, companies, conn);
	if (conn->kind & LVS_CONN_INET6)
		return lvs_key_hash_inet6(hash, &conn->u.v6.client, lvs_conn_client_port(conn),
					  key ? &conn->u.v6.dest : &conn->u.v6.service, port,
					  conn->protocol);
	return lvs_key_hash_inet(hash, conn->u.v4.client, lvs_conn_client_port(conn),
				 lvs_key_other_inet(conn, key), port, conn->protocol);
}

/* Which side the flow is of a record under its key, by {forward, reverse}; 0: not its flow. */
LVS_INLINE unsigned lvs_key_side(const struct lvs_conn *conn, unsigned key, bool forward,
				 bool reverse)
{
	if (forward && key)
		return LVS_SIDE_DEST_REQUEST;
	if (forward)
		return lvs_unlikely(conn->kind & LVS_CONN_FROM_PORT_0) ? 0 : LVS_SIDE_REQUEST;
	if (reverse)
		return key ? LVS_SIDE_DEST_REPLY : LVS_SIDE_SERVICE_REPLY;
	return 0;
}

/* 0 where two IPv6 addresses are the same. */
LVS_INLINE uint64_t lvs_key_differs(const union lvs_addr *a, const union lvs_addr *b)
{
	uint64_t x[2], y[2];

	lvs_key_addr_words(x, a);
	lvs_key_addr_words(y, b);
	return (x[0] ^ y[0]) | (x[1] ^ y[1]);
}

LVS_INLINE unsigned lvs_key_match_inet6(const struct lvs_conn *conn, unsigned key,
					const struct lvs_flow *flow, lvs_be16 port)
{
	const union lvs_addr *client = &conn->u.v6.client;
	const union lvs_addr *other = key ? &conn->u.v6.dest : &conn->u.v6.service;
	lvs_be16 client_port = lvs_conn_client_port(conn);

	return lvs_key_side(
		conn, key,
		client_port == flow->src_port && port == flow->dst_port &&
			!(lvs_key_differs(client, &flow->src) | lvs_key_differs(other, &flow->dst)),
		client_port == flow->dst_port && port == flow->src_port &&
			!(lvs_key_differs(client, &flow->dst) |
			  lvs_key_differs(other, &flow->src)));
}

/*
 * 0 where a request's ports and protocol are those of a record, and all that @p kinds has in the
 * record's kind is as in the family of the flow: the right one, and nothing else. One compare: the
 * record has them in the order of a flow.
 */
LVS_INLINE uint64_t lvs_key_ends_differ(const struct lvs_conn *conn, const struct lvs_flow *flow,
					uint8_t kinds)
{
	const uint8_t sought[8] = {0xff, 0xff, 0xff, 0xff, kinds, 0xff};
	uint64_t ends, mask;

	memcpy(&ends, &flow->src_port, sizeof(ends));
	memcpy(&mask, sought, sizeof(mask));
	/* relaxed: as lvs_conn_client_port() */
	return (atomic_load_explicit(&conn->ends, memory_order_relaxed) ^ ends) & mask;
}

#define LVS_KEY_KINDS (LVS_CONN_USED | LVS_CONN_INET6 | LVS_CONN_IS_TEMPLATE | LVS_CONN_FROM_PORT_0)

/* Whether the flow, of IPv4, is the request of a small record: the most frequent question, in one
 * branch. */
LVS_INLINE bool lvs_key_is_request(const struct lvs_conn *conn, const struct lvs_flow *flow)
{
	uint32_t differs =
		(conn->u.v4.client ^ flow->src.word[0]) | (conn->u.v4.service ^ flow->dst.word[0]);

	return (differs | lvs_key_ends_differ(conn, flow, LVS_KEY_KINDS | LVS_CONN_LARGE)) == 0;
}

/* The same of a flow of IPv6. */
LVS_INLINE bool lvs_key_is_request_inet6(const struct lvs_conn *conn, const struct lvs_flow *flow)
{
	/* Others end after their first line. */
	return lvs_likely(lvs_key_ends_differ(conn, flow, LVS_KEY_KINDS) == 0) &&
	       (lvs_key_differs(&conn->u.v6.client, &flow->src) |
		lvs_key_differs(&conn->u.v6.service, &flow->dst)) == 0;
}

/* Compares the whole key; the enum lvs_side of the flow, or 0. */
LVS_INLINE unsigned lvs_key_match(const struct lvs_conn *conn, unsigned key,
				  const struct lvs_flow *flow)
{
	lvs_be16 port = key ? conn->dest_port : conn->service_port;
	lvs_be16 client_port;
	lvs_be32 client, other;

	if (conn->protocol != flow->protocol ||
	    (conn->kind & (LVS_CONN_INET6 | LVS_CONN_IS_TEMPLATE)) !=
		    (flow->family == LVS_INET6 ? LVS_CONN_INET6 : 0))
		return 0;
	if (lvs_unlikely(conn->kind & LVS_CONN_INET6))
		return lvs_key_match_inet6(conn, key, flow, port);
	client = conn->u.v4.client;
	client_port = lvs_conn_client_port(conn);
	other = lvs_key_other_inet(conn, key);
	return lvs_key_side(conn, key,
			    client == flow->src.word[0] && other == flow->dst.word[0] &&
				    client_port == flow->src_port && port == flow->dst_port,
			    client == flow->dst.word[0] && other == flow->src.word[0] &&
				    client_port == flow->dst_port && port == flow->src_port);
}

/*
 * Whether the flow is the reply of a record's destination, as lvs_key_match() has it; false:
 * perhaps not, where one is of two lines for the other's family.
 */
LVS_INLINE bool lvs_key_is_dest_reply(const struct lvs_conn *conn, const struct lvs_flow *flow)
{
	const uint8_t sought[2] = {LVS_CONN_USED | LVS_CONN_INET6 | LVS_CONN_IS_TEMPLATE, 0xff};
	uint16_t mask, kind, family;
	unsigned differs;

	memcpy(&mask, sought, sizeof(mask));
	memcpy(&kind, &conn->kind, sizeof(kind)); /* and protocol */
	memcpy(&family, &flow->family, sizeof(family));
	differs = ((kind ^ family) & mask) | (lvs_conn_client_port(conn) ^ flow->dst_port) |
		  (conn->dest_port ^ flow->src_port);
	/* From an end to itself it would be a request as well. */
	if (lvs_unlikely(differs) || lvs_unlikely(flow->src_port == flow->dst_port))
		return differs == 0 && lvs_key_match(conn, 1, flow) == LVS_SIDE_DEST_REPLY;
	if (flow->family == LVS_INET6)
		return (lvs_key_differs(&conn->u.v6.client, &flow->dst) |
			lvs_key_differs(&conn->u.v6.dest, &flow->src)) == 0;
	return ((conn->u.v4.client ^ flow->dst.word[0]) | (conn->u.v4.dest ^ flow->src.word[0]) |
		(conn->kind & LVS_CONN_LARGE)) == 0;
}

/* Whether the flow is the request of a record that is published. */
LVS_INLINE bool lvs_key_is_request_of(const struct lvs_conn *conn, const struct lvs_flow *flow)
{
	if (flow->family == LVS_INET6)
		return lvs_key_is_request_inet6(conn, flow);
	if (lvs_likely(lvs_key_is_request(conn, flow)))
		return true;
	return conn->kind & LVS_CONN_LARGE && lvs_key_match(conn, 0, flow) == LVS_SIDE_REQUEST;
}

/*
 * Whether a guess of lvs_fetch_record() is the living connection of which the flow is
 * the request. There is one such connection at the most, so that no search could find another;
 * the record is one of the caller's epoch.
 */
LVS_INLINE bool lvs_table_confirm(const struct lvs_conn *guess, const struct lvs_flow *flow)
{
	uint64_t word;

	if (!guess)
		return false;
	/* acquire: pairs with publish(). The record may have ended and been taken by a worker that
	 * still fills it in; only what is published may be read. */
	word = atomic_load_explicit(&guess->word, memory_order_acquire);
	if ((word & (LVS_CONN_LIVE | LVS_CONN_DEAD)) != LVS_CONN_LIVE)
		return false;
	return lvs_key_is_request_of(guess, flow);
}

#endif
