/* SPDX-License-Identifier: BSD-2-Clause */
/* A transaction: drafts of the services that it touches, and how they come into force. */
#ifndef LVS_SERVICE_TXN_H
#define LVS_SERVICE_TXN_H

#include "base/compiler.h"
#include "service/services.h"

#define LVS_TXN_ERROR 256

/* A destination as the transaction would have it. */
struct lvs_draft_dest {
	struct lvs_dest_key key;
	struct lvs_dest_conf conf;
	uint8_t forwarder; /* number of its forwarding method */
	bool made;         /* by this commit: goes if it fails */
	int32_t last_weight;
	uint32_t edits; /* since it was added */
	uint64_t created;
	struct lvs_dest *dest; /* NULL: found or made by commit */
	struct lvs_stats zero; /* with dest */
	bool begins;           /* its counters do, at zero */
};

/* A service as the transaction would have it. */
struct lvs_draft {
	struct lvs_map_link link;
	struct lvs_draft *next;
	struct lvs_leaf leaf;
	struct lvs_service_key key;
	struct lvs_service_private *base; /* in force before; NULL: none */
	bool exists;
	bool changed;
	bool loaded; /* dest[] is what would be, not merely still in base */
	bool fresh;  /* another service than base, if of the same key */
	uint64_t created;
	struct lvs_service_conf conf;
	uint32_t dest_n;
	uint32_t dest_cap;
	uint32_t removed_n;          /* destinations of base that are not in dest[], at most */
	struct lvs_draft_dest *dest; /* the oldest first */

	/* What commit prepared. */
	struct lvs_service_private *made;
	struct lvs_service_ident *ident; /* where fresh */
};

struct lvs_txn {
	struct lvs_services *services;
	struct lvs_map drafts; /* by key */
	struct lvs_draft *first;
	struct lvs_draft **last;
	uint64_t created;     /* the last number of creation, those of the transaction included */
	unsigned forwarder_n; /* before the transaction */
	char error[LVS_TXN_ERROR];
};

/* Notes why a call failed and returns @p err. */
int lvs_txn_fail(struct lvs_txn *txn, int err, const char *format, ...) LVS_PRINTF(3, 4);

/*
 * The draft of a service, made where there is none: a draft alone changes nothing. @p key in its
 * one form. NULL: no memory.
 */
struct lvs_draft *lvs_draft_get(struct lvs_txn *txn, const struct lvs_service_key *key);
/* Brings the destinations of an existing service in. 0 or LVS_ERR_NO_MEMORY. */
int lvs_draft_load(struct lvs_txn *txn, struct lvs_draft *draft);
/* Makes room for one more destination. 0 or LVS_ERR_NO_MEMORY. */
int lvs_draft_reserve(struct lvs_txn *txn, struct lvs_draft *draft);
void lvs_draft_del(struct lvs_txn *txn, struct lvs_draft *draft);

/* Frees the transaction and lets the mutex go. */
void lvs_txn_end(struct lvs_txn *txn);

/* Builds what @p draft says. 0 or an error: then lvs_draft_unmake() takes it back. */
int lvs_draft_make(struct lvs_txn *txn, struct lvs_draft *draft);
/* Makes what the destinations need that its base has alone, after it was made. The same. */
int lvs_draft_prepare_leave(struct lvs_txn *txn, const struct lvs_draft *draft);
void lvs_draft_unmake(struct lvs_txn *txn, struct lvs_draft *draft);

#endif
