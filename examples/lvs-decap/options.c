/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TUN_NAME_MAX = 11, /* IPv4 addresses are labelled "name:63", in 15 characters */
	MTU_MIN = 1280,
	MTU_MAX = 65535,
	MTU_DEFAULT = 1480, /* Ethernet's, less an IPv4 header */
};

static const char help[] =
	"Usage: lvs-decap [OPTION]...\n"
	"The tunnel end of a real server: takes packets out of IP-in-IP, GUE and GRE and hands "
	"them to the\nhost.\n\n"
	"  --from ADDRESS[,...]     take tunnel packets of these directors only\n"
	"  --address ADDRESS[,...]  service addresses: put on the tunnel device, not answered\n"
	"                           for by ARP, and the only ones that inner packets may go to\n"
	"  --gue PORT               take GUE as well, at this UDP port\n"
	"  --gre                    take GRE as well\n"
	"  --tun NAME               name of the device (default lvs-decap)\n"
	"  --mtu BYTES              its MTU (default 1480)\n"
	"  --no-sysctl              leave rp_filter, arp_ignore and arp_announce alone\n"
	"  --help, --version\n\n"
	"SIGUSR1 prints counters, SIGTERM and SIGINT end it.\n";

static int read_mtu(const char *text, unsigned *mtu)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value < MTU_MIN || value > MTU_MAX) {
		fprintf(stderr, "lvs-decap: --mtu: expected %d to %d, got \"%s\"\n", MTU_MIN,
			MTU_MAX, text);
		return -1;
	}
	*mtu = (unsigned)value;
	return 0;
}

static int read_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end || value == 0 || value > UINT16_MAX) {
		fprintf(stderr, "lvs-decap: --gue: expected a UDP port, 1 to 65535, got \"%s\"\n",
			text);
		return -1;
	}
	*port = (uint16_t)value;
	return 0;
}

static int read_tun(const char *text, const char **tun)
{
	size_t len = strlen(text);

	/* The name becomes part of a path below /proc/sys. */
	if (!len || len > TUN_NAME_MAX || strpbrk(text, "/:% \t\n") || text[0] == '.') {
		fprintf(stderr,
			"lvs-decap: --tun: expected an interface name of 1 to %d "
			"characters, got \"%s\"\n",
			TUN_NAME_MAX, text);
		return -1;
	}
	*tun = text;
	return 0;
}

int options_read(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{"from", required_argument, NULL, 'f'}, {"address", required_argument, NULL, 'a'},
		{"tun", required_argument, NULL, 't'},  {"mtu", required_argument, NULL, 'm'},
		{"gue", required_argument, NULL, 'u'},  {"gre", no_argument, NULL, 'g'},
		{"no-sysctl", no_argument, NULL, 'n'},  {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},    {NULL, 0, NULL, 0},
	};
	int failed = 0;
	int c;

	*options = (struct options){.tun = "lvs-decap", .mtu = MTU_DEFAULT};
	while (!failed && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'f':
			failed = address_list_add(&options->from, "--from", optarg);
			break;
		case 'a':
			failed = address_list_add(&options->address, "--address", optarg);
			break;
		case 't':
			failed = read_tun(optarg, &options->tun);
			break;
		case 'm':
			failed = read_mtu(optarg, &options->mtu);
			break;
		case 'u':
			failed = read_port(optarg, &options->gue_port);
			break;
		case 'g':
			options->gre = true;
			break;
		case 'n':
			options->no_sysctl = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		case 'v':
			puts("lvs-decap " LVS_DECAP_VERSION);
			return EXIT_SUCCESS;
		default:
			failed = -1;
		}
	}
	if (!failed && optind < argc) {
		fprintf(stderr, "lvs-decap: expected options only, got \"%s\"\n", argv[optind]);
		failed = -1;
	}
	return failed ? 2 : -1;
}
