/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario as text, a line a step. The agent in the guest and the subject read the same.
 *
 *	scenario <number>
 *	addr <interface> <address>/<length>       where the director stands: before the steps
 *	neigh <interface> <address> <mac>
 *	route <prefix> <gateway> <interface> <mtu>
 *	mark <prefix> <number>                    packets to there bear it, and the host takes them
 *	at <nanoseconds>                          since the start; steps that follow wait for it
 *	sysctl <path below /proc/sys> <value>
 *	ipvsadm <argument>...                     changes something
 *	rules <argument>...[;<argument>...]...    so do these, one after the other
 *	show <argument>...                        ipvsadm's output
 *	snap                                      services and connections (entry.h)
 *	count                                     services with their counters
 *	rates                                     the same with rates
 *	frame <interface> <hex>                   a frame comes in
 *	answer <interface> <step> <hex>           one from whom the frame of that step went to
 *	quote <interface> <step> <bytes> <hex>    an ICMP error about that step's frame there
 *	end
 *
 * Interfaces are c0 (clients), s0 (servers) and p0 (where the host's own packets show).
 * Steps are numbered from 0; scenario, addr, neigh, route, at and end have no number.
 */
#ifndef KERNEL_SCRIPT_H
#define KERNEL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum script_if { SCRIPT_C0, SCRIPT_S0, SCRIPT_P0, SCRIPT_IF_N };

enum step_kind {
	STEP_SYSCTL,
	STEP_IPVSADM,
	STEP_RULES,
	STEP_SHOW,
	STEP_SNAP,
	STEP_COUNT,
	STEP_RATES,
	STEP_FRAME,
	STEP_ANSWER,
	STEP_QUOTE,
};

struct step {
	enum step_kind kind;
	uint64_t at_ns;
	char *args; /* behind the first word; points into the text */
};

/* Lines that say where the director stands. */
struct place {
	char kind; /* 'a', 'n', 'r' or 'm' */
	char *args;
};

struct scenario {
	unsigned number;
	struct place *place;
	size_t place_n;
	struct step *step;
	size_t step_n;
};

/* The name of an interface, and its number; -1 for another name. */
const char *script_if_name(unsigned interface);
int script_if_find(const char *name);

/* Takes the next word of *args out, or NULL. */
char *script_word(char **args);

/*
 * Reads one scenario from *text, which is cut up and must stay; *text is moved behind it.
 * Returns 1, 0 when there is none left, or -1 with the line that is wrong in *wrong.
 */
int script_read(char **text, struct scenario *scenario, const char **wrong);
/* Reads the line of one step, which is cut up and must stay; its time is left alone. */
bool script_step(char *line, struct step *step);
void script_free(struct scenario *scenario);

#endif
