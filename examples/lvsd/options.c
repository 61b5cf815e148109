/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"
#include "xdp.h"

#include <liblvs/host.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_EVERY_MAX = 1000000 };

static const char help[] =
	"Usage: lvsd --io INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io packet:INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io tun:NAME,INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io xdp:INTERFACE[,INTERFACE...] --rules FILE [OPTION]...\n"
	"       lvsd --io pcap:IN[,OUT] --rules FILE [OPTION]...\n"
	"       lvsd --check --rules FILE\n"
	"A virtual server in user space. FILE is what \"ipvsadm -S -n\" prints.\n\n"
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
	"  --check-every SECONDS  compare connections, counts and timers so often; SIGRTMIN: now\n"
	"  --check              read the rules, and exit; needs no --io, and with one says whether "
	"it\n"
	"                       can carry them\n"
	"  --log-level LEVEL    error, warning, notice, info or debug (default notice)\n"
	"  --help, --version\n\n"
	"SIGHUP reads FILE again, SIGUSR1 prints services, servers and connections, SIGUSR2\n"
	"announces the service addresses, SIGRTMIN checks whether connections, counts and timers "
	"agree,\n"
	"SIGTERM and SIGINT end it.\n";

static int fail(const char *option, const char *expected, const char *got)
{
	fprintf(stderr, "lvsd: %s: expected %s, got \"%s\"\n", option, expected, got);
	return -1;
}

static int read_number(const char *option, const char *text, unsigned long max, uint32_t *number)
{
	char expected[64];
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end || value < 1 || value > max) {
		snprintf(expected, sizeof(expected), "a number from 1 to %lu", max);
		return fail(option, expected, text);
	}
	*number = (uint32_t)value;
	return 0;
}

static int set_one(const char *option, const char *name, size_t len, const char *value,
		   struct options *options)
{
	char error[512];

	if (setting_take(&options->settings, name, len, value, 0, error, sizeof(error)) == 0)
		return 0;
	fprintf(stderr, "lvsd: %s: %s\n", option, error);
	return -1;
}

/* NAME=VALUE */
static int read_setting(const char *text, struct options *options)
{
	size_t len = strcspn(text, "=");

	if (!text[len])
		return fail("--set", "NAME=VALUE", text);
	return set_one("--set", text, len, text + len + 1, options);
}

static int read_table_size(const char *text, struct options *options)
{
	const char *name = setting_name(SETTING_CONN_MAX);

	return set_one("--table-size", name, strlen(name), text, options);
}

static int read_level(const char *text, enum lvs_log_level *level)
{
	static const char *const name[] = {
		[LVS_LOG_ERROR] = "error",   [LVS_LOG_WARNING] = "warning",
		[LVS_LOG_NOTICE] = "notice", [LVS_LOG_INFO] = "info",
		[LVS_LOG_DEBUG] = "debug",
	};

	for (unsigned i = LVS_LOG_ERROR; i <= LVS_LOG_DEBUG; i++) {
		if (!strcmp(name[i], text)) {
			*level = (enum lvs_log_level)i;
			return 0;
		}
	}
	return fail("--log-level", "error, warning, notice, info or debug", text);
}

/* What lvs_host_new() takes. */
static int read_name(const char *text, struct options *options)
{
	size_t len =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (!len || len > LVS_HOST_NAME_MAX || text[len])
		return fail("--name", "1 to 15 letters, digits, _ and -", text);
	options->name = text;
	return 0;
}

/* The names in the target are the set-up's business too. */
static int read_interfaces(const char *text, struct options *options)
{
	for (;;) {
		size_t len = strcspn(text, ",");
		char *name;

		if (options->interface_n == OPTIONS_INTERFACES_MAX || !len ||
		    len >= sizeof(options->interface[0]))
			return fail(options->is_xdp   ? "--io xdp"
				    : options->tun[0] ? "--io tun"
				    : options->io     ? "--io packet"
						      : "--io",
				    "1 to 16 interface names with commas between", options->target);
		name = options->interface[options->interface_n];
		memcpy(name, text, len);
		options->interfaces[options->interface_n++] = name;
		if (!text[len])
			return 0;
		text += len + 1;
	}
}

/* The device's name, then interfaces. */
static int read_tun(const char *text, struct options *options)
{
	size_t len = strcspn(text, ",");

	if (!len || len >= sizeof(options->tun) || !text[len])
		return fail("--io tun",
			    "NAME,INTERFACE[,INTERFACE...], names of 1 to 15 characters",
			    options->target);
	memcpy(options->tun, text, len);
	return read_interfaces(text + len + 1, options);
}

/* Interfaces alone: which adapter, is found out when they can be asked. */
static int read_picked(const char *text, struct options *options)
{
	options->io = NULL;
	options->is_xdp = false;
	options->target = text;
	options->interface_n = 0;
	memset(options->tun, 0, sizeof(options->tun));
	return read_interfaces(text, options);
}

static int read_io(const char *text, struct options *options)
{
	char name[16] = "";
	size_t len = strcspn(text, ":");

	if (len < sizeof(name))
		memcpy(name, text, len);
	if (!text[len] || !strcmp(name, "auto"))
		return read_picked(text[len] ? text + len + 1 : text, options);
	options->is_xdp = !strcmp(name, "xdp");
	if (options->is_xdp && !xdp_ops())
		return fail("--io", "another adapter: this lvsd was built without liblvs-xdp",
			    text);
	options->io = options->is_xdp ? xdp_ops() : lvs_io_find(name);
	if (!options->io || !text[len] || !text[len + 1])
		return fail("--io",
			    "INTERFACE[,INTERFACE...], packet:INTERFACE[,INTERFACE...], "
			    "tun:NAME,INTERFACE[,INTERFACE...], xdp:INTERFACE[,INTERFACE...] or "
			    "pcap:IN[,OUT]",
			    text);
	options->target = text + len + 1;
	options->interface_n = 0;
	memset(options->tun, 0, sizeof(options->tun));
	if (!strcmp(name, "tun"))
		return read_tun(options->target, options);
	if (options->is_xdp || !strcmp(name, "packet"))
		return read_interfaces(options->target, options);
	return 0;
}

static int read_ftp(const char *text, struct options *options)
{
	options->ftp_n = 0;
	for (const char *at = text ? text : "21";; at++) {
		char *end;
		unsigned long port = strtoul(at, &end, 10);

		if (at[0] < '0' || at[0] > '9' || port < 2 || port > UINT16_MAX ||
		    (*end && *end != ',') || options->ftp_n == OPTIONS_FTP_MAX)
			return fail("--ftp", "1 to 8 ports from 2 to 65535 with commas between",
				    text);
		options->ftp[options->ftp_n++] = (uint16_t)port;
		if (!*end)
			return 0;
		at = end;
	}
}

/* Without a list, all that there are. */
static int read_pin(const char *text, struct options *options)
{
	if (text)
		return cpus_read(text, &options->pin) == 0
			       ? 0
			       : fail("--pin", "processors below 1024, each once, like 0-3,8",
				      text);
	if (cpus_allowed(&options->pin) == 0)
		return 0;
	fprintf(stderr, "lvsd: --pin: sched_getaffinity: %s\n", strerror(errno));
	return -1;
}

static int read_spread(const char *text, struct options *options)
{
	options->by_cpu = !strcmp(text, "cpu");
	return options->by_cpu || !strcmp(text, "flow") ? 0 : fail("--spread", "flow or cpu", text);
}

static int read_xdp(const char *text, struct options *options)
{
	return xdp_words_read(text, &options->xdp) == 0
		       ? 0
		       : fail("--xdp",
			      "native, generic, copy, zero-copy, trust, detect, recompute or "
			      "busy-poll=MICROSECONDS, with commas between",
			      text);
}

static bool has_io(const struct options *options)
{
	return options->io || options->interface_n;
}

static int complete(const struct options *options)
{
	if (!options->rules || (!has_io(options) && !options->check)) {
		fprintf(stderr, "lvsd: expected %s; try --help\n",
			options->rules    ? "--io"
			: options->check  ? "--rules with --check"
			: has_io(options) ? "--rules"
					  : "--io and --rules");
		return -1;
	}
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

enum {
	HELP = 256,
	VERSION,
	IO,
	RULES,
	WORKERS,
	PIN,
	SPREAD,
	XDP,
	TABLE_SIZE,
	SET,
	FTP,
	NAME,
	LOG_LEVEL,
	CHECK_EVERY
};

/* An option with a value. Returns 0, or -1 with a line on stderr. */
static int take_value(int option, const char *text, struct options *options)
{
	switch (option) {
	case IO:
		return read_io(text, options);
	case RULES:
		options->rules = text;
		return 0;
	case NAME:
		return read_name(text, options);
	case WORKERS:
		return read_number("--workers", text, OPTIONS_WORKERS_MAX, &options->worker_n);
	case PIN:
		return read_pin(text, options);
	case SPREAD:
		return read_spread(text, options);
	case XDP:
		return read_xdp(text, options);
	case TABLE_SIZE:
		return read_table_size(text, options);
	case SET:
		return read_setting(text, options);
	case FTP:
		return read_ftp(text, options);
	case CHECK_EVERY:
		return read_number("--check-every", text, CHECK_EVERY_MAX, &options->check_every_s);
	case LOG_LEVEL:
		return read_level(text, &options->log_level);
	default: /* getopt_long() has said what is wrong */
		return -1;
	}
}

int options_read(int argc, char **argv, struct options *options)
{
	int check = 0, print_setup = 0, no_setup = 0, no_address = 0, forwarding = 0, modern = 0;
	int count_hops = 0;
	const struct option longs[] = {
		{"io", required_argument, NULL, IO},
		{"rules", required_argument, NULL, RULES},
		{"workers", required_argument, NULL, WORKERS},
		{"pin", optional_argument, NULL, PIN},
		{"spread", required_argument, NULL, SPREAD},
		{"xdp", required_argument, NULL, XDP},
		{"table-size", required_argument, NULL, TABLE_SIZE},
		{"set", required_argument, NULL, SET},
		{"ftp", optional_argument, NULL, FTP},
		{"name", required_argument, NULL, NAME},
		{"log-level", required_argument, NULL, LOG_LEVEL},
		{"check-every", required_argument, NULL, CHECK_EVERY},
		{"check", no_argument, &check, 1},
		{"print-setup", no_argument, &print_setup, 1},
		{"no-setup", no_argument, &no_setup, 1},
		{"no-address", no_argument, &no_address, 1},
		{"forwarding", no_argument, &forwarding, 1},
		{"modern", no_argument, &modern, 1},
		{"count-hops", no_argument, &count_hops, 1},
		{"help", no_argument, NULL, HELP},
		{"version", no_argument, NULL, VERSION},
		{NULL, 0, NULL, 0},
	};
	int c;

	*options = (struct options){.worker_n = 1, .name = "0", .log_level = LVS_LOG_NOTICE};
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == HELP) {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (c == VERSION) {
			printf("lvsd %s\n", lvs_version());
			return EXIT_SUCCESS;
		}
		if (c && take_value(c, optarg, options) < 0)
			return 2;
	}
	if (optind < argc) {
		fail("command line", "options only", argv[optind]);
		return 2;
	}
	options->check = check;
	options->print_setup = print_setup;
	options->no_setup = no_setup;
	options->no_address = no_address;
	options->forwarding = forwarding;
	options->modern = modern;
	options->count_hops = count_hops;
	return complete(options) < 0 ? 2 : -1;
}
