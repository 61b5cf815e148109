/* SPDX-License-Identifier: BSD-2-Clause */
/* An import: what it has read, and what it is about to do. */
#ifndef LVS_SYNC_IMPORT_H
#define LVS_SYNC_IMPORT_H

#include <liblvs/sync.h>

#include "director/director.h"
#include "helper/helped.h"
#include "service/services.h"
#include "sync/import_map.h"
#include "sync/wire.h"

#define LVS_IMPORT_ERROR 160

/* A destination as the exporter names it. */
struct lvs_import_dest {
	struct lvs_service_key service;
	struct lvs_dest_key key;
	uint32_t flags;   /* enum lvs_wire_dest_flag */
	uint64_t version; /* of the services for which the rest holds; 0: none */
	struct lvs_dest *here;
	const struct lvs_service_set *set; /* its service */
	enum lvs_import_skip missing;      /* where here is NULL */
};

struct lvs_import {
	struct lvs_director *director;
	uint32_t flags;
	uint64_t now_ns;
	uint32_t base;          /* tick here of the export's beginning */
	uint32_t tick;          /* now */
	uint32_t created_delta; /* creation numbers here less those there */
	uint32_t pass;
	bool begun;
	bool failed;
	bool own_order;  /* opaque bytes are in this machine's order */
	uint64_t frames; /* of connections */
	struct lvs_import_report report;
	struct lvs_import_map conns; /* by the exporter's numbers, and by those here: theirs */
	struct lvs_import_map mine;
	struct lvs_import_map dests; /* to indexes into dest[] */
	struct lvs_import_dest *dest;
	uint32_t dest_n;
	uint32_t dest_size;
	char error[LVS_IMPORT_ERROR];
};

/* A connection as it was read, every field checked by itself. */
struct lvs_import_conn {
	uint32_t number;
	uint32_t created;
	uint32_t dest;
	uint32_t controller;
	uint32_t seen; /* a tick here */
	uint32_t flags;
	uint64_t word; /* state, flags and timeout; the forwarder is left out */
	uint32_t counts;
	uint8_t protocol;
	uint8_t method;
	uint8_t family;
	uint8_t dest_family;
	lvs_be16 client_port;
	lvs_be16 service_port;
	lvs_be16 dest_port;
	union lvs_addr client;
	union lvs_addr service;
	union lvs_addr to;        /* the destination's */
	char name[LVS_WIRE_NAME]; /* of its engine or helper */
	const uint8_t *data;      /* the engine's */
	uint16_t data_len;
	uint16_t state_len;       /* of the helper's */
	struct lvs_helped helped; /* all but ops */
};

/* Says what is wrong; LVS_ERR_FORMAT. */
int lvs_import_fail(struct lvs_import *import, const char *format, ...) LVS_PRINTF(2, 3);

/* Reads the body of a CONN. 0 or LVS_ERR_FORMAT. */
int lvs_import_read_conn(struct lvs_import *import, struct lvs_wire_in *in,
			 struct lvs_import_conn *conn);

/* Reads the body of a DEST and keeps it. 0, LVS_ERR_FORMAT or LVS_ERR_NO_MEMORY. */
int lvs_import_read_dest(struct lvs_import *import, struct lvs_wire_in *in);

/* That of a number, looked up where that has not been done; NULL: it was not told of. */
struct lvs_import_dest *lvs_import_dest_of(struct lvs_import *import, uint32_t number);

/* What was overloaded there is so here. */
void lvs_import_overload(struct lvs_import *import);

/* Takes it, or brings the one up to date that was taken before. The control mutex is held, inside
 * the control reader's epoch. */
void lvs_import_take(struct lvs_import *import, const struct lvs_import_conn *conn);

/* Ends one that was taken; false: it has ended already. */
bool lvs_import_end(const struct lvs_import *import, struct lvs_conn *conn);

/* The record of an entry, NULL: it has ended. */
struct lvs_conn *lvs_import_here(const struct lvs_import *import,
				 const struct lvs_import_entry *entry);

#endif
