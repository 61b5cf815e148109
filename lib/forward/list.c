/* SPDX-License-Identifier: BSD-2-Clause */
#include "forward/list.h"

#include "base/compiler.h"

static const struct lvs_forward_ops *const forwarders[] = {
#define FORWARDER_ROW(name) &lvs_forward_##name,
	LVS_FORWARDERS_LIST(FORWARDER_ROW)
#undef FORWARDER_ROW
};

const struct lvs_forward_ops *lvs_forward_find(enum lvs_method method)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(forwarders); i++)
		if (forwarders[i]->method == (uint32_t)method)
			return forwarders[i];
	return NULL;
}
