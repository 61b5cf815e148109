/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include "request_value.h"
#include "value.h"

#include <string.h>

enum { TIMEOUT_MAX_S = 31 * 86400 };

static int no_command(struct complaint *complaint)
{
	return complain(complaint, STATUS_ERROR,
			"Try `lvsadm -h' or 'lvsadm --help' for more information.");
}

static int bad_word(const struct words *words, int what, struct complaint *complaint)
{
	const char *why = what == WORDS_UNKNOWN   ? "unknown option"
			  : what == WORDS_MISSING ? "missing argument"
						  : "option does not take an argument";

	complain(complaint, STATUS_ERROR, "%s: %s", words->word, why);
	complaint->ends = 0;
	return -1;
}

static int read_options(struct words *words, struct request *request, struct request_late *late,
			struct complaint *complaint)
{
	int what;

	while ((what = words_next(words)) >= 0) {
		if (what < WORD_FIRST)
			return complain(complaint, STATUS_USAGE, "invalid option `%s'",
					words->word);
		if (request_value(request, what, words->value, late, complaint) < 0)
			return -1;
	}
	return what == WORDS_END ? 0 : bad_word(words, what, complaint);
}

/* The three numbers of --set, which are no options. */
static int read_timeouts(const struct words *words, struct request *request,
			 struct complaint *complaint)
{
	if (words->left_n < 3)
		return complain(complaint, STATUS_USAGE, "--set option requires 3 timeout values");
	for (unsigned i = 0; i < 3; i++) {
		int64_t seconds;

		if (value_number(words->left[i], 0, TIMEOUT_MAX_S, &seconds) < 0)
			return complain(complaint, STATUS_USAGE,
					"invalid timeout value `%s' specified", words->left[i]);
		request->timeout_s[i] = (uint32_t)seconds;
	}
	return 0;
}

static int read_left(const struct words *words, struct request *request,
		     struct complaint *complaint)
{
	unsigned mine = 0;

	if (request->command == COMMAND_SET) {
		if (read_timeouts(words, request, complaint) < 0)
			return -1;
		mine = 3;
	}
	if (words->left_n > mine)
		return complain(complaint, STATUS_USAGE, "unexpected argument %s",
				words->left[mine]);
	return 0;
}

static int read_flags(struct request *request, const char *flags, struct complaint *complaint)
{
	const char *word;
	int len, failed;

	if (!flags)
		return 0;
	failed = value_flags(flags, request->service.sched, &request->service.flags, &word, &len);
	if (!failed)
		return 0;
	return complain(complaint, STATUS_USAGE, "%s scheduler flag `%.*s'",
			failed == -1 ? "invalid" : "incompatible", len, word);
}

static int check_service(const struct request *request, struct complaint *complaint)
{
	const struct lvs_ipvs_service *service = &request->service;

	if (!service->fwmark && !service->port && !(service->flags & LVS_SERVICE_PERSISTENT))
		return complain(complaint, STATUS_USAGE,
				"Zero port specified for non-persistent service");
	if (service->flags & LVS_SERVICE_ONE_PACKET && !service->fwmark &&
	    service->protocol != LVS_UDP)
		return complain(complaint, STATUS_USAGE,
				"One-Packet Scheduling is only for UDP virtual services");
	return 0;
}

static int check_server(struct request *request, struct complaint *complaint)
{
	const struct lvs_ipvs_service *service = &request->service;
	struct lvs_ipvs_dest *dest = &request->dest;

	/* Nothing but NAT can change a port. */
	if (!service->fwmark && dest->method != LVS_METHOD_NAT)
		dest->port = service->port;
	if (dest->method != LVS_METHOD_TUNNEL) {
		if (service->family != dest->family)
			return complain(complaint, STATUS_USAGE,
					"Different address family is allowed only for tunneling "
					"servers");
		if (request->options & OF_TUNNEL)
			return complain(complaint, STATUS_USAGE,
					"Tunnel options conflict with forward method");
		return 0;
	}
	return option_check_tunnel(dest->tun_type, request->options, complaint);
}

static int check(struct request *request, struct complaint *complaint)
{
	if (option_check(request->command, request->options, complaint) < 0)
		return -1;
	switch (request->command) {
	case COMMAND_ADD_SERVICE:
	case COMMAND_EDIT_SERVICE:
		return check_service(request, complaint);
	case COMMAND_ADD_SERVER:
	case COMMAND_EDIT_SERVER:
		return check_server(request, complaint);
	default:
		return 0;
	}
}

static void set_defaults(struct request *request)
{
	*request = (struct request){
		.service = {.family = LVS_INET, .netmask = UINT32_MAX},
		.dest = {.family = LVS_INET, .method = LVS_METHOD_DR, .weight = 1},
	};
}

/* What stands for nothing given, which an empty value is, too. */
static void fill_in(struct request *request)
{
	if (!request->service.sched[0])
		strcpy(request->service.sched, "wlc");
	if (!request->daemon.interface[0])
		strcpy(request->daemon.interface, "eth0");
}

int request_read(int argc, char *const *argv, struct request *request, struct complaint *complaint)
{
	struct request_late late = {0};
	struct words words;
	int what;

	set_defaults(request);
	if (argc < 2) {
		request->command = COMMAND_LIST;
		return 0;
	}
	words_begin(&words, option_words, option_words_n, argc, argv);
	what = words_next(&words);
	if (what < 0 || what >= WORD_FIRST)
		return no_command(complaint);
	request->command = (enum command)what;
	if (what == COMMAND_HELP || what == COMMAND_VERSION)
		return 0;
	if (words.value && request_state(request, words.value, complaint) < 0)
		return -1;
	if (read_options(&words, request, &late, complaint) < 0)
		return -1;
	fill_in(request);
	if (read_left(&words, request, complaint) < 0 ||
	    read_flags(request, late.flags, complaint) < 0)
		return -1;
	return check(request, complaint);
}
