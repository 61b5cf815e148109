/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * What becomes of a packet, and why. One list makes the enum, the strings, the
 * counters and the documentation.
 */
#ifndef LIBLVS_REASON_H
#define LIBLVS_REASON_H

#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the embedder does with a packet next. */
enum lvs_verdict {
	LVS_PASS = 0,     /**< It belongs to the host: unchanged, but for NAT to the host itself. */
	LVS_FORWARD = 1,  /**< Send it to the next hop. */
	LVS_DROP = 2,     /**< Forget it. */
	LVS_REPLY = 3,    /**< It became an ICMP error: send it to its destination. */
	LVS_HELD = 4,     /**< The library keeps a copy; the buffer is the caller's again. */
	LVS_VERDICTS = 5, /**< How many there are. */
};

/** Every reason: name, name in lower case, verdict, sentence. New ones are appended. */
#define LVS_REASONS(X)                                                                             \
	X(NONE, none, PASS, "not decided yet")                                                     \
	/* forwarded */                                                                            \
	X(ESTABLISHED, established, FORWARD, "a packet of a known connection, client to server")   \
	X(SCHEDULED, scheduled, FORWARD, "the first packet of a new connection")                   \
	X(REPLY, reply, FORWARD, "a packet of a known connection, server to client")               \
	X(UNTRACKED, untracked, FORWARD,                                                           \
	  "by the scheduler's hash without a connection entry, for want of room")                  \
	/* for the host */                                                                         \
	X(LOCAL, local, PASS, "the destination is this host")                                      \
	X(REPLY_SEEN, reply_seen, PASS, "a reply that needs no rewriting")                         \
	X(NOT_FOR_HOST, not_for_host, PASS, "broadcast, multicast or another host's frame")        \
	X(NOT_IP, not_ip, PASS, "neither IPv4 nor IPv6")                                           \
	X(PROTOCOL, protocol, PASS, "a protocol that is not balanced")                             \
	X(FRAGMENT, fragment, PASS, "a fragment of nothing that is balanced")                      \
	X(ICMP, icmp, PASS, "ICMP that concerns no connection")                                    \
	X(NO_SERVICE, no_service, PASS, "no virtual service matches")                              \
	X(NOT_NEW, not_new, PASS, "no connection, and not a packet that opens one")                \
	X(FTP_DATA, ftp_data, PASS, "from port 20: a server's own FTP data connection")            \
	/* malformed */                                                                            \
	X(SHORT_IP, short_ip, DROP, "shorter than its IP header")                                  \
	X(BAD_IP, bad_ip, DROP, "the IP header contradicts itself")                                \
	X(IP_CHECKSUM, ip_checksum, DROP, "the IPv4 header checksum is wrong")                     \
	X(LENGTH, length, DROP, "the IP length is more than what came")                            \
	X(EXT_HEADERS, ext_headers, DROP,                                                          \
	  "IPv6 extension headers too long, too many or out of place")                             \
	X(SHORT_L4, short_l4, DROP, "shorter than its transport header")                           \
	X(BAD_L4, bad_l4, DROP, "the transport header contradicts itself")                         \
	X(NOT_LINEAR, not_linear, DROP, "headers lie beyond the linear length")                    \
	X(BAD_OFFLOAD, bad_offload, DROP, "checksum or segmentation request out of bounds")        \
	/* refused */                                                                              \
	X(NO_DEST, no_dest, DROP, "no destination of the service is available")                    \
	X(DEST_GONE, dest_gone, DROP, "the connection's destination was removed")                  \
	X(TABLE_FULL, table_full, DROP, "the connection table is full")                            \
	X(NO_MEMORY, no_memory, DROP, "no memory for a new connection")                            \
	X(FILTERED, filtered, DROP, "refused by the embedder's filter")                            \
	/* cannot be sent */                                                                       \
	X(TTL, ttl, DROP, "TTL or hop limit used up")                                              \
	X(MTU, mtu, DROP, "too long for the path, and may not be fragmented")                      \
	X(UNREACHABLE, unreachable, DROP, "the path to the destination is down")                   \
	X(NO_SOURCE, no_source, DROP, "the path names no source address for the tunnel")           \
	X(HEADROOM, headroom, DROP, "no room in front of the packet for the tunnel header")        \
	X(TOO_LONG, too_long, DROP, "longer than the outer header can say")                        \
	X(CROSS_LOCAL, cross_local, DROP, "would cross between local and other addresses")         \
	/* later ones */                                                                           \
	X(FILTER_PASS, filter_pass, PASS, "left to the host by the embedder's filter")             \
	/* ICMP: what is answered, and errors about connections */                                 \
	X(REPLY_TTL, reply_ttl, REPLY, "TTL or hop limit used up; the sender is told")             \
	X(REPLY_MTU, reply_mtu, REPLY, "too long for the path; the sender is told")                \
	X(REPLY_NO_DEST, reply_no_dest, REPLY,                                                     \
	  "no destination of the service is available; the sender is told")                        \
	X(ICMP_FORWARDED, icmp_forwarded, FORWARD,                                                 \
	  "an ICMP error about a known connection, on to the server")                              \
	X(ICMP_REPLY, icmp_reply, FORWARD,                                                         \
	  "an ICMP error about a known connection, on to the client")                              \
	X(ICMP_CHECKSUM, icmp_checksum, DROP,                                                      \
	  "an ICMP error about a known connection, its checksum wrong")                            \
	X(REPLY_TUNNEL, reply_tunnel, REPLY,                                                       \
	  "an ICMP error about a tunnel packet, which the client is told of")                      \
	X(TUNNEL_ERROR, tunnel_error, DROP,                                                        \
	  "an ICMP error about a tunnel packet, of which the client is not told")                  \
	/* fragments; each that was held is counted once more, by what became of it */             \
	X(FRAGMENT_HELD, fragment_held, HELD,                                                      \
	  "a fragment, kept until the first of its datagram is here, or the whole")                \
	X(FRAGMENT_TINY, fragment_tiny, DROP,                                                      \
	  "a first fragment without its whole transport header, or one that lies over it")         \
	X(FRAGMENT_BAD, fragment_bad, DROP,                                                        \
	  "a fragment that contradicts itself or another one of its datagram")                     \
	X(FRAGMENT_OVERLAP, fragment_overlap, DROP, "of a datagram in which fragments overlap")    \
	X(FRAGMENT_DUPLICATE, fragment_duplicate, DROP, "a fragment that had come already")        \
	X(FRAGMENT_FULL, fragment_full, DROP,                                                      \
	  "no room for a fragment or its datagram, or newer ones took it")                         \
	X(FRAGMENT_EXPIRED, fragment_expired, DROP,                                                \
	  "a fragment whose datagram was not completed in time")                                   \
	X(FRAGMENT_REFUSED, fragment_refused, DROP,                                                \
	  "a fragment of a datagram whose first one was dropped")                                  \
	X(FRAGMENT_STRAY, fragment_stray, DROP,                                                    \
	  "a fragment of a datagram whose connection is gone")                                     \
	X(ONE_PACKET, one_packet, FORWARD,                                                         \
	  "scheduled by itself, without a connection entry (one-packet scheduling)")               \
	/* of connections with a helper */                                                         \
	X(HELPER_CHECKSUM, helper_checksum, DROP,                                                  \
	  "a packet of a connection with a helper, its checksum wrong")                            \
	X(HELPER_REFUSED, helper_refused, DROP, "refused by the connection's helper")              \
	X(HELPER_GAP, helper_gap, DROP,                                                            \
	  "came before other data of its connection that a helper may rewrite")                    \
	X(HELPER_BUSY, helper_busy, DROP,                                                          \
	  "a helper would rewrite it, and too many rewrites are not acknowledged")                 \
	X(HELPER_FRAGMENT, helper_fragment, DROP,                                                  \
	  "a helper would rewrite it, and it came in fragments")                                   \
	X(TAILROOM, tailroom, DROP, "no room behind the packet for what a helper writes")          \
	X(FTP_PORT, ftp_port, PASS,                                                                \
	  "to another port of an FTP service, which has no destination for it")                    \
	/* packets without a connection that are not to be balanced */                             \
	X(SERVER_STRAY, server_stray, DROP, "a NAT server's packet that belongs to no connection") \
	X(REPLY_SERVER_STRAY, reply_server_stray, REPLY,                                           \
	  "a NAT server's packet that belongs to no connection; the server is told")               \
	X(BACKUP, backup, PASS, "connection sync's backup runs: nothing is balanced meanwhile")    \
	X(TUNNELED, tunneled, PASS,                                                                \
	  "a protocol that is not balanced, and what it may hold is not to be either")             \
	X(DROP_PACKET, drop_packet, DROP,                                                          \
	  "one of so many that would open a connection, dropped by that defence")                  \
	X(PE_NO_DATA, pe_no_data, DROP,                                                            \
	  "the service's persistence engine finds nothing in it to stick by")                      \
	X(OUTBOUND, outbound, FORWARD, "a server's packet that begins a connection of its own")

/** Why a packet got its verdict; a counter each. */
enum lvs_reason {
#define LVS_REASON_ENUM(name, lower, verdict, text) LVS_REASON_##name, /**< text */
	LVS_REASONS(LVS_REASON_ENUM)
#undef LVS_REASON_ENUM
		LVS_REASON_N, /**< How many there are in this version. */
};

/** The reason's name in lower case, for instance "no_service". Any thread; never NULL. */
LVS_API const char *lvs_reason_name(unsigned reason);

/** The reason as a sentence. Any thread; never NULL. */
LVS_API const char *lvs_reason_text(unsigned reason);

/** The verdict that a reason leads to. Any thread. */
LVS_API enum lvs_verdict lvs_reason_verdict(unsigned reason);

/** The verdict's name in lower case, for instance "forward". Any thread; never NULL. */
LVS_API const char *lvs_verdict_name(unsigned verdict);

#ifdef __cplusplus
}
#endif
#endif
