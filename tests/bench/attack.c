/* SPDX-License-Identifier: BSD-2-Clause */
#include "attack.h"

#include <stdio.h>
#include <string.h>

#define WORST4 100 /* bytes a connection at the worst point, IPv4 with two keys */
#define WORST6 170
#define CHUNKS (4u << 20) /* one of the arena's begun for each size */

const uint8_t *attack_key(void)
{
	static const uint8_t key[16] = {0x3a, 0x91, 0x5c, 0x0e, 0xd7, 0x22, 0x68, 0xfb,
					0x14, 0xc3, 0x7f, 0xa5, 0x49, 0xb6, 0x80, 0xed};

	return key;
}

uint64_t attack_bound(const struct site *site, uint64_t base, uint32_t room)
{
	return base + CHUNKS + (uint64_t)room * (site->family == LVS_INET ? WORST4 : WORST6);
}

uint64_t attack_process(struct site *site, unsigned first, unsigned n)
{
	uint64_t cost = bench_cpu_cost();
	uint64_t took = bench_cpu();

	lvs_worker_process(site->worker, site->packets + first, n, site->now);
	took = bench_cpu() - took;
	return took > cost ? took - cost : 0;
}

double attack_run(struct site *site, unsigned n, double *longest_us)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < n; i += SITE_BATCH) {
		unsigned batch = n - i < SITE_BATCH ? n - i : SITE_BATCH;
		uint64_t took = attack_process(site, i, batch);

		all += took;
		if ((double)took / 1000 > *longest_us)
			*longest_us = (double)took / 1000;
	}
	return (double)all / n;
}

void attack_bytes(struct site *site, unsigned i, const uint8_t *bytes, uint32_t len)
{
	struct lvs_packet *packet = &site->packets[i];

	memset(packet, 0, sizeof(*packet));
	packet->data = site->pool + (size_t)i * SITE_STRIDE + SITE_HEADROOM;
	memcpy(packet->data, bytes, len);
	packet->len = len;
	packet->linear_len = len;
	packet->headroom = SITE_HEADROOM;
	packet->tailroom = (uint16_t)(SITE_STRIDE - SITE_HEADROOM - len);
}

static void print_json(const struct attack_line *line, const char *broken)
{
	printf("{\"case\":\"%s\",\"ns_per_packet\":%.1f,\"ns_without\":%.1f,\"ratio\":%.2f,"
	       "\"longest_batch_us\":%.1f,\"bytes\":%llu,\"bound\":%llu,\"note\":\"%s\","
	       "\"broken\":\"%s\"}\n",
	       line->name, line->ns, line->without,
	       line->without > 0 ? line->ns / line->without : 0, line->longest_us,
	       (unsigned long long)line->bytes, (unsigned long long)line->bound, line->note,
	       broken);
}

static void print_text(const struct attack_line *line)
{
	printf("%-26s %7.1f ns", line->name, line->ns);
	if (line->without > 0)
		printf(", without %6.1f ns (x %4.2f)", line->without, line->ns / line->without);
	else
		printf("%29s", "");
	printf("  %6.1f of %6.1f MB  batch %6.1f us  %s\n", (double)line->bytes / 1e6,
	       (double)line->bound / 1e6, line->longest_us, line->note);
}

unsigned attack_print(const struct bench_options *options, const struct attack_line *line)
{
	const char *broken = line->broken;

	if (line->bytes > line->bound)
		broken = "more memory than its bound";
	if (options->json)
		print_json(line, broken ? broken : "");
	else
		print_text(line);
	fflush(stdout);
	if (broken)
		fprintf(stderr, "%s: BROKEN: %s\n", line->name, broken);
	return broken != NULL;
}

unsigned bench_attack(const struct bench_options *options)
{
	return attack_tuples(options) + attack_floods(options) + attack_icmp(options) +
	       attack_fragments(options) + attack_malformed(options);
}
