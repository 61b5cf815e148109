/* SPDX-License-Identifier: BSD-2-Clause */
#include "adapters/pick.h"
#include "adapters/choice.h"
#include "log.h"
#include "adapters/xdp.h"

#include <string.h>

/* What other options say already. */
static const char *no_xdp(const struct options *options)
{
	if (options->no_setup)
		return "--no-setup leaves no XDP program";
	if (options->by_cpu)
		return "--spread cpu is for packet";
	return xdp_ops() ? choice_no_xdp() : "lvsd was built without liblvs-xdp";
}

static void use(struct options *options, bool xdp)
{
	options->is_xdp = xdp;
	options->io = xdp ? xdp_ops() : lvs_io_find("packet");
}

static void say(const struct lvsd *lvsd, const char *why)
{
	log_line(&lvsd->log, LVS_LOG_NOTICE, "adapter %s is picked for %s: %s",
		 lvsd->options.io->name, lvsd->options.target, why);
}

void pick_adapter(struct lvsd *lvsd)
{
	struct options *options = &lvsd->options;
	struct choice_port port[OPTIONS_INTERFACES_MAX] = {0};
	struct choice_ask ask = {
		.port = port,
		.port_n = options->interface_n,
		.worker_n = options->worker_n,
	};
	char why[256];

	if (options->io || !options->interface_n)
		return;
	for (unsigned i = 0; i < options->interface_n; i++) {
		memcpy(port[i].name, options->interface[i], sizeof(port[i].name));
		choice_port_read(&port[i]);
	}
	ask.no_xdp = no_xdp(options);
	options->picked = true;
	use(options, choice_is_xdp(&ask, why, sizeof(why)));
	say(lvsd, why);
}

bool pick_again(struct lvsd *lvsd)
{
	if (!lvsd->options.picked || !lvsd->options.is_xdp)
		return false;
	use(&lvsd->options, false);
	say(lvsd, "xdp could not be had");
	return true;
}
