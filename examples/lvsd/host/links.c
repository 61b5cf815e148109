/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/links.h"
#include "host/address.h"
#include "host/forwarding.h"
#include "log.h"
#include "lvsd.h"

int links_open(struct lvsd *lvsd)
{
	const struct options *options = &lvsd->options;

	for (unsigned i = 0; i < options->interface_n; i++)
		lvsd->ifindex[i] = lvs_host_ifindex(lvsd->host, options->interface[i]);
	if (lvsd->ifindex[0])
		return 0;
	log_line(&lvsd->log, LVS_LOG_ERROR, "interface %s: %s", options->interface[0],
		 lvs_strerror(LVS_ERR_NO_DEVICE));
	return -1;
}

/* Service addresses went with their interface; on the one of that name they are asked for anew. */
static void move_addresses(struct lvsd *lvsd, uint32_t from, uint32_t to)
{
	static const struct addr_set none;

	if (lvsd->options.no_address)
		return;
	address_change(lvsd->host, from, &lvsd->services, &none, &lvsd->log);
	address_change(lvsd->host, to, &none, &lvsd->services, &lvsd->log);
}

static void follow(struct lvsd *lvsd, unsigned i, uint32_t ifindex)
{
	const char *name = lvsd->options.interface[i];
	uint32_t before = lvsd->ifindex[i];

	if (!ifindex) {
		log_line(&lvsd->log, LVS_LOG_WARNING, "interface %s is gone; it is waited for",
			 name);
		return;
	}
	log_line(&lvsd->log, LVS_LOG_NOTICE, "interface %s is there again", name);
	lvsd->ifindex[i] = ifindex;
	if (i == 0 && before != ifindex) /* not only renamed there and back */
		move_addresses(lvsd, before, ifindex);
	(void)forwarding_set(lvsd); /* the log tells */
}

void links_follow(struct lvsd *lvsd)
{
	for (unsigned i = 0; i < lvsd->options.interface_n; i++) {
		uint32_t ifindex = lvs_host_ifindex(lvsd->host, lvsd->options.interface[i]);
		bool gone = !ifindex;

		if (gone != lvsd->link_gone[i] || (!gone && ifindex != lvsd->ifindex[i])) {
			lvsd->link_gone[i] = gone;
			follow(lvsd, i, ifindex);
		}
	}
}
