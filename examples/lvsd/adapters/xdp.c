/* SPDX-License-Identifier: BSD-2-Clause */
#include "adapters/xdp.h"
#include "log.h"
#include "lvsd.h"

#include <inttypes.h>

const struct lvs_io_ops *xdp_ops(void)
{
	return lvs_xdp_ops();
}

static int load(struct lvsd *lvsd)
{
	struct lvs_xdp_conf conf = lvsd->options.xdp;

	conf.size = sizeof(conf);
	conf.interfaces = lvsd->options.interfaces;
	conf.interface_n = lvsd->options.interface_n;
	conf.worker_n = lvsd->options.worker_n;
	conf.log = lvsd->log;
	return lvs_xdp_new(&conf, &lvsd->xdp);
}

int xdp_open(struct lvsd *lvsd)
{
	int err = lvsd->options.print_setup ? 0 : load(lvsd);
	char line[160];

	if (err) {
		log_line(&lvsd->log, LVS_LOG_ERROR, "xdp:%s: %s", lvsd->options.target,
			 lvs_strerror(err));
		return err;
	}
	lvs_host_capture_by(lvsd->host, lvs_xdp_capture_callback, lvsd->xdp);
	snprintf(line, sizeof(line), "# XDP program lvs_steer at %.100s", lvsd->options.target);
	return lvs_host_setup_note(lvsd->host, line);
}

void xdp_close(struct lvsd *lvsd)
{
	lvs_xdp_del(lvsd->xdp);
	lvsd->xdp = NULL;
}

void xdp_follow(struct lvsd *lvsd)
{
	if (lvsd->xdp)
		(void)lvs_xdp_follow(lvsd->xdp); /* the log tells, and so do the workers */
}

void xdp_print(const struct lvsd *lvsd, FILE *out)
{
	static const char *const modes[] = {"not attached", "native", "generic"};
	struct lvs_xdp_port_info info = {.size = sizeof(info)};
	uint64_t count[LVS_XDP_COUNT_N];

	if (!lvsd->xdp)
		return;
	for (unsigned i = 0; lvs_xdp_port(lvsd->xdp, i, &info) == 0; i++)
		fprintf(out, "XDP program at %s: %s, %u queue%s, driver %s\n", info.name,
			info.attached ? modes[info.mode] : modes[0], info.queue_n,
			log_plural(info.queue_n), info.driver[0] ? info.driver : "unknown");
	lvs_xdp_counts(lvsd->xdp, count, LVS_XDP_COUNT_N);
	for (unsigned i = 0; i < LVS_XDP_COUNT_N; i++)
		if (count[i])
			fprintf(out, "%-16s %12" PRIu64 "  %s\n", lvs_xdp_counter_name(i), count[i],
				lvs_xdp_counter_text(i));
}
