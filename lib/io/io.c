/* SPDX-License-Identifier: BSD-2-Clause */
/* The io object: an adapter's ops and its state, with defaults and checks in one place. */
#include <liblvs/io.h>

#include <stdlib.h>
#include <string.h>

#include "io/adapters.h"
#include "io/io_log.h"

enum {
	BATCH = 64,
	BATCH_MAX = 1024,
	WAIT_N = 256,
	WAIT_LEN = 1 << 20,
};

struct lvs_io {
	const struct lvs_io_ops *ops;
	void *state;
	unsigned batch;
};

/* The whole of what this version calls; ops may only grow. */
static int ops_complete(const struct lvs_io_ops *ops)
{
	return ops->size >= sizeof(*ops) && ops->name && ops->open && ops->close && ops->fd &&
	       ops->rx && ops->tx && ops->caps;
}

/* A copy with defaults. The caller's structure may be of another version: shorter or longer. */
static int take_conf(const struct lvs_io_conf *from, struct lvs_io_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	if (from->size < sizeof(from->size))
		return LVS_ERR_INVALID;
	memcpy(conf, from, from->size < sizeof(*conf) ? from->size : sizeof(*conf));
	conf->size = sizeof(*conf);
	if (!conf->batch)
		conf->batch = BATCH;
	if (!conf->worker_n)
		conf->worker_n = 1;
	if (!conf->wait_n)
		conf->wait_n = WAIT_N;
	if (!conf->wait_len)
		conf->wait_len = WAIT_LEN;
	if (conf->batch > BATCH_MAX || conf->worker >= conf->worker_n) {
		lvs_io_log(&conf->log, LVS_LOG_ERROR,
			   "io: batch %u, worker %u of %u; expected a batch of at most %u and a "
			   "worker below their number",
			   conf->batch, conf->worker, conf->worker_n, BATCH_MAX);
		return LVS_ERR_INVALID;
	}
	return 0;
}

int lvs_io_open(const struct lvs_io_ops *ops, const struct lvs_io_conf *conf, struct lvs_io **io)
{
	struct lvs_io_conf taken;
	struct lvs_io *made;
	int err;

	if (!ops || !conf || !io || !ops_complete(ops))
		return LVS_ERR_INVALID;
	err = take_conf(conf, &taken);
	if (err)
		return err;
	made = calloc(1, sizeof(*made));
	if (!made)
		return LVS_ERR_NO_MEMORY;
	made->ops = ops;
	made->batch = taken.batch;
	err = ops->open(&taken, &made->state);
	if (err) {
		free(made);
		return err;
	}
	*io = made;
	return 0;
}

void lvs_io_close(struct lvs_io *io)
{
	if (!io)
		return;
	io->ops->close(io->state);
	free(io);
}

int lvs_io_fd(const struct lvs_io *io)
{
	return io->ops->fd(io->state);
}

int lvs_io_rx(struct lvs_io *io, struct lvs_packet *packets, unsigned n)
{
	if (n > io->batch)
		n = io->batch;
	if (!n)
		return 0;
	memset(packets, 0, n * sizeof(*packets));
	return io->ops->rx(io->state, packets, n);
}

int lvs_io_tx(struct lvs_io *io, const struct lvs_packet *packets, unsigned n)
{
	return io->ops->tx(io->state, packets, n);
}

int lvs_io_flush(struct lvs_io *io)
{
	return io->ops->flush ? io->ops->flush(io->state) : 0;
}

uint64_t lvs_io_now(const struct lvs_io *io)
{
	return io->ops->now ? io->ops->now(io->state) : lvs_io_clock();
}

void lvs_io_caps(const struct lvs_io *io, struct lvs_io_caps *caps)
{
	struct lvs_io_caps filled = {.size = sizeof(filled)};
	uint32_t size = caps->size < sizeof(filled) ? caps->size : sizeof(filled);

	io->ops->caps(io->state, &filled);
	filled.size = caps->size;
	memcpy(caps, &filled, size);
}

const char *lvs_io_name(const struct lvs_io *io)
{
	return io->ops->name;
}

void lvs_io_counts(const struct lvs_io *io, uint64_t *counts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		counts[i] = io->ops->count ? io->ops->count(io->state, i) : 0;
}
