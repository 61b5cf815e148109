/* SPDX-License-Identifier: BSD-2-Clause */
/* The one list of forwarding methods: a method is its own file and a line here. */
#ifndef LVS_FORWARD_LIST_H
#define LVS_FORWARD_LIST_H

#include <liblvs/forward.h>

#define LVS_FORWARDERS_LIST(X)                                                                     \
	X(nat)                                                                                     \
	X(local)                                                                                   \
	X(tunnel)                                                                                  \
	X(dr)                                                                                      \
	X(bypass)

/* And of the kinds of VS/TUN besides IP in IP, likewise. */
#define LVS_TUNNELS_LIST(X)                                                                        \
	X(gue)                                                                                     \
	X(gre)

#define LVS_FORWARD_DECLARE(name) extern const struct lvs_forward_ops lvs_forward_##name;
LVS_FORWARDERS_LIST(LVS_FORWARD_DECLARE)
#undef LVS_FORWARD_DECLARE

#endif
