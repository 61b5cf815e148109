/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * GUE, version 0 (draft-ietf-intarea-gue): the kernel has taken UDP off and checked its sum. GRE
 * (RFC 2784). What a director does not send is not understood: control packets, options but for
 * remote checksum offload, keys, sequence numbers.
 */
#include "shim.h"
#include "offload.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
	GUE_HEADER = 4,
	GUE_REMOTE = 12,      /* with private flags and the place of the checksum */
	GUE_PRIVATE = 0x0001, /* flags: a word of private ones follows */
	GUE_REMCSUM = 0x8000, /* upper half of these */
	GRE_HEADER = 4,
	GRE_CSUM = 0x8000,
	ETHERTYPE_V4 = 0x0800,
	ETHERTYPE_V6 = 0x86dd,
};

static size_t load16(const uint8_t *bytes)
{
	return (size_t)(bytes[0] << 8 | bytes[1]);
}

static void take_off(struct inner_packet *inner, size_t len)
{
	inner->ip += len;
	inner->len -= len;
}

/* draft-herbert-remotecsumoffload: where the sum starts and where it goes, from the packet on. */
static bool take_remote(struct inner_packet *inner)
{
	const uint8_t *gue = inner->ip;

	if (inner->len < GUE_REMOTE || gue[0] != 2 || load16(gue + 4) != GUE_REMCSUM ||
	    load16(gue + 6) != 0)
		return false;
	inner->csum_start = load16(gue + 8);
	inner->csum_place = load16(gue + 10);
	take_off(inner, GUE_REMOTE);
	return inner->csum_start > 0 && inner->csum_place >= inner->csum_start;
}

static bool take_gue(struct inner_packet *inner)
{
	const uint8_t *gue = inner->ip;

	if (inner->len < GUE_HEADER || (gue[1] != IPPROTO_IPIP && gue[1] != IPPROTO_IPV6))
		return false;
	inner->family = gue[1] == IPPROTO_IPIP ? AF_INET : AF_INET6;
	if (load16(gue + 2) == GUE_PRIVATE)
		return take_remote(inner);
	/* Version, control bit and length of options are all 0, the flags too. */
	if (gue[0] || load16(gue + 2))
		return false;
	take_off(inner, GUE_HEADER);
	return true;
}

/* The header is taken off; what it said is right, or the packet never left this machine. */
static bool is_gre_sum_right(const uint8_t *gre, size_t len, const struct inner_packet *inner)
{
	struct inner_packet whole = *inner;
	struct decap_counts none = {0};

	if (inner_fold(inner_sum(0, gre, len)) == 0xffff)
		return true;
	/* A sum that counts on another one being finished on the way out. */
	return inner_check(&whole, &none) == 0 && offload_is_partial(&whole);
}

static int take_gre(struct inner_packet *inner, struct decap_counts *counts)
{
	const uint8_t *gre = inner->ip;
	size_t len = inner->len;
	size_t flags = len >= GRE_HEADER ? load16(gre) : 1;
	size_t header = flags == GRE_CSUM ? GRE_HEADER + 4 : GRE_HEADER;
	size_t type = len >= GRE_HEADER ? load16(gre + 2) : 0;

	if ((flags && flags != GRE_CSUM) || len < header ||
	    (type != ETHERTYPE_V4 && type != ETHERTYPE_V6)) {
		counts->n[DECAP_bad_shim]++;
		return -1;
	}
	inner->family = type == ETHERTYPE_V4 ? AF_INET : AF_INET6;
	take_off(inner, header);
	if (flags && !is_gre_sum_right(gre, len, inner)) {
		counts->n[DECAP_gre_checksum]++;
		return -1;
	}
	return 0;
}

int shim_take(enum shim_kind kind, struct inner_packet *inner, struct decap_counts *counts)
{
	if (kind == SHIM_GRE)
		return take_gre(inner, counts);
	if (kind == SHIM_NONE || take_gue(inner))
		return 0;
	counts->n[DECAP_bad_shim]++;
	return -1;
}
