/* SPDX-License-Identifier: BSD-2-Clause */
/* What an adapter does with packets of each verdict. */
#ifndef LVS_IO_IO_VERDICT_H
#define LVS_IO_IO_VERDICT_H

#include <liblvs/packet.h>

#include "base/compiler.h"
#include "io/io_count.h"

/*
 * @send what leaves, @pass what is the host's, the rest is counted. Inline, so that both are called
 * directly. 0, or what @send returned if that is not 0: the packets behind it are not looked at.
 */
LVS_INLINE int lvs_io_carry_out(const struct lvs_packet *packets, unsigned n,
				struct lvs_io_count *count,
				int (*send)(void *state, const struct lvs_packet *packet),
				void (*pass)(void *state, const struct lvs_packet *packet),
				void *state)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++) {
		switch (packets[i].verdict) {
		case LVS_FORWARD:
		case LVS_REPLY:
			err = send(state, &packets[i]);
			break;
		case LVS_PASS:
			pass(state, &packets[i]);
			break;
		case LVS_HELD:
			lvs_io_count_add(count, LVS_IO_COUNT_held, 1);
			break;
		default:
			lvs_io_count_add(count, LVS_IO_COUNT_dropped, 1);
		}
	}
	return err;
}

#endif
