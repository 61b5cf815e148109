/* SPDX-License-Identifier: BSD-2-Clause */
/* What a rules file names: services and servers as `ipvsadm -S -n` prints them, marks and settings.
 */
#ifndef LVSD_RULES_H
#define LVSD_RULES_H

#include "rules/mark.h"
#include "rules/setting.h"

#include <liblvs/control.h>

#include <stdio.h>

struct rule_service {
	struct lvs_service_key key;
	struct lvs_service_conf conf;
	unsigned line; /* where it stands in the file */
};

struct rule_dest {
	struct lvs_dest_key key;
	struct lvs_dest_conf conf;
	uint32_t service; /* index into rules::service */
	unsigned line;
};

/* What one list is searched by: numbers of its elements, by a hash of their keys. */
struct rules_index {
	uint32_t *slot; /* element number + 1, 0 is free */
	size_t slot_n;  /* a power of two, or 0 */
};

/* In the order of the file. Zeroed: no rules. */
struct rules {
	struct rule_service *service;
	struct rule_dest *dest;
	struct rule_mark *mark; /* the first that matches decides */
	size_t service_n;
	size_t dest_n;
	size_t mark_n;
	struct rules_index by_service;
	struct rules_index by_dest;
	struct setting_list settings;
};

#define RULES_NONE UINT32_MAX

/*
 * Reads rules into the zeroed `rules`, all or nothing.
 * `name` stands for the file in messages. Returns 0, or -1 with a sentence in
 * `error` ("rules:3: expected ..., got ...").
 */
int rules_read(FILE *file, const char *name, struct rules *rules, char *error, size_t error_len);

/* The same of a file by its name. */
int rules_read_file(const char *name, struct rules *rules, char *error, size_t error_len);

/* A regular file: what would keep its reader waiting is refused, as signals wait until it is read.
 * NULL with a sentence in `error`. */
FILE *rules_open(const char *name, char *error, size_t error_len);

/* Takes up one service or server, or marks: what rules_read() does with a line. 0, or -1 with a
 * message; what was taken before stays. */
int rules_take(struct rules *rules, const struct rule_line *line, struct rule_error *error);
int rules_take_marks(struct rules *rules, const struct rule_words *words, struct rule_error *error);

/* Lets go of everything; `rules` is zeroed then. */
void rules_free(struct rules *rules);

/* The number of a service, or of a server of the service with that number; RULES_NONE. */
uint32_t rules_find_service(const struct rules *rules, const struct lvs_service_key *key);
uint32_t rules_find_dest(const struct rules *rules, uint32_t service,
			 const struct lvs_dest_key *key);

/* Adds what is not there yet; a server's service is. Returns 0, or -1 without memory. */
int rules_append_service(struct rules *rules, const struct rule_service *service);
int rules_append_dest(struct rules *rules, const struct rule_dest *dest);

#endif
