/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands between the outer header and the packet: GUE behind UDP, GRE, or nothing. */
#ifndef DECAP_SHIM_H
#define DECAP_SHIM_H

#include "count.h"
#include "inner.h"

enum shim_kind { SHIM_NONE, SHIM_GUE, SHIM_GRE };

/*
 * Takes it off: `inner` begins with it, and then with the packet, whose family is filled in.
 * Returns 0, or -1 for a packet that was counted and is to be dropped.
 */
int shim_take(enum shim_kind kind, struct inner_packet *inner, struct decap_counts *counts);

#endif
