/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file
 * Packet adapters: where packets come from and where they go (liblvs-io).
 *
 *     n = lvs_io_rx(io, packets, 64);
 *     lvs_worker_process(worker, packets, n, lvs_io_now(io));
 *     lvs_io_tx(io, packets, n);
 *     while ((n = lvs_worker_outbox(worker, packets, 64)))
 *             lvs_io_tx(io, packets, n);
 *
 * An io is used by one thread at a time; each worker has its own.
 */
#ifndef LIBLVS_IO_H
#define LIBLVS_IO_H

#include <stdbool.h>

#include <liblvs/error.h>
#include <liblvs/packet.h>
#include <liblvs/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lvs_io;
struct lvs_host;      /* <liblvs/host.h> */
struct lvs_host_link; /* <liblvs/host.h> */

/** What an adapter can carry. */
enum lvs_io_cap {
	LVS_IO_LINK_LAYER = 0x1,    /**< Sends to a next hop on the link: direct routing works. */
	LVS_IO_SUPER_PACKETS = 0x2, /**< Takes and gives super-packets (lvs_packet::gso_size). */
	LVS_IO_PARTIAL_CSUM = 0x4,  /**< Takes and gives partial checksums. */
	LVS_IO_PASS = 0x8,          /**< LVS_PASS reaches the host. */
	LVS_IO_FINITE = 0x10,       /**< Packets come to an end: lvs_io_rx() of 0 is the end. */
};

/** What an adapter can carry, and how much of it. */
struct lvs_io_caps {
	uint32_t size;     /**< sizeof of this structure: an input. */
	uint32_t flags;    /**< enum lvs_io_cap. */
	uint32_t mtu;      /**< Smallest MTU of its interfaces, bytes of IP packet; 0 unlimited. */
	uint32_t headroom; /**< Bytes in front of each packet that it gives. */
};

/**
 * Every counter of an adapter: name, sentence. Packets, unless it says bytes or times.
 * New ones are appended.
 */
#define LVS_IO_COUNTERS(X)                                                                         \
	X(rx, "given to the caller")                                                               \
	X(rx_bytes, "bytes of IP packets given to the caller")                                     \
	X(rx_skipped, "not IP, of a VLAN, another host's, or sent by this host: left to the host") \
	X(rx_bad, "lost: truncated, or an offload request that cannot be expressed")               \
	X(rx_lost, "lost: the kernel's receive buffer was full")                                   \
	X(tx, "sent, each segment or fragment counted")                                            \
	X(tx_bytes, "bytes of IP packets sent")                                                    \
	X(passed, "given back to the host")                                                        \
	X(pass_seen, "passed: the host had them anyway, or must not")                              \
	X(dropped, "dropped because the verdict said so")                                          \
	X(held, "kept by the library")                                                             \
	X(waited, "had to wait for a neighbour's address")                                         \
	X(wait_lost, "lost: too many waited, or the neighbour did not answer in time")             \
	X(unreachable, "lost: no way to the next hop")                                             \
	X(too_long, "lost: longer than the link carries")                                          \
	X(uncut, "lost: could not be segmented or fragmented, or not all of it is linear")         \
	X(tx_full, "lost: the link's queue was full")                                              \
	X(tx_failed, "lost: the system refused to send")                                           \
	X(pass_failed, "lost: the host did not take it back")                                      \
	X(link_down, "times that an interface went down")                                          \
	X(link_gone, "times that an interface was deleted")                                        \
	X(link_back, "times that one of its name was there again, and taken up")

/** Numbers of the counters. */
enum lvs_io_counter {
#define LVS_IO_COUNTER_ENUM(name, text) LVS_IO_COUNT_##name, /**< text */
	LVS_IO_COUNTERS(LVS_IO_COUNTER_ENUM)
#undef LVS_IO_COUNTER_ENUM
		LVS_IO_COUNT_N, /**< How many there are in this version. */
};

/** Flags of an adapter that is opened. */
enum lvs_io_flag {
	/** tun: the device is there already and stays as it is (else the first worker's io makes
	 * it, sets it up, and it goes with the last). */
	LVS_IO_EXISTING = 0x1,
	/** tun: TTL and hop limit count each hop, three in all: into the device, through the
	 * director, out of the device. Else they count one, as through the kernel's IPVS: an io
	 * gives back what the host counts. */
	LVS_IO_COUNT_HOPS = 0x2,
	/** packet: a packet goes to the worker whose number is that of the processor which took it
	 * from the interface, modulo worker_n: for an interface that spreads by itself (RSS), with
	 * worker i pinned to processor i. Else by flow, so that packets of one keep their order
	 * whatever processor they come by; fragments by their addresses. */
	LVS_IO_BY_CPU = 0x4,
};

/** How to open an adapter. Zero is the default everywhere. */
struct lvs_io_conf {
	uint32_t size;     /**< sizeof of this structure. */
	uint32_t batch;    /**< Packets at most that one lvs_io_rx() gives; default 64. */
	uint32_t worker;   /**< Number of the worker that this io is for, from 0. */
	uint32_t worker_n; /**< Workers that share the target; 0 and 1: not shared. */
	uint32_t group;    /**< Same for all workers of a target, different for two programs on one
				interface; default: the process id. */
	uint32_t wait_n;   /**< Packets at most that wait for neighbours; default 256. */
	uint32_t wait_len; /**< Bytes at most that wait for neighbours; default 1 MiB. */
	uint32_t flags;    /**< enum lvs_io_flag. */

	/**
	 * What to open, in the adapter's words. packet: "eth0,eth1", interfaces to
	 * receive from. pcap: "in.pcap" or "in.pcap,out.pcap". tun: "lvs-tun", the device; each
	 * worker has a queue of it, worker 0 is opened first. The host must route into it what is
	 * to be balanced, not what comes out of it, and forward; lvs_host_steer() sees to the
	 * former. Read during open only.
	 */
	const char *target;

	/**
	 * packet: name of the TUN that gives packets back to the host, where "%d" is
	 * replaced by a number (needed where workers share the target); NULL: "lvs%d". pcap: NULL.
	 * Read during open only.
	 */
	const char *pass_name;

	/** Finds neighbours where resolve is NULL; must outlive the io. Other adapters: NULL. */
	struct lvs_host *host;

	/**
	 * Finds a next hop's link-layer address, instead of lvs_host_resolve() on
	 * host and with its contract: 0 and @p link filled; LVS_ERR_BUSY while the neighbour is
	 * being asked; else no way there. Called in lvs_io_rx(), lvs_io_tx(), lvs_io_flush().
	 */
	int (*resolve)(void *user, uint32_t path, enum lvs_family family,
		       const union lvs_addr *next_hop, struct lvs_host_link *link);
	void *resolve_user; /**< Handed to resolve(); owned by the embedder. */

	/**
	 * Whether a packet with verdict LVS_PASS was taken away from the host, which then gets it
	 * back; others have reached it by the ordinary way. NULL: none was, and no TUN is
	 * made. lvs_host_captured_callback() fits. Called in lvs_io_tx().
	 */
	bool (*captured)(void *user, const struct lvs_packet *packet);
	void *captured_user; /**< Handed to captured(); owned by the embedder. */

	struct lvs_log log; /**< Where log lines go; zeroed: nowhere. */

	/** xdp: the struct lvs_xdp (<liblvs/xdp.h>) that the workers' ios share; it outlives them.
	 * Other adapters: NULL. */
	void *adapter;
};

/**
 * An adapter. Embedders may bring their own; the functions are called with what
 * open() made, by one thread at a time.
 */
struct lvs_io_ops {
	uint32_t size;    /**< sizeof of this structure. */
	uint32_t lacks;   /**< enum lvs_io_cap that no io of it has, known before one is opened. */
	const char *name; /**< As in configuration, at most 15 characters. */

	/** Opens. @p conf has its defaults filled in. Returns 0 or a negative enum lvs_err. */
	int (*open)(const struct lvs_io_conf *conf, void **state);
	/** Closes, and frees @p state. What waits is lost. */
	void (*close)(void *state);
	/** What lvs_io_fd() answers. */
	int (*fd)(const void *state);
	/** As lvs_io_rx(); packets are zeroed before. @p n is at least 1, at most conf->batch. */
	int (*rx)(void *state, struct lvs_packet *packets, unsigned n);
	/** As lvs_io_tx(). */
	int (*tx)(void *state, const struct lvs_packet *packets, unsigned n);
	/** As lvs_io_flush(). NULL: nothing is ever put off. */
	int (*flush)(void *state);
	/** As lvs_io_now(). NULL: the system's monotonic clock. */
	uint64_t (*now)(const void *state);
	/** Fills caps, of which size is set and the rest zero. */
	void (*caps)(const void *state, struct lvs_io_caps *caps);
	/** One counter; numbers it does not know are 0. Any thread. NULL: it counts nothing. */
	uint64_t (*count)(const void *state, unsigned counter);
};

/** An adapter of the library by name ("packet", "pcap", "tun"; "xdp" is liblvs-xdp's,
 * lvs_xdp_ops()). Any thread; static, or NULL. */
LVS_API const struct lvs_io_ops *lvs_io_find(const char *name);

/** The @p i-th adapter of the library, NULL behind the last. Any thread. */
LVS_API const struct lvs_io_ops *lvs_io_at(unsigned i);

/* ---- Calls of the thread that has the io. ---- */

/**
 * Opens an adapter. What failed is said in a log line and left nothing behind.
 *
 * @param ops Must outlive the io.
 * @param conf Copied, what it points to as its fields say.
 * @param io Set on success.
 * @return 0, LVS_ERR_INVALID, LVS_ERR_NO_MEMORY, or what the adapter gives. packet:
 *         LVS_ERR_PERMISSION (needs CAP_NET_RAW, and CAP_NET_ADMIN for the TUN),
 *         LVS_ERR_NO_DEVICE, LVS_ERR_UNSUPPORTED (the interface is not Ethernet-like, the
 *         kernel is older than 4.20), LVS_ERR_IO. pcap: LVS_ERR_NO_ENTRY (no such file),
 *         LVS_ERR_FORMAT, LVS_ERR_UNSUPPORTED (link type, more than one worker), LVS_ERR_IO. tun:
 *         LVS_ERR_PERMISSION (needs CAP_NET_ADMIN), LVS_ERR_EXISTS (the device, unless
 *         LVS_IO_EXISTING), LVS_ERR_NO_DEVICE, LVS_ERR_NO_ENTRY (no /dev/net/tun), LVS_ERR_IO.
 */
LVS_API int lvs_io_open(const struct lvs_io_ops *ops, const struct lvs_io_conf *conf,
			struct lvs_io **io);

/** Closes. Packets that it gave are no longer valid; what waits is lost. NULL is fine. */
LVS_API void lvs_io_close(struct lvs_io *io);

/**
 * The descriptor to wait on: readable when lvs_io_rx() has something to do,
 * be it packets or a neighbour that answered. Stays the io's. An adapter that always has
 * something to do gives one that is always readable.
 */
LVS_API int lvs_io_fd(const struct lvs_io *io);

/**
 * Receives what is there, without waiting.
 *
 * @param packets Array of @p n; first lines filled, second lines zero. The buffers are the io's,
 *        for the caller to read and change until the next lvs_io_rx() or lvs_io_close().
 * @param n At most so many; lvs_io_conf::batch is a second limit.
 * @return How many came: 0 for none now, or at the end with LVS_IO_FINITE. LVS_ERR_IO,
 *         LVS_ERR_FORMAT (a damaged file), LVS_ERR_NO_DEVICE (tun: the device was deleted) when no
 *         more can come. packet, xdp: an interface that is down, or was deleted, is waited for, the
 *         latter by its name; the others go on.
 */
LVS_API int lvs_io_rx(struct lvs_io *io, struct lvs_packet *packets, unsigned n);

/**
 * Carries out verdicts: FORWARD and REPLY go to the next hop, cut where
 * lvs_packet::cut says so; PASS goes back to the host where it was taken away; the rest is
 * counted.
 *
 * @param packets What the last lvs_io_rx() gave, or any others. Not needed any more after the
 *        call, and not changed.
 * @return 0. Packets that could not be sent are counted, not reported. LVS_ERR_IO when nothing
 *         can be sent any more (pcap: the output cannot be written).
 */
LVS_API int lvs_io_tx(struct lvs_io *io, const struct lvs_packet *packets, unsigned n);

/**
 * Tries again what waits for a neighbour, and writes what is buffered. Only
 * needed by who stops calling lvs_io_rx() and lvs_io_tx().
 * @return As lvs_io_tx().
 */
LVS_API int lvs_io_flush(struct lvs_io *io);

/**
 * The time for lvs_worker_process(), in nanoseconds: the system's monotonic
 * clock, or with LVS_IO_FINITE that of the packets of the last lvs_io_rx(), which all came at
 * one and the same time; it never goes back.
 */
LVS_API uint64_t lvs_io_now(const struct lvs_io *io);

/** What the io can carry; caps->size is an input. */
LVS_API void lvs_io_caps(const struct lvs_io *io, struct lvs_io_caps *caps);

/* ---- Any thread, while the io is open. ---- */

/** The name of its adapter, for instance "packet". Never NULL. */
LVS_API const char *lvs_io_name(const struct lvs_io *io);

/**
 * Reads the counters. @param counts Array of @p n, indexed by enum lvs_io_counter; those beyond
 * the library's own are set to 0.
 */
LVS_API void lvs_io_counts(const struct lvs_io *io, uint64_t *counts, unsigned n);

/** A counter's name, for instance "rx_bytes". Never NULL. */
LVS_API const char *lvs_io_counter_name(unsigned counter);

/** A counter as a sentence. Never NULL. */
LVS_API const char *lvs_io_counter_text(unsigned counter);

/* ---- Capture files (classic pcap); an object is used by one thread at a time. ---- */

struct lvs_pcap_reader;
struct lvs_pcap_writer;

/** Link types that the library knows, by their registered numbers. */
enum lvs_pcap_linktype {
	LVS_PCAP_ETHERNET = 1, /**< Ethernet frames. */
	LVS_PCAP_RAW = 101,    /**< IPv4 and IPv6 packets. */
	LVS_PCAP_SLL = 113,    /**< Linux "cooked" capture. */
	LVS_PCAP_IPV4 = 228,   /**< IPv4 packets. */
	LVS_PCAP_IPV6 = 229,   /**< IPv6 packets. */
};

/** One record of a capture file. */
struct lvs_pcap_record {
	uint64_t time_ns;  /**< Since 1970, as the file says. */
	uint8_t *data;     /**< Frame or packet, with room around it: for the caller to change. */
	uint32_t len;      /**< Bytes at data. */
	uint32_t wire_len; /**< Bytes it had on the wire, len at least. */
	uint16_t headroom; /**< Writable bytes in front of data. */
	uint16_t tailroom; /**< Writable bytes behind data + len. */
	uint32_t reserved; /**< Zero. */
};

/**
 * Opens a capture file of either byte order, with micro- or nanoseconds.
 * @param log Where to say what is wrong with the file; copied; NULL: nowhere.
 * @param reader Set on success.
 * @return 0, LVS_ERR_NO_ENTRY, LVS_ERR_PERMISSION, LVS_ERR_IO, LVS_ERR_NO_MEMORY, or
 *         LVS_ERR_FORMAT when it is no classic pcap file (pcapng is another format).
 */
LVS_API int lvs_pcap_reader_open(const char *path, const struct lvs_log *log,
				 struct lvs_pcap_reader **reader);

/** The same of a file in memory, which must stay until the reader is closed. */
LVS_API int lvs_pcap_reader_open_memory(const void *bytes, size_t len, const struct lvs_log *log,
					struct lvs_pcap_reader **reader);

/** Closes. NULL is fine. */
LVS_API void lvs_pcap_reader_close(struct lvs_pcap_reader *reader);

/** The file's link type: an enum lvs_pcap_linktype or another registered number. */
LVS_API uint32_t lvs_pcap_reader_linktype(const struct lvs_pcap_reader *reader);

/**
 * The next record.
 * @param record Filled; record->data is the reader's, valid until its next call.
 * @return 1 with @p record filled, 0 at the end of the file, LVS_ERR_FORMAT when the file is
 *         damaged (said in the log with the offset) or LVS_ERR_IO. After an error it answers the
 *         same error again.
 */
LVS_API int lvs_pcap_reader_next(struct lvs_pcap_reader *reader, struct lvs_pcap_record *record);

/**
 * Finds the IP packet in a record.
 *
 * @param linktype The file's.
 * @param packet Zeroed, then data (within record->data), len, linear_len, headroom, tailroom, vlan
 *        and link_type are filled.
 * @return 1, 0 for a record that holds no IP packet, or LVS_ERR_UNSUPPORTED for the link type.
 *
 * Any thread; pure.
 */
LVS_API int lvs_pcap_packet(uint32_t linktype, const struct lvs_pcap_record *record,
			    struct lvs_packet *packet);

/**
 * Makes a capture file, with nanoseconds; one that is there is replaced.
 * @param log As for lvs_pcap_reader_open().
 * @return 0, LVS_ERR_PERMISSION, LVS_ERR_NO_ENTRY (no such directory), LVS_ERR_IO or
 *         LVS_ERR_NO_MEMORY.
 */
LVS_API int lvs_pcap_writer_open(const char *path, uint32_t linktype, const struct lvs_log *log,
				 struct lvs_pcap_writer **writer);

/**
 * Adds a record.
 * @param time_ns Since 1970.
 * @param len Bytes at @p data, at most 262,144.
 * @param wire_len Bytes on the wire, @p len at least.
 * @return 0, LVS_ERR_RANGE (a length, or a time behind the year 2106) or LVS_ERR_IO.
 */
LVS_API int lvs_pcap_writer_write(struct lvs_pcap_writer *writer, uint64_t time_ns,
				  const void *data, uint32_t len, uint32_t wire_len);

/** Writes what is buffered. @return 0 or LVS_ERR_IO. */
LVS_API int lvs_pcap_writer_flush(struct lvs_pcap_writer *writer);

/** Writes what is buffered and closes. NULL is fine. @return 0 or LVS_ERR_IO. */
LVS_API int lvs_pcap_writer_close(struct lvs_pcap_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
