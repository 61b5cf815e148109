/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Defences against floods, as the kernel's IPVS has them. Once a second the embedder's measure of
 * memory is taken, which switches those that are LVS_DEFENCE_AUTO on and off:
 *
 *	drop_entry   a 32nd of the table is looked at, and what is half open or idle may go
 *	drop_packet  one of so many packets that would open a connection is dropped
 *	secure_tcp   TCP goes by the table that keeps half-open connections apart
 *
 * Any worker does it for all; another that comes meanwhile has nothing to do.
 */
#ifndef LVS_DIRECTOR_DEFENCE_H
#define LVS_DIRECTOR_DEFENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/spin.h"

struct lvs_director;
struct lvs_worker;

/* Packets of a connection up to which it may be dropped for being of little use. */
#define LVS_DEFENCE_FEW 8

struct lvs_defences {
	/* Read by packets and by who asks for the time. relaxed: numbers by themselves. */
	_Atomic uint64_t next_ns;    /* when there is something to do; UINT64_MAX: never */
	_Atomic uint32_t drop_rate;  /* of drop_packet: one of so many; 0: none */
	_Atomic uint32_t drop_count; /* packets until the next one is dropped */
	_Atomic uint64_t dropped;    /* entries, so far */

	/* What follows, and who writes the settings' numbers. */
	LVS_ALIGNED struct lvs_spin lock;
	bool busy; /* a worker is at it; what follows is that worker's */

	uint64_t round_ns; /* when the present round began */
	bool scanning;
	unsigned place;  /* records whose place in their chunk is this, modulo the 32nd */
	uint32_t number; /* of the next one */
	uint64_t random; /* state of the generator */
	uint8_t count[LVS_DEFENCE_FEW]; /* entries with so many packets until the next one goes */
};

void lvs_defence_init(struct lvs_director *director);

/* The settings have changed. Its lock is held. */
void lvs_defence_changed(struct lvs_director *director);

/* Begins a round where it is time for one: measures, and switches. No lock is held, no epoch
 * entered. False: there is nothing to do, or another worker is at it. */
bool lvs_defence_begin(struct lvs_director *director, uint64_t now_ns);

/* Goes on with a round that lvs_defence_begin() has begun or found begun: looks at @p budget
 * entries at the most (0: at all of the round). Inside an epoch. How many have ended. */
unsigned lvs_defence_scan(struct lvs_worker *worker, uint64_t now_ns, unsigned budget);

/* When there is something to do next. */
LVS_INLINE uint64_t lvs_defence_expiry(const struct lvs_defences *defence)
{
	return atomic_load_explicit(&defence->next_ns, memory_order_relaxed);
}

/* Whether it is this packet's turn to be dropped; it counts, but for a @p peek. */
bool lvs_defence_turn(struct lvs_defences *defence, uint32_t rate, bool peek);

/* Whether a packet that would open a connection is to be dropped. */
LVS_INLINE bool lvs_defence_drops(struct lvs_defences *defence, bool peek)
{
	uint32_t rate = atomic_load_explicit(&defence->drop_rate, memory_order_relaxed);

	return lvs_unlikely(rate) && lvs_defence_turn(defence, rate, peek);
}

#endif
