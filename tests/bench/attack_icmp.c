/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attack/icmp/...: forged errors about flows that are not there and about flows that are, what
 * they can do to a path's MTU, and how many errors the library itself can be made to send.
 */
#include "attack.h"

#include <stdio.h>
#include <string.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "packet/icmp.h"

#define FLOWS 32768
#define ROUNDS 64
#define LEAST_MTU 552 /* that is learned, as the kernel's min_pmtu */
#define OVERHEAD 20   /* of the tunnel */

/* The header of an IPv4 packet of @p len bytes. */
static void put_ip(uint8_t *ip, uint32_t len, uint8_t protocol, lvs_be32 src, lvs_be32 dst)
{
	memset(ip, 0, 20);
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)len);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, &src, 4);
	memcpy(ip + 16, &dst, 4);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

/* An error to @p dst whose quote of @p quote_len bytes is in place; the length of all. */
static uint32_t put_error(uint8_t *ip, lvs_be32 dst, uint8_t code, uint16_t mtu, uint32_t quote_len)
{
	uint32_t len = 28 + quote_len;

	put_ip(ip, len, LVS_ICMP, lvs_htonl(0xcb007101), dst);
	memset(ip + 20, 0, 8);
	ip[20] = LVS_ICMP_UNREACHABLE;
	ip[21] = code;
	lvs_store16(ip + 26, mtu);
	lvs_csum_finish(ip + 22, lvs_csum_sum(0, ip + 20, len - 20), false);
	return len;
}

/* The quote of a packet between client and service, either way: IP and eight bytes. */
static void put_quote(uint8_t *ip, const struct lvs_flow *flow, bool reply)
{
	lvs_be32 client = flow->src.word[0], service = flow->dst.word[0];

	put_ip(ip, 60, LVS_TCP, reply ? service : client, reply ? client : service);
	lvs_store_be16(ip + 20, reply ? flow->dst_port : flow->src_port);
	lvs_store_be16(ip + 22, reply ? flow->src_port : flow->dst_port);
	lvs_store32(ip + 24, 1);
}

/* From a client's side: what it was sent did not arrive. Host 0x700000 and on: not there. */
static void put_unreachable(struct site *site, unsigned i, uint32_t host)
{
	struct lvs_flow flow = site_flow(site, host, 1024);
	uint8_t bytes[SITE_STRIDE];

	put_quote(bytes + 28, &flow, true);
	attack_bytes(site, i, bytes, put_error(bytes, flow.dst.word[0], 1, 0, 28));
}

static void make_unknown(struct site *site, unsigned i)
{
	put_unreachable(site, i, 0x700000 + (uint32_t)(bench_random(&site->random) & 0xfffff));
}

static void make_known(struct site *site, unsigned i)
{
	put_unreachable(site, i, (uint32_t)(bench_random(&site->random) % FLOWS));
}

/* From the server's side: a tunnel packet did not fit, 68 bytes would. */
static void make_too_big(struct site *site, unsigned i)
{
	uint32_t which = (uint32_t)(bench_random(&site->random) % FLOWS);
	struct lvs_flow flow = site_flow(site, which, 1024);
	lvs_be32 self = lvs_htonl(0x0a0000fe);
	uint8_t bytes[SITE_STRIDE];

	put_quote(bytes + 48, &flow, false);
	put_ip(bytes + 28, 80, LVS_IPIP, self, site->server[which]);
	attack_bytes(site, i, bytes, put_error(bytes, self, LVS_ICMP_FRAG_NEEDED, 68, 48));
}

/* Its TTL ends here: we are asked for an error, by one of many. */
static void make_ttl(struct site *site, unsigned i)
{
	uint8_t *ip;

	site_make(site, i, (uint32_t)(bench_random(&site->random) % FLOWS), SITE_ACK);
	ip = site->packets[i].data;
	ip[8] = 1;
	lvs_store16(ip + 10, 0);
	lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
}

struct attack {
	const char *name;
	void (*make)(struct site *site, unsigned i);
	enum lvs_reason reason; /* of most */
	uint32_t replies;       /* packets of ours that may leave at the most; 0: not limited */
};

/* A million packets a second: 50 at once, then 1000 a second. */
#define SENT (ROUNDS * SITE_POOL)
#define REPLIES (50 + SENT / 1000 + 1)

static const struct attack attacks[] = {
	{"attack/icmp/unknown", make_unknown, LVS_REASON_ICMP, 0},
	{"attack/icmp/known", make_known, LVS_REASON_ICMP_FORWARDED, 0},
	{"attack/icmp/pmtu", make_too_big, LVS_REASON_REPLY_TUNNEL, 0},
	{"attack/icmp/ttl", make_ttl, LVS_REASON_TTL, REPLIES},
};

struct counts {
	uint32_t as_expected;
	uint32_t replies;
};

static double run(struct site *site, const struct attack *attack, struct counts *counts,
		  double *longest_us)
{
	double ns = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < SITE_POOL; i++)
			attack->make(site, i);
		ns += attack_run(site, SITE_POOL, longest_us);
		site->now += SITE_POOL * 1000;
		for (unsigned i = 0; i < SITE_POOL; i++) {
			counts->replies += site->packets[i].verdict == LVS_REPLY;
			counts->as_expected += site->packets[i].reason == attack->reason;
		}
	}
	return ns / ROUNDS;
}

/* The longest packet with DF that a known flow can still send. */
static uint32_t longest_packet(struct site *site)
{
	static uint8_t room[2048];

	for (uint32_t len = 1500; len > 60; len--) {
		uint8_t *ip = room + 64;
		struct lvs_packet packet = {.headroom = 64};

		site_make(site, 0, 7, SITE_ACK);
		memset(room, 0, sizeof(room));
		memcpy(ip, site->packets[0].data, 64);
		lvs_store16(ip + 2, (uint16_t)len);
		lvs_store16(ip + 10, 0);
		lvs_store_be16(ip + 10, lvs_csum_ipv4(ip, 20));
		packet.data = ip;
		packet.len = packet.linear_len = len;
		lvs_worker_process(site->worker, &packet, 1, site->now);
		if (packet.verdict == LVS_FORWARD)
			return len;
	}
	return 0;
}

static double without(struct site *site)
{
	double longest = 0, ns = 0;

	for (unsigned round = 0; round < 16; round++) {
		for (unsigned i = 0; i < SITE_POOL; i++)
			site_make(site, i, (uint32_t)(bench_random(&site->random) % FLOWS),
				  SITE_ACK);
		ns += attack_run(site, SITE_POOL, &longest);
	}
	return ns / 16;
}

static unsigned one_attack(const struct bench_options *options, const struct attack *attack)
{
	const struct site_conf conf = {.family = LVS_INET,
				       .method = LVS_METHOD_TUNNEL,
				       .sched = "rr",
				       .flows = FLOWS,
				       .key = attack_key()};
	struct attack_line line = {.name = attack->name};
	struct counts counts = {0, 0};
	struct site site;
	unsigned broken;
	uint32_t passes;

	bench_progress(attack->name, FLOWS);
	site_open(&site, &conf);
	site_fill(&site, 0, FLOWS, true);
	line.bound = site.held; /* not a byte is taken for one of these */
	site.peak = site.held;
	line.without = without(&site);
	line.ns = run(&site, attack, &counts, &line.longest_us);
	line.bytes = site.peak;
	passes = longest_packet(&site);
	if (counts.as_expected < SENT / 10 * 9)
		line.broken = "the packets are not what they are meant to be";
	else if (attack->replies && counts.replies > attack->replies)
		line.broken = "more errors were sent than the limits allow";
	else if (passes < LEAST_MTU - OVERHEAD)
		line.broken = "a path's MTU was lowered too far";
	snprintf(line.note, sizeof(line.note), "%u of %u answered; %u bytes still pass",
		 counts.replies, SENT, passes);
	broken = attack_print(options, &line);
	site_close(&site);
	return broken;
}

unsigned attack_icmp(const struct bench_options *options)
{
	unsigned broken = 0;

	for (unsigned i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (bench_wanted(options, attacks[i].name))
			broken += one_attack(options, &attacks[i]);
	return broken;
}
