/* SPDX-License-Identifier: BSD-2-Clause */
#include "report/conns.h"
#include "rules/show.h"

#define S 1000000000

static void print_conn(const struct lvs_conn_info *info, uint64_t now_ns, FILE *out)
{
	uint64_t left_s = info->expires_ns > now_ns ? (info->expires_ns - now_ns) / S : 0;
	char client[SHOW_ENDPOINT_LEN], service[SHOW_ENDPOINT_LEN], dest[SHOW_ENDPOINT_LEN];
	char expire[16];

	snprintf(expire, sizeof(expire), "%02u:%02u", (unsigned)(left_s / 60),
		 (unsigned)(left_s % 60));
	fprintf(out, "%-3s %-6s %-11s %-18s %-18s %s", show_protocol(info->protocol), expire,
		info->state, show_endpoint(client, info->family, &info->client, info->client_port),
		show_endpoint(service, info->family, &info->service, info->service_port),
		show_endpoint(dest, info->dest_family, &info->dest, info->dest_port));
	/* As ipvsadm's --persistent-conn, where there is something to show. */
	if (info->pe)
		fprintf(out, " %s %s", info->pe, info->pe_data);
	putc('\n', out);
}

void report_conns(const struct lvs_director *director, uint64_t now_ns, FILE *out)
{
	struct lvs_conn_info info = {.size = sizeof(info)};
	struct lvs_cursor cursor = {{0}};

	fprintf(out, "IPVS connection entries\npro expire %-11s %-18s %-18s %s\n", "state",
		"source", "virtual", "destination");
	while (lvs_director_next_conn(director, NULL, &cursor, &info) == 1)
		print_conn(&info, now_ns, out);
}
