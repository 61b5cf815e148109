/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/io_hop.h"

#include <string.h>

#include "io/adapters.h"
#include "io/io_resolve.h"

void lvs_io_hop_init(struct lvs_io_hop *hop, const struct lvs_io_conf *conf,
		     struct lvs_io_count *count)
{
	hop->conf = conf;
	hop->count = count;
	lvs_afp_wait_init(&hop->wait, conf->wait_n, conf->wait_len, count);
}

void lvs_io_hop_fini(struct lvs_io_hop *hop)
{
	lvs_afp_wait_fini(&hop->wait);
}

/* False when the neighbour has yet to answer. */
static bool try_send(struct lvs_io_hop *hop, const struct lvs_packet *packet)
{
	struct lvs_host_link link;
	int err;

	memset(&link, 0, sizeof(link));
	err = lvs_io_resolve(hop->conf, packet, &link);
	if (err == LVS_ERR_BUSY)
		return false;
	if (err)
		lvs_io_count_add(hop->count, LVS_IO_COUNT_unreachable, 1);
	else
		hop->send(hop->state, packet, &link);
	return true;
}

static bool still_waits(void *user, const struct lvs_packet *packet)
{
	struct lvs_io_hop *hop = user;

	if (!try_send(hop, packet))
		return true;
	/* The copy goes when this returns. */
	hop->flush(hop->state);
	return false;
}

void lvs_io_hop_send(struct lvs_io_hop *hop, const struct lvs_packet *packet)
{
	if (!try_send(hop, packet))
		lvs_afp_wait_add(&hop->wait, packet, lvs_io_clock());
}

void lvs_io_hop_retry(struct lvs_io_hop *hop, uint64_t now)
{
	lvs_afp_wait_retry(&hop->wait, now, still_waits, hop);
}
