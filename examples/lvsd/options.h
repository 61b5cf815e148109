/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef LVSD_OPTIONS_H
#define LVSD_OPTIONS_H

#include "config/config.h"
#include "cpus.h"
#include "rules/setting.h"

#include <liblvs/io.h>
#include <liblvs/xdp.h>

#include <stdbool.h>

enum { OPTIONS_WORKERS_MAX = 64, OPTIONS_INTERFACES_MAX = 16, OPTIONS_FTP_MAX = 8 };

/* Where something is served. */
struct options_listen {
	union lvs_addr addr;
	uint16_t family;
	uint16_t port; /* 0: nowhere */
};

struct options {
	const struct lvs_io_ops *io;                    /* NULL: none is named, see pick.h */
	const char *target;                             /* as given: "eth0,eth1" */
	char tun[16];                                   /* the device; adapter tun only */
	char interface[OPTIONS_INTERFACES_MAX][16];     /* where packets come in, not with pcap */
	const char *interfaces[OPTIONS_INTERFACES_MAX]; /* points into it */
	unsigned interface_n;
	const char *config;   /* --config; NULL: none */
	struct config file;   /* what it said at start; its texts are pointed to */
	const char *rules;    /* the file that has them; NULL: none, all comes over the socket */
	const char *control;  /* path of the control socket; NULL: there is none */
	bool rules_in_config; /* that is the one of --config */
	const char *name;     /* instance, for what is made on the host */
	unsigned worker_n;
	struct cpus pin;               /* none: workers run where the kernel puts them */
	struct setting_list settings;  /* --set, --table-size */
	uint32_t check_every_s;        /* 0: only when asked by signal */
	uint16_t ftp[OPTIONS_FTP_MAX]; /* ports that have the helper */
	unsigned ftp_n;
	enum lvs_log_level log_level;
	bool log_level_given;          /* on the command line, which stands over the file */
	struct options_listen metrics; /* --metrics */
	struct lvs_xdp_conf xdp;       /* --xdp; adapter xdp only */
	bool is_xdp;
	bool picked; /* the adapter was, by lvsd */
	bool check;
	bool print_setup;
	bool no_setup;
	bool no_address;
	bool forwarding;
	bool modern;     /* lvs_settings_modern() */
	bool count_hops; /* LVS_IO_COUNT_HOPS */
	bool by_cpu;     /* LVS_IO_BY_CPU */
};

/* Returns -1 to go on, or the exit status: help and version were printed, or a line on stderr. */
int options_read(int argc, char **argv, struct options *options);

/* Lets go of what the file said. */
void options_free(struct options *options);

#endif
