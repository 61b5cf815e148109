/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 32, TEXT_LEN = 64, OPTION_SCTP = 256, OPTION_SET };

struct command {
	char verb; /* A E D a e d C Z, or 's' for --set; 0 none */
	struct lvs_service_key service;
	struct lvs_service_conf service_conf;
	struct lvs_dest_key dest;
	struct lvs_dest_conf dest_conf;
	struct lvs_timeouts timeouts;
};

static const char letters[] = "+AEDaedCZt:u:f:s:b:r:w:x:y:gmi6p::M:";
static const struct option words[] = {
	{"sctp-service", required_argument, NULL, OPTION_SCTP},
	{"set", no_argument, NULL, OPTION_SET},
	{NULL, 0, NULL, 0},
};

/* "address:port" or "[address]:port"; the family, 0 when it is none. */
static unsigned end_parse(const char *text, union lvs_addr *addr, lvs_be16 *port)
{
	char copy[TEXT_LEN];
	char *begin = copy;
	char *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (!colon)
		return 0;
	*colon = 0;
	*port = htons((uint16_t)atoi(colon + 1));
	if (*begin == '[' && colon[-1] == ']') {
		begin++;
		colon[-1] = 0;
	}
	return host_parse(begin, addr);
}

static bool service_parse(struct command *command, const char *text, uint8_t protocol)
{
	command->service.protocol = protocol;
	command->service.family =
		(uint8_t)end_parse(text, &command->service.addr, &command->service.port);
	return command->service.family != 0;
}

/* "mh-port,mh-fallback" and their like. */
static uint32_t flags_parse(const char *text)
{
	uint32_t flags = 0;

	if (strstr(text, "-fallback") || strstr(text, "flag-1"))
		flags |= LVS_SCHED_FLAG1;
	if (strstr(text, "-port") || strstr(text, "flag-2"))
		flags |= LVS_SCHED_FLAG2;
	if (strstr(text, "flag-3"))
		flags |= LVS_SCHED_FLAG3;
	return flags;
}

static bool take_service(struct command *command, int option)
{
	switch (option) {
	case 't':
		return service_parse(command, optarg, LVS_TCP);
	case 'u':
		return service_parse(command, optarg, LVS_UDP);
	case OPTION_SCTP:
		return service_parse(command, optarg, LVS_SCTP);
	case 'f':
		command->service.fwmark = (uint32_t)strtoul(optarg, NULL, 10);
		if (!command->service.family)
			command->service.family = LVS_INET;
		return true;
	case '6':
		command->service.family = LVS_INET6;
		return true;
	case 's':
		command->service_conf.sched = lvs_sched_find(optarg);
		return command->service_conf.sched != NULL;
	case 'b':
		command->service_conf.flags |= flags_parse(optarg);
		return true;
	case 'p':
		command->service_conf.flags |= LVS_SERVICE_PERSISTENT;
		command->service_conf.timeout_s = optarg ? (uint32_t)atoi(optarg) : 300;
		return true;
	default:
		return false;
	}
}

static bool take_dest(struct command *command, int option)
{
	switch (option) {
	case 'r':
		command->dest.family =
			(uint8_t)end_parse(optarg, &command->dest.addr, &command->dest.port);
		return command->dest.family != 0;
	case 'w':
		command->dest_conf.weight = atoi(optarg);
		return true;
	case 'x':
		command->dest_conf.upper = (uint32_t)atoi(optarg);
		return true;
	case 'y':
		command->dest_conf.lower = (uint32_t)atoi(optarg);
		return true;
	case 'g':
		command->dest_conf.method = LVS_METHOD_DR;
		return true;
	case 'm':
		command->dest_conf.method = LVS_METHOD_NAT;
		return true;
	case 'i':
		command->dest_conf.method = LVS_METHOD_TUNNEL;
		return true;
	default:
		return false;
	}
}

static bool take(struct command *command, int option)
{
	if (option == '?')
		return false;
	if (option == OPTION_SET || strchr("AEDaedCZ", option)) {
		command->verb = option == OPTION_SET ? 's' : (char)option;
		return true;
	}
	return take_service(command, option) || take_dest(command, option);
}

static bool parse(struct command *command, char *args)
{
	static char name[] = "ipvsadm";
	char *argv[ARGS_MAX + 2] = {name};
	int argc = 1;
	int option;

	*command = (struct command){
		.service_conf = {.size = sizeof(command->service_conf), .netmask = UINT32_MAX},
		.dest_conf = {.size = sizeof(command->dest_conf),
			      .method = LVS_METHOD_DR,
			      .weight = 1},
		.timeouts = {.size = sizeof(command->timeouts)},
	};
	while (argc <= ARGS_MAX && (argv[argc] = script_word(&args)))
		argc++;
	argv[argc] = NULL;
	opterr = 0;
	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, letters, words, NULL)) != -1)
		if (!take(command, option))
			return false;
	if (command->verb == 's' && argc - optind == 3) {
		command->timeouts.tcp_s = (uint32_t)atoi(argv[optind]);
		command->timeouts.tcp_fin_s = (uint32_t)atoi(argv[optind + 1]);
		command->timeouts.udp_s = (uint32_t)atoi(argv[optind + 2]);
	}
	if (command->service.family == LVS_INET6)
		command->service_conf.netmask = 128;
	return true;
}

static int change(struct lvs_txn *txn, const struct command *command)
{
	switch (command->verb) {
	case 'A':
		return lvs_txn_add_service(txn, &command->service, &command->service_conf);
	case 'E':
		return lvs_txn_edit_service(txn, &command->service, &command->service_conf);
	case 'D':
		return lvs_txn_del_service(txn, &command->service);
	case 'a':
		return lvs_txn_add_dest(txn, &command->service, &command->dest,
					&command->dest_conf);
	case 'e':
		return lvs_txn_edit_dest(txn, &command->service, &command->dest,
					 &command->dest_conf);
	case 'd':
		return lvs_txn_del_dest(txn, &command->service, &command->dest);
	case 'C':
		return lvs_txn_flush(txn);
	default:
		return LVS_ERR_UNSUPPORTED;
	}
}

static int commit(struct lvs_director *director, const struct command *command)
{
	struct lvs_txn *txn;
	int err = lvs_txn_begin(director, &txn);

	if (err)
		return err;
	err = change(txn, command);
	if (!err)
		return lvs_txn_commit(txn);
	lvs_txn_abort(txn);
	return err;
}

int rules_apply(struct lvs_director *director, struct host *host, char *args)
{
	struct command command;
	struct lvs_path_conf path;

	if (!parse(&command, args))
		return LVS_ERR_UNSUPPORTED;
	if (command.verb == 's')
		return lvs_director_set_timeouts(director, &command.timeouts);
	if (command.verb == 'a') {
		enum lvs_family family = (enum lvs_family)command.dest.family;
		int err = host_path(host, family, &command.dest.addr, &path);

		if (!err)
			err = lvs_director_set_path(director, family, &command.dest.addr, &path);
		if (err)
			return err;
	}
	return commit(director, &command);
}
