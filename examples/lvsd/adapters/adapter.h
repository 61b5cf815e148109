/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether an adapter can carry what rules ask for. */
#ifndef LVSD_ADAPTER_H
#define LVSD_ADAPTER_H

#include "rules/rules.h"

/*
 * Returns 0, or -1 with a message that names the rule and the adapter. `lacks`: enum lvs_io_cap
 * that the adapter does not have; `file` is the rules', for the message.
 */
int adapter_check(const struct rules *rules, const char *adapter, uint32_t lacks, const char *file,
		  char *error, size_t error_len);

#endif
