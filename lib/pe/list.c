/* SPDX-License-Identifier: BSD-2-Clause */
#include "pe/list.h"

#include <string.h>

#include "base/compiler.h"

static const struct lvs_pe_ops *const engines[] = {
#define PE_ROW(name) &lvs_pe_##name,
	LVS_PES(PE_ROW)
#undef PE_ROW
};

const struct lvs_pe_ops *lvs_pe_find(const char *name)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(engines); i++) {
		if (strcmp(engines[i]->name, name) == 0)
			return engines[i];
	}
	return NULL;
}
