/* SPDX-License-Identifier: BSD-2-Clause */
/* All that a running lvsd has. Owned by main(); the control thread's, but for the workers. */
#ifndef LVSD_LVSD_H
#define LVSD_LVSD_H

#include "host/addr_set.h"
#include "self_check.h"
#include "gate.h"
#include "service/notify.h"
#include "genl/serve.h"
#include "options.h"
#include "rules/rules.h"
#include "worker.h"

#include <liblvs/host.h>

struct MHD_Daemon;

struct lvsd {
	struct options options;
	struct lvs_log log;
	struct lvs_director *director;
	struct lvs_host *host; /* NULL: the adapter does without */
	struct lvs_xdp *xdp;   /* adapter xdp only */
	struct worker worker[OPTIONS_WORKERS_MAX];
	unsigned worker_n; /* opened */
	struct gate gate;  /* of all workers */
	struct check check;
	struct notify notify; /* to the service manager */
	struct genl *genl;    /* the control socket; NULL: there is none */
	struct genl_follow follow;
	struct MHD_Daemon *http; /* --metrics; NULL: none */
	uint64_t started_s;      /* Unix time */
	uint64_t reloaded_s;     /* when files were last put in force */
	bool reload_is_refused;  /* the last one was */
	struct lvs_io_caps caps;
	struct rules rules;             /* in force */
	struct lvs_marks *marks;        /* of the rules, the workers' too; NULL: none */
	struct setting_values kernel;   /* the kernel's defaults */
	struct setting_values defaults; /* where nothing is set */
	struct setting_values settings; /* in force */
	struct addr_set services;       /* their addresses, on the host */
	struct addr_set dests;          /* their addresses, with paths */
	/* Of the options' interfaces, as they were last; service addresses go to the first. */
	uint32_t ifindex[OPTIONS_INTERFACES_MAX];
	bool link_gone[OPTIONS_INTERFACES_MAX];
	int signal_fd;
	int stop_fd;  /* eventfd: tells workers to end */
	int ended_fd; /* eventfd: one did */
};

#endif
