/* SPDX-License-Identifier: BSD-2-Clause */
/* lvsd's YAML file, any bytes: it is taken, or there is a sentence with a line, and nothing is
 * kept. */
#include "config/config.h"
#include "options.h"
#include "rules/rules.h"

#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static void check_rules(const struct rules *rules)
{
	for (uint32_t i = 0; i < rules->service_n; i++)
		FUZZ_CHECK(rules_find_service(rules, &rules->service[i].key) == i);
	for (uint32_t i = 0; i < rules->dest_n; i++)
		FUZZ_CHECK(rules_find_dest(rules, rules->dest[i].service, &rules->dest[i].key) ==
			   i);
}

static void check_error(const char *error)
{
	unsigned line;

	FUZZ_CHECK(sscanf(error, "f:%u: ", &line) == 1 && line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options = {0};
	struct config config = {0};
	struct rules rules = {0};
	char error[1024] = "";
	void *copy;
	FILE *file;

	if (!size)
		return 0;
	copy = fuzz_copy(data, size);
	file = fmemopen(copy, size, "r");
	FUZZ_CHECK(file);
	if (config_read(file, "f", &config, &rules, error, sizeof(error)) < 0) {
		static const struct config none;

		check_error(error);
		FUZZ_CHECK(!memcmp(&config, &none, sizeof(config)) && !rules.service_n);
	} else {
		check_rules(&rules);
		if (config_apply(&config, "f", &options, error, sizeof(error)) < 0)
			check_error(error);
	}
	fclose(file);
	free(copy);
	config_free(&config);
	rules_free(&rules);
	return 0;
}
