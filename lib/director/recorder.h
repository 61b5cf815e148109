/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a packet's way through the director was, written down by the packet path
 * itself where somebody asks (struct lvs_step's record is not NULL).
 */
#ifndef LVS_DIRECTOR_RECORDER_H
#define LVS_DIRECTOR_RECORDER_H

#include "conn/table.h"
#include "service/service.h"

/* No scheduler was asked, which is not the same as that it has none. */
#define LVS_RECORD_NOT_ASKED (LVS_SCHED_NONE - 1)

struct lvs_record {
	struct lvs_headers headers;            /* the parsed key */
	enum lvs_reason parsed;                /* NONE: it is whole */
	const struct lvs_service_set *service; /* that matched, where one was looked for */
	uint32_t picked;        /* index into its destinations, LVS_SCHED_NONE, or not asked */
	uint32_t conn;          /* number of the connection found or made, 0 none */
	uint32_t template;      /* the same of the template that led there */
	enum lvs_side side;     /* whose packet it was, where a connection was found */
	uint32_t dest;          /* number of the destination, 0 none */
	uint64_t word_before;   /* the connection's state, flags and timeout ... */
	uint64_t word_after;    /* ... and after the packet */
	enum lvs_reason reason; /* what became of it */
};

/* Notes something where somebody asks. */
#define lvs_note(step, field, value)                                                               \
	do {                                                                                       \
		if (lvs_unlikely((step)->record))                                                  \
			(step)->record->field = (value);                                           \
	} while (0)

#endif
