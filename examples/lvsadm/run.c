/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include "list.h"
#include "usage.h"

#include <stdio.h>

int run_request(const struct link *link, const struct request *request)
{
	switch (request->command) {
	case COMMAND_HELP:
		usage_help(stdout);
		return 0;
	case COMMAND_VERSION:
		usage_version(stdout);
		return 0;
	case COMMAND_LIST:
		return list_run(link, request);
	case COMMAND_SAVE:
		return list_save(link, request);
	default:
		return link_change(link, request) ? STATUS_ERROR : 0;
	}
}
