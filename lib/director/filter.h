/* SPDX-License-Identifier: BSD-2-Clause */
/* The embedder's filter in force. Immutable; replaced whole, freed by epoch. */
#ifndef LVS_DIRECTOR_FILTER_H
#define LVS_DIRECTOR_FILTER_H

#include <liblvs/filter.h>

#include "director/worker.h"
#include "service/retire.h"

struct lvs_filter {
	struct lvs_filter_ops ops; /* complete, whatever the embedder's size */
	void *user;
	struct lvs_director *director; /* whose allocator it came from */
	struct lvs_retired retired;
};

/* NONE where the packet may be scheduled, else why not. */
enum lvs_reason lvs_filter_ask(const struct lvs_filter *filter, const struct lvs_step *step,
			       const struct lvs_service_key *service);

/* Nobody asks it any more. NULL is fine. */
void lvs_filter_del(struct lvs_filter *filter);

#endif
