/* SPDX-License-Identifier: BSD-2-Clause */
/* Control calls that reach through the director to one of its parts. */
#include <string.h>

#include <liblvs/control.h>

#include "director/director.h"

#define TIMEOUT_MAX_S (INT32_MAX / 250) /* the kernel's, of 250 ticks a second: 99 days */

int lvs_txn_begin(struct lvs_director *director, struct lvs_txn **txn)
{
	return lvs_services_begin(director->services, txn);
}

int lvs_director_set_path(struct lvs_director *director, enum lvs_family family,
			  const union lvs_addr *addr, const struct lvs_path_conf *path)
{
	return lvs_services_set_path(director->services, family, addr, path);
}

void lvs_director_set_backup(struct lvs_director *director, int running)
{
	/* relaxed: a switch by itself */
	atomic_store_explicit(&director->backup, running != 0, memory_order_relaxed);
}

void lvs_director_set_path_lookup(struct lvs_director *director, lvs_path_lookup lookup, void *user)
{
	director->path_lookup = lookup;
	director->path_lookup_user = user;
}

static void set_timeout(struct lvs_director *director, unsigned protocol, unsigned state,
			uint32_t seconds)
{
	if (seconds)
		lvs_states_set_timeout(&director->states, protocol, state, seconds);
}

int lvs_director_set_timeouts(struct lvs_director *director, const struct lvs_timeouts *timeouts)
{
	struct lvs_timeouts in = {0};

	memcpy(&in, timeouts, timeouts->size < sizeof(in) ? timeouts->size : sizeof(in));
	if (in.tcp_s > TIMEOUT_MAX_S || in.tcp_fin_s > TIMEOUT_MAX_S || in.udp_s > TIMEOUT_MAX_S)
		return LVS_ERR_INVALID;
	set_timeout(director, LVS_STATE_TCP, LVS_TCP_ESTABLISHED_STATE, in.tcp_s);
	set_timeout(director, LVS_STATE_TCP, LVS_TCP_FIN_WAIT_STATE, in.tcp_fin_s);
	set_timeout(director, LVS_STATE_UDP, 0, in.udp_s);
	return 0;
}

void lvs_director_get_timeouts(const struct lvs_director *director, struct lvs_timeouts *timeouts)
{
	struct lvs_timeouts out = {
		.size = timeouts->size,
		.tcp_s = lvs_states_timeout_s(&director->states, LVS_STATE_TCP,
					      LVS_TCP_ESTABLISHED_STATE),
		.tcp_fin_s = lvs_states_timeout_s(&director->states, LVS_STATE_TCP,
						  LVS_TCP_FIN_WAIT_STATE),
		.udp_s = lvs_states_timeout_s(&director->states, LVS_STATE_UDP, 0),
	};

	memcpy(timeouts, &out, out.size < sizeof(out) ? out.size : sizeof(out));
}
