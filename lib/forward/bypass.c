/* SPDX-License-Identifier: BSD-2-Clause */
/* What no destination takes goes on to its own address (the kernel's cache_bypass); the path of
 * the binding is the way there. */
#include "forward/list.h"
#include "forward/send.h"

static enum lvs_reason bypass_out(struct lvs_packet *packet, struct lvs_headers *headers,
				  const struct lvs_binding *binding)
{
	const struct lvs_path_conf *path = binding->path;
	enum lvs_reason reason;

	/* It has become one of this host's own since. */
	if (path->flags & LVS_PATH_LOCAL)
		return LVS_REASON_CROSS_LOCAL;
	reason = lvs_send_check(packet, headers, path);
	if (reason != LVS_REASON_NONE)
		return reason;
	lvs_send_decrement_ttl(packet, headers);
	lvs_send_to(packet, headers, path);
	return LVS_REASON_NONE;
}

const struct lvs_forward_ops lvs_forward_bypass = {
	.size = sizeof(lvs_forward_bypass),
	.name = "bypass",
	.method = LVS_METHOD_BYPASS,
	.out = bypass_out,
};
