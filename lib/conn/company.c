/* SPDX-License-Identifier: BSD-2-Clause */
#include "conn/company.h"

#include <string.h>

#include "base/memory.h"

void lvs_companies_init(struct lvs_companies *companies, const struct lvs_alloc *alloc,
			struct lvs_epoch *epoch, uint32_t max_conns)
{
	memset(companies, 0, sizeof(*companies));
	companies->alloc = alloc;
	companies->epoch = epoch;
	/* As many again as can be seen: others wait for their epoch. Number 0 is none. */
	companies->top_n = (uint32_t)(2 * (uint64_t)max_conns / LVS_COMPANY_SLOTS + 1);
	lvs_spin_init(&companies->lock);
}

static size_t top_size(const struct lvs_companies *companies)
{
	return companies->top_n * sizeof(_Atomic(struct lvs_company_slots *));
}

static _Atomic(struct lvs_company_slots *) *top_of(struct lvs_companies *companies)
{
	return atomic_load_explicit(&companies->top, memory_order_relaxed);
}

static _Atomic uintptr_t *slot_of(struct lvs_companies *companies, uint32_t number)
{
	struct lvs_company_slots *slots = atomic_load_explicit(
		&top_of(companies)[number / LVS_COMPANY_SLOTS], memory_order_relaxed);

	return &slots->at[number % LVS_COMPANY_SLOTS];
}

static void *take_memory(struct lvs_companies *companies, size_t size, size_t align)
{
	void *memory = lvs_mem_zalloc(companies->alloc, size, align);

	if (memory)
		atomic_fetch_add_explicit(&companies->bytes, size, memory_order_relaxed);
	return memory;
}

static void give_memory(struct lvs_companies *companies, void *memory, size_t size, size_t align)
{
	if (memory)
		atomic_fetch_sub_explicit(&companies->bytes, size, memory_order_relaxed);
	lvs_mem_free(companies->alloc, memory, size, align);
}

/* The memory of one that nobody sees. */
static void free_one(struct lvs_companies *companies, struct lvs_company *company)
{
	give_memory(companies, company, company->size, LVS_CACHE_LINE);
}

static void free_ended(struct lvs_companies *companies, struct lvs_company *company)
{
	while (company) {
		struct lvs_company *next = company->next;

		free_one(companies, company);
		company = next;
	}
}

static void free_slots(struct lvs_companies *companies, struct lvs_company_slots *slots)
{
	for (unsigned i = 0; slots && i < LVS_COMPANY_SLOTS; i++) {
		uintptr_t at = atomic_load_explicit(&slots->at[i], memory_order_relaxed);

		/* Those that have ended stand in a list. */
		if (at && !(at & 1) && !((struct lvs_company *)at)->tag)
			free_one(companies, (struct lvs_company *)at);
	}
	give_memory(companies, slots, sizeof(*slots), LVS_CACHE_LINE);
}

void lvs_companies_fini(struct lvs_companies *companies)
{
	_Atomic(struct lvs_company_slots *) *top = top_of(companies);

	for (uint32_t i = 0; i < companies->slots_n; i++)
		free_slots(companies, atomic_load_explicit(&top[i], memory_order_relaxed));
	free_ended(companies, companies->first);
	give_memory(companies, top, top_size(companies), LVS_CACHE_LINE);
}

/* --- Slots; the lock is held --- */

static void free_slot(struct lvs_companies *companies, uint32_t number)
{
	/* relaxed: nobody has its number */
	atomic_store_explicit(slot_of(companies, number), (uintptr_t)companies->free << 1 | 1,
			      memory_order_relaxed);
	companies->free = number;
}

/* The lowest first. */
static void free_all(struct lvs_companies *companies, uint32_t first)
{
	for (uint32_t number = first + LVS_COMPANY_SLOTS; number-- > first;)
		if (number)
			free_slot(companies, number);
}

static bool add_slots(struct lvs_companies *companies)
{
	_Atomic(struct lvs_company_slots *) *top = top_of(companies);
	struct lvs_company_slots *slots;

	if (!top) {
		top = take_memory(companies, top_size(companies), LVS_CACHE_LINE);
		if (!top)
			return false;
		/* release: that it is zeroed; pairs with lvs_company_at() */
		atomic_store_explicit(&companies->top, top, memory_order_release);
	}
	if (companies->slots_n == companies->top_n)
		return false;
	slots = take_memory(companies, sizeof(*slots), LVS_CACHE_LINE);
	if (!slots)
		return false;
	/* release: the same */
	atomic_store_explicit(&top[companies->slots_n], slots, memory_order_release);
	free_all(companies, companies->slots_n++ * LVS_COMPANY_SLOTS);
	return true;
}

/* The number of a slot, 0: no memory. */
static uint32_t take_slot(struct lvs_companies *companies)
{
	uint32_t number;

	if (!companies->free && !add_slots(companies))
		return 0;
	number = companies->free;
	companies->free =
		(uint32_t)(atomic_load_explicit(slot_of(companies, number), memory_order_relaxed) >>
			   1);
	return number;
}

/* --- One --- */

struct lvs_company *lvs_company_new(struct lvs_companies *companies, size_t size, uint32_t record)
{
	struct lvs_company *company = take_memory(companies, size, LVS_CACHE_LINE);
	uint32_t number;

	if (!company)
		return NULL;
	company->size = size;
	company->record = record;
	lvs_companies_tidy(companies);
	lvs_spin_lock(&companies->lock);
	number = take_slot(companies);
	company->number = number;
	if (number) {
		/* release: its fields; pairs with lvs_company_at() */
		atomic_store_explicit(slot_of(companies, number), (uintptr_t)company,
				      memory_order_release);
		companies->n++;
	}
	lvs_spin_unlock(&companies->lock);
	if (number)
		return company;
	free_one(companies, company);
	return NULL;
}

void lvs_company_del(struct lvs_companies *companies, uint32_t number)
{
	struct lvs_company *company = lvs_company_at(companies, number);

	lvs_spin_lock(&companies->lock);
	free_slot(companies, number);
	companies->n--;
	lvs_spin_unlock(&companies->lock);
	free_one(companies, company);
}

void lvs_company_retire(struct lvs_companies *companies, uint32_t number)
{
	struct lvs_company *company = lvs_company_at(companies, number);

	lvs_spin_lock(&companies->lock);
	/* Drawn under the lock, so that tags rise in the list. */
	company->tag = lvs_epoch_retire(companies->epoch);
	company->next = NULL;
	if (companies->last)
		companies->last->next = company;
	else
		companies->first = company;
	companies->last = company;
	companies->n--;
	atomic_fetch_add_explicit(&companies->ended_n, 1, memory_order_relaxed);
	lvs_spin_unlock(&companies->lock);
}

/* Takes those out of the list that nobody sees any more. */
static struct lvs_company *take_passed(struct lvs_companies *companies)
{
	struct lvs_company *first = companies->first;
	struct lvs_company *last = NULL;

	while (companies->first &&
	       lvs_epoch_passed(companies->epoch, companies->first->tag, NULL)) {
		last = companies->first;
		free_slot(companies, last->number);
		atomic_fetch_sub_explicit(&companies->ended_n, 1, memory_order_relaxed);
		companies->first = last->next;
	}
	if (!last)
		return NULL;
	last->next = NULL;
	if (!companies->first)
		companies->last = NULL;
	return first;
}

void lvs_companies_tidy(struct lvs_companies *companies)
{
	struct lvs_company *passed;

	if (atomic_load_explicit(&companies->ended_n, memory_order_relaxed) == 0)
		return;
	lvs_spin_lock(&companies->lock);
	passed = take_passed(companies);
	lvs_spin_unlock(&companies->lock);
	free_ended(companies, passed);
}
