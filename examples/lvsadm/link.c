/* SPDX-License-Identifier: BSD-2-Clause */
#include "link.h"

#include "change.h"
#include "error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int no_kernel(int error)
{
	if (error == -ENOENT || error == -ECONNREFUSED || error == -EPROTONOSUPPORT)
		error = -ENOPROTOOPT;
	fprintf(stderr,
		"Can't initialize ipvs: %s\n"
		"Are you sure that IP Virtual Server is built in the kernel or as module?\n",
		strerror(-error));
	return STATUS_USAGE;
}

int link_open(struct link *link)
{
	int error = lvs_ipvs_client_new(link->path, &link->client);

	if (!error)
		return 0;
	if (!link->path)
		return no_kernel(error);
	fprintf(stderr, "lvsadm: %s: %s: expected lvsd's control socket (lvsd --control)\n",
		link->path, strerror(-error));
	return STATUS_USAGE;
}

void link_close(struct link *link)
{
	lvs_ipvs_client_del(link->client);
	link->client = NULL;
}

void link_tell(const struct link *link, enum command command, int error)
{
	const char *sentence = lvs_ipvs_client_sentence(link->client);

	fprintf(stderr, "%s\n", error_text(command, error));
	if (*sentence)
		fprintf(stderr, "lvsadm: %s\n", sentence);
}

int link_change(const struct link *link, const struct request *request)
{
	struct lvs_ipvs_message message;
	int error;

	change_message(request, &message);
	error = lvs_ipvs_ask(link->client, &message, NULL, NULL);
	if (error)
		link_tell(link, request->command, error);
	return error;
}
