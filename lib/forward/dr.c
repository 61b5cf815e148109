/* SPDX-License-Identifier: BSD-2-Clause */
/* VS/DR: nothing changes but TTL and the frame's destination. */
#include "forward/list.h"
#include "forward/send.h"

static enum lvs_reason dr_out(struct lvs_packet *packet, struct lvs_headers *headers,
			      const struct lvs_binding *binding)
{
	const struct lvs_path_conf *path = binding->path;
	enum lvs_reason reason = lvs_send_check(packet, headers, path);

	if (lvs_unlikely(reason != LVS_REASON_NONE))
		return reason;
	lvs_send_decrement_ttl(packet, headers);
	lvs_send_to(packet, headers, path);
	return LVS_REASON_NONE;
}

const struct lvs_forward_ops lvs_forward_dr = {
	.size = sizeof(lvs_forward_dr),
	.flags = LVS_FORWARD_PATH_ALONE,
	.name = "dr",
	.method = LVS_METHOD_DR,
	.out = dr_out,
};
