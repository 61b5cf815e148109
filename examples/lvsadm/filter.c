/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter.h"

#include "change.h"
#include "value.h"
#include "verb.h"

#define OWN(name) LVS_IPVS_BIT(LVS_IPVS_ATTR_##name)

static int add_service(const char *verb, unsigned protocol, const char *value,
		       struct lvs_ipvs_message *message)
{
	struct lvs_ipvs_service *service = &message->service;
	struct value_address address;

	if (value_address(value, protocol, &address) < 0)
		return verb_wrong(verb,
				  "expected a service like 192.0.2.80:80 or [2001:db8::80]:80, got "
				  "\"%s\"",
				  value);
	service->family = address.family;
	service->protocol = (uint16_t)protocol;
	service->addr = address.addr;
	service->port = address.port;
	service->given = change_service_key(service);
	message->given |= OWN(SERVICE);
	return 0;
}

static int add_fwmark(const char *verb, const char *value, struct lvs_ipvs_message *message)
{
	struct lvs_ipvs_service *service = &message->service;
	int64_t mark;

	if (value_number(value, 1, UINT32_MAX, &mark) < 0)
		return verb_wrong(verb, "expected a firewall mark from 1 to 4294967295, got \"%s\"",
				  value);
	service->family = LVS_INET;
	service->fwmark = (uint32_t)mark;
	service->given = change_service_key(service);
	message->given |= OWN(SERVICE);
	return 0;
}

static int add_ipv6(const char *verb, struct lvs_ipvs_message *message)
{
	if (!message->service.fwmark)
		return verb_wrong(verb, "expected -6 behind -f, got it without");
	message->service.family = LVS_INET6;
	return 0;
}

int filter_server(const char *verb, const char *value, struct lvs_ipvs_dest *dest)
{
	struct value_address address;

	if (value_address(value, LVS_TCP, &address) < 0)
		return verb_wrong(verb,
				  "expected a server like 10.0.0.1, 10.0.0.1:80 or "
				  "[2001:db8::1]:80, got \"%s\"",
				  value);
	dest->family = address.family;
	dest->addr = address.addr;
	dest->port = address.port;
	dest->given = change_dest_key();
	return 0;
}

static int add_client(const char *verb, const char *value, struct lvs_ipvs_message *message)
{
	struct value_address address;

	if (value_address(value, 0, &address) < 0 || address.has_port)
		return verb_wrong(verb, "expected a client's address, got \"%s\"", value);
	message->conn.family = address.family;
	message->conn.client = address.addr;
	message->conn.given =
		LVS_IPVS_BIT(LVS_IPVS_CONN_FAMILY) | LVS_IPVS_BIT(LVS_IPVS_CONN_CLIENT);
	message->given |= OWN(CONN);
	return 0;
}

static int add_flag(uint32_t flag, struct lvs_ipvs_message *message)
{
	message->flags |= flag;
	message->given |= OWN(FLAGS);
	return 0;
}

int filter_add(const char *verb, int word, const char *value, struct lvs_ipvs_message *message)
{
	switch (word) {
	case FILTER_TCP:
		return add_service(verb, LVS_TCP, value, message);
	case FILTER_UDP:
		return add_service(verb, LVS_UDP, value, message);
	case FILTER_SCTP:
		return add_service(verb, LVS_SCTP, value, message);
	case FILTER_FWMARK:
		return add_fwmark(verb, value, message);
	case FILTER_IPV6:
		return add_ipv6(verb, message);
	case FILTER_SERVER:
		message->given |= OWN(DEST);
		return filter_server(verb, value, &message->dest);
	case FILTER_CLIENT:
		return add_client(verb, value, message);
	case FILTER_TEMPLATES:
		return add_flag(LVS_CONN_FILTER_TEMPLATES, message);
	default:
		return add_flag(LVS_CONN_FILTER_NO_TEMPLATES, message);
	}
}
