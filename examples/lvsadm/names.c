/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <liblvs/control.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

const char *names_protocol(unsigned protocol)
{
	switch (protocol) {
	case LVS_TCP:
		return "tcp";
	case LVS_UDP:
		return "udp";
	case LVS_SCTP:
		return "sctp";
	default:
		return NULL;
	}
}

static int find_host(unsigned family, const union lvs_addr *addr, char *host, size_t size)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	memcpy(&v4.sin_addr, addr, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, addr, sizeof(v6.sin6_addr));
	if (family == LVS_INET6)
		return getnameinfo((struct sockaddr *)&v6, sizeof(v6), host, (socklen_t)size, NULL,
				   0, NI_NAMEREQD);
	return getnameinfo((struct sockaddr *)&v4, sizeof(v4), host, (socklen_t)size, NULL, 0,
			   NI_NAMEREQD);
}

const char *names_endpoint(char text[NAMES_LEN], unsigned family, const union lvs_addr *addr,
			   lvs_be16 port, unsigned protocol, bool numeric)
{
	const char *name = numeric ? NULL : names_protocol(protocol);
	const struct servent *service = name ? getservbyport(port, name) : NULL;
	const char *open = family == LVS_INET6 ? "[" : "";
	const char *close = family == LVS_INET6 ? "]" : "";
	char host[NI_MAXHOST];

	if (numeric || find_host(family, addr, host, sizeof(host)))
		inet_ntop((int)family, addr, host, sizeof(host));
	if (service)
		snprintf(text, NAMES_LEN, "%s%s%s:%.32s", open, host, close, service->s_name);
	else
		snprintf(text, NAMES_LEN, "%s%s%s:%u", open, host, close, ntohs(port));
	return text;
}
