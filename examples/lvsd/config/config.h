/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The YAML file of --config: what options say, by keys of its own, and rules. Keys become the
 * options' texts, services and servers become options of lines: so one place knows what is good.
 */
#ifndef LVSD_CONFIG_H
#define LVSD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct options;
struct rules;

/* Name here, key, what it takes, whether a running lvsd takes a change up. */
#define CONFIG_KEYS(X)                                                                             \
	X(NAME, "name", CONFIG_WORD, false)                                                        \
	X(ADAPTER, "adapter", CONFIG_WORD, false)                                                  \
	X(INTERFACES, "interfaces", CONFIG_LIST, false)                                            \
	X(DEVICE, "device", CONFIG_WORD, false)                                                    \
	X(READ, "read", CONFIG_WORD, false)                                                        \
	X(WRITE, "write", CONFIG_WORD, false)                                                      \
	X(WORKERS, "workers", CONFIG_NUMBER, false)                                                \
	X(PIN, "pin", CONFIG_LIST, false)                                                          \
	X(SPREAD, "spread", CONFIG_WORD, false)                                                    \
	X(XDP, "xdp", CONFIG_LIST, false)                                                          \
	X(FTP, "ftp", CONFIG_LIST, false)                                                          \
	X(MODERN, "modern", CONFIG_BOOL, false)                                                    \
	X(FORWARDING, "forwarding", CONFIG_BOOL, false)                                            \
	X(ADDRESSES, "addresses", CONFIG_BOOL, false)                                              \
	X(SET_UP, "set-up", CONFIG_BOOL, false)                                                    \
	X(COUNT_HOPS, "count-hops", CONFIG_BOOL, false)                                            \
	X(CHECK_EVERY, "check-every", CONFIG_NUMBER, false)                                        \
	X(CONTROL, "control", CONFIG_WORD, false)                                                  \
	X(METRICS, "metrics", CONFIG_WORD, false)                                                  \
	X(LOG_LEVEL, "log-level", CONFIG_WORD, true)                                               \
	X(RULES, "rules", CONFIG_WORD, false)                                                      \
	X(SETTINGS, "settings", CONFIG_SETTINGS, true)                                             \
	X(MARKS, "marks", CONFIG_MARKS, true)                                                      \
	X(SERVICES, "services", CONFIG_SERVICES, true)

enum config_kind {
	CONFIG_WORD,
	CONFIG_NUMBER,
	CONFIG_BOOL,
	CONFIG_LIST,
	CONFIG_SETTINGS,
	CONFIG_MARKS,
	CONFIG_SERVICES
};

enum config_key {
#define CONFIG_ENUM(name, key, kind, live) CONFIG_KEY_##name,
	CONFIG_KEYS(CONFIG_ENUM)
#undef CONFIG_ENUM
		CONFIG_KEY_N
};

/* What keys say, as text; a list with commas. Zeroed: nothing. */
struct config {
	char *text[CONFIG_KEY_N];    /* NULL: it is not there; "" for a part that makes rules */
	unsigned line[CONFIG_KEY_N]; /* where */
	char *target;                /* of --io, from several keys */
};

/*
 * Reads a file into the zeroed `config`, and its rules into the zeroed `rules`, unless that is
 * NULL. Returns 0, or -1 with a sentence in `error` and nothing kept.
 */
int config_read(FILE *file, const char *name, struct config *config, struct rules *rules,
		char *error, size_t error_len);
int config_read_file(const char *name, struct config *config, struct rules *rules, char *error,
		     size_t error_len);

/* Lets go of everything; `config` is zeroed then. */
void config_free(struct config *config);

/*
 * Puts it into options, which keep pointers to its texts. Returns 0, or -1 with a sentence in
 * `error`.
 */
int config_apply(struct config *config, const char *name, struct options *options, char *error,
		 size_t error_len);

/*
 * The next key from `*at` on (0 at first) that says something else in `next` than in `config` and
 * is not taken up by a running lvsd. NULL: there are no more. *line: where it stands, or stood.
 */
const char *config_next_change(const struct config *config, const struct config *next, unsigned *at,
			       unsigned *line);

#endif
