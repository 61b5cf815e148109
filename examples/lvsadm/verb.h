/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands that ipvsadm has not: words without dashes. */
#ifndef LVSADM_VERB_H
#define LVSADM_VERB_H

#include "link.h"
#include "words.h"

#define VERB_LIST(X)                                                                               \
	X(conns)                                                                                   \
	X(drain)                                                                                   \
	X(explain)                                                                                 \
	X(import)                                                                                  \
	X(restore)                                                                                 \
	X(save)                                                                                    \
	X(settings)                                                                                \
	X(watch)

/* Each returns the exit status, and tells what failed on stderr; argv[0] is its name. */
#define VERB(name) int verb_##name(struct link *link, int argc, char **argv);
VERB_LIST(VERB)
#undef VERB

struct verb {
	const char *name;
	int (*run)(struct link *link, int argc, char **argv);
};

/* NULL: no such verb. */
const struct verb *verb_find(const char *name);

/* Says "lvsadm: <verb>: ..." on stderr. Returns STATUS_USAGE. */
int verb_wrong(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what words_next() returned instead of an option. */
int verb_bad_word(const char *verb, const struct words *words, int what);

/* Says what the other side answered. Returns STATUS_ERROR. */
int verb_failed(const char *verb, const struct link *link, int error);

/* Whether lvsd is there, which alone can do it; else says so. */
int verb_needs_lvsd(const char *verb, const struct link *link);

/* Asks in the family LVS; given: attributes of the message are set already. */
int verb_ask(const struct link *link, uint8_t command, struct lvs_ipvs_message *message,
	     lvs_ipvs_answer answer, void *user);

#endif
