/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Forwarding methods: what is done to a packet of a connection so that it
 * reaches its destination, and how to bring a method of one's own.
 */
#ifndef LIBLVS_FORWARD_H
#define LIBLVS_FORWARD_H

#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Flags of a path. */
enum lvs_path_flag {
	LVS_PATH_LOCAL = 0x1,       /**< The address is this host's own. */
	LVS_PATH_UNREACHABLE = 0x2, /**< No way there now: packets are dropped. */
};

/** What the core must know of the way to an address. */
struct lvs_path_conf {
	uint32_t size;           /**< sizeof of this structure. */
	uint32_t flags;          /**< enum lvs_path_flag. */
	uint32_t mtu;            /**< Bytes of IP packet; 0 takes lvs_settings::default_mtu. */
	uint32_t handle;         /**< Copied to lvs_packet::path, for the adapter; 0 none. */
	union lvs_addr source;   /**< Outer source address of tunnels. */
	union lvs_addr next_hop; /**< Where the link layer sends. */
	uint8_t source_family;   /**< enum lvs_family; LVS_UNSPEC: tunnels cannot be sent. */
	uint8_t next_hop_family; /**< enum lvs_family; LVS_UNSPEC: the address itself. */
	uint8_t reserved[6];     /**< Zero. */
};

/** What wraps the packets of a tunnel; the kernel's numbers. Others count as IPIP, as there. */
enum lvs_tunnel {
	LVS_TUNNEL_IPIP = 0, /**< IP in IP (RFC 2003, 2473, 4213). */
	LVS_TUNNEL_GUE = 1,  /**< Generic UDP encapsulation, version 0. */
	LVS_TUNNEL_GRE = 2,  /**< Generic routing encapsulation (RFC 2784). */
};

/** Flags of a tunnel; the kernel's bits. */
enum lvs_tunnel_flag {
	LVS_TUNNEL_CSUM = 0x1,    /**< GUE: a UDP checksum. GRE: its own. */
	LVS_TUNNEL_REMCSUM = 0x2, /**< GUE: remote checksum offload for partial checksums; for
				       others as LVS_TUNNEL_CSUM. */
};

/** What a forwarder may know of the connection. Owned by the caller, valid for the call. */
struct lvs_binding {
	const struct lvs_path_conf *path; /**< Way of this packet: to the destination, or back. */
	union lvs_addr client;            /**< Who opened the connection. */
	union lvs_addr service;           /**< The address the client sent to. */
	union lvs_addr dest;              /**< The real server. */
	lvs_be16 client_port;             /**< Client's port. */
	lvs_be16 service_port;            /**< Port the client sent to. */
	lvs_be16 dest_port;               /**< Real server's port. */
	uint8_t family;                   /**< enum lvs_family of client and service. */
	uint8_t dest_family;              /**< enum lvs_family of dest. */
	uint8_t protocol;                 /**< Transport. */
	uint8_t pmtu_disc;                /**< Whether tunnels honour the inner DF bit. */
	lvs_be16 tun_port; /**< lvs_dest_conf::tun_port as it is now; out() and overhead(). */
	uint8_t tun_type;  /**< lvs_dest_conf::tun_type, likewise. */
	uint8_t tun_flags; /**< lvs_dest_conf::tun_flags, likewise. */
	uint8_t partial;   /**< For overhead(): not 0 where the packet's checksum is partial. */
	uint8_t reserved;  /**< Zero. */
};

/** Flags of a forwarding method. */
enum lvs_forward_flag {
	LVS_FORWARD_TWO_WAY =
		0x1, /**< Replies pass the director and are found by the server's address. */
	LVS_FORWARD_MIXED = 0x2,      /**< The destination may be of another family. */
	LVS_FORWARD_PATH_ALONE = 0x4, /**< Of its binding out() reads the path and nothing else: the
					 rest may be zero, or left from another packet. */
	LVS_FORWARD_ONE_END = 0x8,    /**< Of its binding out() does not read client and service,
					 nor back() client and dest, neither address nor port: these
					 may be anything. */
};

/** How the kernel's interfaces number the methods. */
enum lvs_method {
	LVS_METHOD_NAT = 0,    /**< VS/NAT, "masquerading". */
	LVS_METHOD_LOCAL = 1,  /**< This host serves. */
	LVS_METHOD_TUNNEL = 2, /**< VS/TUN. */
	LVS_METHOD_DR = 3,     /**< VS/DR, direct routing. */
	LVS_METHOD_BYPASS = 4, /**< To the packet's own address (LVS_SET_CACHE_BYPASS): of
				    connections only, no destination has it. */
	LVS_METHOD_CUSTOM = 8, /**< The embedder's own ops. */
};

/**
 * A forwarding method. Both functions run on workers, side by side, change the
 * packet in place and fill its outputs; they return LVS_REASON_NONE when it can
 * go, LVS_REASON_LOCAL when this host is to get it as it is now, else the reason
 * it cannot go, and nothing of the packet is changed. A reason of reason.h, no other number.
 * Fragments come one by one: those with LVS_HEADERS_LATER_FRAGMENT have no transport header, and
 * ports that are those of the first one (docs/fragments.md). AH and ESP have none at all; their
 * binding is that of their IKE. Later fragments of ICMP errors go through out() and back() too.
 */
struct lvs_forward_ops {
	uint32_t size;     /**< sizeof of this structure. */
	uint32_t flags;    /**< enum lvs_forward_flag. */
	const char *name;  /**< For listings, at most 15 characters. */
	uint32_t method;   /**< enum lvs_method. */
	uint32_t headroom; /**< Most bytes that out() puts in front. */

	/** Client to server. */
	enum lvs_reason (*out)(struct lvs_packet *packet, struct lvs_headers *headers,
			       const struct lvs_binding *binding);
	/** Server to client; NULL where replies need no change. */
	enum lvs_reason (*back)(struct lvs_packet *packet, struct lvs_headers *headers,
				const struct lvs_binding *binding);

	/** Bytes that out() puts in front for this connection; NULL: none. */
	uint32_t (*overhead)(const struct lvs_binding *binding);
	/** An ICMP error about a reply, client's side to server. Linear, its checksum right.
	 * NULL: out() takes the whole packet. */
	enum lvs_reason (*out_error)(struct lvs_packet *packet, struct lvs_headers *headers,
				     const struct lvs_quote *quote,
				     const struct lvs_binding *binding);
	/** The same about a request, server's side to client; NULL: it needs no change. */
	enum lvs_reason (*back_error)(struct lvs_packet *packet, struct lvs_headers *headers,
				      const struct lvs_quote *quote,
				      const struct lvs_binding *binding);
};

/** A forwarding method of the library by number. Any thread; static, or NULL. */
LVS_API const struct lvs_forward_ops *lvs_forward_find(enum lvs_method method);

#ifdef __cplusplus
}
#endif
#endif
