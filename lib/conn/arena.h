/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arena: where records lie. Chunks of 2 MiB, each for records of one size, in
 * units of 64 bytes; a record's number is {chunk, unit}, and the chunk's head takes
 * the first units, so that no record has number 0. Memory comes with need: a chunk
 * when the last of its size is full, its pages when a bump pointer reaches them.
 *
 *	directory   [0] [1] [2] ...            one pointer a chunk
 *	              |
 *	chunk       | head: number, top, bitmap of records not in use | record | record | ...
 *
 * A record that is not in use has its bit set. Of those the lowest number is
 * taken whose epoch has passed, so that the numbers depend on what is in use,
 * never on the order in which things ended: not on shards, batches or workers.
 *
 * In use and awaiting their end together never exceed max_conns, unless that was lowered. Who
 * awaits is counted in two lots, by age: while another reader holds up a lot, those of it that are
 * over count too. So FULL may come early for the length of a batch; it never comes late.
 */
#ifndef LVS_CONN_ARENA_H
#define LVS_CONN_ARENA_H

#include <liblvs/types.h>

#include "base/epoch.h"
#include "conn/conn.h"

#define LVS_ARENA_CHUNK_SHIFT 15
#define LVS_ARENA_CHUNK_UNITS (1u << LVS_ARENA_CHUNK_SHIFT)
#define LVS_ARENA_UNIT 64u
#define LVS_ARENA_CHUNK_SIZE ((size_t)LVS_ARENA_CHUNK_UNITS * LVS_ARENA_UNIT)
#define LVS_ARENA_WORDS (LVS_ARENA_CHUNK_UNITS / 64)

/* Sizes of records. */
enum lvs_arena_size {
	LVS_ARENA_SMALL,
	LVS_ARENA_LARGE,
	LVS_ARENA_SIZES,
};

/* The head of a chunk. All but top: the arena's lock, number and size are fixed. */
struct lvs_arena_chunk {
	uint32_t number;
	uint32_t size;                       /* enum lvs_arena_size */
	_Atomic uint32_t top;                /* first unit that never was a record */
	uint64_t some[LVS_ARENA_WORDS / 64]; /* which words of idle are not zero */
	uint64_t idle[LVS_ARENA_WORDS];      /* records not in use, by unit */
};

/* Records awaiting their end, counted by age; exact when nobody reads. */
struct lvs_arena_limbo {
	uint64_t tag; /* of the youngest */
	uint32_t n;
};

struct lvs_arena {
	/* Read by everyone, written at birth only. */
	struct lvs_arena_chunk **chunks;
	uint32_t chunks_max;
	uint32_t capacity; /* max_conns at birth: records of each size that there may be */
	const struct lvs_alloc *alloc;
	struct lvs_epoch *epoch;

	LVS_ALIGNED struct lvs_spin lock; /* everything below */
	uint32_t max_conns;               /* at most capacity */
	_Atomic uint32_t chunks_n;        /* published to walkers */
	_Atomic uint32_t in_use;
	uint64_t newest; /* tag last drawn */
	uint64_t asked;  /* value of newest when we last asked whether all is over */
	uint64_t safe;   /* tags up to here have passed for everyone */
	uint64_t over;   /* and up to here for all but one reader, who asked */
	const struct lvs_epoch_reader *asked_by, *over_for;
	uint64_t settled;                /* tags up to here are not in limbo[] any more */
	struct lvs_arena_limbo limbo[2]; /* older, younger */
	struct lvs_arena_chunk *current[LVS_ARENA_SIZES]; /* chunk that is being filled */
	/* The next one, of either size, made ready outside the lock. relaxed: stored under the
	 * lock, and who counts bytes looks whether there is one. */
	_Atomic(struct lvs_arena_chunk *) spare;
	_Atomic bool wanted; /* there is none, and it will be needed soon; relaxed, as spare */
	bool late;           /* very soon: who takes the next record makes it */
	bool preparing;      /* somebody is at it */
	uint64_t *some[LVS_ARENA_SIZES]; /* chunks with a record not in use */
	uint32_t low[LVS_ARENA_SIZES];   /* no record below it is idle */
	uint32_t made[LVS_ARENA_SIZES];  /* records that ever were */
};

/* 0, LVS_ERR_NO_MEMORY or LVS_ERR_INVALID. */
int lvs_arena_init(struct lvs_arena *arena, const struct lvs_alloc *alloc, struct lvs_epoch *epoch,
		   uint32_t max_conns);
void lvs_arena_fini(struct lvs_arena *arena);

/* At most so many from now on, up to the capacity; who is there already stays. */
void lvs_arena_set_max(struct lvs_arena *arena, uint32_t max_conns);

/*
 * Takes a record, zeroed but for kind. What @p self alone may still see counts as
 * over. NULL: @p err is LVS_ERR_FULL, LVS_ERR_BUSY where so many await their end that there will
 * be room soon, or LVS_ERR_NO_MEMORY.
 */
struct lvs_conn *lvs_arena_take(struct lvs_arena *arena, enum lvs_arena_size size,
				const struct lvs_epoch_reader *self, int *err);

/*
 * Makes the next chunk ready where it will be needed soon: the first touch of its memory takes long
 * where pages are large, so it is done where no packet waits, in time if possible. Outside an
 * epoch. True: it took its time.
 */
bool lvs_arena_prepare(struct lvs_arena *arena);

/* There will be records: the first chunk is wanted, too, if there is none yet. */
void lvs_arena_expect(struct lvs_arena *arena);

/* Whether that has something to do. Any thread. */
LVS_INLINE bool lvs_arena_wants(const struct lvs_arena *arena)
{
	return atomic_load_explicit(&arena->wanted, memory_order_relaxed);
}

/* Gives back a record that nobody else ever saw. */
void lvs_arena_put(struct lvs_arena *arena, struct lvs_conn *conn);

/* Gives back a record that has just been unlinked, DEAD in its word: free when its epoch ends. */
void lvs_arena_retire(struct lvs_arena *arena, struct lvs_conn *conn);

/* The same of several, under one lock and one tag. */
void lvs_arena_retire_all(struct lvs_arena *arena, struct lvs_conn *const *conns, unsigned n);

/* lvs_arena_retire() and lvs_arena_take() as one: the same record is taken, but where it is the one
 * that was given back nothing is moved for it. */
struct lvs_conn *lvs_arena_retake(struct lvs_arena *arena, struct lvs_conn *conn,
				  enum lvs_arena_size size, const struct lvs_epoch_reader *self,
				  int *err);

/* Records in limbo; the lock is held or nobody else is there. */
uint32_t lvs_arena_limbo_n(const struct lvs_arena *arena);

/* Number of the first record at or behind @p number, in use or not; 0 at the end. */
uint32_t lvs_arena_next(const struct lvs_arena *arena, uint32_t number);

/* The same of those whose place in their chunk is @p place, modulo @p every, a power of two. */
uint32_t lvs_arena_sample(const struct lvs_arena *arena, uint32_t number, unsigned every,
			  unsigned place);

/* Bytes taken from the allocator. */
uint64_t lvs_arena_bytes(const struct lvs_arena *arena);

/* NULL or what is wrong; the lock is held. The counts; the records of one chunk; all of it. */
const char *lvs_arena_check_n(const struct lvs_arena *arena);
const char *lvs_arena_check_chunk(const struct lvs_arena *arena, uint32_t chunk);
const char *lvs_arena_check(const struct lvs_arena *arena);

LVS_INLINE struct lvs_conn *lvs_arena_in(struct lvs_arena_chunk *chunk, uint32_t unit)
{
	return (struct lvs_conn *)(void *)((uint8_t *)chunk + (size_t)unit * LVS_ARENA_UNIT);
}

LVS_INLINE struct lvs_conn *lvs_arena_at(const struct lvs_arena *arena, uint32_t number)
{
	return lvs_arena_in(arena->chunks[number >> LVS_ARENA_CHUNK_SHIFT],
			    number & (LVS_ARENA_CHUNK_UNITS - 1));
}

/* Whether there is such a number, of a record or none. */
LVS_INLINE bool lvs_arena_has(const struct lvs_arena *arena, uint32_t number)
{
	/* acquire: pairs with new_chunk() */
	return number >> LVS_ARENA_CHUNK_SHIFT <
	       atomic_load_explicit(&arena->chunks_n, memory_order_acquire);
}

/* Chunks are aligned to their size: the head is found from any record. */
LVS_INLINE struct lvs_arena_chunk *lvs_arena_chunk_of(const struct lvs_conn *conn)
{
	uintptr_t at = (uintptr_t)conn;

	return (struct lvs_arena_chunk *)(at - at % LVS_ARENA_CHUNK_SIZE);
}

LVS_INLINE uint32_t lvs_arena_number(const struct lvs_conn *conn)
{
	uintptr_t offset = (uintptr_t)conn % LVS_ARENA_CHUNK_SIZE;

	return lvs_arena_chunk_of(conn)->number << LVS_ARENA_CHUNK_SHIFT |
	       (uint32_t)(offset / LVS_ARENA_UNIT);
}

#endif
