/* SPDX-License-Identifier: BSD-2-Clause */
/* All that can be restored: what -S leaves out as well. */
#include "rules.h"
#include "save.h"
#include "setting.h"
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int print_setting(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	if (answer->given & LVS_IPVS_BIT(LVS_IPVS_ATTR_VALUE) &&
	    answer->value != answer->default_value)
		printf("set %s %u\n", answer->name, answer->value);
	return 0;
}

static int print_timeouts(void *user, const struct lvs_ipvs_message *answer)
{
	(void)user;
	printf("set tcp %u\nset tcpfin %u\nset udp %u\n", answer->tcp_s, answer->tcp_fin_s,
	       answer->udp_s);
	return 0;
}

static int save_settings(const struct link *link)
{
	struct lvs_ipvs_message ask = {
		.size = sizeof(ask), .kind = LVS_IPVS_IPVS, .command = IPVS_CMD_GET_CONFIG};

	if (link->path)
		return setting_each(link, NULL, print_setting, NULL);
	return lvs_ipvs_ask(link->client, &ask, print_timeouts, NULL);
}

static int save(const struct link *link)
{
	const struct request all = {.options = 0};
	struct rules rules;
	int error = save_settings(link);

	if (error)
		return error;
	error = rules_load(&rules, link, &all);
	/* In the order in which they were made; servers, of which the newest is first, in turn. */
	for (size_t i = 0; i < rules.n && !error; i++) {
		const struct rules_service *one = &rules.service[i];

		save_service(&one->service, true, true, stdout);
		for (size_t k = one->dest_n; k-- > 0;)
			save_dest(&one->service, &one->dest[k], true, true, stdout);
	}
	rules_free(&rules);
	return error;
}

int verb_save(struct link *link, int argc, char **argv)
{
	int status, error;

	if (argc > 1)
		return verb_wrong("save", "expected nothing more, got \"%s\"", argv[1]);
	status = link_open(link);
	if (status)
		return status;
	error = save(link);
	if (error)
		status = verb_failed("save", link, error);
	else if (fflush(stdout) || ferror(stdout))
		status = verb_wrong("save", "what was written is not whole: %s", strerror(errno));
	link_close(link);
	return status;
}
