/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/paths.h"

#include <string.h>

int paths_refresh_one(struct lvs_director *director, struct lvs_host *host, struct addr_item *item)
{
	struct lvs_path_conf path;
	int err;

	memset(&path, 0, sizeof(path)); /* compared as bytes below */
	path.size = sizeof(path);
	err = lvs_host_path(host, item->family, &item->addr, &path);
	if (err)
		return err;
	if (!memcmp(&path, &item->path, sizeof(path)))
		return 0;
	err = lvs_director_set_path(director, item->family, &item->addr, &path);
	if (!err)
		item->path = path;
	return err;
}

int paths_refresh(struct lvs_director *director, struct lvs_host *host, struct addr_set *dests)
{
	for (size_t i = 0; i < dests->n; i++) {
		int err = paths_refresh_one(director, host, &dests->item[i]);

		if (err)
			return err;
	}
	return 0;
}

void paths_forget(struct lvs_director *director, const struct addr_set *before,
		  const struct addr_set *now)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct addr_item *item = &before->item[i];

		if (!addr_set_find(now, item->family, &item->addr))
			lvs_director_set_path(director, item->family, &item->addr, NULL);
	}
}
