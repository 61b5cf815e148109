/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include "option_value.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: lvsd --io INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io packet:INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io tun:NAME,INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io xdp:INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io pcap:IN[,OUT] --rules FILE [OPTION]...\n"
	"       lvsd --config FILE.yaml [OPTION]...\n"
	"       lvsd --check FILE.yaml | --check --rules FILE\n"
	"A virtual server in user space. FILE is what \"ipvsadm -S -n\" prints.\n\n"
	"  --config FILE.yaml   all of the below and rules, see lvsd.yaml(5); options stand over "
	"it\n"
	"  --io INTERFACE[,INTERFACE...]\n"
	"                       by the adapter that suits these: packet or xdp, and why is said\n"
	"  --io packet:INTERFACE[,INTERFACE...]\n"
	"                       balance what comes in there; service addresses are put on the "
	"first\n"
	"  --io tun:NAME,INTERFACE[,INTERFACE...]\n"
	"                       balance what comes in there and the host then routes into TUN "
	"device\n"
	"                       NAME; no direct routing\n"
	"  --io xdp:INTERFACE[,INTERFACE...]\n"
	"                       the same by AF_XDP sockets: an XDP program steers to them what "
	"belongs to\n"
	"                       the services\n"
	"  --io pcap:IN[,OUT]   replay a capture file, write what would be sent, print the report\n"
	"  --rules FILE         services and servers; lines \"set NAME VALUE\" are as --set, "
	"\"mark NUMBER\n"
	"                       dst 192.0.2.80 proto tcp port 80,443\" marks packets for -f, see "
	"lvsd(8)\n"
	"  --control[=PATH]     take commands at this socket as the kernel's IPVS does (default\n"
	"                       /run/lvsd/control); --rules may be left out then\n"
	"  --workers N          threads that handle packets, 1 to 64 (default 1)\n"
	"  --pin[=CPUS]         worker 0 on the first of these processors, and so on (0-3,8; "
	"default: "
	"all\n"
	"                       that lvsd may use)\n"
	"  --spread flow|cpu    packet: a packet's worker by its flow (default), or by the "
	"processor "
	"that\n"
	"                       took it from the interface\n"
	"  --table-size N       connections at most (default 1048576); --set conn_max=N\n"
	"  --set NAME=VALUE     a setting by the name of the kernel's sysctl, or tcp, tcpfin or "
	"udp: a\n"
	"                       timeout in seconds; once for each\n"
	"  --ftp[=PORT,...]     help FTP behind NAT, its control connections to these ports "
	"(default "
	"21)\n"
	"  --modern             a full table makes room; connections of removed servers end\n"
	"  --name NAME          of this instance; two on one host need two (default 0)\n"
	"  --forwarding         set-up: let the host forward too (servers behind NAT need it for\n"
	"                       their own traffic)\n"
	"  --no-address         another program holds the service addresses\n"
	"  --no-setup           change nothing on the host: no filter, address, sysctl or TUN\n"
	"  --print-setup        print what would be changed on the host, and exit\n"
	"  --count-hops         tun: TTL counts the host's hops too, three in all (default: one)\n"
	"  --xdp WORD[,WORD...] xdp: native or generic, copy or zero-copy, trust, detect (default) "
	"or\n"
	"                       recompute checksums, busy-poll=MICROSECONDS\n"
	"  --metrics [ADDRESS:]PORT  serve http://ADDRESS:PORT/metrics for Prometheus (default "
	"address\n"
	"                       127.0.0.1)\n"
	"  --check-every SECONDS  compare connections, counts and timers so often; SIGRTMIN: now\n"
	"  --check              read files and rules, and exit; needs no --io, and with one says "
	"whether\n"
	"                       it can carry them\n"
	"  --log-level LEVEL    error, warning, notice, info or debug (default notice)\n"
	"  --help, --version\n\n"
	"SIGHUP reads FILE again, SIGUSR1 prints services, servers and connections, SIGUSR2\n"
	"announces the service addresses, SIGRTMIN checks whether connections, counts and timers "
	"agree,\n"
	"SIGTERM and SIGINT end it.\n";

/* Nobody should have to guess which of two holds. */
static int check_rules(const struct options *options)
{
	if (!options->config || options->rules_in_config ||
	    !(options->file.text[CONFIG_KEY_SETTINGS] || options->file.text[CONFIG_KEY_MARKS] ||
	      options->file.text[CONFIG_KEY_SERVICES]))
		return 0;
	fprintf(stderr, "lvsd: expected settings, marks and services in %s or --rules, got both\n",
		options->config);
	return -1;
}

static bool has_io(const struct options *options)
{
	return options->io || options->interface_n;
}

static int complete(const struct options *options)
{
	if ((!options->rules && (!options->control || options->check)) ||
	    (!has_io(options) && !options->check)) {
		fprintf(stderr, "lvsd: expected %s; try --help\n",
			options->config   ? "--io, or interfaces in the file of --config"
			: options->rules  ? "--io"
			: options->check  ? "--config or --rules with --check"
			: has_io(options) ? "--config or --rules"
					  : "--config, or --io and --rules");
		return -1;
	}
	if (check_rules(options) < 0)
		return -1;
	if (options->print_setup && (options->no_setup || !options->interface_n)) {
		fprintf(stderr, "lvsd: expected --print-setup with --io packet:INTERFACE or "
				"tun:NAME,INTERFACE, and without --no-setup\n");
		return -1;
	}
	if (options->by_cpu && (!options->interface_n || options->tun[0] || options->is_xdp)) {
		fprintf(stderr, "lvsd: expected --spread cpu with --io packet:INTERFACE\n");
		return -1;
	}
	if (options->is_xdp && options->no_setup) {
		fprintf(stderr,
			"lvsd: expected --io xdp:INTERFACE without --no-setup: its program is "
			"set-up\n");
		return -1;
	}
	if (options->count_hops && !options->tun[0]) {
		fprintf(stderr, "lvsd: expected --count-hops with --io tun:NAME,INTERFACE\n");
		return -1;
	}
	return 0;
}

/* Options without a value, each a bool of struct options. */
#define OPTION_FLAGS(X)                                                                            \
	X("check", check)                                                                          \
	X("print-setup", print_setup)                                                              \
	X("no-setup", no_setup)                                                                    \
	X("no-address", no_address)                                                                \
	X("forwarding", forwarding)                                                                \
	X("modern", modern)                                                                        \
	X("count-hops", count_hops)

enum {
	OPTION_FLAG = 512, /* the first of them, as getopt_long() tells it */
};

#define FLAG_OFFSET(text, field) offsetof(struct options, field),
static const size_t flags[] = {OPTION_FLAGS(FLAG_OFFSET)};
#undef FLAG_OFFSET

enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

static const struct option longs[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"io", required_argument, NULL, OPTION_IO},
	{"rules", required_argument, NULL, OPTION_RULES},
	{"control", optional_argument, NULL, OPTION_CONTROL},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"pin", optional_argument, NULL, OPTION_PIN},
	{"spread", required_argument, NULL, OPTION_SPREAD},
	{"xdp", required_argument, NULL, OPTION_XDP},
	{"table-size", required_argument, NULL, OPTION_TABLE_SIZE},
	{"set", required_argument, NULL, OPTION_SET},
	{"ftp", optional_argument, NULL, OPTION_FTP},
	{"name", required_argument, NULL, OPTION_NAME},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"metrics", required_argument, NULL, OPTION_METRICS},
	{"check-every", required_argument, NULL, OPTION_CHECK_EVERY},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
#define FLAG_ROW(text, field) {text, no_argument, NULL, OPTION_FLAG},
	OPTION_FLAGS(FLAG_ROW)
#undef FLAG_ROW
		{NULL, 0, NULL, 0},
};

/* Flags are the last of the list. */
static void take_flag(int index, struct options *options)
{
	size_t first = sizeof(longs) / sizeof(longs[0]) - 1 - FLAGS;
	bool on = true;

	memcpy((char *)options + flags[(size_t)index - first], &on, sizeof(on));
}

/* One option. Returns -1 to go on, or the exit status. */
static int take_option(int option, int index, struct options *options)
{
	struct option_error error;

	switch (option) {
	case OPTION_HELP:
		fputs(help, stdout);
		return EXIT_SUCCESS;
	case OPTION_VERSION:
		printf("lvsd %s\n", lvs_version());
		return EXIT_SUCCESS;
	case OPTION_CONFIG: /* was read before all others */
		return -1;
	case OPTION_FLAG:
		take_flag(index, options);
		return -1;
	case '?': /* getopt_long() has said what is wrong */
		return 2;
	default:
		break;
	}
	options->log_level_given |= option == OPTION_LOG_LEVEL;
	if (option_take(option, optarg, options, &error) == 0)
		return -1;
	fprintf(stderr, "lvsd: --%s: %s\n", longs[index].name, error.text);
	return 2;
}

/* The file that the line names: with --check, its last word may be it. */
static const char *find_config(int argc, char **argv)
{
	const char *config = NULL;
	bool check = false;
	int index, c;

	optind = 0; /* from the beginning, and silently: what is wrong is said later */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", longs, &index)) != -1) {
		if (c == OPTION_CONFIG)
			config = optarg;
		else if (c == OPTION_FLAG)
			check |= !strcmp(longs[index].name, "check");
	}
	opterr = 1;
	return !config && check && optind == argc - 1 ? argv[optind] : config;
}

static int read_config(struct options *options)
{
	char error[1024];

	if (config_read_file(options->config, &options->file, NULL, error, sizeof(error)) == 0 &&
	    config_apply(&options->file, options->config, options, error, sizeof(error)) == 0)
		return 0;
	fprintf(stderr, "lvsd: %s\n", error);
	return -1;
}

static int read_line(int argc, char **argv, struct options *options)
{
	int index, c, status = -1;

	optind = 0;
	while (status < 0 && (c = getopt_long(argc, argv, "", longs, &index)) != -1)
		status = take_option(c, index, options);
	if (status >= 0)
		return status;
	if (optind < argc && argv[optind] != options->config) {
		fprintf(stderr, "lvsd: command line: expected options only, got \"%s\"\n",
			argv[optind]);
		return 2;
	}
	return complete(options) < 0 ? 2 : -1;
}

int options_read(int argc, char **argv, struct options *options)
{
	int status = 2;

	*options = (struct options){.worker_n = 1, .name = "0", .log_level = LVS_LOG_NOTICE};
	options->config = find_config(argc, argv);
	if (!options->config || read_config(options) == 0)
		status = read_line(argc, argv, options);
	if (status >= 0)
		options_free(options);
	return status;
}

void options_free(struct options *options)
{
	config_free(&options->file);
}
