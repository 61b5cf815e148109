/* SPDX-License-Identifier: BSD-2-Clause */
#include "setting.h"
#include "value.h"
#include "verb.h"

#include <stdio.h>
#include <string.h>

static int print(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	if (!(answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE)))
		return 0;
	printf("%s = %u", answer->name, answer->value);
	if (answer->value != answer->default_value)
		printf("  (default %u)", answer->default_value);
	putchar('\n');
	return 0;
}

static int print_value(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE))
		printf("%u\n", answer->value);
	return 0;
}

static int set(const struct link *link, const char *name, const char *text)
{
	int64_t value;

	if (value_number(text, 0, UINT32_MAX, &value) < 0)
		return verb_wrong("settings", "expected a number for %s, got \"%s\"", name, text);
	return setting_set(link, name, (uint32_t)value);
}

static int run(const struct link *link, int argc, char **argv)
{
	const char *name = argc > 2 ? setting_name(argv[2]) : NULL;
	int error;

	if (!strcmp(argv[1], "list"))
		error = setting_each(link, NULL, print, NULL);
	else if (!strcmp(argv[1], "get"))
		error = setting_each(link, name, print_value, NULL);
	else
		error = set(link, name, argv[3]);
	if (error > 0)
		return error;
	return error ? verb_failed("settings", link, error) : 0;
}

int verb_settings(struct link *link, int argc, char **argv)
{
	static char list[] = "list";
	static const struct {
		const char *name;
		int argc;
	} forms[] = {{"list", 2}, {"get", 3}, {"set", 4}};
	char *all[] = {argv[0], list};
	int status;

	if (argc < 2) {
		argv = all;
		argc = 2;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(forms[i].name, argv[1]) != 0)
			continue;
		if (forms[i].argc != argc)
			break;
		status = verb_needs_lvsd("settings", link);
		if (!status)
			status = link_open(link);
		if (status)
			return status;
		status = run(link, argc, argv);
		link_close(link);
		return status;
	}
	return verb_wrong("settings", "expected list, get NAME or set NAME VALUE, got \"%s\"%s",
			  argv[1], argc > 2 ? " and more" : "");
}
