/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules/read.h"

#include <liblvs/list.h>

#include <stdlib.h>
#include <string.h>

static int read_dests(const struct lvs_director *director, const struct rules *before,
		      uint32_t known, struct rules *rules)
{
	struct rule_service *service = &rules->service[rules->service_n - 1];
	const struct lvs_service_key key = service->key;
	struct lvs_dest_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	int more;

	while ((more = lvs_director_next_dest(director, &key, &cursor, &info)) == 1) {
		struct rule_dest dest = {.service = (uint32_t)rules->service_n - 1};
		uint32_t old = known == RULES_NONE ? RULES_NONE
						   : rules_find_dest(before, known, &info.key);

		dest.key = info.key;
		dest.conf = info.conf;
		dest.line = old == RULES_NONE ? 0 : before->dest[old].line;
		if (rules_append_dest(rules, &dest) < 0)
			return -1;
	}
	return more < 0 ? -1 : 0;
}

static int copy_marks(const struct rules *before, struct rules *rules)
{
	rules->settings = before->settings;
	if (!before->mark_n)
		return 0;
	/* As rules.c has it: lists grow at powers of two. */
	size_t room = 1;
	while (room < before->mark_n)
		room *= 2;
	rules->mark = malloc(room * sizeof(*rules->mark));
	if (!rules->mark)
		return -1;
	memcpy(rules->mark, before->mark, before->mark_n * sizeof(*rules->mark));
	rules->mark_n = before->mark_n;
	return 0;
}

int rules_read_director(const struct lvs_director *director, const struct rules *before,
			struct rules *rules)
{
	struct lvs_service_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};
	int more;

	if (copy_marks(before, rules) < 0)
		return -1;
	while ((more = lvs_director_next_service(director, &cursor, &info)) == 1) {
		struct rule_service service = {.key = info.key, .conf = info.conf};
		uint32_t known = rules_find_service(before, &info.key);

		service.line = known == RULES_NONE ? 0 : before->service[known].line;
		if (rules_append_service(rules, &service) < 0 ||
		    read_dests(director, before, known, rules) < 0)
			return -1;
	}
	return more < 0 ? -1 : 0;
}
