/* SPDX-License-Identifier: BSD-2-Clause */
#include "io/packet/wait.h"

#include <stdlib.h>
#include <string.h>

void lvs_afp_wait_init(struct lvs_afp_wait *wait, uint32_t n_max, uint32_t len_max,
		       struct lvs_io_count *count)
{
	memset(wait, 0, sizeof(*wait));
	wait->last = &wait->first;
	wait->n_max = n_max;
	wait->len_max = len_max;
	wait->count = count;
}

/* Takes out the packet that @link points to. */
static void take_out(struct lvs_afp_wait *wait, struct lvs_afp_waiting **link)
{
	struct lvs_afp_waiting *waiting = *link;

	*link = waiting->next;
	if (wait->last == &waiting->next)
		wait->last = link;
	wait->n--;
	wait->len -= waiting->packet.len;
	free(waiting);
}

static void lose(struct lvs_afp_wait *wait, struct lvs_afp_waiting **link)
{
	lvs_io_count_add(wait->count, LVS_IO_COUNT_wait_lost, 1);
	take_out(wait, link);
}

void lvs_afp_wait_fini(struct lvs_afp_wait *wait)
{
	while (wait->first)
		take_out(wait, &wait->first);
}

static void hang_up(struct lvs_afp_wait *wait, struct lvs_afp_waiting *waiting)
{
	*wait->last = waiting;
	wait->last = &waiting->next;
	wait->n++;
	wait->len += waiting->packet.len;
}

void lvs_afp_wait_add(struct lvs_afp_wait *wait, const struct lvs_packet *packet, uint64_t now)
{
	struct lvs_afp_waiting *waiting = NULL;

	lvs_io_count_add(wait->count, LVS_IO_COUNT_waited, 1);
	if (packet->linear_len == packet->len && packet->len <= wait->len_max)
		waiting = malloc(sizeof(*waiting) + packet->len);
	if (!waiting) {
		lvs_io_count_add(wait->count, LVS_IO_COUNT_wait_lost, 1);
		return;
	}
	while (wait->first && (wait->n >= wait->n_max || wait->len > wait->len_max - packet->len))
		lose(wait, &wait->first);
	waiting->next = NULL;
	waiting->deadline = now + LVS_AFP_WAIT_NS;
	waiting->packet = *packet;
	waiting->packet.data = waiting->bytes;
	memcpy(waiting->bytes, packet->data, packet->len);
	hang_up(wait, waiting);
}

void lvs_afp_wait_retry(struct lvs_afp_wait *wait, uint64_t now,
			bool (*try)(void *user, const struct lvs_packet *packet), void *user)
{
	struct lvs_afp_waiting **link = &wait->first;

	while (*link) {
		struct lvs_afp_waiting *waiting = *link;

		if (!try(user, &waiting->packet))
			take_out(wait, link);
		else if (now >= waiting->deadline)
			lose(wait, link);
		else
			link = &waiting->next;
	}
}
