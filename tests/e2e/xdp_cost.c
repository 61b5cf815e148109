/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the adapter "xdp" adds to a packet: how its checksum is seen, and (as root) the program's
 * decision, run by the kernel. Prints "WHAT NANOSECONDS"; the best of several rounds.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>

#include "base/byteorder.h"
#include "packet/checksum.h"
#include "xdp/csum.h"
#include "xdp/state.h"

enum { ROUNDS = 15, TIMES = 20000, LINK = 14, ROOM = 2048 };

struct frame {
	uint8_t bytes[ROOM];
	uint32_t len;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* TCP to 192.0.2.@last, port 80, in an Ethernet frame to 02:00:00:00:00:01. */
static struct frame make(uint8_t last, uint32_t len)
{
	struct frame frame = {.bytes = {2, 0, 0, 0, 0, 1}, .len = LINK + len};
	uint8_t *ip = frame.bytes + LINK;

	for (uint32_t i = 40; i < len; i++)
		ip[i] = (uint8_t)(i * 7);
	lvs_store16(frame.bytes + 12, 0x0800);
	ip[0] = 0x45;
	lvs_store16(ip + 2, (uint16_t)len);
	ip[8] = 64;
	ip[9] = LVS_TCP;
	lvs_store32(ip + 12, 0xc6336407);
	lvs_store32(ip + 16, 0xc0000200 + last);
	lvs_store16(ip + 20, 40000);
	lvs_store16(ip + 22, 80);
	return frame;
}

static void put_half(struct frame *frame)
{
	uint8_t *ip = frame->bytes + LINK;

	lvs_store_be16(ip + 36, lvs_csum_fold(lvs_csum_pseudo(ip + 12, ip + 16, LVS_INET, LVS_TCP,
							      frame->len - LINK - 20)));
}

static double csum_ns(uint32_t len, enum lvs_xdp_csum how, bool half)
{
	struct frame frame = make(80, len);
	double best = 1e9;

	put_half(&frame);
	if (!half)
		frame.bytes[LINK + 36] ^= 0x55;
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t begun = now_ns();
		double ns;

		for (unsigned i = 0; i < TIMES; i++) {
			struct lvs_packet packet = {
				.data = frame.bytes + LINK, .len = len, .linear_len = len};

			if (half)
				put_half(&frame);
			lvs_xdp_csum(&packet, how);
			__asm__ volatile("" : : "r"(&packet) : "memory");
		}
		ns = (double)(now_ns() - begun) / TIMES;
		best = ns < best ? ns : best;
	}
	return best;
}

static void print_csums(void)
{
	static const char *const names[] = {"auto", "trust", "detect", "recompute"};
	static const uint32_t lens[] = {64, 1400};

	for (unsigned i = 0; i < 2; i++)
		for (unsigned how = LVS_XDP_CSUM_TRUST; how <= LVS_XDP_CSUM_RECOMPUTE; how++)
			for (unsigned half = 0; half < 2; half++)
				printf("%s-%u-%s %.1f\n", names[how], lens[i],
				       half ? "half" : "whole",
				       csum_ns(lens[i], (enum lvs_xdp_csum)how, half));
}

/* One run of the program, without a socket: what would be steered is dropped. */
static double program_ns(const struct lvs_xdp *xdp, struct frame *frame, uint32_t *action)
{
	struct xdp_md context = {.data_end = frame->len, .ingress_ifindex = 1};
	uint8_t out[ROOM];
	struct bpf_test_run_opts opts = {
		.sz = sizeof(opts),
		.data_in = frame->bytes,
		.data_size_in = frame->len,
		.data_out = out,
		.data_size_out = sizeof(out),
		.ctx_in = &context,
		.ctx_size_in = sizeof(context),
		.repeat = 1000000,
	};

	if (bpf_prog_test_run_opts(xdp->program.fd, &opts))
		return -1;
	*action = opts.retval;
	return opts.duration;
}

static void print_program(struct lvs_xdp *xdp, const char *name, struct frame frame)
{
	double best = 1e9;
	uint32_t action = 0;

	for (unsigned round = 0; round < 5; round++) {
		double ns = program_ns(xdp, &frame, &action);

		best = ns < best ? ns : best;
	}
	printf("%s %.0f (%s)\n", name, best, action == 2 ? "passed" : "steered");
}

static void print_programs(struct lvs_xdp *xdp)
{
	struct lvs_xdp_port port = {.ifindex = 1, .mtu = 1500, .mac = {2, 0, 0, 0, 0, 1}};
	struct frame arp = make(80, 64);
	struct lvs_host_rule rule[1000];
	unsigned n = 0;

	memset(rule, 0, sizeof(rule));
	for (unsigned i = 0; i < 1000; i++) {
		rule[n].family = LVS_INET;
		rule[n].protocol = LVS_TCP;
		rule[n].port = lvs_htons((uint16_t)(80 + i / 200));
		rule[n++].addr.word[0] = lvs_htonl(0xc0000200 + i % 200);
	}
	lvs_store16(arp.bytes + 12, 0x0806);
	if (lvs_xdp_maps_put_link(xdp, &port) || lvs_capture_rules_make(&xdp->rules, rule, 0) ||
	    lvs_xdp_capture(xdp, rule, n))
		return;
	print_program(xdp, "program-arp", arp);
	print_program(xdp, "program-other", make(250, 64));
	print_program(xdp, "program-service", make(80, 64));
}

int main(void)
{
	struct lvs_xdp xdp = {.conf = {.rule_max = 262144}};

	print_csums();
	if (lvs_xdp_program_load(&xdp) == 0)
		print_programs(&xdp);
	lvs_xdp_program_free(&xdp);
	lvs_capture_rules_fini(&xdp.rules);
	return 0;
}
