/* SPDX-License-Identifier: BSD-2-Clause */
/* The control thread: signals and the host's news, while the workers run. */
#ifndef LVSD_CONTROL_H
#define LVSD_CONTROL_H

#include "lvsd.h"

/* What lvs_host_conf::changed gets; `user` is a struct lvsd. */
void control_host_changed(void *user);

/* What lvs_host_conf::conflict gets; `user` is a struct lvsd. */
void control_address_conflict(void *user, enum lvs_family family, const union lvs_addr *addr,
			      const uint8_t *mac);

/* Runs until SIGTERM, SIGINT, or the end of a worker. */
void control_run(struct lvsd *lvsd);

#endif
