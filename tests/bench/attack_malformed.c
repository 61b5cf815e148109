/* SPDX-License-Identifier: BSD-2-Clause */
/* attack/malformed/...: packets that are refused or passed on, one kind after the other. */
#include "attack.h"

#include <stdio.h>
#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"

#define FLOWS 4096
#define ROUNDS 16

/* Each begins with a right packet of a known flow. */
static void fix(struct lvs_packet *packet)
{
	lvs_store16(packet->data + 10, 0);
	lvs_store_be16(packet->data + 10, lvs_csum_ipv4(packet->data, 20));
}

static void cut_to(struct lvs_packet *packet, uint32_t len)
{
	packet->len = packet->linear_len = len;
}

static void short_ip(struct lvs_packet *packet)
{
	cut_to(packet, 10);
}

static void bad_ip(struct lvs_packet *packet)
{
	packet->data[0] = 0x44;
}

static void ip_checksum(struct lvs_packet *packet)
{
	packet->data[10] ^= 1;
}

static void length(struct lvs_packet *packet)
{
	lvs_store16(packet->data + 2, 1500);
	fix(packet);
}

/* @p n destination options of eight bytes each, then TCP. */
static void put_options(struct lvs_packet *packet, unsigned n)
{
	uint8_t *ip = packet->data;

	memset(ip, 0, SITE_STRIDE - SITE_HEADROOM);
	ip[0] = 0x60;
	lvs_store16(ip + 4, (uint16_t)(n * 8 + 20));
	ip[6] = 60;
	ip[7] = 64;
	ip[8] = ip[24] = 0x20;
	for (unsigned i = 0; i < n; i++)
		ip[40 + i * 8] = i + 1 < n ? 60 : LVS_TCP;
	ip[40 + n * 8 + 12] = 0x50;
	ip[40 + n * 8 + 13] = LVS_TCP_SYN;
	cut_to(packet, 40 + n * 8 + 20);
}

static void ext_headers(struct lvs_packet *packet)
{
	put_options(packet, 9);
}

static void most_headers(struct lvs_packet *packet)
{
	put_options(packet, 8);
}

static void short_l4(struct lvs_packet *packet)
{
	lvs_store16(packet->data + 2, 30);
	fix(packet);
	cut_to(packet, 30);
}

static void bad_l4(struct lvs_packet *packet)
{
	packet->data[32] = 0x40;
}

static void not_linear(struct lvs_packet *packet)
{
	packet->linear_len = 24;
}

static void bad_offload(struct lvs_packet *packet)
{
	packet->gso_size = 1;
	packet->gso_type = 99;
}

static void not_ip(struct lvs_packet *packet)
{
	packet->data[0] = 0x15;
}

static void protocol(struct lvs_packet *packet)
{
	packet->data[9] = 50;
	fix(packet);
}

static void ping(struct lvs_packet *packet)
{
	packet->data[9] = LVS_ICMP;
	packet->data[20] = 8;
	fix(packet);
}

static void no_service(struct lvs_packet *packet)
{
	packet->data[23] = 81;
	packet->data[33] = LVS_TCP_SYN;
}

static void not_new(struct lvs_packet *packet)
{
	packet->data[20] ^= 0x80;
}

static void not_for_host(struct lvs_packet *packet)
{
	packet->link_type = LVS_LINK_OTHER;
}

static const struct {
	void (*spoil)(struct lvs_packet *packet);
	enum lvs_reason reason;
} kinds[] = {
	{short_ip, LVS_REASON_SHORT_IP},
	{bad_ip, LVS_REASON_BAD_IP},
	{ip_checksum, LVS_REASON_IP_CHECKSUM},
	{length, LVS_REASON_LENGTH},
	{ext_headers, LVS_REASON_EXT_HEADERS},
	{most_headers, LVS_REASON_NO_SERVICE},
	{short_l4, LVS_REASON_SHORT_L4},
	{bad_l4, LVS_REASON_BAD_L4},
	{not_linear, LVS_REASON_NOT_LINEAR},
	{bad_offload, LVS_REASON_BAD_OFFLOAD},
	{not_ip, LVS_REASON_NOT_IP},
	{protocol, LVS_REASON_PROTOCOL},
	{ping, LVS_REASON_ICMP},
	{no_service, LVS_REASON_NO_SERVICE},
	{not_new, LVS_REASON_NOT_NEW},
	{not_for_host, LVS_REASON_NOT_FOR_HOST},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static double run(struct site *site, void (*spoil)(struct lvs_packet *packet), double *longest_us)
{
	double ns = 0;

	for (unsigned i = 0; i < SITE_POOL; i++) {
		site_make(site, i, (uint32_t)(bench_random(&site->random) % FLOWS), SITE_ACK);
		if (spoil)
			spoil(&site->packets[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++)
		ns += attack_run(site, SITE_POOL, longest_us);
	return ns / ROUNDS;
}

static unsigned one_kind(const struct bench_options *options, struct site *site, size_t kind,
			 double known_ns)
{
	enum lvs_reason reason = kinds[kind].reason;
	struct attack_line line = {.without = known_ns, .bound = site->held};
	char name[48];
	unsigned n = 0;

	snprintf(name, sizeof(name), "attack/malformed/%s%s", lvs_reason_name(reason),
		 kinds[kind].spoil == most_headers ? "_8" : "");
	line.name = name;
	site->peak = site->held;
	line.ns = run(site, kinds[kind].spoil, &line.longest_us);
	for (unsigned i = 0; i < SITE_POOL; i++)
		n += site->packets[i].reason == reason;
	line.bytes = site->peak;
	if (n != SITE_POOL)
		line.broken = "the packets are not what they are meant to be";
	else if (lvs_director_conn_n(site->director) != FLOWS)
		line.broken = "connections came or went";
	snprintf(line.note, sizeof(line.note), "%s", lvs_reason_text(reason));
	return attack_print(options, &line);
}

unsigned attack_malformed(const struct bench_options *options)
{
	const struct site_conf conf = {.family = LVS_INET,
				       .method = LVS_METHOD_DR,
				       .sched = "rr",
				       .flows = FLOWS,
				       .key = attack_key()};
	unsigned broken = 0;
	double longest = 0, known_ns;
	struct site site;

	if (!bench_wanted_group(options, "attack/malformed"))
		return 0;
	bench_progress("attack/malformed", FLOWS);
	site_open(&site, &conf);
	site_fill(&site, 0, FLOWS, true);
	known_ns = run(&site, NULL, &longest);
	for (size_t kind = 0; kind < KINDS; kind++)
		broken += one_kind(options, &site, kind, known_ns);
	site_close(&site);
	return broken;
}
