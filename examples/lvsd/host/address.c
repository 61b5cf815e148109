/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/address.h"
#include "log.h"

#include <arpa/inet.h>

static void add(struct lvs_host *host, uint32_t ifindex, const struct addr_item *item,
		const struct lvs_log *log)
{
	int err = lvs_host_address_add(host, item->family, &item->addr, ifindex);
	char text[INET6_ADDRSTRLEN];

	inet_ntop((int)item->family, &item->addr, text, sizeof(text));
	if (err)
		log_line(log, LVS_LOG_ERROR, "service address %s: %s", text, lvs_strerror(err));
	else if (lvs_host_address_get_state(host, item->family, &item->addr) ==
		 LVS_HOST_ADDRESS_FOREIGN)
		log_line(log, LVS_LOG_WARNING,
			 "service address %s is on the host already, put there by another "
			 "program, maybe another lvsd: left alone",
			 text);
}

void address_change(struct lvs_host *host, uint32_t ifindex, const struct addr_set *present,
		    const struct addr_set *next, const struct lvs_log *log)
{
	for (size_t i = 0; i < next->n; i++) {
		const struct addr_item *item = &next->item[i];

		if (!addr_set_find(present, item->family, &item->addr) ||
		    lvs_host_address_get_state(host, item->family, &item->addr) ==
			    LVS_HOST_ADDRESS_CONFLICT)
			add(host, ifindex, item, log);
	}
	for (size_t i = 0; i < present->n; i++) {
		const struct addr_item *item = &present->item[i];

		/* One that could not be added is not there: no matter. */
		if (!addr_set_find(next, item->family, &item->addr))
			lvs_host_address_del(host, item->family, &item->addr, ifindex);
	}
}

bool address_pending(const struct lvs_host *host, const struct addr_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (lvs_host_address_get_state(host, set->item[i].family, &set->item[i].addr) ==
		    LVS_HOST_ADDRESS_PROBING)
			return true;
	return false;
}
