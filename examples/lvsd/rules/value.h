/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that options of a rules file take. Functions return 0, or -1 with a message. */
#ifndef LVSD_RULE_VALUE_H
#define LVSD_RULE_VALUE_H

#include "rules/error.h"

#include <liblvs/sched.h>

struct rule_endpoint {
	union lvs_addr addr;
	lvs_be16 port;
	uint8_t family; /* enum lvs_family */
	uint8_t has_port;
};

/* A decimal number from min to max; `what` names it in the message. */
int rule_value_number(const char *text, const char *what, uint32_t min, uint32_t max,
		      uint32_t *number, struct rule_error *error);

/* 192.0.2.1, 192.0.2.1:80, 2001:db8::1 or [2001:db8::1]:80; unicast. */
int rule_value_endpoint(const char *text, struct rule_endpoint *endpoint, struct rule_error *error);

/* "255.255.255.0", any bits, in network order. */
int rule_value_mask(const char *text, uint32_t *mask, struct rule_error *error);

/* Whether only the host itself reaches the address. */
int rule_value_is_loopback(const struct rule_endpoint *endpoint);

/* A scheduler of the library; NULL text is the kernel's default, wlc. */
int rule_value_scheduler(const char *text, const struct lvs_sched_ops **sched,
			 struct rule_error *error);

/* "sh-port,sh-fallback": bits of enum lvs_sched_flag, as far as `sched` has them; `option` is what
 * messages call that by which it was chosen. */
int rule_value_flags(const char *text, const char *sched, const char *option, uint32_t *flags,
		     struct rule_error *error);

#endif
