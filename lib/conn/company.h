/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Company: memory that few records have beside their own, found by a number in the record
 * (docs/adr/0017). It is made before its record is published, belongs to whoever made it, and goes
 * when the record has ended and its epoch is over. There is one for a record at most, and as many
 * again may wait for their epoch.
 *
 *	top[]   [0] [1] ...            memory comes with need, and stays
 *	         |
 *	slots   | company | company | next free slot | ...
 */
#ifndef LVS_CONN_COMPANY_H
#define LVS_CONN_COMPANY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <liblvs/types.h>

#include "base/compiler.h"
#include "base/epoch.h"
#include "base/spin.h"

#define LVS_COMPANY_SLOTS 1024 /* a power of two */

/* In front of what its owner keeps. */
struct lvs_company {
	uint32_t number;          /* fixed */
	uint32_t record;          /* whose it is; fixed */
	size_t size;              /* bytes in all; fixed */
	uint64_t tag;             /* of its epoch, when it has ended */
	struct lvs_company *next; /* that ended after it */
};

struct lvs_company_slots {
	_Atomic uintptr_t at[LVS_COMPANY_SLOTS]; /* of a company, or a free slot's number * 2 + 1 */
};

struct lvs_companies {
	const struct lvs_alloc *alloc;
	struct lvs_epoch *epoch;
	uint32_t top_n; /* fixed */
	/* NULL until there is a first one; release, pairs with the acquire in lvs_company_at() */
	_Atomic(_Atomic(struct lvs_company_slots *) *) top;

	struct lvs_spin lock;      /* all that follows; other locks may be held */
	uint32_t slots_n;          /* of top[], in use */
	uint32_t free;             /* the first free slot, 0: none */
	uint32_t n;                /* of records that have not ended */
	_Atomic uint32_t ended_n;  /* of the others; relaxed: whether there is something to do */
	_Atomic uint64_t bytes;    /* of all memory */
	struct lvs_company *first; /* of those that have ended, the oldest */
	struct lvs_company *last;
};

/* For @p max_conns records. Takes no memory yet. */
void lvs_companies_init(struct lvs_companies *companies, const struct lvs_alloc *alloc,
			struct lvs_epoch *epoch, uint32_t max_conns);
/* Nobody reads any more: all go. */
void lvs_companies_fini(struct lvs_companies *companies);

/* One of @p size bytes, its header included, zeroed, for a record of number @p record; NULL: no
 * memory. */
struct lvs_company *lvs_company_new(struct lvs_companies *companies, size_t size, uint32_t record);

/* Its record was never published. */
void lvs_company_del(struct lvs_companies *companies, uint32_t number);

/* Its record has just ended. */
void lvs_company_retire(struct lvs_companies *companies, uint32_t number);

/* Frees those that nobody sees any more. */
void lvs_companies_tidy(struct lvs_companies *companies);

/* By a number that a record has which the caller may look at. */
LVS_INLINE struct lvs_company *lvs_company_at(const struct lvs_companies *companies,
					      uint32_t number)
{
	/* acquire, thrice: each was filled in before; pairs with the releases in company.c */
	_Atomic(struct lvs_company_slots *) *top =
		atomic_load_explicit(&companies->top, memory_order_acquire);
	struct lvs_company_slots *slots =
		atomic_load_explicit(&top[number / LVS_COMPANY_SLOTS], memory_order_acquire);

	return (struct lvs_company *)atomic_load_explicit(&slots->at[number % LVS_COMPANY_SLOTS],
							  memory_order_acquire);
}

#endif
