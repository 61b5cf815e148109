/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * A packet on its way through the library, what its headers say, and the pure
 * functions on packets: parse, segment, fragment.
 */
#ifndef LIBLVS_PACKET_H
#define LIBLVS_PACKET_H

#include <liblvs/reason.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Whom the frame was addressed to on the link. */
enum lvs_link_type {
	LVS_LINK_HOST = 0,      /**< This host, or the link has no addresses. */
	LVS_LINK_BROADCAST = 1, /**< Everybody. */
	LVS_LINK_MULTICAST = 2, /**< A group. */
	LVS_LINK_OTHER = 3,     /**< Another host (promiscuous capture). */
	LVS_LINK_SELF = 4,      /**< Made on this host. */
};

/** What a super-packet is to be cut into; zero for an ordinary packet. */
enum lvs_gso_type {
	LVS_GSO_NONE = 0,   /**< One packet. */
	LVS_GSO_TCP = 1,    /**< TCP segments. */
	LVS_GSO_UDP = 2,    /**< UDP datagrams of equal size. */
	LVS_GSO_ECN = 0x80, /**< Flag: CWR belongs to the first TCP segment only (RFC 3168). */
};

/** Flags of a packet that came in, or is to go out. */
enum lvs_packet_flag {
	LVS_PACKET_CSUM_PARTIAL = 0x1, /**< The transport checksum covers the pseudo-header only. */
	LVS_PACKET_CSUM_VALID =
		0x2,          /**< The transport checksum was verified by who handed it in. */
	LVS_PACKET_GUE = 0x4, /**< Out: its first UDP header is a GUE tunnel's, and what it
				   requests is about the packet behind that. */
};

/**
 * How a forwarded packet must be cut before it can leave. A packet that came
 * with a request (lvs_packet::gso_size, or LVS_PACKET_CSUM_PARTIAL) has it still.
 */
enum lvs_cut {
	/** It leaves as it is. Where the way out cannot do what it requests,
	 * lvs_packet_segment() does. */
	LVS_CUT_NONE = 0,
	/** By lvs_packet_segment(): its request is about a packet behind a tunnel's
	 * header, which no way out is expected to look behind. */
	LVS_CUT_SEGMENT = 1,
	/** By lvs_packet_fragment(), to lvs_packet::cut_len bytes; one with a request by
	 * lvs_packet_segment() first, then each of its segments. */
	LVS_CUT_FRAGMENT = 2,
};

/**
 * One packet, from the network layer on. Two cache lines: the caller fills the
 * first before lvs_worker_process(), the library fills the second. Reserved
 * bytes are zero. The caller owns the buffer throughout; the library changes it
 * in place from data - headroom to data + linear_len + tailroom and keeps no
 * reference after the call.
 */
struct lvs_packet {
	uint8_t *data; /**< First byte of the IP header; moved when a header is put in front. */
	uint32_t len;  /**< Bytes of the packet, link-layer padding allowed. */
	uint32_t linear_len;  /**< Bytes readable at data; the rest of len is never touched. */
	uint16_t headroom;    /**< Writable bytes in front of data. */
	uint16_t tailroom;    /**< Writable bytes behind data + linear_len. */
	uint16_t csum_start;  /**< With LVS_PACKET_CSUM_PARTIAL: where the sum starts, from data. */
	uint16_t csum_offset; /**< With LVS_PACKET_CSUM_PARTIAL: where it goes, from csum_start. */
	uint16_t gso_size;    /**< Payload bytes of each segment of a super-packet, else 0. */
	uint8_t gso_type;     /**< enum lvs_gso_type. */
	uint8_t flags;        /**< enum lvs_packet_flag. */
	uint32_t mark;        /**< The embedder's mark, for firewall-mark services; 0 is none. */
	uint32_t ifindex;     /**< Where it came in; the library only hands it on. */
	uint16_t vlan;        /**< VLAN tag it came with, 0 none; the library only hands it on. */
	uint8_t link_type;    /**< enum lvs_link_type. */
	uint8_t reserved0[9]; /**< Zero. */
	void *user;           /**< The embedder's own; never read. */
	uint8_t reserved1[8]; /**< Zero. */

	union lvs_addr next_hop; /**< Out: where the link layer must send it. */
	uint8_t next_hop_family; /**< Out: enum lvs_family of next_hop. */
	uint8_t verdict;         /**< Out: enum lvs_verdict. */
	uint8_t reason;          /**< Out: enum lvs_reason. */
	uint8_t cut;             /**< Out: enum lvs_cut. */
	uint32_t cut_len;        /**< Out: MTU to fragment to, bytes of IP packet. */
	uint32_t path;           /**< Out: lvs_path_conf::handle, 0 where no path was set. */
	uint32_t conn;           /**< Out: number of the connection, 0 none; for debugging. */
	uint8_t reserved2[32];   /**< Zero. */
};

#ifdef __cplusplus
static_assert(sizeof(struct lvs_packet) == 128 || sizeof(void *) != 8, "lvs_packet is frozen");
#else
_Static_assert(sizeof(struct lvs_packet) == 128 || sizeof(void *) != 8, "lvs_packet is frozen");
#endif

/** Addresses and ports of a packet: who sends, who receives. */
struct lvs_flow {
	union lvs_addr src; /**< Sender. */
	union lvs_addr dst; /**< Receiver. */
	lvs_be16 src_port;  /**< Sender's port, 0 where the protocol has none. */
	lvs_be16 dst_port;  /**< Receiver's port, 0 where the protocol has none. */
	uint8_t family;     /**< enum lvs_family of both addresses. */
	uint8_t protocol;   /**< The transport's, behind any extension headers. */
	uint16_t reserved;  /**< Zero. */
};

/** Flags of parsed headers. */
enum lvs_headers_flag {
	LVS_HEADERS_FRAGMENT = 0x1,       /**< A fragment, first or later. */
	LVS_HEADERS_LATER_FRAGMENT = 0x2, /**< Not the first: ports are unknown. */
	LVS_HEADERS_DF = 0x4,             /**< IPv4 "don't fragment"; always set for IPv6. */
	LVS_HEADERS_OPTIONS = 0x8,        /**< IPv4 options or IPv6 extension headers. */
};

/** TCP flags as they stand in byte 13 of its header. */
enum lvs_tcp_flag {
	LVS_TCP_FIN = 0x01, /**< No more data from the sender. */
	LVS_TCP_SYN = 0x02, /**< Opens a connection. */
	LVS_TCP_RST = 0x04, /**< Ends a connection at once. */
	LVS_TCP_PSH = 0x08, /**< Hand the data on. */
	LVS_TCP_ACK = 0x10, /**< The acknowledgement number counts. */
	LVS_TCP_URG = 0x20, /**< The urgent pointer counts. */
	LVS_TCP_ECE = 0x40, /**< Congestion was seen (RFC 3168). */
	LVS_TCP_CWR = 0x80, /**< The window was reduced (RFC 3168). */
};

/** What parsing found. One cache line. */
struct lvs_headers {
	struct lvs_flow flow;    /**< The key. */
	uint32_t len;            /**< Bytes of the IP packet by its own header. */
	uint16_t l4_offset;      /**< Transport header, from lvs_packet::data. */
	uint16_t payload_offset; /**< First byte behind the transport header. */
	uint8_t flags;           /**< enum lvs_headers_flag. */
	uint8_t tcp_flags;       /**< enum lvs_tcp_flag, 0 for other protocols. */
	uint8_t ttl;             /**< TTL or hop limit. */
	uint8_t tos;             /**< TOS or traffic class. */
	uint8_t sctp_chunk;      /**< SCTP: type of the first chunk, or that of an ABORT behind a
				      COOKIE ECHO or COOKIE ACK. */
	uint8_t sctp_first;      /**< SCTP: type of the first chunk, whatever follows. */
	uint8_t reserved[10];    /**< Zero. */
};

/** The packet that an ICMP error is about: as much of it as the error quotes. */
struct lvs_quote {
	struct lvs_flow flow; /**< As it stands there; ports of TCP, UDP and SCTP. */
	uint32_t info;        /**< Second word of the ICMP header: an MTU, for instance. */
	uint16_t ip_offset;   /**< The quoted IP header, from lvs_packet::data. */
	uint16_t l4_offset;   /**< The quoted transport header, from lvs_packet::data. */
	uint8_t type;         /**< Of the error. */
	uint8_t code;         /**< Of the error. */
	uint8_t flags;        /**< enum lvs_headers_flag of the quoted packet. */
	uint8_t reserved;     /**< Zero. */
};

/**
 * Reads the headers of a packet: IPv4 with options, IPv6 with extension
 * headers, ports of TCP, UDP and SCTP. Checks every length, the IPv4 header checksum
 * and the offload request; never the transport checksum.
 *
 * @param packet Only its first line is read.
 * @param headers Filled as far as parsing went; the whole only on success.
 * @return LVS_REASON_NONE for a packet that may belong to a connection; else why not.
 *
 * Sources: RFC 791, 8200, 9293, 768. Any thread; no allocation, pure.
 */
LVS_API enum lvs_reason lvs_packet_parse(const struct lvs_packet *packet,
					 struct lvs_headers *headers);

/**
 * Cuts a super-packet (gso_size not zero; TCP, or UDP of equal datagrams), or
 * completes the checksum of an ordinary packet with a partial one. Tunnel
 * headers in front of the transport header (IPIP; GRE, with or without checksum;
 * GUE where LVS_PACKET_GUE says so) are repeated with their lengths, identifications and
 * checksums put right. With GUE's remote checksum offload the inner checksum stays partial. IPv4
 * identifications count up from the super-packet's. FIN and PSH are the last segment's, CWR with
 * LVS_GSO_ECN the first's. A UDP checksum of 0, not partial, stays 0 (RFC 768).
 *
 * @param packet The whole packet must be linear.
 * @param part Number of the segment, from 0.
 * @param out Buffer of the caller, not overlapping the packet; out->data,
 *        out->headroom, out->tailroom (its size) and out->linear_len = 0 are
 *        inputs. On return data, len, linear_len and tailroom describe the
 *        segment, which asks for no offload and no further cut; the other
 *        fields are those of @p packet. Link-layer padding is left out.
 * @return 1 when @p out was filled, 0 when there is no such segment, or
 *         LVS_ERR_RANGE when the buffer is too small, LVS_ERR_FORMAT when the packet
 *         cannot be cut.
 *
 * Any thread; no allocation, pure.
 */
LVS_API int lvs_packet_segment(const struct lvs_packet *packet, unsigned part,
			       struct lvs_packet *out);

/**
 * Cuts a packet into fragments of at most @p mtu bytes: IPv4 by RFC 791; IPv6 by
 * RFC 8200, section 4.5, with an identification that is a function of the packet
 * alone. The DF bit is not asked, nor who may cut IPv6 (only its sender, as a
 * tunnel's end is of what it wraps): who calls has decided.
 *
 * @param packet The whole packet must be linear, its checksums complete. One of
 *        IPv6 that has a fragment header is not cut again.
 * @param mtu At least 68; more by the length of an IPv6 packet's hop-by-hop and
 *        routing headers.
 * @param part Number of the fragment, from 0.
 * @param out As for lvs_packet_segment().
 * @return As for lvs_packet_segment().
 *
 * Any thread; no allocation, pure.
 */
LVS_API int lvs_packet_fragment(const struct lvs_packet *packet, uint32_t mtu, unsigned part,
				struct lvs_packet *out);

#ifdef __cplusplus
}
#endif
#endif
