/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities: those that lvsd needs, and no others. */
#ifndef LVSD_PRIVILEGES_H
#define LVSD_PRIVILEGES_H

#include <liblvs/types.h>

#include <stdbool.h>

/*
 * Gives up every capability but CAP_NET_ADMIN, CAP_NET_RAW and, `xdp`, CAP_BPF and CAP_PERFMON (and
 * CAP_IPC_LOCK where locked memory is limited), as far as this process has them, for good: programs
 * that it runs cannot get them back. Once the XDP program is in place, since one that a crashed
 * process left takes CAP_SYS_ADMIN to be looked at; before any thread is started, since each has
 * its own. Returns 0, or -1 with the reason logged.
 */
int privileges_drop(bool xdp, const struct lvs_log *log);

#endif
