/* SPDX-License-Identifier: BSD-2-Clause */
/* The adapter "pcap": packets and their time from a capture file, and into another. */
#include <liblvs/io.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/adapters.h"
#include "io/io_count.h"
#include "io/io_cut.h"
#include "io/io_log.h"
#include "io/io_verdict.h"
#include "io/pcap/file.h"

enum {
	SLOT_DATA = 65536, /* an IP packet at most */
	SLOT = LVS_PCAP_ROOM + SLOT_DATA + LVS_PCAP_ROOM,
};

struct pcap_io {
	struct lvs_pcap_reader *reader;
	struct lvs_pcap_writer *writer; /* NULL: sent packets are only counted */
	struct lvs_io_count count;
	struct lvs_log log;
	uint64_t now;                   /* of the packets of the last rx */
	struct lvs_pcap_record pending; /* read, and of a later time */
	struct lvs_packet pending_packet;
	bool have_pending;
	int fd;             /* an eventfd that is always readable */
	uint8_t *slots;     /* batch * SLOT */
	uint8_t *pieces[2]; /* for cutting, LVS_IO_PIECE_MAX each */
};

static void pcap_close(void *state)
{
	struct pcap_io *io = state;

	lvs_pcap_reader_close(io->reader);
	lvs_pcap_writer_close(io->writer);
	if (io->fd >= 0)
		close(io->fd);
	free(io->slots);
	free(io->pieces[0]);
	free(io->pieces[1]);
	free(io);
}

static int check_linktype(const struct pcap_io *io)
{
	struct lvs_pcap_record none = {0};
	struct lvs_packet packet;
	uint32_t linktype = lvs_pcap_reader_linktype(io->reader);
	int err = lvs_pcap_packet(linktype, &none, &packet);

	if (err)
		lvs_io_log(&io->log, LVS_LOG_ERROR,
			   "pcap: link type %u; expected 1 (Ethernet), 101 (raw), 113 (cooked), "
			   "228 or 229 (IP)",
			   linktype);
	return err;
}

/* Opens "in" or "in,out"; a file that is there is replaced only when the input is good. */
static int open_files(struct pcap_io *io, const char *target)
{
	char *in = strdup(target);
	char *out;
	int err;

	if (!in)
		return LVS_ERR_NO_MEMORY;
	out = strrchr(in, ',');
	if (out)
		*out++ = '\0';
	err = lvs_pcap_reader_open(in, &io->log, &io->reader);
	if (!err)
		err = check_linktype(io);
	if (!err && out)
		err = lvs_pcap_writer_open(out, LVS_PCAP_RAW, &io->log, &io->writer);
	free(in);
	return err;
}

static int open_buffers(struct pcap_io *io, unsigned batch)
{
	io->slots = malloc((size_t)batch * SLOT);
	for (unsigned i = 0; i < 2; i++)
		io->pieces[i] = malloc(LVS_IO_PIECE_MAX);
	if (!io->slots || !io->pieces[0] || !io->pieces[1])
		return LVS_ERR_NO_MEMORY;
	io->fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	if (io->fd < 0) {
		lvs_io_log(&io->log, LVS_LOG_ERROR, "pcap: eventfd: %s", strerror(errno));
		return LVS_ERR_IO;
	}
	return 0;
}

static int pcap_open(const struct lvs_io_conf *conf, void **state)
{
	struct pcap_io *io;
	int err;

	if (!conf->target) {
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "pcap: no target; expected \"in.pcap\" or "
			   "\"in.pcap,out.pcap\"");
		return LVS_ERR_INVALID;
	}
	if (conf->worker_n > 1) {
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "pcap: a file cannot be shared by %u workers; expected 1",
			   conf->worker_n);
		return LVS_ERR_UNSUPPORTED;
	}
	io = calloc(1, sizeof(*io));
	if (!io)
		return LVS_ERR_NO_MEMORY;
	io->log = conf->log;
	io->fd = -1;
	err = open_buffers(io, conf->batch);
	if (!err)
		err = open_files(io, conf->target);
	if (err) {
		pcap_close(io);
		return err;
	}
	*state = io;
	return 0;
}

static int pcap_fd(const void *state)
{
	const struct pcap_io *io = state;

	return io->fd;
}

/* Makes pending the next record with an IP packet. 1, 0 at the end, or negative. */
static int look_ahead(struct pcap_io *io)
{
	while (!io->have_pending) {
		int got = lvs_pcap_reader_next(io->reader, &io->pending);

		if (got <= 0)
			return got;
		io->have_pending = lvs_pcap_packet(lvs_pcap_reader_linktype(io->reader),
						   &io->pending, &io->pending_packet) == 1;
		if (!io->have_pending)
			lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_skipped, 1);
	}
	return 1;
}

/* Moves the pending packet into a slot, with room around it. */
static void take_pending(struct pcap_io *io, uint8_t *slot, struct lvs_packet *packet)
{
	*packet = io->pending_packet;
	if (packet->linear_len > SLOT_DATA)
		packet->linear_len = SLOT_DATA;
	packet->data = slot + LVS_PCAP_ROOM;
	packet->headroom = LVS_PCAP_ROOM;
	packet->tailroom = LVS_PCAP_ROOM;
	memcpy(packet->data, io->pending_packet.data, packet->linear_len);
	io->have_pending = false;
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx, 1);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_rx_bytes, packet->len);
}

static int pcap_rx(void *state, struct lvs_packet *packets, unsigned n)
{
	struct pcap_io *io = state;
	unsigned got = 0;

	while (got < n) {
		int more = look_ahead(io);
		uint64_t time;

		if (more <= 0)
			return got ? (int)got : more;
		/* A file's clock may have been set back; ours may not. */
		time = io->pending.time_ns > io->now ? io->pending.time_ns : io->now;
		if (got && time != io->now)
			break;
		io->now = time;
		take_pending(io, io->slots + (size_t)got * SLOT, &packets[got]);
		got++;
	}
	return (int)got;
}

static int write_packet(struct pcap_io *io, const struct lvs_packet *packet)
{
	int err = 0;

	if (io->writer)
		err = lvs_pcap_writer_write(io->writer, io->now, packet->data, packet->linear_len,
					    packet->len);
	/* What a capture file cannot hold is this packet's fault, not the file's. */
	if (err == LVS_ERR_RANGE)
		lvs_io_count_add(&io->count, LVS_IO_COUNT_too_long, 1);
	if (err)
		return err == LVS_ERR_RANGE ? 0 : err;
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx, 1);
	lvs_io_count_add(&io->count, LVS_IO_COUNT_tx_bytes, packet->len);
	return 0;
}

static int send_packet(void *state, const struct lvs_packet *packet)
{
	struct pcap_io *io = state;
	struct lvs_io_cut cut;
	int err = 0;

	if (!lvs_io_cut_start(&cut, packet, false, io->pieces[0]))
		return write_packet(io, packet);
	while (!err) {
		struct lvs_packet piece = {.data = io->pieces[1], .tailroom = LVS_IO_PIECE_MAX};
		int got = lvs_io_cut_next(&cut, &piece);

		if (got < 0)
			lvs_io_count_add(&io->count, LVS_IO_COUNT_uncut, 1);
		if (got <= 0)
			break;
		err = write_packet(io, &piece);
	}
	return err;
}

/* There is no host. */
static void pass_back(void *state, const struct lvs_packet *packet)
{
	struct pcap_io *io = state;

	(void)packet;
	lvs_io_count_add(&io->count, LVS_IO_COUNT_pass_seen, 1);
}

static int pcap_tx(void *state, const struct lvs_packet *packets, unsigned n)
{
	struct pcap_io *io = state;

	return lvs_io_carry_out(packets, n, &io->count, send_packet, pass_back, io);
}

static int pcap_flush(void *state)
{
	struct pcap_io *io = state;

	return io->writer ? lvs_pcap_writer_flush(io->writer) : 0;
}

static uint64_t pcap_now(const void *state)
{
	const struct pcap_io *io = state;

	return io->now;
}

/* Whatever is handed in is cut and completed before it is written; a next hop needs no address. */
static void pcap_caps(const void *state, struct lvs_io_caps *caps)
{
	(void)state;
	caps->flags =
		LVS_IO_LINK_LAYER | LVS_IO_SUPER_PACKETS | LVS_IO_PARTIAL_CSUM | LVS_IO_FINITE;
	caps->headroom = LVS_PCAP_ROOM;
}

static uint64_t pcap_count(const void *state, unsigned counter)
{
	const struct pcap_io *io = state;

	return lvs_io_count_get(&io->count, counter);
}

const struct lvs_io_ops lvs_io_pcap_ops = {
	.size = sizeof(lvs_io_pcap_ops),
	.name = "pcap",
	.open = pcap_open,
	.close = pcap_close,
	.fd = pcap_fd,
	.rx = pcap_rx,
	.tx = pcap_tx,
	.flush = pcap_flush,
	.now = pcap_now,
	.caps = pcap_caps,
	.count = pcap_count,
};
