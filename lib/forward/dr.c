/* SPDX-License-Identifier: BSD-2-Clause */
/* VS/DR: nothing changes but TTL and the frame's destination. */
#include "forward/list.h"
#include "forward/send.h"

LVS_INLINE enum lvs_reason go(struct lvs_packet *packet, struct lvs_headers *headers,
			      const struct lvs_path_conf *path)
{
	lvs_send_decrement_ttl(packet, headers);
	lvs_send_to(packet, headers, path);
	return LVS_REASON_NONE;
}

/* It does not go, or is to be cut. */
static LVS_NOINLINE enum lvs_reason check(struct lvs_packet *packet, struct lvs_headers *headers,
					  const struct lvs_path_conf *path)
{
	enum lvs_reason reason = lvs_send_check(packet, headers, path);

	return reason == LVS_REASON_NONE ? go(packet, headers, path) : reason;
}

static enum lvs_reason dr_out(struct lvs_packet *packet, struct lvs_headers *headers,
			      const struct lvs_binding *binding)
{
	const struct lvs_path_conf *path = binding->path;

	if (lvs_likely(lvs_send_passes(headers, path, 0)))
		return go(packet, headers, path);
	return check(packet, headers, path);
}

const struct lvs_forward_ops lvs_forward_dr = {
	.size = sizeof(lvs_forward_dr),
	.flags = LVS_FORWARD_PATH_ALONE,
	.name = "dr",
	.method = LVS_METHOD_DR,
	.out = dr_out,
};
