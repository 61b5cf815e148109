/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maps follow the rules: first what is new comes, then what is old goes. An address's bits
 * lead to its rules, so they come after these and go before them.
 */
#include "xdp/maps.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "xdp/state.h"

static bool is_same_end(const struct lvs_host_rule *a, const struct lvs_host_rule *b)
{
	return a->family == b->family && memcmp(&a->addr, &b->addr, sizeof(a->addr)) == 0;
}

/* Calls @each with the rules of @from that @but does not have, until one fails. */
static int for_others(const struct lvs_xdp *xdp, const struct lvs_capture_rules *from,
		      const struct lvs_capture_rules *but,
		      int (*each)(const struct lvs_xdp *xdp, const struct lvs_host_rule *rule))
{
	for (unsigned i = 0; i < from->n; i++) {
		int err =
			lvs_capture_rules_has(but, &from->rule[i]) ? 0 : each(xdp, &from->rule[i]);

		if (err)
			return err;
	}
	return 0;
}

static int put_rule(const struct lvs_xdp *xdp, const struct lvs_host_rule *rule)
{
	struct steer_rule key = lvs_xdp_key_of(rule);
	uint8_t one = 1;

	return bpf_map_update_elem(xdp->program.rules, &key, &one, BPF_ANY);
}

/* One that is not there is no error: an addition may have ended half-way. */
static int del_rule(const struct lvs_xdp *xdp, const struct lvs_host_rule *rule)
{
	struct steer_rule key = lvs_xdp_key_of(rule);
	int err = bpf_map_delete_elem(xdp->program.rules, &key);

	return err == -ENOENT ? 0 : err;
}

static int put_bits(const struct lvs_xdp *xdp, const struct steer_end *end, uint32_t bits)
{
	int err;

	if (bits)
		return bpf_map_update_elem(xdp->program.ends, end, &bits, BPF_ANY);
	err = bpf_map_delete_elem(xdp->program.ends, end);
	return err == -ENOENT ? 0 : err;
}

static const struct lvs_capture_rules none;

/* Each address of @of gets the bits that it has in @a and @b. */
static int put_ends(const struct lvs_xdp *xdp, const struct lvs_capture_rules *of,
		    const struct lvs_capture_rules *a, const struct lvs_capture_rules *b)
{
	for (unsigned i = 0; i < of->n; i++) {
		struct steer_end end = lvs_xdp_end_of(&of->rule[i]);
		uint32_t bits;
		int err;

		if (i > 0 && is_same_end(&of->rule[i - 1], &of->rule[i]))
			continue;
		bits = lvs_xdp_bits_of(a, &end) | lvs_xdp_bits_of(b, &end);
		err = put_bits(xdp, &end, bits);
		if (err)
			return err;
	}
	return 0;
}

/* What is left in the maps of @gone, once @kept is in force. */
static void clear(const struct lvs_xdp *xdp, const struct lvs_capture_rules *gone,
		  const struct lvs_capture_rules *kept)
{
	(void)put_ends(xdp, gone, kept, &none);
	(void)for_others(xdp, gone, kept, del_rule);
}

int lvs_xdp_maps_change(const struct lvs_xdp *xdp, const struct lvs_capture_rules *next)
{
	int err = for_others(xdp, next, &xdp->rules, put_rule);

	if (!err)
		err = put_ends(xdp, next, next, &xdp->rules);
	if (err) {
		clear(xdp, next, &xdp->rules);
		if (err == -E2BIG || err == -ENOSPC)
			return LVS_ERR_FULL;
		return lvs_xdp_failed(xdp, NULL, "writing the maps", -err);
	}
	clear(xdp, &xdp->rules, next);
	return put_ends(xdp, next, next, &none) ? LVS_ERR_IO : 0;
}

int lvs_xdp_maps_put_link(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port)
{
	/* What is longer than the link carries is yet to be cut: its sender left that to a driver,
	 * and the socket would not be told into what. */
	uint32_t len = port->mtu + LVS_XDP_LINK_LEN, room = LVS_XDP_FRAME - LVS_XDP_KERNEL;
	struct steer_link link = {
		.first = port->first,
		.frame_max = len < room ? len : room,
	};
	int err;

	memcpy(link.mac, port->mac, sizeof(link.mac));
	err = bpf_map_update_elem(xdp->program.links, &port->ifindex, &link, BPF_ANY);
	return err ? lvs_xdp_failed(xdp, port->name, "writing the maps", -err) : 0;
}

void lvs_xdp_maps_del_link(const struct lvs_xdp *xdp, const struct lvs_xdp_port *port)
{
	(void)bpf_map_delete_elem(xdp->program.links, &port->ifindex);
}
