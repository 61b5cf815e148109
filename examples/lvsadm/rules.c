/* SPDX-License-Identifier: BSD-2-Clause */
#include "rules.h"

#include "change.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#define CMD(name) LVS_IPVS_BIT(IPVS_CMD_ATTR_##name)

/* Room for one more of `size` bytes; NULL: none. */
static void *grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;
	void *grown;

	if (n < *room)
		return array;
	grown = realloc(array, more * size);
	if (grown)
		*room = more;
	return grown;
}

static int take_service(void *user, const struct lvs_ipvs_message *answer)
{
	struct rules *rules = user;
	struct rules_service *grown;

	if (!(answer->given & CMD(SERVICE)))
		return 0;
	grown = grow(rules->service, rules->n, &rules->room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rules->service = grown;
	grown[rules->n] = (struct rules_service){.service = answer->service};
	/* A mark is known by TCP. */
	if (answer->service.fwmark)
		grown[rules->n].service.protocol = LVS_TCP;
	rules->n++;
	return 0;
}

static int take_dest(void *user, const struct lvs_ipvs_message *answer)
{
	struct rules_service *service = user;
	struct lvs_ipvs_dest *grown;

	if (!(answer->given & CMD(DEST)))
		return 0;
	grown = grow(service->dest, service->dest_n, &service->dest_room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	service->dest = grown;
	grown[service->dest_n] = answer->dest;
	if (!(answer->dest.given & LVS_IPVS_BIT(IPVS_DEST_ATTR_ADDR_FAMILY)))
		grown[service->dest_n].family = service->service.family;
	service->dest_n++;
	return 0;
}

int rules_load_dests(struct rules_service *service, const struct link *link)
{
	struct lvs_ipvs_message ask = {.size = sizeof(ask),
				       .kind = LVS_IPVS_IPVS,
				       .command = IPVS_CMD_GET_DEST,
				       .nl_flags = NLM_F_DUMP};

	ask.given = CMD(SERVICE);
	ask.service = service->service;
	ask.service.given = change_service_key(&service->service);
	return lvs_ipvs_ask(link->client, &ask, take_dest, service);
}

int rules_load(struct rules *rules, const struct link *link, const struct request *request)
{
	struct lvs_ipvs_message ask = {
		.size = sizeof(ask), .kind = LVS_IPVS_IPVS, .command = IPVS_CMD_GET_SERVICE};
	int error;

	*rules = (struct rules){0};
	if (request->options & OF(SERVICE)) {
		ask.given = CMD(SERVICE);
		ask.service = request->service;
		ask.service.given = change_service_key(&request->service);
	} else {
		ask.nl_flags = NLM_F_DUMP;
	}
	error = lvs_ipvs_ask(link->client, &ask, take_service, rules);
	for (size_t i = 0; i < rules->n && !error; i++)
		error = rules_load_dests(&rules->service[i], link);
	return error;
}

/*
 * ipvsadm subtracts and looks at the sign of 32 bits: what lies more than 2^31 apart is the other
 * way round. An IPv4 address is the first word alone.
 */
static int compare_address(const union lvs_addr *a, const union lvs_addr *b)
{
	for (unsigned i = 0; i < 4; i++)
		if (a->word[i] != b->word[i])
			return (int32_t)(ntohl(a->word[i]) - ntohl(b->word[i]));
	return 0;
}

static int compare_service(const void *one, const void *other)
{
	const struct lvs_ipvs_service *a = &((const struct rules_service *)one)->service;
	const struct lvs_ipvs_service *b = &((const struct rules_service *)other)->service;
	int order;

	if (a->fwmark != b->fwmark)
		return (int32_t)(a->fwmark - b->fwmark);
	if (a->family != b->family)
		return a->family - b->family;
	if (a->protocol != b->protocol)
		return a->protocol - b->protocol;
	order = compare_address(&a->addr, &b->addr);
	return order ? order : ntohs(a->port) - ntohs(b->port);
}

static int compare_dest(const void *one, const void *other)
{
	const struct lvs_ipvs_dest *a = one;
	const struct lvs_ipvs_dest *b = other;
	int order = compare_address(&a->addr, &b->addr);

	return order ? order : ntohs(a->port) - ntohs(b->port);
}

void rules_sort(struct rules *rules)
{
	if (rules->n)
		qsort(rules->service, rules->n, sizeof(*rules->service), compare_service);
	for (size_t i = 0; i < rules->n; i++)
		if (rules->service[i].dest_n)
			qsort(rules->service[i].dest, rules->service[i].dest_n,
			      sizeof(*rules->service[i].dest), compare_dest);
}

void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		free(rules->service[i].dest);
	free(rules->service);
	*rules = (struct rules){0};
}
