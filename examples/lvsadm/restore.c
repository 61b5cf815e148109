/* SPDX-License-Identifier: BSD-2-Clause */
#include "restore.h"

#include "change.h"
#include "lines.h"
#include "run.h"

#include <stdbool.h>
#include <string.h>

static int ask(const struct link *link, uint8_t command)
{
	struct lvs_ipvs_message message = {
		.size = sizeof(message), .kind = LVS_IPVS_OWN, .command = command};

	return lvs_ipvs_ask(link->client, &message, NULL, NULL);
}

/* Puts what changes services and servers, up to the first line that is something else. */
static int put_lines(const struct link *link, struct lines *lines)
{
	struct lvs_ipvs_message message;
	struct complaint complaint;
	struct request request;
	int error = 0;

	for (;;) {
		struct lines before = *lines;

		if (lines_take(lines, false, &request, &complaint) != LINES_REQUEST ||
		    !change_is_rule(request.command)) {
			*lines = before;
			return error;
		}
		change_message(&request, &message);
		error = lvs_ipvs_put(link->client, &message);
		if (error)
			return error;
	}
}

/* As many lines as one transaction can do. Where that fails nothing was done: returns false. */
static bool together(const struct link *link, struct lines *lines)
{
	struct lines behind = *lines;

	if (!link->path || ask(link, LVS_IPVS_BEGIN))
		return false;
	if (put_lines(link, &behind) || ask(link, LVS_IPVS_COMMIT)) {
		(void)ask(link, LVS_IPVS_ABORT);
		return false;
	}
	*lines = behind;
	return true;
}

/* ends: whether ipvsadm would stop here. */
static int one_line(const struct link *link, const struct request *request, bool *ends)
{
	int status;

	if (request->command == COMMAND_RESTORE) {
		fputs("Try `lvsadm -h' or 'lvsadm --help' for more information.\n", stderr);
		*ends = true;
		return STATUS_ERROR;
	}
	status = run_request(link, request);
	*ends = status == STATUS_FAILED;
	return status;
}

static int one_by_one(const struct link *link, struct lines *lines)
{
	struct complaint complaint;
	struct request request;
	enum lines_next next;
	bool ends = false;
	int status = 0;

	while (!ends && (next = lines_take(lines, false, &request, &complaint)) != LINES_END) {
		if (next == LINES_REQUEST) {
			status = one_line(link, &request, &ends);
			continue;
		}
		fprintf(stderr, "%s\n", complaint.text);
		status = complaint.status;
		ends = complaint.ends;
	}
	return status;
}

int restore_run(const struct link *link, FILE *in)
{
	struct lines lines;
	int error = lines_read(&lines, in);
	int status = STATUS_ERROR;

	if (error) {
		fprintf(stderr, "lvsadm: input: %s\n", strerror(-error));
	} else {
		(void)together(link, &lines);
		status = one_by_one(link, &lines);
	}
	lines_free(&lines);
	return status;
}
