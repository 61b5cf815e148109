/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Words that every other header uses: byte order, addresses, memory, log.
 */
#ifndef LIBLVS_TYPES_H
#define LIBLVS_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
/** Marks what the shared library exports. */
#define LVS_API __attribute__((visibility("default")))
#else
#define LVS_API
#endif

#define LVS_VERSION_MAJOR 0 /**< Breaks the ABI when it changes. */
#define LVS_VERSION_MINOR 1 /**< Adds to the ABI when it changes. */
#define LVS_VERSION_PATCH 0 /**< Changes neither. */

typedef uint16_t lvs_be16; /**< 16 bits in network byte order. */
typedef uint32_t lvs_be32; /**< 32 bits in network byte order. */

/** Address families; the numbers are Linux's AF_INET and AF_INET6. */
enum lvs_family {
	LVS_UNSPEC = 0, /**< No address. */
	LVS_INET = 2,   /**< IPv4. */
	LVS_INET6 = 10, /**< IPv6. */
};

/** Transport protocols by their IANA numbers (those the library looks into). */
enum lvs_protocol {
	LVS_ICMP = 1,    /**< ICMP for IPv4. */
	LVS_IPIP = 4,    /**< IPv4 in IP. */
	LVS_TCP = 6,     /**< TCP. */
	LVS_UDP = 17,    /**< UDP. */
	LVS_IPV6 = 41,   /**< IPv6 in IP. */
	LVS_GRE = 47,    /**< Generic routing encapsulation. */
	LVS_ESP = 50,    /**< IPsec, encrypted. */
	LVS_AH = 51,     /**< IPsec, authenticated. */
	LVS_ICMPV6 = 58, /**< ICMP for IPv6. */
	LVS_SCTP = 132,  /**< SCTP. */
};

/** An IPv4 address in word[0] (the rest zero) or an IPv6 address; network order. */
union lvs_addr {
	uint8_t byte[16]; /**< As on the wire. */
	lvs_be32 word[4]; /**< The same, for comparing. */
};

/**
 * Where memory comes from. Both functions get the size and the alignment, so
 * that a pool needs no header of its own. They are called from all threads of
 * a director's workers and control calls, side by side, some with a spin lock
 * held: they must not call the library.
 */
struct lvs_alloc {
	/** Returns @p size bytes aligned to @p align (a power of two), contents undefined, or NULL.
	 */
	void *(*alloc)(void *user, size_t size, size_t align);
	/** Takes back what alloc() gave, with the same numbers. @p memory is never NULL. */
	void (*free)(void *user, void *memory, size_t size, size_t align);
	void *user; /**< Handed to both; owned by the embedder. */
};

/** How much a log line matters; the numbers are syslog's. */
enum lvs_log_level {
	LVS_LOG_ERROR = 3,   /**< Something asked for cannot be done. */
	LVS_LOG_WARNING = 4, /**< Something is likely wrong. */
	LVS_LOG_NOTICE = 5,  /**< Ordinary, and worth knowing. */
	LVS_LOG_INFO = 6,    /**< Ordinary. */
	LVS_LOG_DEBUG = 7,   /**< For whoever looks for a fault. */
};

/** Where log lines go. A zeroed structure is silent. */
struct lvs_log {
	/** Gets one finished line without a line feed, valid for the call only. Any thread. */
	void (*line)(void *user, enum lvs_log_level level, const char *text);
	void *user; /**< Handed to line(); owned by the embedder. */
};

/**
 * The version of the library that runs, for instance "0.1.0".
 * Any thread; the string is static.
 */
LVS_API const char *lvs_version(void);

#ifdef __cplusplus
}
#endif
#endif
