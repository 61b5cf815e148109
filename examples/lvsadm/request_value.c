/* SPDX-License-Identifier: BSD-2-Clause */
#include "request_value.h"

#include "value.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { PERSISTENT_S = 360, TIMEOUT_MAX_S = 31 * 86400, MAXLEN_MAX = 65507 };

static void copy_text(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = 0;
}

/* Each option once; what may be written in several ways is one option. */
static int once(struct request *request, unsigned option, struct complaint *complaint)
{
	if (request->options & UINT64_C(1) << option)
		return complain(complaint, STATUS_USAGE, "multiple '%s' options specified",
				option_name(option));
	request->options |= UINT64_C(1) << option;
	return 0;
}

/* A number, or the complaint "illegal <what> specified". */
static int number(const char *value, int64_t min, int64_t max, const char *what, int64_t *result,
		  struct complaint *complaint)
{
	if (value_number(value, min, max, result) < 0)
		return complain(complaint, STATUS_USAGE, "illegal %s specified", what);
	return 0;
}

static int read_service(struct request *request, unsigned protocol, const char *value,
			struct complaint *complaint)
{
	struct lvs_ipvs_service *service = &request->service;
	struct value_address address;

	if (once(request, OPTION_SERVICE, complaint) < 0)
		return -1;
	if (value_address(value, protocol, &address) < 0)
		return complain(complaint, STATUS_USAGE,
				"illegal virtual server address[:port] specified");
	service->protocol = (uint16_t)protocol;
	service->family = address.family;
	service->addr = address.addr;
	service->port = address.port;
	if (address.family == LVS_INET6)
		service->netmask = 128;
	return 0;
}

static int read_fwmark(struct request *request, const char *value, struct complaint *complaint)
{
	int64_t mark;

	if (once(request, OPTION_SERVICE, complaint) < 0)
		return -1;
	if (value_number(value, 1, UINT32_MAX, &mark) < 0)
		return complain(complaint, STATUS_USAGE, "invalid fwmark value `%s' specified",
				value);
	request->service.protocol = LVS_TCP;
	request->service.fwmark = (uint32_t)mark;
	return 0;
}

static int read_ipv6(struct request *request, struct complaint *complaint)
{
	if (!request->service.fwmark)
		return complain(complaint, STATUS_USAGE, "-6 used before -f\n");
	request->service.family = LVS_INET6;
	request->service.netmask = 128;
	return 0;
}

static int read_persistent(struct request *request, const char *value, struct complaint *complaint)
{
	int64_t timeout = PERSISTENT_S;

	if (value && value_number(value, 1, TIMEOUT_MAX_S, &timeout) < 0)
		return complain(complaint, STATUS_USAGE, "invalid timeout value `%s' specified",
				value);
	request->service.flags |= LVS_SERVICE_PERSISTENT;
	request->service.timeout_s = (uint32_t)timeout;
	return 0;
}

static int read_netmask(struct request *request, const char *value, struct complaint *complaint)
{
	struct lvs_ipvs_service *service = &request->service;

	if (service->family == LVS_INET6) {
		/* Letters behind the number do not matter. */
		long bits = strtol(value, NULL, 10);

		if (bits < 1 || bits > 128)
			return complain(complaint, STATUS_USAGE, "illegal ipv6 netmask specified");
		service->netmask = (uint32_t)bits;
		return 0;
	}
	if (value_mask(value, &service->netmask) < 0)
		return complain(complaint, STATUS_USAGE,
				"illegal virtual server persistent mask specified");
	return 0;
}

static int read_server(struct request *request, const char *value, struct complaint *complaint)
{
	struct lvs_ipvs_dest *dest = &request->dest;
	struct value_address address;

	if (value_address(value, request->service.protocol, &address) < 0)
		return complain(complaint, STATUS_USAGE,
				"illegal real server address[:port] specified");
	dest->family = address.family;
	dest->addr = address.addr;
	/* A service that is named behind it has no port yet. */
	dest->port = address.has_port ? address.port : request->service.port;
	return 0;
}

static int read_tunnel_type(struct lvs_ipvs_dest *dest, const char *value,
			    struct complaint *complaint)
{
	static const char *const kinds[] = {
		[LVS_TUNNEL_IPIP] = "ipip", [LVS_TUNNEL_GUE] = "gue", [LVS_TUNNEL_GRE] = "gre"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(kinds[i], value)) {
			dest->tun_type = (uint8_t)i;
			return 0;
		}
	}
	return complain(complaint, STATUS_USAGE, "illegal tunnel type specified");
}

static int read_of_server(struct request *request, unsigned option, const char *value,
			  struct complaint *complaint)
{
	struct lvs_ipvs_dest *dest = &request->dest;
	int64_t n = 0;
	int failed = 0;

	switch (option) {
	case OPTION_WEIGHT:
		failed = number(value, 0, INT32_MAX, "weight", &n, complaint);
		dest->weight = (uint32_t)n;
		break;
	case OPTION_UPPER:
		failed = number(value, 0, INT32_MAX, "u_threshold", &n, complaint);
		dest->upper = (uint32_t)n;
		break;
	case OPTION_LOWER:
		failed = number(value, 0, INT32_MAX, "l_threshold", &n, complaint);
		dest->lower = (uint32_t)n;
		break;
	case OPTION_TUN_TYPE:
		failed = read_tunnel_type(dest, value, complaint);
		break;
	case OPTION_TUN_PORT:
		failed = number(value, 1, UINT16_MAX, "tunnel port", &n, complaint);
		dest->tun_port = htons((uint16_t)n);
		break;
	case OPTION_TUN_CSUM:
		dest->tun_flags |= LVS_TUNNEL_CSUM;
		break;
	case OPTION_TUN_REMCSUM:
		dest->tun_flags |= LVS_TUNNEL_REMCSUM;
		break;
	}
	return failed;
}

static int read_group(struct lvs_ipvs_daemon *daemon, const char *value,
		      struct complaint *complaint)
{
	struct in_addr v4;

	if (strchr(value, ':')) {
		if (inet_pton(AF_INET6, value, &daemon->group6) != 1 ||
		    daemon->group6.byte[0] != 0xff)
			return complain(complaint, STATUS_USAGE, "invalid IPv6 mcast-group `%s'",
					value);
		daemon->given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_GROUP6);
		return 0;
	}
	if (inet_pton(AF_INET, value, &v4) != 1 || ntohl(v4.s_addr) >> 28 != 0xe)
		return complain(complaint, STATUS_USAGE, "invalid IPv4 mcast-group `%s'", value);
	daemon->group = v4.s_addr;
	daemon->given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_GROUP);
	return 0;
}

static int read_of_daemon(struct request *request, unsigned option, const char *value,
			  struct complaint *complaint)
{
	struct lvs_ipvs_daemon *daemon = &request->daemon;
	int64_t n = 0;
	int failed = 0;

	switch (option) {
	case OPTION_INTERFACE:
		copy_text(daemon->interface, sizeof(daemon->interface), value);
		break;
	case OPTION_SYNCID:
		failed = number(value, 0, 255, "syncid", &n, complaint);
		daemon->sync_id = (uint32_t)n;
		break;
	case OPTION_MAXLEN:
		failed = number(value, 1, MAXLEN_MAX, "sync-maxlen", &n, complaint);
		daemon->maxlen = (uint16_t)n;
		daemon->given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_SYNC_MAXLEN);
		break;
	case OPTION_GROUP:
		failed = read_group(daemon, value, complaint);
		break;
	case OPTION_PORT:
		failed = number(value, 1, UINT16_MAX, "mcast-port", &n, complaint);
		daemon->port = (uint16_t)n;
		daemon->given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_PORT);
		break;
	case OPTION_TTL:
		failed = number(value, 1, UINT8_MAX, "mcast-ttl", &n, complaint);
		daemon->ttl = (uint8_t)n;
		daemon->given |= LVS_IPVS_BIT(IPVS_DAEMON_ATTR_MCAST_TTL);
		break;
	}
	return failed;
}

static int read_option(struct request *request, unsigned option, const char *value,
		       struct request_late *late, struct complaint *complaint)
{
	struct lvs_ipvs_service *service = &request->service;

	if (once(request, option, complaint) < 0)
		return -1;
	switch (option) {
	case OPTION_SCHEDULER:
		copy_text(service->sched, sizeof(service->sched), value);
		return 0;
	case OPTION_PERSISTENT:
		return read_persistent(request, value, complaint);
	case OPTION_NETMASK:
		return read_netmask(request, value, complaint);
	case OPTION_OPS:
		service->flags |= LVS_SERVICE_ONE_PACKET;
		return 0;
	case OPTION_PE:
		copy_text(service->pe, IP_VS_PENAME_MAXLEN + 1, value);
		return 0;
	case OPTION_SCHED_FLAGS:
		late->flags = value;
		return 0;
	case OPTION_SERVER:
		return read_server(request, value, complaint);
	default:
		if (read_of_server(request, option, value, complaint) < 0)
			return -1;
		return read_of_daemon(request, option, value, complaint);
	}
}

static int read_forward(struct request *request, enum lvs_method method,
			struct complaint *complaint)
{
	request->dest.method = method;
	return once(request, OPTION_FORWARD, complaint);
}

int request_value(struct request *request, int word, const char *value, struct request_late *late,
		  struct complaint *complaint)
{
	switch (word) {
	case WORD_TCP:
		return read_service(request, LVS_TCP, value, complaint);
	case WORD_UDP:
		return read_service(request, LVS_UDP, value, complaint);
	case WORD_SCTP:
		return read_service(request, LVS_SCTP, value, complaint);
	case WORD_FWMARK:
		return read_fwmark(request, value, complaint);
	case WORD_IPV6:
		return read_ipv6(request, complaint);
	case WORD_DIRECT:
		return read_forward(request, LVS_METHOD_DR, complaint);
	case WORD_TUNNEL:
		return read_forward(request, LVS_METHOD_TUNNEL, complaint);
	case WORD_NAT:
		return read_forward(request, LVS_METHOD_NAT, complaint);
	case WORD_SORT:
		return 0; /* it is sorted anyway */
	default:
		return read_option(request, (unsigned)(word - WORD_OPTION), value, late, complaint);
	}
}

int request_state(struct request *request, const char *value, struct complaint *complaint)
{
	if (!strcmp(value, "master"))
		request->daemon.state = IP_VS_STATE_MASTER;
	else if (!strcmp(value, "backup"))
		request->daemon.state = IP_VS_STATE_BACKUP;
	else
		return complain(complaint, STATUS_USAGE,
				request->command == COMMAND_START
					? "illegal start-daemon parameter specified"
					: "illegal start_daemon specified");
	return 0;
}
