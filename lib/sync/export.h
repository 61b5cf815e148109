/* SPDX-License-Identifier: BSD-2-Clause */
/* An export: where it stands, and what it has written. */
#ifndef LVS_SYNC_EXPORT_H
#define LVS_SYNC_EXPORT_H

#include <liblvs/sync.h>

#include "conn/arena.h"
#include "director/director.h"
#include "sync/wire.h"

#define LVS_EXPORT_CONNS 4096 /* controllers that are remembered; a power of two */
#define LVS_EXPORT_DESTS 256  /* the same of destinations */

/* A controller comes before those that it controls, and is not written again where it stands. */
struct lvs_export_known {
	uint32_t number; /* 0: none */
	uint32_t created;
};

/* A pass, and what tells what has changed since it began. */
struct lvs_export_pass {
	uint32_t tick;
	uint32_t created; /* creation number given last */
};

struct lvs_export {
	const struct lvs_director *director;
	unsigned passes;
	unsigned pass; /* from 0 */
	enum {
		LVS_EXPORT_BEGIN,
		LVS_EXPORT_WALK,
		LVS_EXPORT_END,
		LVS_EXPORT_PAUSE, /* the pass is over, and it was not said yet */
		LVS_EXPORT_OVER,
	} stage;
	uint32_t number; /* of the next record to be looked at */
	uint32_t base;   /* tick of BEGIN */
	uint32_t conns;  /* written */
	struct lvs_export_pass now;
	struct lvs_export_pass before;
	size_t same;   /* where the last frame begins, if that is a SAME, + 1; 0: it is none */
	uint32_t step; /* counts epochs */
	struct lvs_export_known known[LVS_EXPORT_CONNS];
	/* Whose frame was written in which step: in another one the number may be another's. */
	struct {
		uint32_t number;
		uint32_t step;
	} dest[LVS_EXPORT_DESTS];
};

/* Writes a record, and before it what it names; false: not all fits, and nothing was written.
 * Inside an epoch. */
bool lvs_export_conn(struct lvs_export *export, const struct lvs_conn *conn,
		     struct lvs_wire_out *out);

#endif
