/* SPDX-License-Identifier: BSD-2-Clause */
/* What the maps hold, made of rules. Pure. */
#ifndef LVS_XDP_MAPS_H
#define LVS_XDP_MAPS_H

#include "io/host/capture.h"
#include "xdp/steer.h"

/* The kind of a rule that was spelled out, and its bit. */
unsigned lvs_xdp_kind_of(const struct lvs_host_rule *rule);
uint32_t lvs_xdp_bit_of(const struct lvs_host_rule *rule);

/* The map's key. */
struct steer_rule lvs_xdp_key_of(const struct lvs_host_rule *rule);
struct steer_end lvs_xdp_end_of(const struct lvs_host_rule *rule);

/* Which bits the rules have for an address; 0 for none. */
uint32_t lvs_xdp_bits_of(const struct lvs_capture_rules *rules, const struct steer_end *end);

#endif
