/* SPDX-License-Identifier: BSD-2-Clause */
/* What a forwarding method may have or not: its fields are appended to, and old ones are shorter.
 */
#ifndef LVS_FORWARD_OPS_H
#define LVS_FORWARD_OPS_H

#include <liblvs/forward.h>

/* The field, or NULL where the embedder's structure ends before it. */
#define LVS_FORWARD_FIELD(ops, field)                                                              \
	((ops)->size >= offsetof(struct lvs_forward_ops, field) + sizeof((ops)->field)             \
		 ? (ops)->field                                                                    \
		 : NULL)

/* Bytes that out() puts in front. */
static inline uint32_t lvs_forward_overhead(const struct lvs_forward_ops *ops,
					    const struct lvs_binding *binding)
{
	uint32_t (*overhead)(const struct lvs_binding *) = LVS_FORWARD_FIELD(ops, overhead);

	return overhead ? overhead(binding) : 0;
}

#endif
