/* SPDX-License-Identifier: BSD-2-Clause */
#include "service/privileges.h"
#include "log.h"

#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The rings of AF_XDP are locked memory. Whether the limit takes any size. */
static bool raise_limit(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit limit;

	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		return true;
	return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

/* A kernel that does not know CAP_BPF asks for CAP_SYS_ADMIN instead. */
static bool is_needed(unsigned capability, bool xdp, bool unlimited)
{
	switch (capability) {
	case CAP_NET_ADMIN:
	case CAP_NET_RAW:
		return true;
	case CAP_BPF:
	case CAP_PERFMON:
		return xdp;
	case CAP_SYS_ADMIN:
		return xdp && !capng_have_capability(CAPNG_PERMITTED, CAP_BPF);
	case CAP_IPC_LOCK:
		return xdp && !unlimited;
	default:
		return false;
	}
}

/* None is inherited, the ambient ones among them. */
static int drop(bool xdp, bool unlimited)
{
	bool bound;

	if (capng_get_caps_process() < 0)
		return -1;
	bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (unsigned i = 0; i <= CAP_LAST_CAP; i++) {
		bool needed = is_needed(i, xdp, unlimited);

		(void)capng_update(CAPNG_DROP,
				   needed ? CAPNG_INHERITABLE
					  : CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
						    CAPNG_BOUNDING_SET,
				   i);
	}
	return capng_apply(bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS);
}

int privileges_drop(bool xdp, const struct lvs_log *log)
{
	bool unlimited = !xdp || raise_limit();

	if (drop(xdp, unlimited) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_line(log, LVS_LOG_ERROR, "giving up capabilities: %s", strerror(errno));
		return -1;
	}
	return 0;
}
