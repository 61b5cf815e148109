/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper/list.h"

#include <string.h>

#include "base/compiler.h"

static const struct lvs_helper_ops *const helpers[] = {
#define HELPER_ROW(name) &lvs_helper_##name,
	LVS_HELPERS(HELPER_ROW)
#undef HELPER_ROW
};

const struct lvs_helper_ops *lvs_helper_find(const char *name)
{
	for (unsigned i = 0; i < LVS_ARRAY_N(helpers); i++) {
		if (strcmp(helpers[i]->name, name) == 0)
			return helpers[i];
	}
	return NULL;
}
