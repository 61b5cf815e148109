/* SPDX-License-Identifier: BSD-2-Clause */
/* Local node: this host is the real server and gets the packet as it came. */
#include "forward/list.h"

static enum lvs_reason local_out(struct lvs_packet *packet, struct lvs_headers *headers,
				 const struct lvs_binding *binding)
{
	(void)packet;
	(void)headers;
	(void)binding;
	return LVS_REASON_LOCAL;
}

const struct lvs_forward_ops lvs_forward_local = {
	.size = sizeof(lvs_forward_local),
	.flags = LVS_FORWARD_PATH_ALONE,
	.name = "local",
	.method = LVS_METHOD_LOCAL,
	.out = local_out,
};
