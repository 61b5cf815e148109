/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Marking rules of a rules file:
 *
 *     mark 1 dst 192.0.2.80 proto tcp port 80,443,8000-8010
 *     mark 0 src 198.51.100.0/24 in eth0
 */
#ifndef LVSD_RULE_MARK_H
#define LVSD_RULE_MARK_H

#include "rules/error.h"
#include "rules/line.h"

#include <liblvs/mark.h>

struct rule_mark {
	struct lvs_mark_rule rule; /* its interface by name, below */
	char interface[16];        /* "": any */
	unsigned line;
};

enum { RULE_MARK_PORTS = 32 }; /* ports and ranges of a line */

/*
 * Reads a line of words. Fills up to RULE_MARK_PORTS of `marks`, one for each port or range of
 * ports. Returns how many, or -1 with a message.
 */
int rule_mark_read(const struct rule_words *words, struct rule_mark *marks,
		   struct rule_error *error);

#endif
