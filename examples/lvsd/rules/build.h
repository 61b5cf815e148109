/* SPDX-License-Identifier: BSD-2-Clause */
/* From the options of one line to a service or a server, with every check that needs no other line.
 */
#ifndef LVSD_RULE_BUILD_H
#define LVSD_RULE_BUILD_H

#include "rules/error.h"
#include "rules/line.h"
#include "rules/rules.h"

/* The service that -t, -u or -f names. Returns 0, or -1 with a message. */
int rule_build_key(const struct rule_line *line, struct lvs_service_key *key,
		   struct rule_error *error);

/* The rest of a line with -A. Returns 0, or -1 with a message. */
int rule_build_service(const struct rule_line *line, struct rule_service *service,
		       struct rule_error *error);

/* The rest of a line with -a, for the service with `key`. Returns 0, or -1 with a message. */
int rule_build_dest(const struct rule_line *line, const struct lvs_service_key *key,
		    struct rule_dest *dest, struct rule_error *error);

/* Every option belongs to the line's command and is supported. Returns 0, or -1 with a message. */
int rule_build_check(const struct rule_line *line, struct rule_error *error);

#endif
