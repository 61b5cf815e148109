/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's settings by name, as the kernel's sysctls net.ipv4.vs.* are called. */
#ifndef LVSADM_SETTING_H
#define LVSADM_SETTING_H

#include "link.h"

/* Without "net.ipv4.vs." in front. */
const char *setting_name(const char *text);

/* Lists all, or the one of that name (NULL: all). Returns 0 or a negative errno. */
int setting_each(const struct link *link, const char *name, lvs_ipvs_answer answer, void *user);
int setting_set(const struct link *link, const char *name, uint32_t value);

#endif
