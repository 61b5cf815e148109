/* SPDX-License-Identifier: BSD-2-Clause */
#include "conns.h"

#include "names.h"

#include <liblvs/control.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A line's words. */
struct conn {
	char protocol[16];
	char addr[3][48]; /* of client, service, server */
	unsigned port[3];
	char state[32];
	unsigned expires_s;
	char pe[64];
	char pe_data[512];
};

void conns_title(bool data, FILE *out)
{
	fputs("IPVS connection entries\n", out);
	fprintf(out, "pro expire %-11s %-18s %-18s ", "state", "source", "virtual");
	if (data)
		fprintf(out, "%-18s %-16s %s\n", "destination", "pe name", "pe_data");
	else
		fputs("destination\n", out);
}

static unsigned protocol_of(const char *name)
{
	return !strcmp(name, "TCP")    ? LVS_TCP
	       : !strcmp(name, "UDP")  ? LVS_UDP
	       : !strcmp(name, "SCTP") ? LVS_SCTP
				       : 0;
}

static const char *endpoint(char text[NAMES_LEN], const struct conn *conn, unsigned i, bool numeric)
{
	union lvs_addr addr = {{0}};
	unsigned family = LVS_INET6;

	if (inet_pton(AF_INET6, conn->addr[i], &addr) != 1) {
		family = LVS_INET;
		addr.word[0] = htonl((uint32_t)strtoul(conn->addr[i], NULL, 16));
	}
	return names_endpoint(text, family, &addr, htons((uint16_t)conn->port[i]),
			      protocol_of(conn->protocol), numeric);
}

static bool number(const char *text, int base, unsigned *value)
{
	char *end;

	*value = (unsigned)strtoul(text, &end, base);
	return end > text && !*end;
}

bool conns_print(const char *line, bool data, bool numeric, FILE *out)
{
	struct conn conn = {0};
	char client[NAMES_LEN], service[NAMES_LEN], dest[NAMES_LEN];
	char port[3][8], expires[16];
	int n = sscanf(line, "%15s %47s %7s %47s %7s %47s %7s %31s %15s %63s %511s", conn.protocol,
		       conn.addr[0], port[0], conn.addr[1], port[1], conn.addr[2], port[2],
		       conn.state, expires, conn.pe, conn.pe_data);

	if (n < 9 || !number(expires, 10, &conn.expires_s))
		return false;
	for (unsigned i = 0; i < 3; i++)
		if (!number(port[i], 16, &conn.port[i]))
			return false;
	snprintf(expires, sizeof(expires), "%02u:%02u", conn.expires_s / 60, conn.expires_s % 60);
	endpoint(client, &conn, 0, numeric);
	endpoint(service, &conn, 1, numeric);
	endpoint(dest, &conn, 2, numeric);
	fprintf(out, "%-3s %-6s %-11s %-18s %-18s ", conn.protocol, expires, conn.state, client,
		service);
	if (data && n > 9)
		fprintf(out, "%-16s %-18s %s\n", dest, conn.pe, conn.pe_data);
	else
		fprintf(out, "%s\n", dest);
	return true;
}
