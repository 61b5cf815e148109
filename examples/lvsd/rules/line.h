/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of a rules file, cut into options and their values. */
#ifndef LVSD_RULE_LINE_H
#define LVSD_RULE_LINE_H

#include "rules/error.h"

#include <stdbool.h>
#include <stdint.h>

/* ipvsadm's options: name here, letter or 0, long name, whether a value follows, the YAML file's
 * words for it. */
#define RULE_OPTIONS(X)                                                                            \
	X(ADD_SERVICE, 'A', "add-service", RULE_VALUE_NONE, "services")                            \
	X(ADD_SERVER, 'a', "add-server", RULE_VALUE_NONE, "servers")                               \
	X(TCP, 't', "tcp-service", RULE_VALUE_NEEDED, "tcp")                                       \
	X(UDP, 'u', "udp-service", RULE_VALUE_NEEDED, "udp")                                       \
	X(SCTP, 0, "sctp-service", RULE_VALUE_NEEDED, "sctp")                                      \
	X(MARK, 'f', "fwmark-service", RULE_VALUE_NEEDED, "mark")                                  \
	X(IPV6, '6', "ipv6", RULE_VALUE_NONE, "ipv6")                                              \
	X(SCHEDULER, 's', "scheduler", RULE_VALUE_NEEDED, "scheduler")                             \
	X(PERSISTENT, 'p', "persistent", RULE_VALUE_OPTIONAL, "persistent")                        \
	X(NETMASK, 'M', "netmask", RULE_VALUE_NEEDED, "netmask")                                   \
	X(OPS, 'o', "ops", RULE_VALUE_NONE, "one-packet")                                          \
	X(PE, 0, "pe", RULE_VALUE_NEEDED, "engine")                                                \
	X(FLAGS, 'b', "sched-flags", RULE_VALUE_NEEDED, "flags")                                   \
	X(SERVER, 'r', "real-server", RULE_VALUE_NEEDED, "address")                                \
	X(DR, 'g', "gatewaying", RULE_VALUE_NONE, "method: route")                                 \
	X(TUNNEL, 'i', "ipip", RULE_VALUE_NONE, "method: tunnel")                                  \
	X(NAT, 'm', "masquerading", RULE_VALUE_NONE, "method: nat")                                \
	X(WEIGHT, 'w', "weight", RULE_VALUE_NEEDED, "weight")                                      \
	X(UPPER, 'x', "u-threshold", RULE_VALUE_NEEDED, "upper")                                   \
	X(LOWER, 'y', "l-threshold", RULE_VALUE_NEEDED, "lower")                                   \
	X(TUN_TYPE, 0, "tun-type", RULE_VALUE_NEEDED, "tunnel")                                    \
	X(TUN_PORT, 0, "tun-port", RULE_VALUE_NEEDED, "tunnel-port")                               \
	X(TUN_NOCSUM, 0, "tun-nocsum", RULE_VALUE_NONE, "checksum: none")                          \
	X(TUN_CSUM, 0, "tun-csum", RULE_VALUE_NONE, "checksum: full")                              \
	X(TUN_REMCSUM, 0, "tun-remcsum", RULE_VALUE_NONE, "checksum: remote")

enum rule_option {
#define RULE_OPTION_ENUM(name, letter, text, value, yaml) RULE_##name,
	RULE_OPTIONS(RULE_OPTION_ENUM)
#undef RULE_OPTION_ENUM
		RULE_OPTION_N
};

#define RULE_BIT(name) (UINT32_C(1) << RULE_##name)

/* Options of which a line has one: what names a service, and how a server gets packets. */
#define RULE_SERVICE_OPTIONS (RULE_BIT(TCP) | RULE_BIT(UDP) | RULE_BIT(SCTP) | RULE_BIT(MARK))
#define RULE_METHOD_OPTIONS (RULE_BIT(DR) | RULE_BIT(TUNNEL) | RULE_BIT(NAT))

struct rule_line {
	uint32_t given;                   /* RULE_BIT()s */
	const char *value[RULE_OPTION_N]; /* within the text that was cut; NULL without one */
	unsigned at[RULE_OPTION_N];       /* its line in a YAML file; 0: that of all of them */
	bool yaml;                        /* messages name options as the YAML file does */
};

static inline int rule_given(const struct rule_line *line, enum rule_option option)
{
	return (int)(line->given >> option) & 1;
}

/* How many of the options `bits` the line has. */
static inline unsigned rule_given_n(const struct rule_line *line, uint32_t bits)
{
	unsigned n = 0;

	for (bits &= line->given; bits; bits &= bits - 1)
		n++;
	return n;
}

/* The first option of `bits` that the line has; RULE_OPTION_N: none. */
enum rule_option rule_first_given(const struct rule_line *line, uint32_t bits);

/* An option as messages name it: "-w", "--pe" where it has no letter, "weight" in YAML. Static. */
const char *rule_option_name(const struct rule_line *line, enum rule_option option);

/* Its value, NULL without one. Messages name its line from now on. */
const char *rule_option_value(const struct rule_line *line, enum rule_option option,
			      struct rule_error *error);

enum { RULE_WORDS_MAX = 64 };

/* A line's words, comment left out; they lie in the text that was split. */
struct rule_words {
	char *word[RULE_WORDS_MAX];
	unsigned n;
	unsigned next; /* the first that has not been looked at */
};

/* Splits `text`, which is changed and must outlive `words`. Returns 0, or -1 with a message. */
int rule_words_split(char *text, struct rule_words *words, struct rule_error *error);

/* The options that the words are. No words give none. Returns 0, or -1 with a message. */
int rule_line_cut(struct rule_words *words, struct rule_line *line, struct rule_error *error);

#endif
