/* SPDX-License-Identifier: BSD-2-Clause */
/* Persistence engines (liblvs/pe.h) and packets. */
#ifndef LVS_DIRECTOR_ENGINE_H
#define LVS_DIRECTOR_ENGINE_H

#include <liblvs/pe.h>

#include "director/worker.h"

/* What an engine has found. */
struct lvs_found {
	uint32_t len;
	uint8_t data[LVS_PE_DATA];
};

/*
 * Asks what the packet's client is to stick by. @p flow is the client's, whoever has sent the
 * packet. NONE, or why nothing can be found; then the packet has no place in a service with such an
 * engine.
 */
enum lvs_reason lvs_engine_fill(const struct lvs_step *step, const struct lvs_pe_ops *pe,
				const struct lvs_flow *flow, struct lvs_found *found);

/* Whether the server of @p flow may begin it with this packet. */
bool lvs_engine_conn_out(const struct lvs_step *step, const struct lvs_pe_ops *pe,
			 const struct lvs_flow *flow);

/* Whether a first fragment is one that an engine is asked about: all of it is needed. */
bool lvs_engine_needs_whole(const struct lvs_step *step);

#endif
