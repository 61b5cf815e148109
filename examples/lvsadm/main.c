/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lvsadm: ipvsadm for lvsd.
 *
 *     words -> request ---- checked, nothing asked yet
 *                |
 *                v
 *     control socket of lvsd, or --kernel: the same messages
 */
#include "restore.h"
#include "run.h"
#include "verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ask(struct link *link, const struct request *request)
{
	int status = link_open(link);

	if (status)
		return status;
	if (request->command == COMMAND_RESTORE)
		status = restore_run(link, stdin);
	else
		status = run_request(link, request);
	link_close(link);
	return status;
}

static int run(int argc, char **argv, struct link *link)
{
	const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;
	struct complaint complaint;
	struct request request;

	if (verb)
		return verb->run(link, argc - 1, argv + 1);
	if (request_read(argc, argv, &request, &complaint) < 0) {
		fprintf(stderr, "%s\n", complaint.text);
		return complaint.status;
	}
	if (request.command == COMMAND_HELP || request.command == COMMAND_VERSION)
		return run_request(link, &request);
	return ask(link, &request);
}

/* Options of lvsadm's own stand in front. Returns how many words they are, or -1. */
static int read_link(int argc, char **argv, struct link *link)
{
	int n = 0;

	*link = (struct link){.path = LINK_PATH};
	while (n + 1 < argc) {
		const char *word = argv[n + 1];

		if (!strcmp(word, "--kernel")) {
			link->path = NULL;
			n++;
		} else if (!strncmp(word, "--socket=", 9)) {
			link->path = word + 9;
			n++;
		} else if (!strcmp(word, "--socket")) {
			if (n + 2 >= argc) {
				fputs("lvsadm: --socket: expected a path, got nothing\n", stderr);
				return -1;
			}
			link->path = argv[n + 2];
			n += 2;
		} else {
			break;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	struct link link;
	int n = read_link(argc, argv, &link);

	if (n < 0)
		return STATUS_USAGE;
	argv[n] = argv[0];
	return run(argc - n, argv + n, &link);
}
