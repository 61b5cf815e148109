/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The XDP program. The kernel is told "Dual BSD/GPL". */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "steer_match.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STEER_LINKS);
	__type(key, __u32);
	__type(value, struct steer_link);
} lvs_links SEC(".maps");

/* Sized when they are made. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct steer_end);
	__type(value, __u32);
} lvs_ends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct steer_rule);
	__type(value, __u8);
} lvs_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, STEER_SOCKETS);
	__type(key, __u32);
	__type(value, __u32);
} lvs_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_VERDICTS);
	__type(key, __u32);
	__type(value, __u64);
} lvs_counts SEC(".maps");

static __u32 steer_find_end(const struct steer_end *end)
{
	const __u32 *has = bpf_map_lookup_elem(&lvs_ends, end);

	return has ? *has : 0;
}

static int steer_find_rule(const struct steer_rule *rule)
{
	return bpf_map_lookup_elem(&lvs_rules, rule) != NULL;
}

static void count(__u32 verdict)
{
	__u64 *value = bpf_map_lookup_elem(&lvs_counts, &verdict);

	if (value)
		*value += 1;
}

SEC("xdp")
int lvs_steer(struct xdp_md *context)
{
	const __u8 *data = (const __u8 *)(long)context->data;
	const __u8 *end = (const __u8 *)(long)context->data_end;
	__u32 ifindex = context->ingress_ifindex;
	const struct steer_link *link = bpf_map_lookup_elem(&lvs_links, &ifindex);
	int verdict, action = XDP_PASS;

	if (!link)
		return XDP_PASS;
	verdict = steer_frame(link, data, end);
	if (verdict == STEER_STEERED) {
		/* Without a socket it is lost, rather than answered by the host, or sent on by it
		 * untranslated. */
		action = bpf_redirect_map(&lvs_sockets, link->first + context->rx_queue_index,
					  XDP_DROP);
		if (action != XDP_REDIRECT)
			verdict = STEER_NO_SOCKET;
	}
	count(verdict);
	return action;
}

char lvs_license[] SEC("license") = "Dual BSD/GPL";
