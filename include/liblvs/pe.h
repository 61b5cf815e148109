/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Persistence engines: what clients stick to a destination by besides their address, read from
 * their packets, as the Call-ID of SIP; and how to bring one of one's own (docs/persistence.md).
 */
#ifndef LIBLVS_PE_H
#define LIBLVS_PE_H

#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes that an engine finds in a packet. */
#define LVS_PE_DATA 255

/** A packet without a connection, as an engine sees it. Valid for the call only. */
struct lvs_pe_packet {
	uint32_t size; /**< sizeof of this structure, the library's. */
	uint32_t len;  /**< Bytes at data, may be 0. */
	/** src is the client, dst the service; those of a packet of a server's, too. */
	const struct lvs_flow *flow;
	/** What lies behind the transport header, up to the end of the IP packet; of a datagram in
	 * fragments all of it, of a super-packet the first segment. */
	const uint8_t *data;
};

/**
 * A persistence engine, of a service with LVS_SERVICE_PERSISTENT. Its functions run on workers,
 * side by side, perhaps with a lock held: they are quick, allocate nothing, do not wait, and do not
 * call the library. The same packet gives the same answer. The object must outlive the director.
 */
struct lvs_pe_ops {
	uint32_t size;    /**< sizeof of this structure. */
	uint32_t flags;   /**< Zero. */
	const char *name; /**< As in configuration, at most 15 characters. */

	/**
	 * Finds what the packet's connection sticks by: clients of one network (lvs_service_conf::
	 * netmask) whose data match go to one destination. Anybody may have sent the packet.
	 *
	 * @param data Of LVS_PE_DATA bytes, to be filled.
	 * @return How many were filled, at most LVS_PE_DATA; 0 where there is nothing, and the
	 *         packet is dropped (LVS_REASON_PE_NO_DATA).
	 */
	uint32_t (*fill)(const struct lvs_pe_packet *packet, uint8_t *data);

	/** Whether two pieces of data are the same. NULL: where all bytes are. */
	int (*match)(const uint8_t *a, uint32_t a_len, const uint8_t *b, uint32_t b_len);

	/**
	 * A hash of data, the same for those that match. Anybody may choose the data: it should be
	 * keyed by @p key, the director's secret. NULL: SipHash of all bytes.
	 */
	uint64_t (*hash)(const uint8_t *data, uint32_t len, const uint8_t key[16]);

	/**
	 * Whether a server may begin a connection with a packet of its own, which then leaves from
	 * the service's address: a packet that belongs to no connection and is for no service, from
	 * the address and port of a destination by NAT. Where the service is persistent fill() is
	 * asked too, and what it finds binds the client's network to that server. NULL: never.
	 */
	int (*conn_out)(const struct lvs_pe_packet *packet);

	/**
	 * Data as a text for listings.
	 * @param text Of @p size bytes, at least one; to be ended by 0.
	 * NULL: the bytes, a question mark for each that is a control character.
	 */
	void (*show)(const uint8_t *data, uint32_t len, char *text, size_t size);
};

/** A persistence engine of the library by name: "sip". Any thread; static, or NULL. */
LVS_API const struct lvs_pe_ops *lvs_pe_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
