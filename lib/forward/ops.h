/* SPDX-License-Identifier: BSD-2-Clause */
/* What a forwarding method may have or not: its fields are appended to, and old ones are shorter.
 */
#ifndef LVS_FORWARD_OPS_H
#define LVS_FORWARD_OPS_H

#include <stdbool.h>

#include <liblvs/forward.h>

/* The field, or NULL where the embedder's structure ends before it. */
#define LVS_FORWARD_FIELD(ops, field)                                                              \
	((ops)->size >= offsetof(struct lvs_forward_ops, field) + sizeof((ops)->field)             \
		 ? (ops)->field                                                                    \
		 : NULL)

/* Bytes that out() puts in front; @p partial: the packet's checksum is a partial one. */
static inline uint32_t lvs_forward_overhead(const struct lvs_forward_ops *ops,
					    const struct lvs_binding *binding, bool partial)
{
	uint32_t (*overhead)(const struct lvs_binding *) = LVS_FORWARD_FIELD(ops, overhead);
	struct lvs_binding own = *binding;

	own.partial = partial;
	return overhead ? overhead(&own) : 0;
}

#endif
