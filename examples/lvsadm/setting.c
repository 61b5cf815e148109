/* SPDX-License-Identifier: BSD-2-Clause */
#include "setting.h"

#include "verb.h"

#include <errno.h>
#include <string.h>

const char *setting_name(const char *text)
{
	static const char front[] = "net.ipv4.vs.";

	return strncmp(text, front, sizeof(front) - 1) ? text : text + sizeof(front) - 1;
}

static int put_name(struct lvs_ipvs_message *message, const char *name)
{
	if (strlen(name) >= sizeof(message->name))
		return -ENAMETOOLONG;
	strcpy(message->name, name);
	message->given |= LVS_IPVS_BIT(LVS_IPVS_ATTR_NAME);
	return 0;
}

int setting_each(const struct link *link, const char *name, lvs_ipvs_answer answer, void *user)
{
	struct lvs_ipvs_message message = {0};
	int error = 0;

	if (name)
		error = put_name(&message, name);
	else
		message.nl_flags = NLM_F_DUMP;
	return error ? error : verb_ask(link, LVS_IPVS_GET_SETTING, &message, answer, user);
}

int setting_set(const struct link *link, const char *name, uint32_t value)
{
	struct lvs_ipvs_message message = {.value = value,
					   .given = LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE)};
	int error = put_name(&message, name);

	return error ? error : verb_ask(link, LVS_IPVS_SET_SETTING, &message, NULL, NULL);
}
